"""The interface of every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from .window import Window

Stopped = Callable[[], bool]


def never() -> bool:
    """A `stopped` for work that nobody interrupts."""
    return False


class Engine(Protocol):
    """One sub-generator G^k_C, ready to draw one latent at a time with the generator's stored noise.

    `precision` is that of its convolutions: "float32", "bfloat16" or "float16". Pictures are always float32.
    """

    name: str
    precision: str
    resolution: int
    channels: tuple[int, ...]

    def draw(
        self,
        w: Tensor,
        resolution: int | None = None,
        window: Window | None = None,
        stopped: Stopped = never,
    ) -> Tensor | None:
        """w float32 [n_style, style_dim] -> the picture float32 [3, h, w], about -1..1, not clamped.

        The picture has `resolution` px (at most and by default the engine's); with a `window`, the result is
        only that part. Asks `stopped` at least once for each block and returns None as soon as it says yes.
        ValueError for what it cannot draw.
        """
        ...
