"""Picture files, files that are written whole or not at all, and the cache's folders.

Start with `pictures.py`.
"""
