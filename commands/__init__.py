"""The `anycost` command. Start with `cli.py`; each subcommand is one file here.

In each, `add` declares the arguments, and `run` (or one function for each action) carries it out. Also here:
the demo, the plugin's zip and the script that assembles the default pack.
"""

from .. import core as _core  # sets the variables that torch and ONNX Runtime read on import  # noqa: F401
