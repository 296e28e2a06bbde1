"""Reads model files of other programs as data and runs nothing in them. Start with `importing.py`."""

from .importing import import_checkpoint, load_generator

__all__ = ["import_checkpoint", "load_generator"]
