"""Runs ONNX networks of pictures (a pack's, MediaPipe's) with onnxruntime on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import CoreError


class OnnxModel:
    """One picture in, arrays out. CoreError "pack" when the file does not hold that.

    `damaged` is the error's sentence. By default onnxruntime chooses how many threads run one picture.
    """

    def __init__(self, model: bytes, damaged: str, threads: int = 0):
        import onnxruntime  # here: it is slow to import, and most commands run no network

        self._damaged = CoreError("pack", damaged)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # failures are raised anyway
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = threads
        try:  # from bytes: then the model cannot make it read other files
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
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
    """A pack's network with one output."""

    def __init__(self, path: Path, output: str):
        self._model = OnnxModel(path.read_bytes(), f'"{path.name}" cannot be used: install its pack again.')
        self._output = output

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """picture float32 [1, 3, H, W] in -1..1 -> the output, without its first axis."""
        return self._model.run(picture, self._output)[0]


def to_unit_input(rgb: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> float32 [1, 3, H, W] in 0..1, as MediaPipe's meshes and segmentation take it."""
    return np.ascontiguousarray((rgb.astype(np.float32) / 255).transpose(2, 0, 1)[None])


def to_input(rgb: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> float32 [1, 3, H, W] in -1..1."""
    return np.ascontiguousarray((rgb.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
