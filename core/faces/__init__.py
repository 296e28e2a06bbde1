"""Finds faces, crops them upright and pastes them back. Start with `placement.py`, then `find.py`."""
