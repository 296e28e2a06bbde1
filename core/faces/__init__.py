"""Where the faces of a picture are. Start with `placement.py`, then `find.py`."""
