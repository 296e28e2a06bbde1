"""From a picture to an edited one: project, move the latent, draw, lay over it. Start with `session.py`."""
