"""The engines that draw a sub-generator on this machine; tests compare each with models/generator.py.

Start with `registry.py`, which lists them, then `engine.py`, what each must do.
"""
