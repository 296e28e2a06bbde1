"""The stages of a generator's training, as a run's TOML file lists them (paper, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...models.layer_sizes import layer_count
from .sampling import Widths

Kind = Literal[
    "distil",  # warm start: a world's pictures, supervised
    "single",  # stage 1, StyleGAN2 at one resolution
    "multi-resolution",  # stage 2, two of the resolutions per iteration
    "all-resolutions",  # as in MSG-GAN, the baseline of stage 2
    "adaptive-channel",  # stage 3, sub-generators of random widths
]
DISTIL_RATE = 0.015
DECAYED = 0.6  # with `decay`, the share of a stage over which its rate falls to a twentieth


@dataclass(frozen=True)
class Stage:
    """One [[stages]] table.

    `resolutions` (px) are the ones to train. `ratios` and `widths` ("uniform", "flexible", "sandwich")
    describe the sub-generators of stage 3 and of a warm start; `sort` sorts channels before stage 3.
    `supervised` weighs the world's own picture of each z in the game. `perceptual` weighs a warm start's
    distances in the attribute network (losses.features). `decay` lowers the learning rate towards the end.
    """

    kind: Kind
    pictures: int
    resolutions: tuple[int, ...]
    ratios: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    widths: Widths = "uniform"
    sort: bool = True
    supervised: float = 0.0
    perceptual: float = 0.0
    learning_rate: float | None = None
    decay: bool = False

    def __post_init__(self):
        if not self.resolutions or self.pictures < 1:
            raise ValueError("A stage needs at least one resolution and one picture.")
        for side in self.resolutions:
            layer_count(side)
        if self.kind == "single" and len(self.resolutions) != 1:
            raise ValueError('A stage of kind "single" has one resolution.')
        if not all(0 < ratio <= 1 for ratio in self.ratios) or not self.ratios:
            raise ValueError("A stage's ratios must be above 0 and at most 1.")
        if self.perceptual and self.kind != "distil":
            raise ValueError('`perceptual` is for stages of kind "distil"; others use losses.perceptual.')

    @property
    def top(self) -> int:
        """The highest resolution of the stage; nothing runs beyond it."""
        return max(self.resolutions)

    @property
    def adaptive(self) -> bool:
        return self.kind == "adaptive-channel"

    def rate(self, done: float, usual: float) -> float:
        """The learning rate after the share `done` (0..1) of the stage."""
        rate = self.learning_rate or (DISTIL_RATE if self.kind == "distil" else usual)
        return rate * max(0.05, min(1.0, (1 - done) / DECAYED)) if self.decay else rate


def locate(stages: tuple[Stage, ...], seen: int) -> tuple[int, int]:
    """The index of the stage at position `seen`, and how many of its pictures are done."""
    for index, stage in enumerate(stages):
        if seen < stage.pictures:
            return index, seen
        seen -= stage.pictures
    return len(stages) - 1, stages[-1].pictures
