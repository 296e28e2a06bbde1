"""Model files of other programs, read as data and never run. Start with `importing.py`."""

from .importing import import_checkpoint, load_generator

__all__ = ["import_checkpoint", "load_generator"]
