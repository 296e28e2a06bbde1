"""Reads model files of other programs as data and runs nothing in them. Start with `formats.py`."""

from .formats import import_checkpoint, load_generator

__all__ = ["import_checkpoint", "load_generator"]
