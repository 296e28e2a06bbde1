"""Edits: how the latent w moves when one attribute of the face changes. Start with `sliders.py`."""
