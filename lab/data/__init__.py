"""The pictures that networks learn from. Start with `batches.py`."""
