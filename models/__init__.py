"""The networks and the packs: everything that has weights. It imports nothing else of the project.

Start with `generator.py`, then `pack.py`; `importing/` reads the model files of other programs.
"""
