"""Runs ONNX networks of pictures (a pack's, MediaPipe's) with onnxruntime on the CPU."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ...models.pack import file_sha256
from ..errors import CoreError

LARGE = 256 << 20  # bytes: what is larger is loaded from its file, since bytes would be held twice


class OnnxModel:
    """One picture in, arrays out. CoreError "pack" when the file does not hold that.

    `damaged` is the error's sentence. By default onnxruntime chooses how many threads run one picture. A
    `model` that is a file must hold its weights itself. It takes about its own size of memory: bytes would
    be held beside it, and so would be weights in the order that fits a processor best.
    """

    def __init__(self, model: bytes | Path, damaged: str, threads: int = 0):
        import onnxruntime  # here: it is slow to import, and most commands run no network

        self._damaged = CoreError("pack", damaged)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # failures are raised anyway
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = threads
        if isinstance(model, Path):
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        given = str(model) if isinstance(model, Path) else model
        try:  # from bytes a model cannot make it read other files
            self._session = onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
            self._input = self._session.get_inputs()[0].name
        except Exception:  # onnxruntime's exceptions have no common base
            raise self._damaged from None

    def run(self, picture: np.ndarray, *outputs: str) -> list[np.ndarray]:
        """picture float32 [1, 3, H, W] -> the outputs, float32 and finite, without their first axis."""
        try:
            answers = [np.asarray(found) for found in self._session.run(outputs, {self._input: picture})]
        except Exception:
            raise self._damaged from None
        for found in answers:
            if found.dtype != np.float32 or found.ndim < 1 or len(found) != 1 or not np.isfinite(found).all():
                raise self._damaged
        return [found[0] for found in answers]


def tflite_model(data: bytes, damaged: str, *, any_size: bool = False) -> OnnxModel:
    """A network of MediaPipe's, from the bytes of its TensorFlow Lite file; see `to_onnx`."""
    from ...models.importing.tflite_to_onnx import to_onnx  # here: only who has the files needs `tflite`

    return OnnxModel(to_onnx(data, any_size=any_size), damaged, threads=1)


class OnnxNetwork:
    """A pack's network with one output. CoreError "pack" when its content is not that of a `sha256` given."""

    def __init__(self, path: Path, output: str, sha256: str | None = None):
        damaged = f'"{path.name}" cannot be used: install its pack again.'
        model = path.read_bytes() if path.stat().st_size <= LARGE else path
        if isinstance(model, Path):
            from .onnx_file import holds_its_weights  # here: few models need the package onnx

            if not holds_its_weights(model):
                raise CoreError("pack", damaged)
        self._model = OnnxModel(model, damaged)
        self._output = output
        # once it is loaded: a file that is still the right one is the one that was loaded
        if sha256 is not None and sha256 != _sha256(model):
            raise CoreError("pack", damaged)

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """picture float32 [1, 3, H, W] in -1..1 -> the output, without its first axis."""
        return self._model.run(picture, self._output)[0]


def _sha256(model: bytes | Path) -> str:
    return file_sha256(model) if isinstance(model, Path) else hashlib.sha256(model).hexdigest()


def to_unit_input(rgb: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> float32 [1, 3, H, W] in 0..1, as MediaPipe's meshes and segmentation take it."""
    return np.ascontiguousarray((rgb.astype(np.float32) / 255).transpose(2, 0, 1)[None])


def to_input(rgb: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> float32 [1, 3, H, W] in -1..1."""
    return np.ascontiguousarray((rgb.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
