"""A first sight of a face: two eyes and a mouth, as the finders give them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Point = tuple[float, float]

APART = 1.2  # of the larger face's size: the middles of two faces are farther apart than this
SAME = 0.5  # of the distance from eyes to mouth: points of the same face are no farther apart than this


@dataclass(frozen=True)
class Sighting:
    """In the picture's pixels. `eyes` are the one at image left when the head is upright, then the other."""

    eyes: tuple[Point, Point]
    mouth: Point
    score: float  # 0..1

    @property
    def between_eyes(self) -> Point:
        (lx, ly), (rx, ry) = self.eyes
        return (lx + rx) / 2, (ly + ry) / 2

    @property
    def centre(self) -> Point:
        """Half way from the eyes to the mouth."""
        (ex, ey), (mx, my) = self.between_eyes, self.mouth
        return (ex + mx) / 2, (ey + my) / 2

    @property
    def size(self) -> float:
        """The larger of the distances between the eyes and from eyes to mouth: one of them keeps its length
        when a head turns."""
        return max(math.dist(*self.eyes), self.eyes_to_mouth)

    @property
    def eyes_to_mouth(self) -> float:
        return math.dist(self.between_eyes, self.mouth)

    @property
    def roll(self) -> float:
        """The eye line's angle in degrees, clockwise; 0 when it is level."""
        (lx, ly), (rx, ry) = self.eyes
        return math.degrees(math.atan2(ry - ly, rx - lx))

    def moved(self, x: float, y: float) -> Sighting:
        """The same face in a picture that begins `x` px further left and `y` px further up."""
        (lx, ly), (rx, ry), (mx, my) = *self.eyes, self.mouth
        return Sighting(((lx + x, ly + y), (rx + x, ry + y)), (mx + x, my + y), self.score)

    def agrees(self, other: Sighting) -> bool:
        """Whether this is the face that `other` shows."""
        pairs = zip((*self.eyes, self.mouth), (*other.eyes, other.mouth), strict=True)
        return max(math.dist(p, q) for p, q in pairs) < SAME * other.eyes_to_mouth

    def overlaps(self, other: Sighting, apart: float = APART) -> bool:
        """Whether two faces cannot both be here: even cheek by cheek they are farther apart."""
        return math.dist(self.centre, other.centre) < apart * max(self.size, other.size)


def distinct(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The clearest sighting of each face, clearest first: those that `agrees` with no clearer one."""
    ordered = sorted(sightings, key=lambda seen: seen.score, reverse=True)
    points = np.array([(*seen.eyes, seen.mouth) for seen in ordered]).reshape(-1, 3, 2)
    reach = np.array([SAME * seen.eyes_to_mouth for seen in ordered])
    kept: list[int] = []
    for number, place in enumerate(points):  # at once for all kept ones: there may be hundreds
        apart = np.linalg.norm(points[kept] - place, axis=2).max(axis=1)  # [kept]
        if not (apart < reach[kept]).any():
            kept.append(number)
    return [ordered[number] for number in kept]
