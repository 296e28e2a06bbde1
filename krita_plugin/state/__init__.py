"""What the artist does, and what the core is told of it: plain classes that tests drive without a window.

Start with `state.py` (what the artist does) and `conversation.py` (what the core is told).
"""
