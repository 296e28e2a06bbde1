"""How well a reader of heads does on rendered heads that training never sees."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...models.head_reader import PARTS, Answers
from ..data.head_crops import UNKNOWN, HeadCrops, eyes_and_mouth, head_crops
from ..data.head_pool import HeadPool
from ..running.draws import Draws

SEED = 96
TOGETHER = 32


@dataclass(frozen=True)
class HeadErrors:
    """Errors on unseen heads: of the face map over the head's height and of points over the distance between
    the eyes, in the median; and each part's intersection over union."""

    face_map: float
    points: float
    points_most: float  # at nine tenths of the crops
    shares: dict[str, float]

    @property
    def mean_share(self) -> float:
        """The mean intersection over union of the parts that occur."""
        known = [share for share in self.shares.values() if not math.isnan(share)]
        return sum(known) / max(len(known), 1)

    def lines(self) -> list[str]:
        parts = ", ".join(f"{part} {share:.2f}" for part, share in self.shares.items())
        return [
            f"{100 * self.face_map:5.1f} %  face map, over the head's height, in the median",
            f"{self.points:7.3f}  points, over the distance between the eyes, in the median",
            f"{self.points_most:7.3f}  the same, at nine tenths",
            f"{self.mean_share:7.3f}  intersection over union of parts, mean: {parts}",
        ]


def unseen_crops(caches: Sequence[str], count: int = 256) -> list[HeadCrops]:
    """Crops of heads that training never sees, always the same, all with a face."""
    pool = HeadPool(caches, unseen=True)
    crops = []
    for first in range(0, min(count, pool.pictures), TOGETHER):
        heads = pool.read(range(first, min(first + TOGETHER, count, pool.pictures)))
        draws = Draws(SEED, first, "unseen")  # the same on every machine
        crops.append(head_crops(heads.to(draws.device), draws, 0.0))
    return crops


def head_errors(read: Callable[[Tensor], Answers], crops: Sequence[HeadCrops]) -> HeadErrors:
    """Tests a reader (pictures [N, 3, 128, 128] in -1..1 -> answers) on crops."""
    hits, either = torch.zeros(len(PARTS)), torch.zeros(len(PARTS))
    mapped, placed = [], []
    for shown in crops:
        found = read(shown.pictures)
        known, parts = shown.parts.ne(UNKNOWN), found.parts.argmax(1)
        for number in range(len(PARTS)):
            mine, true = parts.eq(number) & known, shown.parts.eq(number)
            hits[number] += (mine & true).sum()
            either[number] += (mine | true).sum()
        mapped.append((found.face_map - shown.face_map).norm(dim=1)[shown.on_head])
        eyes, _ = eyes_and_mouth(shown.points)
        between = (eyes[:, 1] - eyes[:, 0]).norm(dim=1)  # [N]
        placed.append((found.points - shown.points).norm(dim=2).mean(1) / between)
    points = torch.cat(placed)
    shares = (hits / either).tolist()
    return HeadErrors(
        float(torch.cat(mapped).median()),
        float(points.median()),
        float(points.quantile(0.9)),
        dict(zip(PARTS, shares, strict=True)),
    )
