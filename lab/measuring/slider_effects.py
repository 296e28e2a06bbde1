"""What a pack's sliders do to portraits, from end to end: whether each moves its own attribute the right way,
and which of the paper's other attributes come or go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...models.features import Features
from ...models.pack import Direction
from ..directions.range import Thresholds, Watched
from ..directions.sliders import PSI, SIDE, watched
from ..networks.attributes import names_of
from .subject import SEED, Collected, Subject, normals, shares

MOST = 512  # portraits: every slider draws two more pictures of each


@dataclass(frozen=True)
class SliderEffects:
    """`right` is the share of portraits whose attribute is higher at the slider's upper end than at the lower
    one; `flips` gives, for each of the paper's other attributes, the share that gains or loses it from the
    middle to the worse end."""

    name: str
    right: float
    flips: dict[str, float]


@torch.no_grad()
def sliders(
    directions: Sequence[Direction], subject: Subject, features: Features, samples: int
) -> list[SliderEffects]:
    """One row per direction named after an attribute, over `samples` portraits, at most `MOST`. Sliders for
    which no generator draws have none."""
    names = names_of(features)
    seen = watched(features, names)
    named = [direction for direction in directions if direction.name in names and direction.vector.any()]
    columns = [names.index(direction.name) for direction in named]
    count = min(samples, MOST)
    w = subject.latents(normals(count, subject.generator.style_dim, SEED + 3), PSI)  # [N, n_style, D]
    found = Collected(count, len(named) * (1 + 2 * len(seen)))
    side = min(SIDE, subject.resolutions[-1])

    def read(w: Tensor) -> Tensor:
        return features(subject.generator(w, side).clamp(-1, 1))  # [N, A]

    for places in shares(count, "sliders"):
        middle, parts = read(w[places]), []
        for direction, column in zip(named, columns, strict=True):
            vector = torch.from_numpy(direction.vector).to(w.device)  # [n_style, D]
            low, high = (read(w[places] + value * vector) for value in (direction.low, direction.high))
            parts.append(_effects(low, middle, high, column, list(seen.values())))
        found.put(places, torch.cat(parts, dim=1) if parts else middle[:, :0])
    means = found.joint().mean(dim=0).unflatten(0, (len(named), -1)) if named else []
    return [_row(*row, seen) for row in zip(named, columns, means, strict=True)]


def _effects(low: Tensor, middle: Tensor, high: Tensor, column: int, seen: Thresholds) -> Tensor:
    """[N, 1 + 2 K] of what pictures show [N, A]: whether the attribute in `column` rises from the low end to
    the high one, and which of the paper's K flip from the middle to either."""
    rises = high[:, column] > low[:, column]
    flips = [(middle[:, k] > at) != (end[:, k] > at) for end in (low, high) for k, at in seen]
    return torch.stack([rises, *flips], dim=1).float()


def _row(direction: Direction, column: int, mean: Tensor, seen: Watched) -> SliderEffects:
    low, high = mean[1:].chunk(2)
    worse = torch.maximum(low, high).tolist()
    others = zip(seen.items(), worse, strict=True)
    flips = {name: share for (name, (k, _)), share in others if k != column}
    return SliderEffects(direction.name, float(mean[0]), flips)
