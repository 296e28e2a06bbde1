"""How far a direction can be used, and what else it changes: both are read off pictures along it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...models.features import Features
from ...models.generator import Generator
from .directions_svm import pictures

STEPS = 12  # along each way
FARTHEST = 6.0  # deviations of the population along the direction
SATURATED = 0.9  # of the most that the attribute changes: farther on hardly anything happens
NATURAL = 0.99  # share of the population's pictures that are natural by definition
LEFT = 0.75  # share of edited pictures that must still be so


class Nature:
    """What pictures of the population look like: the mean and covariance of the attribute network's maps,
    each averaged over its places."""

    def __init__(self, features: Features, population: Tensor):
        """`population` are pictures [N, 3, R, R]."""
        self.features = features
        found = self._embedded(population)  # [N, F]
        self.mean = found.mean(0)
        covariance = torch.cov(found.T)
        ridge = 1e-3 * covariance.diagonal().mean() * torch.eye(len(covariance), device=covariance.device)
        self.precision = torch.linalg.inv(covariance + ridge)
        self.limit = self._distance(found).quantile(NATURAL)

    def share(self, edited: Tensor) -> float:
        """The share of pictures [N, 3, R, R] that could belong to the population."""
        return float((self._distance(self._embedded(edited)) <= self.limit).float().mean())

    def _embedded(self, picture: Tensor) -> Tensor:
        parts = [
            torch.cat([m.mean((2, 3)) for m in self.features.maps(part)], 1) for part in picture.split(32)
        ]
        return torch.cat(parts)

    def _distance(self, found: Tensor) -> Tensor:
        away = found - self.mean
        return ((away @ self.precision) * away).sum(1)  # squared Mahalanobis distance [N]


@dataclass(frozen=True)
class Walk:
    """Pictures along a direction: for each of `steps` [T] (in w, 0 in the middle) what is read off them
    [T, N, A], and which share of them is natural [T]."""

    steps: Tensor
    read: Tensor
    natural: Tensor

    def at(self, step: float) -> Tensor:
        """What would be read [N, A] at any step between the ends, by linear interpolation."""
        k = int(torch.searchsorted(self.steps, torch.tensor(step)).clamp(1, len(self.steps) - 1))
        low, high = self.steps[k - 1], self.steps[k]
        return torch.lerp(self.read[k - 1], self.read[k], (step - low) / (high - low))


@dataclass(frozen=True)
class Judge:
    """Draws pictures at `side` px and says what they show and whether they are natural."""

    generator: Generator
    features: Features
    nature: Nature
    side: int

    @torch.inference_mode()
    def walk(self, w: Tensor, normal: Tensor, unit: float) -> Walk:
        """Goes from w [N, D] along a unit `normal` [D] up to `FARTHEST` times `unit` either way."""
        steps = torch.linspace(-FARTHEST, FARTHEST, 2 * STEPS + 1) * unit
        read, natural = [], []
        for step in steps.tolist():
            drawn = pictures(self.generator, w + step * normal.to(w.device), self.side)
            read.append(self.features(drawn))
            natural.append(self.nature.share(drawn))
        return Walk(steps, torch.stack(read).cpu(), torch.tensor(natural))


def ends(found: Walk, column: int) -> tuple[float, float]:
    """How far back and on, in w, the attribute in `column` still changes while pictures stay natural."""
    middle = len(found.steps) // 2
    curve = found.read[:, :, column].mean(1)  # [T]
    on = _end(curve[middle:], found.natural[middle:], found.steps[middle:])
    turned = [values[: middle + 1].flip(0) for values in (-curve, found.natural, -found.steps)]
    return _end(*turned), on


def _end(curve: Tensor, natural: Tensor, steps: Tensor) -> float:
    """The first of `steps` [T], which rise from 0, at which the curve [T] is saturated or too few pictures
    are natural; at least half a step, so that a slider has some way to go."""
    gain = curve - curve[0]
    most = gain.max()
    stop = float(steps[-1])
    if most > 0:
        stop = _crossing(gain / most, SATURATED, steps)
    return max(min(stop, _crossing(-natural, -LEFT, steps)), float(steps[1]) / 2)


def _crossing(curve: Tensor, level: float, steps: Tensor) -> float:
    """Where the curve [T] first rises to `level`, by linear interpolation; the last step if it never does."""
    above = (curve >= level).nonzero()
    if len(above) == 0:
        return float(steps[-1])
    k = int(above[0])
    if k == 0:
        return float(steps[0])
    part = (level - curve[k - 1]) / (curve[k] - curve[k - 1])
    return float(torch.lerp(steps[k - 1], steps[k], part))


Watched = Mapping[str, tuple[int, float]]  # a binary attribute -> its column, its standardised threshold


def effects(
    found: Walk, column: int, back: float, on: float, names: Sequence[str], watched: Watched
) -> dict[str, Any]:
    """What happens from one end of a slider to the other; `names` are the attributes' [A].

    `success` is the share of portraits whose own attribute rises; `flips` the share that gain or lose each
    watched one from the middle to an end; changes are means over portraits, in deviations.
    """
    low, middle, high = found.at(-back), found.at(0.0), found.at(on)  # [N, A] each
    change = (high - low).mean(0)  # [A]
    others = {name: float(change[k]) for k, name in enumerate(names) if k != column}
    flips = {
        name: [_flips(middle[:, k], end[:, k], threshold) for end in (low, high)]
        for name, (k, threshold) in watched.items()
    }
    return {
        "success": round(float((high > low)[:, column].float().mean()), 4),
        "change": round(float(change[column]), 3),
        "others": round(math.hypot(*others.values()), 3),
        "flips": flips,
        "changes": {n: round(v, 3) for n, v in sorted(others.items(), key=lambda item: -abs(item[1]))},
    }


def _flips(before: Tensor, after: Tensor, threshold: float) -> float:
    """The share of pictures that gain or lose a binary attribute."""
    return round(float(((before > threshold) != (after > threshold)).float().mean()), 4)
