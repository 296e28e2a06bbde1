"""`python -m anycost` is the `anycost` command."""

import sys

try:
    from .commands.cli import main

    code = main()
except KeyboardInterrupt:  # before the command could heed it
    code = 130
sys.exit(code)
