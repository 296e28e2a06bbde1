"""Where w goes when one attribute changes. Start with `sliders.py`."""
