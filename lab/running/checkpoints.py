"""Checkpoints from which a killed run resumes, and the generator that a run has trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...core.files.whole_file import writing
from ...models.generator import Generator
from ...models.widths import WidthRule

LAST = "last.pt"  # a run's newest checkpoint, in the run's folder
BEST = "best.pt"  # its best snapshot, of a run that was scored (`best.py`): what it draws, not how to go on


@dataclass(frozen=True)
class Trained:
    """A run's averaged generator for inference, how its widths are cut, and the pictures it has seen.

    `resolutions` (px) and `ratios` are those that it draws after the stages it has entered, `data` is the
    kind of its pictures, `shape` that of a folder's; all empty for a run of a version that did not keep them.
    """

    generator: Generator
    rule: WidthRule
    pictures: int
    resolutions: tuple[int, ...] = ()
    ratios: tuple[float, ...] = ()
    data: str = ""
    shape: tuple[int, int] = (1, 1)


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes `state` whole or not at all: a kill leaves the old or the new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path) as file:
        torch.save(state, file)


def load(path: Path) -> dict[str, Any]:
    """Reads a checkpoint. It can hold only tensors and plain values, so opening one runs no code."""
    return torch.load(path, map_location="cpu", weights_only=True)


def best_or_last(run: Path) -> Path:
    """The file of what a run in this folder drew best, or else last. FileNotFoundError if it has neither."""
    for path in (run / BEST, run / LAST):
        if path.is_file():
            return path
    raise FileNotFoundError(run / LAST)


def trained(run: Path) -> Trained:
    """What a generator's run has trained so far: `run` is its folder, or one of the files that it keeps
    there. FileNotFoundError if nothing is saved yet."""
    state = load(run / LAST if run.is_dir() else run)
    kept = state["task"]
    shape = kept["architecture"]
    with torch.device("meta"):  # shapes only: whatever a file claims, its tensors are all the memory it takes
        generator = Generator(shape["resolution"], shape["channels"], shape["style_dim"], shape["n_mlp"])
    generator.load_state_dict(kept["average"], assign=True)
    rule = WidthRule(shape["width_rule"])
    entered = kept["stages"][: kept["stage"] + 1] if "stages" in kept else []
    data = kept.get("data", {})
    return Trained(
        generator.eval().requires_grad_(False),
        rule,
        state["seen"],
        *drawn_after(entered),
        data.get("kind", ""),
        tuple(data.get("shape", (1, 1))),
    )


def drawn_after(stages: Sequence[Mapping[str, Any]]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The resolutions and ratios that a generator draws after these stages, the fields of `stages.Stage`.

    A stage at one resolution leaves the outputs of others behind, and one at full width the narrower ones.
    """
    sides: set[int] = set()
    ratios: set[float] = set()
    for stage in stages:
        sides = {*stage["resolutions"]} | (set() if stage["kind"] == "single" else sides)
        ratios = {1.0, *stage["ratios"]} if stage["kind"] in ("distil", "adaptive-channel") else {1.0}
    return tuple(sorted(sides)), tuple(sorted(ratios))
