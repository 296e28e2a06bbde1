"""Brings an edit over to a picture's own pixels: moved, tinted, drawn. Start with `carry.py`, or with
`plain.py`, which does the same slowly and says it shortly."""
