"""The widgets; start with `panel.py`, which holds all of them."""
