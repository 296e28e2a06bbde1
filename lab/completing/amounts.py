"""The names of a completion's steps, and how much work they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Name = Literal["align", "directions", "widths", "encoder", "ladder", "bank"]
NAMES: tuple[Name, ...] = get_args(Name)  # of the steps, in their order


@dataclass(frozen=True)
class Amounts:
    """`pictures` are drawn for the distillation, `encoder_pictures` for the encoder, `samples` are read for
    the directions. The defaults make a night's work of a 128 px generator on two cores."""

    pictures: int = 60_000
    encoder_pictures: int = 30_000
    samples: int = 2_000

    def __post_init__(self):
        for name, value, least in (
            ("pictures", self.pictures, 1),
            ("encoder-pictures", self.encoder_pictures, 1),
            ("samples", self.samples, 16),
        ):
            if value < least:
                raise ValueError(f"--{name} must be at least {least}, not {value}.")


def batch_of(resolution: int) -> int:
    """Pictures of a training step: fewer of large ones, whose maps fill the memory."""
    return max(2, min(8, 1024 // resolution))
