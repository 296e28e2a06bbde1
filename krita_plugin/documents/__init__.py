"""Krita's documents, layers and selections; start with `document.py`."""
