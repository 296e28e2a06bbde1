"""Attacks on the running parts, each a module whose `main` prints one line a figure."""
