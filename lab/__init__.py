"""Where models are made and measured: training pictures, training, metrics, benchmarks, search.

The core never imports it. Start with `training.py`: it says which file trains which network.
"""

from .. import core as _core  # sets what torch and ONNX Runtime read when they are imported  # noqa: F401
