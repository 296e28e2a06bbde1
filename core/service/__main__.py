"""`python -m anycost.core.service SOCKET`: the process that a panel starts."""

import logging
import os
import sys

from .service import main

code = main(sys.argv[1])
logging.shutdown()
os._exit(code)  # taking torch down takes seconds, or waits for a computation that nobody wants any more
