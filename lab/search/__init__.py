"""The evolutionary search for sub-generators that draw most like the full one within a budget (paper,
appendix B.2). Start with `searcher.py`."""
