"""Turns latents into pixels, at the quality that time allows. Start with `ladder.py`, then `renderer.py`."""
