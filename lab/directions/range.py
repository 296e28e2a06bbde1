"""How far a direction can be used, and what else it changes: both are read from pictures along it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...models.features import Features
from ..running import distributed
from .svm import Artist

STEPS = 6  # each way
FARTHEST = 4.5  # deviations of the population along the direction
SATURATED = 0.9  # of the attribute's largest change: farther on hardly anything happens
NATURAL = 0.99  # share of the population's pictures that are natural by definition
LEFT = 0.75  # share of edited pictures that must still be natural
# share of portraits that may gain or lose another watched attribute: below a tenth, since it is higher on
# portraits that had no say in choosing the end
FLIPPED = 0.075
QUIET = 0.02  # up to this share of the first few portraits, the many need no check
TRIES = 4  # to find an end at which few of the many flip
LEAST = 0.5  # of the way that a slider keeps, however much it flips

Thresholds = Sequence[tuple[int, float]]  # binary attributes: their columns, their standardised thresholds
Watched = Mapping[str, tuple[int, float]]  # the same by name


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
    """Pictures along a direction: for each of `steps` [T] (in w, 0 in the middle) what they show [T, N, A],
    and the share of them that is natural [T]."""

    steps: Tensor
    read: Tensor
    natural: Tensor

    def at(self, step: float) -> Tensor:
        """What pictures show [N, A] at any step between the ends, by linear interpolation."""
        k = int(torch.searchsorted(self.steps, torch.tensor(step)).clamp(1, len(self.steps) - 1))
        low, high = self.steps[k - 1], self.steps[k]
        return torch.lerp(self.read[k - 1], self.read[k], (step - low) / (high - low))


class Judge:
    """Looks at pictures of w drawn at `side` px: what they show, and whether they are natural."""

    def __init__(self, draw: Artist, features: Features, population: Tensor, side: int):
        """`population` holds unedited w [N, D], which the processes share out."""
        self.draw, self.features, self.side = draw, features, side
        looked = distributed.shared_out(population.split(64), lambda part: self.look(part)[1].cpu())
        self.nature = Nature(torch.cat(looked).to(population.device))

    def read(self, w: Tensor) -> Tensor:
        """w [N, D] -> attributes [N, A], for any N."""
        return torch.cat([self.look(part)[0] for part in w.split(64)]).cpu()

    @torch.inference_mode()
    def look(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """w [N, D] -> attributes [N, A], standardised, and summaries [N, F]."""
        maps = self.features.maps(self.draw(w, self.side))
        return self.features.attributes(maps[-1].flatten(1)), summary(maps)

    def walk(self, w: Tensor, normal: Tensor, unit: float) -> Walk:
        """Walks from w [N, D] along a unit `normal` [D], up to `FARTHEST` times `unit` either way."""
        steps = torch.linspace(-FARTHEST, FARTHEST, 2 * STEPS + 1) * unit
        read, natural = [], []
        for step in steps.tolist():
            attributes, summaries = self.look(w + step * normal)
            read.append(attributes.cpu())
            natural.append(self.nature.share(summaries))
        return Walk(steps, torch.stack(read), torch.tensor(natural))


def ends(found: Walk, column: int, watched: Watched) -> tuple[float, float]:
    """How far back and on, in w, the attribute in `column` still changes while pictures stay natural and few
    portraits gain or lose another `watched` attribute."""
    middle = len(found.steps) // 2
    others = but(watched, column)
    shares = [_most_flips(found.read[middle], read, others) for read in found.read]
    curve, flips = found.read[:, :, column].mean(1), torch.tensor(shares)  # [T] each
    on = _end(curve[middle:], found.natural[middle:], flips[middle:], found.steps[middle:])
    turned = [values[: middle + 1].flip(0) for values in (-curve, found.natural, flips, -found.steps)]
    return _end(*turned), on


def _end(curve: Tensor, natural: Tensor, flips: Tensor, steps: Tensor) -> float:
    """The first of `steps` [T], which rise from 0, at which the curve [T] is saturated or too few pictures
    are natural; less if too many flip; at least half a step, so that a slider has room to move."""
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


class Jury:
    """Checks ends on many portraits that had no say in choosing them: do as few of these flip? Shares of a
    few dozen are rough, and an end chosen by them lies where they happen to be low."""

    def __init__(self, judge: Judge, w: Tensor):
        """The processes share out w [N, D]."""
        self._judge, self._w = judge, w
        self._before = torch.cat(distributed.shared_out(w.split(64), judge.read))  # [N, A]

    def end(self, found: Walk, normal: Tensor, end: float, others: Thresholds) -> float:
        """`end`, in w from the middle along a unit `normal` [D] (below 0: against it), or less of it if too
        many flip, down to `LEAST`."""
        if _most_flips(found.at(0.0), found.at(end), others) <= QUIET:
            return end
        least = LEAST * end
        for _ in range(TRIES):
            share = _most_flips(self._before, self._judge.read(self._w + end * normal), others)
            if share <= FLIPPED or end == least:
                return end
            end = max(least, end * FLIPPED / share, key=abs)
        return end


def but(watched: Watched, column: int) -> Thresholds:
    """All watched attributes except the one in `column`."""
    return [(k, threshold) for k, threshold in watched.values() if k != column]


def effects(
    found: Walk, column: int, back: float, on: float, names: Sequence[str], watched: Watched
) -> dict[str, Any]:
    """What happens from one end of a slider to the other; `names` are the attributes' [A].

    `success` is the share of portraits whose attribute rises; `flips` the shares that gain or lose each
    watched one from the middle to either end; changes are means over portraits, in deviations.
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


def _most_flips(before: Tensor, after: Tensor, places: Thresholds) -> float:
    """The largest share of pictures, over `places`, that gain or lose an attribute; readings are [N, A]."""
    return max((_flips(before[:, k], after[:, k], threshold) for k, threshold in places), default=0.0)


def _flips(before: Tensor, after: Tensor, threshold: float) -> float:
    """The share of pictures that gain or lose a binary attribute."""
    return round(float(((before > threshold) != (after > threshold)).float().mean()), 4)
