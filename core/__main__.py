"""`python -m anycost.core` is the `anycost` command."""

import sys

from .cli import main

sys.exit(main())
