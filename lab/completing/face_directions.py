"""Directions from what is read of a generator's own faces: smile, mouth, eyes, turn, widths, light...

A linear model says how each number rises with w (as InterFaceGAN's planes do for attributes). Its normal is
made orthogonal to the others' (conditional manipulation; paper, section 4.5), and pictures along it show how
far it can be used and what else it changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...models.layer_sizes import layer_count
from ...models.pack import Direction
from ..directions.range import FARTHEST, Walk, effects, ends
from ..directions.sliders import SLIDERS
from ..directions.svm import PSI, Artist, apart
from ..running import distributed
from .face_numbers import NUMBERS
from .fitting import Fitted, fitted
from .natural import Natural
from .own_faces import ReadHead, drawn_w
from .own_samples import Look, OwnSamples, looked_at, numbers_of

PREDICTED = 0.5  # correlation on samples held out, below which a number makes no direction
JUDGED = 16  # portraits along which a direction is tried, none of them among the samples
STEPS = 3  # each way
FIRST = 5_000_000  # position of the judged portraits' latents
FAR_OUT = 6.0  # median deviations: a number that is further out was misread
ALIKE = 0.7  # cosine of two normals that mean nearly the same: neither is freed of the other
MIXED = 0.5  # of a normal's length outside those that were taken before: less is a mix of them
VISIBLE = 0.8  # deviations from end to end: below this a slider seems dead


@dataclass(frozen=True)
class Found:
    """A direction; `correlation` of its model, and `report`: what `range.effects` says of it."""

    direction: Direction
    correlation: float
    report: Mapping[str, Any]

    @property
    def text(self) -> str:
        """One line for the person who waits."""
        moved = round(self.report["success"] * JUDGED)
        aside = next(iter(self.report["changes"].items()), None)
        beside = f"; beside it {aside[0]} by {abs(aside[1]):.1f}" if aside else ""
        return (
            f"{self.direction.label:24s} r {self.correlation:.2f}, moves in {moved} of {JUDGED} portraits by "
            f"{self.report['change']:.1f} deviations{beside}"
        )


def models(samples: OwnSamples, numbers: Tensor) -> dict[str, Fitted]:
    """The models of those `NUMBERS` [N, K] that can be predicted from w."""
    found = {}
    for column, name in enumerate(NUMBERS):
        values = numbers[:, column]
        off = (values - values.nanmedian()).abs()
        kept = off <= FAR_OUT * off.nanmedian()  # False for NaN
        model = fitted(samples.w[kept], values[kept])
        if model.correlation >= PREDICTED:
            found[name] = model
    return found


def freed(normals: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each of the `normals` [D] at right angles to the others, as unit vectors; but not to those that mean
    nearly the same, nor to mixes of others, which might hold it as well."""
    units = {name: normal / normal.norm() for name, normal in normals.items()}
    made = {}
    for name, unit in units.items():
        others: list[Tensor] = []
        for key, other in units.items():
            if key != name and abs(float(unit @ other)) < ALIKE and _left(other, others) > MIXED:
                others.append(other)
        try:
            made[name] = apart(unit, others)
        except ValueError:  # hardly anything is left
            made[name] = unit
    return made


def _left(unit: Tensor, others: Sequence[Tensor]) -> float:
    """How much of a unit vector [D] lies outside the space of the others."""
    if not others:
        return 1.0
    basis, _ = torch.linalg.qr(torch.stack(list(others), dim=1))  # [D, K]
    return float((unit - basis @ (basis.T @ unit)).norm())


class Tryout:
    """Tries directions on portraits that the models have not seen."""

    def __init__(self, draw: Artist, read: ReadHead, samples: OwnSamples, mean: np.ndarray):
        self._draw, self._read, self._mean = draw, read, mean
        numbers = numbers_of(samples.read, mean)
        self._middle = numbers.nanmedian(dim=0).values  # [K]
        self._spread = torch.stack([column[column.isfinite()].std() for column in numbers.T])  # [K]
        self._natural = Natural(samples.summaries)
        self._w = drawn_w(draw, FIRST, JUDGED)
        self._before = looked_at(draw, read, self._w)

    def tried(self, name: str, normal: Tensor, unit: float, correlation: float) -> Found | None:
        """The direction along a unit `normal` [D], whose deviation in w is `unit`; None if nobody sees it."""
        walk = self.walk(normal, unit)
        column = list(NUMBERS).index(name)
        back, on = ends(walk, column, {})
        report = effects(walk, column, back, on, list(NUMBERS), {})
        if report["change"] < VISIBLE:
            return None
        n_style = layer_count(self._draw.resolution)
        return Found(slider(name, normal * on, -round(back / on, 2), n_style), correlation, report)

    def walk(self, normal: Tensor, unit: float) -> Walk:
        """Pictures up to FARTHEST units either way, and how many of those that are natural before stay so.
        One without a face does not, and is taken to show what was read last."""
        steps = torch.linspace(-FARTHEST, FARTHEST, 2 * STEPS + 1) * unit
        looks = [self._look(step * normal) if step else self._before for step in steps.tolist()]
        numbers = torch.stack([numbers_of(look.read, self._mean) for look in looks])  # [T, N, K]
        seen = numbers.isfinite().all(2)  # [T, N]
        natural = seen & torch.stack([self._natural(look.summaries) for look in looks])
        kept = (natural & natural[STEPS]).sum(1) / natural[STEPS].sum().clamp_min(1)  # [T]
        standard = (numbers - self._middle) / self._spread
        standard[STEPS] = torch.where(seen[STEPS, :, None], standard[STEPS], torch.zeros(()))
        for outward in (range(STEPS + 1, 2 * STEPS + 1), range(STEPS - 1, -1, -1)):
            inner = STEPS
            for t in outward:
                standard[t] = torch.where(seen[t, :, None], standard[t], standard[inner])
                inner = t
        return Walk(steps, standard, kept)

    def _look(self, step: Tensor) -> Look:
        return looked_at(self._draw, self._read, self._w + step.to(self._w.device), self._before.faces)


def face_directions(draw: Artist, read: ReadHead, samples: OwnSamples) -> list[Found]:
    """All directions that the samples' faces give, in the order of the panel; empty where none are read."""
    mean = samples.mean_head()
    if mean is None:
        return []
    fits = models(samples, numbers_of(samples.read, mean))
    normals = freed({name: fit.normal for name, fit in fits.items()})
    tryout = Tryout(draw, read, samples, mean)

    def tried(name: str) -> Found | None:
        unit = float((samples.w @ normals[name]).std()) / PSI
        return tryout.tried(name, normals[name], unit, fits[name].correlation)

    return [found for found in distributed.shared_out(list(normals), tried, "directions") if found]


def slider(name: str, step: Tensor, low: float, n_style: int) -> Direction:
    """A slider from `low` to 1, whose value 1 adds `step` [D] to every style; its words are those of the
    painter's slider of that name."""
    words = next(slider for slider in SLIDERS if slider.attribute == name)
    vector = np.ascontiguousarray(step.cpu().expand(n_style, -1).numpy().astype(np.float32))  # [n_style, D]
    return Direction(name, words.label, words.group, low, 1.0, vector, words.parts, words.how)


def without(directions: Sequence[Direction], taken: Sequence[Direction]) -> list[Direction]:
    """Those whose names are not `taken`."""
    names = {direction.name for direction in taken}
    return [direction for direction in directions if direction.name not in names]
