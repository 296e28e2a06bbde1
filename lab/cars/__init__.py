"""Procedural cars in pictures of 4:3; every control is known exactly. Start with `cars.py`."""
