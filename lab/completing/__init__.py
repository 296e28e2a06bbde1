"""Makes any generator's pack anycost without its data, step by step. Start with `completing.py`."""
