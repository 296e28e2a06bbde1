"""The engine by OpenVINO, which is optional and the fastest on many CPUs."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from functools import cache
from types import ModuleType
from typing import Any, cast

import numpy as np

from ....models.widths import SubGenerator
from ...stopping import ASK_EVERY
from ..cores import usable_cores
from .engine import Stopped
from .graph_engine import GraphEngine

PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


def installed() -> bool:
    """Whether OpenVINO is installed."""
    return importlib.util.find_spec("openvino") is not None


@cache
def _core() -> Any:
    """The library's core, kept for ever: it gives signal handlers their own stack, which would be freed with
    the last core while the system still uses it."""
    return _openvino().Core()


def _openvino() -> ModuleType:
    """The library without its converter, which reports its import to its maker over the network."""
    sys.modules.setdefault("openvino.tools.ovc", cast(ModuleType, None))  # so that importing it fails
    import openvino  # here, because it is slow to import

    return openvino


class OpenVinoEngine(GraphEngine):
    """See `Engine`. `graph` is the rung's, from `write_graph`."""

    name = "openvino"

    def __init__(self, graph: bytes, rung: SubGenerator, precision: str = "float32"):
        super().__init__(rung)
        self.precision = precision
        core = _core()
        settings = {
            "INFERENCE_NUM_THREADS": usable_cores(),
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
            "PERFORMANCE_HINT": "LATENCY",
        }
        # from bytes: then the graph cannot make it read other files
        model = core.compile_model(core.read_model(graph, b""), "CPU", settings)
        self._request = model.create_infer_request()

    def _run(self, w: np.ndarray, stopped: Stopped) -> np.ndarray | None:
        picture = np.empty((3, self.resolution, self.resolution), np.float32)
        self._request.set_output_tensor(_openvino().Tensor(picture, shared_memory=True))
        self._request.start_async({"w": w})
        ended = False
        try:
            while not (ended := self._request.wait_for(round(1000 * ASK_EVERY))):
                if stopped():
                    return None
        finally:
            if not ended:
                self._cancel()
        return picture

    def _cancel(self) -> None:
        """Stops before the next node of the graph; only then can the request start again."""
        self._request.cancel()
        with contextlib.suppress(RuntimeError):  # it says that it was cancelled
            self._request.wait()
