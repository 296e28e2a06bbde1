"""Three points that the artist drags onto a face: its eyes and its mouth. Plain numbers, no Qt."""

from __future__ import annotations

import math
from typing import List, Optional

from ...bridge.fields import XY
from ...bridge.messages import FacePoints
from ..words import mark_tr
from .picture import Box, Picture

LEFT, RIGHT, MOUTH = range(3)  # left and right as on the upright head
NAMES = (mark_tr("Left eye"), mark_tr("Right eye"), mark_tr("Mouth"))
EYES_SHARE = 6  # the eyes start this part of the shorter side apart
SMALLEST_START = 4.0  # pixels between the eyes, however thin the box is
MOUTH_BELOW = 1.1  # of the eyes' distance
CLOSEST_SHARE = 100  # no two points come closer than this part of the picture's shorter side
HALVINGS = 12  # to find how far a handle may go: finer than a pixel in any picture


class Handles:
    """The points over one picture, in its pixels. They always make a face, lying or upside down too: with its
    left eye to the left, the mouth is below, and no two are in one place."""

    def __init__(self, picture: Picture, around: Optional[Box] = None, face: Optional[FacePoints] = None):
        """They start at `face`, or in the middle of `around`, a box of the document, or of the picture."""
        self.picture = picture
        self.closest = max(2.0, min(picture.width, picture.height) / CLOSEST_SHARE)
        self.points = _in_the_middle(picture, around) if face is None else [*face.eyes, face.mouth[0]]

    @property
    def face(self) -> FacePoints:
        left, right, mouth = self.points
        return FacePoints((left, right), (mouth, mouth))

    def move(self, handle: int, x: float, y: float) -> None:
        """Bring a handle to a place, or as near as a face allows: across first, then up or down, so that it
        slides along what stops it."""
        x = min(max(x, 0.0), float(self.picture.width))
        y = min(max(y, 0.0), float(self.picture.height))
        self._go(handle, (x, self.points[handle][1]))
        self._go(handle, (self.points[handle][0], y))

    def _go(self, handle: int, to: XY) -> None:
        start, reached, beyond = self.points[handle], 0.0, 1.0
        if self._allowed(handle, to):
            self.points[handle] = to
            return
        for _ in range(HALVINGS):
            middle = (reached + beyond) / 2
            if self._allowed(handle, _between(start, to, middle)):
                reached = middle
            else:
                beyond = middle
        self.points[handle] = _between(start, to, reached)

    def _allowed(self, handle: int, to: XY) -> bool:
        points = list(self.points)
        points[handle] = to
        (left, right, mouth), closest = points, self.closest
        across, down = right[0] - left[0], right[1] - left[1]
        if math.hypot(across, down) < closest:
            return False
        middle = (left[0] + right[0]) / 2, (left[1] + right[1]) / 2
        # how far the mouth lies below the eyes' line, as seen on the upright head
        below = (across * (mouth[1] - middle[1]) - down * (mouth[0] - middle[0])) / math.hypot(across, down)
        return below >= closest


def _in_the_middle(picture: Picture, around: Optional[Box]) -> List[XY]:
    """A face of a sensible size in the middle of a box of the document, or else of the picture."""
    left, top, right, bottom = 0.0, 0.0, float(picture.width), float(picture.height)
    if around is not None:
        x, y = (around[0] - picture.left) / picture.factor, (around[1] - picture.top) / picture.factor
        inside = max(left, x), max(top, y)
        ends = min(right, x + around[2] / picture.factor), min(bottom, y + around[3] / picture.factor)
        if inside[0] < ends[0] and inside[1] < ends[1]:
            (left, top), (right, bottom) = inside, ends
    apart = max(min(right - left, bottom - top) / EYES_SHARE, SMALLEST_START)
    x = min(max((left + right) / 2, apart), picture.width - apart)  # a thin box may lie at the border
    y = min(max((top + bottom) / 2, apart), picture.height - apart)
    eyes, mouth = y - apart * MOUTH_BELOW / 2, y + apart * MOUTH_BELOW / 2
    return [(x - apart / 2, eyes), (x + apart / 2, eyes), (x, mouth)]


def _between(start: XY, end: XY, share: float) -> XY:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
