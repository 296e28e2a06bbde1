"""The `anycost` command: `cli.py` reads the line, and each subcommand has one file here.

Also what stands beside the command: the demo, the zip of the plugin, the maker of the default pack.
"""

from .. import core as _core  # sets what torch and ONNX Runtime read when they are imported  # noqa: F401
