"""The cost of rendering on this machine: `anycost bench` and the figures in docs/speed.md. Start with
`measured.py`."""
