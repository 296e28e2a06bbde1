"""Picture files, weights that other people publish, files that are written whole or not at all, and folders.

Start with `pictures.py`, which lets a sandbox decode by `decoding.py`, or with `weights.py`: `get_weights.py`
fetches what that lists.
"""
