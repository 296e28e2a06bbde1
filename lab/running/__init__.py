"""A training run: its loop, checkpoints, configuration and processes. Start with `loop.py`."""
