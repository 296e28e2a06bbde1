"""Runs a pack's ONNX networks (finder, encoder) with onnxruntime on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import CoreError


class OnnxNetwork:
    """One picture in, one array out. CoreError "pack" when the file does not hold that."""

    def __init__(self, path: Path, output: str):
        import onnxruntime  # here: it is slow to import, and most commands run no network

        self._output = output
        self._damaged = CoreError("pack", f'"{path.name}" cannot be used: install its pack again.')
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # failures are raised anyway
        options.inter_op_num_threads = 1
        try:  # from bytes: then the model cannot make it read other files
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception:  # onnxruntime's exceptions have no common base
            raise self._damaged from None

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """picture float32 [1, 3, H, W] in -1..1 -> the output, float32 and finite, without its first axis."""
        try:
            answer = np.asarray(self._session.run([self._output], {"picture": picture})[0])
        except Exception:
            raise self._damaged from None
        if answer.dtype != np.float32 or answer.ndim < 1 or len(answer) != 1 or not np.isfinite(answer).all():
            raise self._damaged
        return answer[0]


def to_input(rgb: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> float32 [1, 3, H, W] in -1..1."""
    return np.ascontiguousarray((rgb.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
