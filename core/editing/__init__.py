"""One edit of a picture: project its face, move the latent, draw, make a layer. Start with `session.py`."""
