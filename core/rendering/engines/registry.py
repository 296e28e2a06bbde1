"""The engines that this machine has, and how to open one."""

from __future__ import annotations

from typing import NamedTuple

import torch

from ....models.generator import Generator
from ....models.widths import SubGenerator
from .engine import Engine
from .onnx_engine import OnnxEngine, providers
from .openvino_engine import OpenVinoEngine, installed
from .torch_engine import TorchEngine

FAST_BFLOAT16 = ("avx512_bf16", "amx_bf16")  # without either, a CPU converts every number


class Choice(NamedTuple):
    """An engine and its precision, such as ("torch", "float32") or ("onnxruntime-cuda", "float32").

    The device follows the engine's "-"; torch alone means torch on the CPU.
    """

    engine: str
    precision: str

    @property
    def draws_parts(self) -> bool:
        """Whether part of a picture, or a lower resolution, takes only part of the time. Other engines always
        draw everything."""
        return self.engine.startswith("torch")


ALWAYS = Choice("torch", "float32")  # what every machine has


def available() -> list[Choice]:
    """This machine's engines, `ALWAYS` first; only measuring tells which is fastest for a rung.

    A library may be installed without a working driver: opening an engine can still fail.
    """
    precisions = ["float32", "bfloat16"] if bfloat16_is_fast() else ["float32"]
    gpus = {"torch-cuda": torch.cuda.is_available(), "torch-mps": torch.backends.mps.is_available()}
    return [
        *(Choice("torch", precision) for precision in precisions),
        *(Choice(gpu, p) for gpu, there in gpus.items() if there for p in ("float16", "float32")),
        *(Choice(f"onnxruntime-{provider}", "float32") for provider in providers()),
        *(Choice("openvino", precision) for precision in precisions if installed()),
    ]


def open_engine(choice: Choice, generator: Generator, rung: SubGenerator, key: str | None = None) -> Engine:
    """The engine for a rung. `key` is the hash of the generator's weights; with it, graphs are cached.

    ValueError for a rung that the generator does not have, or an unknown engine. Any exception of its library
    for an engine that does not work on this machine.
    """
    library, _, device = choice.engine.partition("-")
    if library == "torch":
        return TorchEngine(generator, rung, choice.precision, device or "cpu")
    if library not in ("onnxruntime", "openvino"):
        raise ValueError(f'There is no engine "{choice.engine}".')
    from .graph import write_graph  # here, because the package onnx is slow to import
    from .graph_cache import cached_graph

    graph = write_graph(generator, rung) if key is None else cached_graph(generator, rung, key)
    if library == "openvino":
        return OpenVinoEngine(graph, rung, choice.precision)
    return OnnxEngine(graph, rung, device)


def bfloat16_is_fast() -> bool:
    """Whether this CPU multiplies bfloat16 numbers; False also when torch is too old to tell."""
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name) for name in FAST_BFLOAT16)
