"""`python -m anycost` is the `anycost` command."""

import sys

from .commands.cli import main

sys.exit(main())
