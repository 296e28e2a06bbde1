"""The engines: what draws a sub-generator on this machine, each held against models/generator.py."""
