"""What a pack's sliders do to portraits, from end to end: whether each moves its own attribute the right way,
and which of the paper's other attributes come or go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...models.features import Features
from ...models.pack import Direction
from ..directions.sliders import PSI, SIDE, watched
from ..networks.attributes import NAMES
from ..painter import PAPER_ATTRIBUTES
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
    """One row per direction named after an attribute, over `samples` portraits, at most `MOST`."""
    named = [direction for direction in directions if direction.name in NAMES]
    count = min(samples, MOST)
    w = subject.latents(normals(count, subject.generator.style_dim, SEED + 3), PSI)  # [N, n_style, D]
    found = Collected(count, len(named) * (1 + 2 * len(PAPER_ATTRIBUTES)))
    side = min(SIDE, subject.resolutions[-1])
    for places in shares(count, "sliders"):
        middle = features(subject.generator(w[places], side).clamp(-1, 1))  # [N, A]
        parts = [_effects(subject, features, w[places], middle, direction, side) for direction in named]
        found.put(places, torch.cat(parts, dim=1) if parts else middle[:, :0])
    means = found.joint().mean(dim=0).unflatten(0, (len(named), -1)) if named else []
    return [_row(direction, mean) for direction, mean in zip(named, means, strict=True)]


def _effects(
    subject: Subject, features: Features, w: Tensor, middle: Tensor, direction: Direction, side: int
) -> Tensor:
    """[N, 1 + 2 K]: whether the attribute rises, and which of the paper's K flip at the low and high end."""
    vector = torch.from_numpy(direction.vector).to(w.device)  # [n_style, D]
    low, high = (
        features(subject.generator(w + value * vector, side).clamp(-1, 1))  # [N, A]
        for value in (direction.low, direction.high)
    )
    column = NAMES.index(direction.name)
    rises = high[:, column] > low[:, column]
    flips = [
        (middle[:, k] > at) != (end[:, k] > at) for end in (low, high) for k, at in watched(features).values()
    ]
    return torch.stack([rises, *flips], dim=1).float()


def _row(direction: Direction, mean: Tensor) -> SliderEffects:
    low, high = mean[1:].chunk(2)
    worse = torch.maximum(low, high).tolist()
    flips = {
        name: share
        for (name, (control, _)), share in zip(PAPER_ATTRIBUTES.items(), worse, strict=True)
        if control != direction.name
    }
    return SliderEffects(direction.name, float(mean[0]), flips)
