"""Damaged and hostile files for every reader: start with targets.py. `make fuzz` tries for minutes."""
