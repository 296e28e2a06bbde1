"""Draws what a picture has no pixels for, from the generator: what moving its own portrait does not explain.

The same movement that is carried over to the picture is tried on the generator's own unedited portrait. Where
the result differs from the edited portrait, something new is there: glasses, a beard, longer hair. There the
picture takes the generator's pixels, with its tone and, where only tone changed, its own texture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .change import Head
from .field import Lattice, sampled, smooth
from .movement import LATTICE

SIDE = 256  # px at most at which it is decided where to draw
SAME, NEW = 7.0, 18.0  # levels of 255: the portraits differ by chance, and by what has to be drawn
# levels above which the picture's texture is a ghost: of any change, of its fine part
TONE, SHAPE = 60.0, 16.0
REACH = 0.022  # of the square's side: a difference is drawn as far around
COARSE = 8  # cells a side of the tone that the generator gets wrong


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is drawn over a moved picture: float32 maps over the square, of any sides."""

    change: np.ndarray  # [R, R, 3] edited portrait less the moved one, in levels
    moved: np.ndarray  # [R, R, 3] the moved portrait
    share: np.ndarray  # [S, S] 0..1: how far to draw
    kept: np.ndarray  # [S, S] 0..1: how much of the picture's texture stays there
    tone: np.ndarray  # [8, 8, 3] the picture less the portrait, coarsely

    def over(self, picture: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """Pixels uint8 [h, w, 3] of a moved picture, at unit coordinates [h, w, 2], with the drawing."""
        share = sampled(self.share, unit)
        if not share.any():
            return picture
        colour = picture.astype(np.float32)
        fine = colour - sampled(self.moved, unit) - sampled(self.tone, unit)
        kept = sampled(self.kept, unit)
        change = sampled(self.change, unit) - (1 - kept)[..., None] * fine
        out = colour + np.clip(share, 0, 1)[..., None] * change
        drawn = np.rint(np.clip(out, 0, 255)).astype(np.uint8)
        return np.where((share > 0.004)[..., None], drawn, picture)


def drawn_by(
    before: np.ndarray,
    after: np.ndarray,
    field: np.ndarray,
    picture: np.ndarray,
    region: np.ndarray,
    others: np.ndarray | None = None,
) -> Drawing:
    """From the portrait before and after an edit, uint8 [R, R, 3], the field of its movement, the unedited
    picture uint8 [S, S, 3] in the same square, and the `region` [S, S] 0..1 in which may be drawn.

    `others` is the field of further edits, that the portraits do not show: what is drawn moves with them.
    """
    side = len(before)
    moved = moved_square(before, field)
    change = after.astype(np.float32) - moved
    if others is not None:
        change, moved = moved_square(change, others), moved_square(moved, others)
    size = min(side, SIDE)
    small = change if side == size else cv2.resize(change, (size, size), interpolation=cv2.INTER_AREA)
    reach = max(1, round(REACH * size))
    shape = small - cv2.blur(small, (4 * reach + 1,) * 2)
    near, fine = _nearby(small, reach), _nearby(shape, reach)
    share = smooth(near, SAME, NEW) * cv2.resize(region, (size, size), interpolation=cv2.INTER_AREA)
    kept = np.exp(-((fine / SHAPE) ** 2) - (near / TONE) ** 2)
    unedited = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    tone = cv2.resize(unedited - before, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
    return Drawing(change, moved, share.astype(np.float32), kept.astype(np.float32), tone)


def moved_square(square: np.ndarray, field: np.ndarray) -> np.ndarray:
    """A square [R, R, 3] moved by a field on LATTICE: float32 [R, R, 3]."""
    side = len(square)
    y, x = np.mgrid[0:side, 0:side]
    unit = (np.stack([x, y], axis=-1) + 0.5) / side
    shift = Lattice.at(field, LATTICE.place(unit))
    at = ((unit + shift) * side - 0.5).astype(np.float32)
    border = cv2.BORDER_REPLICATE
    return cv2.remap(square.astype(np.float32), at[..., 0], at[..., 1], cv2.INTER_CUBIC, borderMode=border)


def _nearby(change: np.ndarray, reach: int) -> np.ndarray:
    """The largest change [S, S, 3] within `reach` px, smoothed: [S, S]."""
    largest = cv2.dilate(np.abs(change).max(axis=2), np.ones((2 * reach + 1,) * 2, np.uint8))
    return cv2.blur(largest, (2 * reach + 1,) * 2)


def region_of(parts: tuple[str, ...], head: Head, side: int = SIDE) -> np.ndarray:
    """Where a direction that touches `parts` may draw, float32 [side, side] 0..1; all without `parts`."""
    lines = {
        "mouth": (MOUTH_AREA, 0.02),
        "lips": (MOUTH_AREA, 0.02),
        "eyes": (EYES_AREA, 0.02),
        "iris": (EYES_AREA, 0.0),
        "glasses": (EYES_AREA, 0.07),
        "brows": (EYES_AREA, 0.05),
    }
    region = np.zeros((side, side), np.float32)
    if not parts or not all(part in lines for part in parts):
        region[:] = 1
        if parts and set(parts) <= {"hair"}:  # it may hang over the forehead, not over eyes and mouth
            region -= _area(head, (*EYES_INSIDE, *MOUTH_AREA), 0.025, side)
        return region
    for part in parts:
        points, grown = lines[part]
        region = np.maximum(region, _area(head, points, grown, side))
    return region


def _area(head: Head, points: tuple[int, ...], grown: float, side: int) -> np.ndarray:
    """The hull of points of the mesh, larger by a share of the square's side: float32 [side, side] 0..1."""
    hull = cv2.convexHull(np.round(head.mesh[list(points), :2] * side).astype(np.int32))
    mask = cv2.fillPoly(np.zeros((side, side), np.uint8), [hull], 1)
    reach = max(1, round(grown * side))
    grown_mask = cv2.dilate(mask, np.ones((2 * reach + 1,) * 2, np.uint8)).astype(np.float32)
    return cv2.GaussianBlur(grown_mask, (0, 0), 0.012 * side)


# fmt: off
MOUTH_AREA = (61, 291, 0, 17, 37, 267, 84, 314, 57, 287, 165, 391, 18, 200, 164)
EYES_INSIDE = (33, 133, 362, 263, 159, 386, 145, 374)
EYES_AREA = (33, 133, 362, 263, 70, 300, 63, 293, 105, 334, 46, 276, 23, 253, 110, 339, 226, 446, 168, 6)
# fmt: on
