"""Three-dimensional people with exact labels; every control is known exactly. Start with `heads.py`."""
