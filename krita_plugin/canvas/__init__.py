"""The preview on Krita's canvas; start with `canvas_preview.py`."""
