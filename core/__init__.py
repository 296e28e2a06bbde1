"""The inference process. Start with `service/service.py`, which answers panels over a socket.

`editing/` is the walk of one edit, `faces/` finds and crops faces, `rendering/` draws pictures, and `files/`
reads and writes files.
"""

import os

# Torch reads this when it is first imported. By default its threads spin while they wait for each other: on a
# machine that Krita keeps busy, a frame of 70 ms took 500 ms and more.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# ONNX Runtime reads this when it is first imported. Otherwise it reports to its maker over the network.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
