"""Turns latents into pixels, as well as the time allows. Start with `ladder.py`, then `renderer.py`."""
