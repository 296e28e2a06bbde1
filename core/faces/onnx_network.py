"""Runs ONNX networks of pictures (a pack's, MediaPipe's) with onnxruntime on the CPU.

A pack's network is foreign: onnx_limits.py says what it may do. While it runs, it has so much memory and
time, and it is left as soon as nobody waits for its answer.
"""

from __future__ import annotations

import hashlib
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...models.pack import file_sha256
from ..errors import CoreError, is_out_of_memory, refused_network
from ..onnx_run import OnnxRun
from ..stopping import is_stopped, not_wanted

if TYPE_CHECKING:
    from .onnx_limits import OnnxLimits

LARGE = 256 << 20  # bytes: what is larger is loaded from its file, since bytes would be held twice
MOST_MEMORY = 1 << 30  # bytes that all networks have for their maps
# By the clock, for one run. Its work is bounded beforehand; a busy machine may take ten times as long.
MOST_SECONDS = 60.0
TOO_SLOW = "A network of the pack takes too long: use another pack, or try again when less else runs."
SETTINGS = {"memory.enable_memory_arena_shrinkage": "cpu:0"}  # of each run: gives back what it took


class OnnxModel:
    """One picture in, arrays out. CoreError "pack" when the file does not hold that.

    `damaged` is the error's sentence. By default onnxruntime chooses how many threads run one picture. A
    `trusted` model is ours, not a pack's. A `model` that is a file takes about its own size of memory: bytes
    would be held beside it, and so would be weights in the order that fits a processor best.
    """

    def __init__(self, model: bytes | Path, damaged: str, threads: int = 0, trusted: bool = False):
        import onnxruntime  # here: it is slow to import, and most commands run no network

        self._damaged = CoreError("pack", damaged)
        self._limits = None if trusted else _limits(model, self._damaged)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # failures are raised anyway
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = threads
        # by default they spin while they wait for each other, which took a third of the processors' time
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if isinstance(model, Path):
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        _share_memory()
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
        given = str(model) if isinstance(model, Path) else model
        try:  # from bytes a model cannot make it read other files
            session = onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
            self._input = session.get_inputs()[0].name
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise self._failure(error) from None
        self._run = OnnxRun(session, SETTINGS)

    def run(self, picture: np.ndarray, *outputs: str) -> list[np.ndarray]:
        """picture float32 [1, 3, H, W] -> the outputs, float32 and finite, without their first axis.

        CoreError "cancelled" once this thread's work is not wanted any more.
        """
        try:
            if self._limits is not None:
                self._limits.check(picture.shape)
            answers = self._run(outputs, {self._input: picture}, is_stopped, MOST_SECONDS)
        except Exception as error:
            raise self._failure(error) from None
        if answers is None:
            raise not_wanted()
        for found in answers:
            if found.dtype != np.float32 or found.ndim < 1 or len(found) != 1 or not np.isfinite(found).all():
                raise self._damaged
        return [found[0] for found in answers]

    def _failure(self, error: Exception) -> Exception:
        """What a failure to load or run means."""
        if isinstance(error, CoreError):
            return error
        if isinstance(error, TimeoutError):
            return CoreError("pack", TOO_SLOW)
        if "Available memory of" in str(error):  # onnxruntime's words for our limit
            return refused_network(f"it needs more than {MOST_MEMORY >> 30} GiB of memory")
        if is_out_of_memory(error):
            return MemoryError()
        return self._damaged


def tflite_model(data: bytes, damaged: str, *, any_size: bool = False) -> OnnxModel:
    """A network of MediaPipe's, from the bytes of its TensorFlow Lite file; see `to_onnx`."""
    from ...models.importing.tflite_to_onnx import to_onnx  # here: only who has the files needs `tflite`

    return OnnxModel(to_onnx(data, any_size=any_size), damaged, threads=1, trusted=True)


class OnnxNetwork:
    """A pack's network with one output. CoreError "pack" when its content is not that of a `sha256` given."""

    def __init__(self, path: Path, output: str, sha256: str | None = None):
        damaged = f'"{path.name}" cannot be used: install its pack again.'
        model = path.read_bytes() if path.stat().st_size <= LARGE else path
        self._model = OnnxModel(model, damaged)
        self._output = output
        # once it is loaded: a file that is still the right one is the one that was loaded
        if sha256 is not None and sha256 != _sha256(model):
            raise CoreError("pack", damaged)

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """picture float32 [1, 3, H, W] in -1..1 -> the output, without its first axis."""
        return self._model.run(picture, self._output)[0]


def _limits(model: bytes | Path, damaged: CoreError) -> OnnxLimits:
    """CoreError for a model that cannot be read, or may do too much."""
    # here: the package onnx is slow to import
    from .onnx_file import outline, read_outline
    from .onnx_limits import OnnxLimits

    try:
        known = read_outline(model) if isinstance(model, Path) else outline(io.BytesIO(model), len(model))
    except ValueError:
        raise damaged from None
    return OnnxLimits(known)


@cache
def _share_memory() -> None:
    """Lets the sessions of this process that ask for it share memory of a limited size."""
    import onnxruntime

    kind, place = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    memory = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, place)
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg({"max_mem": MOST_MEMORY}))


def _sha256(model: bytes | Path) -> str:
    return file_sha256(model) if isinstance(model, Path) else hashlib.sha256(model).hexdigest()


def to_unit_input(rgb: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> float32 [1, 3, H, W] in 0..1, as MediaPipe's meshes and segmentation take it."""
    return np.ascontiguousarray((rgb.astype(np.float32) / 255).transpose(2, 0, 1)[None])


def to_input(rgb: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> float32 [1, 3, H, W] in -1..1."""
    return np.ascontiguousarray((rgb.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
