"""The engine by ONNX Runtime, on the CPU and on the GPUs that its build supports."""

from __future__ import annotations

import numpy as np

from ....models.widths import SubGenerator
from ...onnx_run import OnnxRun
from ..cores import usable_cores
from .engine import Stopped
from .graph_engine import GraphEngine

PROVIDERS: dict[str, tuple[str, dict[str, str]]] = {  # by the end of the engine's name
    "cpu": ("CPUExecutionProvider", {}),
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}),  # full float32
    "dml": ("DmlExecutionProvider", {}),
    "coreml": ("CoreMLExecutionProvider", {}),
}


def providers() -> list[str]:
    """Those of `PROVIDERS` that the installed ONNX Runtime has."""
    import onnxruntime  # here, because it is slow to import

    have = onnxruntime.get_available_providers()
    return [name for name, (provider, _) in PROVIDERS.items() if provider in have]


class OnnxEngine(GraphEngine):
    """See `Engine`. `graph` is the rung's, from `write_graph`."""

    precision = "float32"

    def __init__(self, graph: bytes, rung: SubGenerator, provider: str = "cpu"):
        """ValueError for a provider that cannot be used on this machine."""
        if provider not in providers():
            raise ValueError(f'The installed ONNX Runtime has no "{provider}".')
        super().__init__(rung)
        self.name = f"onnxruntime-{provider}"
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # failures are raised anyway
        options.intra_op_num_threads = usable_cores()
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = provider != "dml"  # DirectML requires that
        # threads that spin while they wait starve Krita
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        wanted = PROVIDERS[provider]
        # from bytes: then the graph cannot make it read other files
        session = onnxruntime.InferenceSession(
            graph, options, providers=[wanted] if provider == "cpu" else [wanted, PROVIDERS["cpu"]]
        )
        if wanted[0] not in session.get_providers():  # left out if its driver is missing
            raise ValueError(f"ONNX Runtime cannot use {wanted[0]} on this machine.")
        self._output = session.get_outputs()[0].name
        self._session_run = OnnxRun(session)

    def _run(self, w: np.ndarray, stopped: Stopped) -> np.ndarray | None:
        found = self._session_run([self._output], {"w": w}, stopped)
        return None if found is None else found[0]  # [3, R, R]
