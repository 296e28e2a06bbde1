"""The engines that draw a sub-generator on this machine; tests compare each with models/generator.py.

Start with `engine.py`, then `torch_engine.py`.
"""
