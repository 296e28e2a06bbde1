"""The generator's training (paper, section 3). Start with `generating.py`, then `game.py` and `stages.py`."""
