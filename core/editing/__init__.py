"""From a picture to an edited one: project, move the latent, draw, lay over. Start with `session.py`."""
