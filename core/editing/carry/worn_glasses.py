"""Glasses keep their shape: skin moves beneath them, and they go with the head as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import cv2
import numpy as np

from .change import Head
from .field import Lattice, sampled, smooth
from .glasses_shape import worn_already
from .openings import Opening
from .picture_parts import Parts
from .shut import OPEN

# Points of the mesh that hold them: the bridge of the nose and the temples
HOLDING = (168, 6, 197, 127, 356, 162, 389, 234, 454)
HELD, TURNED = 0.012, 0.024  # of the square's side: where these go further, glasses turn with the head
SEEN = 0.2  # of what is read there: rims are thin, and read less surely than that a frame is worn
AROUND = 0.02  # of the square's side: what lies so near is taken along
SOFT = 0.012  # of the square's side: over this length the movement becomes that of the skin
# of the square's side: around an eye, and around one that shuts, nothing is taken along
EYE, LIDS = (0.012, 0.035), (0.02, 0.04)


_known: WeakKeyDictionary[Parts, np.ndarray | None] = WeakKeyDictionary()  # goes with the picture


def glasses_on(head: Head, parts: Parts) -> np.ndarray | None:
    """How far places of the square go with the glasses that a head wears, rims and all between them, from
    where they are seen: float32 [S, S] 0..1. None for a head that wears none."""
    if parts not in _known:
        _known[parts] = _area(parts) if worn_already(head, parts) else None
    return _known[parts]


def _area(parts: Parts) -> np.ndarray:
    y, x = np.nonzero(parts.glasses > SEEN)
    whole = np.zeros_like(parts.glasses, np.float32)
    cv2.fillConvexPoly(whole, cv2.convexHull(np.stack([x, y], axis=1).astype(np.int32)), (1.0,))
    around = np.ones((2 * round(AROUND * len(whole)) + 1,) * 2, np.uint8)
    return cv2.GaussianBlur(cv2.dilate(whole, around), (0, 0), SOFT * len(whole))


def with_glasses(
    field: np.ndarray,
    lattice: Lattice,
    points: np.ndarray,
    moved: np.ndarray,
    glasses: np.ndarray,
    eyes: Sequence[tuple[Opening, Opening]],
) -> np.ndarray:
    """A field [h, w, 2] on a lattice in which `glasses` [S, S] go by one affine map: that by which the points
    [468, 2] of the head that hold them have `moved`. The `eyes`, before and after, move behind them."""
    at, ways = points[list(HOLDING)], moved[list(HOLDING)]
    held = 1 - float(smooth(np.abs(ways).max(), HELD, TURNED))
    if not held:
        return field
    *matrix, shift = np.linalg.lstsq(np.column_stack([at, np.ones(len(at))]), ways, rcond=None)[0]
    source = (lattice.points - shift) @ np.linalg.inv(np.eye(2) + matrix)  # [h, w, 2]
    share = held * sampled(glasses, source.astype(np.float32), cv2.INTER_LINEAR)  # [h, w]
    for before, after in eyes:
        free = LIDS if after.height < OPEN * before.height else EYE
        depths = [eye.depth(eye.own(lattice.points)) for eye in (before, after)]
        share = share * smooth(-np.maximum(*depths), *free)
    return field + share[..., None] * (source - lattice.points - field)
