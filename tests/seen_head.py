"""A reader of heads that sees one and the same face, wherever it looks from."""

from __future__ import annotations

import numpy as np

from anycost.bridge.messages import Placement
from anycost.core.faces.head_reader_net import HeadLook, HeadNetwork
from anycost.core.faces.pyramid import Pyramid
from anycost.models.head_points import POINTS
from anycost.models.head_reader import GRID, PARTS

EYES, CORNERS = ((130, 140), (170, 140)), ((135, 180), (165, 180))  # in the picture


class SeenHead(HeadNetwork):
    """`belief` is its own; `looks` counts how often it looked."""

    def __init__(self, belief: float):
        self.looks, self.belief = 0, belief

    def look(self, pyramid: Pyramid, placement: Placement) -> HeadLook:
        self.looks += 1
        points = np.full((POINTS, 2), 150.0)
        left, right = (33, 133, 159, 145), (362, 263, 386, 374)
        for group, at in zip((left, right, (61,), (291,)), (*EYES, *CORNERS), strict=True):
            points[list(group)] = at
        parts = np.full((len(PARTS), GRID, GRID), 1 / len(PARTS), np.float32)
        zero = np.zeros((3, GRID, GRID), np.float32)
        some = np.ones(POINTS)
        return HeadLook(placement, points, some, some, parts, zero, self.belief)

    def look_twice(self, pyramid: Pyramid, placement: Placement) -> HeadLook:
        return self.look(pyramid, placement)
