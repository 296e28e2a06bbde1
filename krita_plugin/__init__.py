"""The plugin: panel, state, document access; and studio, the same panel in a plain window.

Start with `state.py` (what the artist does) and `conversation.py` (what the core is told).
"""
