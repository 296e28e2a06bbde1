"""Finds and reads faces, crops them upright and pastes them back. Start with `reading.py`."""
