"""How far a direction can be used, and what else it changes: both are read off pictures along it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...models.features import Features
from .directions_svm import Artist

STEPS = 6  # along each way
FARTHEST = 4.5  # deviations of the population along the direction
SATURATED = 0.9  # of the most that the attribute changes: farther on hardly anything happens
NATURAL = 0.99  # share of the population's pictures that are natural by definition
LEFT = 0.75  # share of edited pictures that must still be so
# share of the judged portraits that may gain or lose another watched attribute: less than a tenth, since of
# others, by which the end was not chosen, it is more
FLIPPED = 0.07
LEAST = 0.5  # of the way that a slider keeps however much it flips

Watched = Mapping[str, tuple[int, float]]  # a binary attribute -> its column, its standardised threshold


def summary(maps: list[Tensor]) -> Tensor:
    """The attribute network's maps [N, C, S, S], each averaged over its places -> [N, F]."""
    return torch.cat([found.mean((2, 3)) for found in maps], dim=1)


class Nature:
    """What pictures of the population look like: the mean and covariance of their summaries [N, F]."""

    def __init__(self, population: Tensor):
        self.mean = population.mean(0)
        covariance = torch.cov(population.T)
        ridge = 1e-3 * covariance.diagonal().mean() * torch.eye(len(covariance), device=covariance.device)
        self.precision = torch.linalg.inv(covariance + ridge)
        self.limit = self._distance(population).quantile(NATURAL)

    def share(self, edited: Tensor) -> float:
        """The share of pictures, by their summaries [N, F], that could belong to the population."""
        return float((self._distance(edited) <= self.limit).float().mean())

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


class Judge:
    """Looks at pictures of w's drawn at `side` px: what they show, and whether they are natural."""

    def __init__(self, draw: Artist, features: Features, population: Tensor, side: int):
        """`population` are w's [N, D] that nothing was done to."""
        self.draw, self.features, self.side = draw, features, side
        self.nature = Nature(torch.cat([self.look(part)[1] for part in population.split(64)]))

    @torch.inference_mode()
    def look(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """w [N, D] -> attributes [N, A], standardised, and summaries [N, F]."""
        maps = self.features.maps(self.draw(w, self.side))
        return self.features.attributes(maps[-1].flatten(1)), summary(maps)

    def walk(self, w: Tensor, normal: Tensor, unit: float) -> Walk:
        """Goes from w [N, D] along a unit `normal` [D] up to `FARTHEST` times `unit` either way."""
        steps = torch.linspace(-FARTHEST, FARTHEST, 2 * STEPS + 1) * unit
        read, natural = [], []
        for step in steps.tolist():
            attributes, summaries = self.look(w + step * normal)
            read.append(attributes.cpu())
            natural.append(self.nature.share(summaries))
        return Walk(steps, torch.stack(read), torch.tensor(natural))


def ends(found: Walk, column: int, watched: Watched) -> tuple[float, float]:
    """How far back and on, in w, the attribute in `column` still changes while pictures stay natural and few
    portraits gain or lose a `watched` attribute that it is not."""
    middle = len(found.steps) // 2
    others = [(k, threshold) for k, threshold in watched.values() if k != column]
    shares = [
        max((_flips(found.read[middle, :, k], read[:, k], at) for k, at in others), default=0.0)
        for read in found.read
    ]
    curve, flips = found.read[:, :, column].mean(1), torch.tensor(shares)  # [T] each
    on = _end(curve[middle:], found.natural[middle:], flips[middle:], found.steps[middle:])
    turned = [values[: middle + 1].flip(0) for values in (-curve, found.natural, flips, -found.steps)]
    return _end(*turned), on


def _end(curve: Tensor, natural: Tensor, flips: Tensor, steps: Tensor) -> float:
    """The first of `steps` [T], which rise from 0, at which the curve [T] is saturated or too few pictures
    are natural; less of it where too many flip; at least half a step, so that a slider has some way to go."""
    gain = curve - curve[0]
    most = gain.max()
    stop = float(steps[-1])
    if most > 0:
        stop = _crossing(gain / most, SATURATED, steps)
    stop = min(stop, _crossing(-natural, -LEFT, steps))
    stop = min(stop, max(LEAST * stop, _crossing(flips, FLIPPED, steps)))
    return max(stop, float(steps[1]) / 2)


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
