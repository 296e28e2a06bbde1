"""Checkpoints from which a killed run resumes, and the generator that a run has trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...core.files.whole_file import writing
from ...models.generator import Generator
from ...models.widths import WidthRule

LAST = "last.pt"  # a run's newest checkpoint, in the run's folder


@dataclass(frozen=True)
class Trained:
    """A run's averaged generator for inference, how its widths are cut, and the pictures it has seen."""

    generator: Generator
    rule: WidthRule
    pictures: int


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes `state` whole or not at all: a kill leaves the old or the new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path) as file:
        torch.save(state, file)


def load(path: Path) -> dict[str, Any]:
    """Reads a checkpoint. It can hold only tensors and plain values, so opening one runs no code."""
    return torch.load(path, map_location="cpu", weights_only=True)


def trained(folder: Path) -> Trained:
    """What the generator's run in `folder` has trained so far. FileNotFoundError if nothing is saved yet."""
    state = load(folder / LAST)
    kept = state["task"]
    shape = kept["architecture"]
    generator = Generator(shape["resolution"], shape["channels"], shape["style_dim"], shape["n_mlp"])
    generator.load_state_dict(kept["average"])
    rule = WidthRule(shape["width_rule"])
    return Trained(generator.eval().requires_grad_(False), rule, state["seen"])
