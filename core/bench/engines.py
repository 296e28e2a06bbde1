"""The engines of this machine."""

from __future__ import annotations

from typing import NamedTuple

from ...models.generator import Generator
from ...models.manifest import Rung
from ..engines.engine import Engine
from ..engines.torch_engine import TorchEngine


class Choice(NamedTuple):
    engine: str
    precision: str


def available() -> list[Choice]:
    return [Choice("torch", "float32"), Choice("torch", "bfloat16")]


def open_engine(choice: Choice, generator: Generator, rung: Rung, key: str | None = None) -> Engine:
    return TorchEngine(generator, rung, choice.precision)
