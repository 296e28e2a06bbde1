"""Latents to pixels, at the quality that the moment allows. Start with `ladder.py`, then `renderer.py`."""
