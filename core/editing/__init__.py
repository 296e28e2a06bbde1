"""One edit of a picture: project the face, move its latent, draw it, make a layer. Start with `session.py`."""
