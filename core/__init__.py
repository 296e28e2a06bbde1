"""The inference process: faces, projection, rendering, edit session, service and command line."""

import os

# Read when torch is first imported. By default its threads spin while they wait for one another: on a machine
# that Krita keeps busy, a frame of 70 ms took 500 and more.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Read when ONNX Runtime is first imported. Unless told not to, it reports to its maker over the network.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
