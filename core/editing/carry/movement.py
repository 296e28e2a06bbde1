"""Moves a picture's own pixels: a field over the face's square, from a change of its points."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np

from ...faces.face_parts import OUTLINES
from .change import Change, Head, damped
from .field import FINE, Lattice, cubic_between, distance, smooth, smooth_field, square_edge
from .openings import (
    LEFT_EYE_LINES,
    MOUTH_LINES,
    RIGHT_EYE_LINES,
    SLIT,
    Inside,
    Opening,
    eyeball,
    mouth_inside,
)
from .seam import Seam, seam_of
from .shut import EYE_RIMS, MOUTH_RIMS, closing
from .solid_head import unit_height
from .worn_glasses import with_glasses

AROUND = 1.7  # of the face's outline about its middle: there the head ends and nothing moves
AROUND_TURNED = 1.25  # beyond the outline of a head that turns lies what stands still
REACH = 0.15  # of the square's side: what lies further from all that moves stands still
NEAR = 0.01  # of the square's side: of points that lie nearer, one is enough
EYE_SEAM, MOUTH_SEAM = 0.003, 0.005  # of the square's side: half the width of a shut one's line
STILL, MOVING = 0.0004, 0.0012  # of the square's side: shorter displacements are none
EVEN, EVEN_SIDE = 512, 1024  # lines of the even field, twice as many for squares of more pixels a side
EDGE = 0.03  # of the square's side: towards its edge all movement ends
ROUNDS, LEAST = 8, 0.02  # of smoothing; determinant of the Jacobian
LATTICE = Lattice()
SKIN = Lattice(2 * FINE)  # fine enough for skin, a third of the work
BETWEEN_ROWS, BETWEEN_COLUMNS = cubic_between(SKIN.y, LATTICE.y), cubic_between(SKIN.x, LATTICE.x)
# every point of an eye's or the mouth's edge counts, however near to others
EDGES = sorted(
    {point for lines in (LEFT_EYE_LINES, RIGHT_EYE_LINES, MOUTH_LINES) for line in lines for point in line}
)


@dataclass(frozen=True, eq=False)
class Movement:
    """Where each place of the square takes its pixel from, and what of the mouth must be drawn."""

    field: np.ndarray  # float32 [h, w, 2] on LATTICE: source less target, in unit coordinates
    inside: Inside | None  # None for a mouth that shows nothing new
    seams: tuple[Seam, ...] = ()  # of eyes and mouths that it shuts
    _even: dict[int, np.ndarray] = dataclasses.field(default_factory=dict)

    def even(self, side: int) -> np.ndarray:
        """The same field where evenly spaced lines cross, for quick sampling: float32 [S, S, 2].

        It is fine enough for a square of `side` pixels.
        """
        lines = EVEN if side <= EVEN_SIDE else 2 * EVEN
        if lines not in self._even:
            nowhere = np.zeros(2), np.zeros(2)
            made = self._even[lines] = LATTICE.even(self.field, lines, self.reach or nowhere)
            made[[0, -1]] = made[:, [0, -1]] = 0  # so that beyond the square nothing moves
        return self._even[lines]

    @cached_property
    def reach(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The corners [2] of the box within which anything moves, in unit coordinates."""
        moving = (self.field[..., 0] != 0) | (self.field[..., 1] != 0)
        rows, columns = (np.flatnonzero(moving.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return None
        x, y = LATTICE.x, LATTICE.y
        low = np.array([x[max(columns[0] - 1, 0)], y[max(rows[0] - 1, 0)]])
        return low, np.array([x[min(columns[-1] + 1, len(x) - 1)], y[min(rows[-1] + 1, len(y) - 1)]])


def movement(head: Head, change: Change, glasses: np.ndarray | None = None) -> Movement:
    """The field of a change. It is 0 wherever nothing moves. Where `glasses` [S, S] are worn, they keep their
    shape."""
    points, target = head.mesh[:, :2], head.mesh[:, :2] + change.moved
    field = _skin(head, target, change)
    seams = []
    for number, lines in enumerate((LEFT_EYE_LINES, RIGHT_EYE_LINES)):
        if change.moved[list(lines[0] + lines[1])].any() or change.gaze[number].any():
            before, after = Opening.of(points, lines), Opening.of(target, lines)
            field = closing(field, LATTICE, *_beside(head, change, lines), before, after, EYE_RIMS)
            box, gaze = _around(after), change.gaze[number]
            field[box] = eyeball(field[box], LATTICE.points[box], before, after, gaze, head.irises[number])
            seams.append(seam_of(before, after, EYE_SEAM))
    inside = None
    if change.moved[list(MOUTH_LINES[0] + MOUTH_LINES[1])].any():
        before, after = Opening.of(points, MOUTH_LINES), Opening.of(target, MOUTH_LINES)
        field = closing(field, LATTICE, *_beside(head, change, MOUTH_LINES), before, after, MOUTH_RIMS)
        box, height = _around(after), unit_height(head.mesh)
        field[box], inside = mouth_inside(field[box], LATTICE.points[box], before, after, height)
        if before.height > SLIT * height:  # lips that are closed have a line of their own
            seams.append(seam_of(before, after, MOUTH_SEAM))
    if glasses is not None:
        eyes = [
            (Opening.of(points, lines), Opening.of(target, lines))
            for lines in (LEFT_EYE_LINES, RIGHT_EYE_LINES)
        ]
        field = with_glasses(field, LATTICE, points, change.moved, glasses, eyes)
    shut = tuple(seam for seam in seams if seam is not None)
    return Movement(unfolded(_quiet(field)).astype(np.float32), inside, shut)


def _beside(
    head: Head, change: Change, lines: tuple[tuple[int, ...], tuple[int, ...]]
) -> tuple[np.ndarray, np.ndarray]:
    """Where the points that carry the field go, but for those on an opening's lines, [n, 2], and the field
    there, [n, 2]."""
    points = np.setdiff1d(_carriers(head), lines[0] + lines[1])
    return head.mesh[points, :2] + change.moved[points], -change.moved[points]


def _around(opening: Opening) -> tuple[slice, slice]:
    """The rows and columns of LATTICE that cross within an opening: the field changes nowhere else."""
    outline = opening.outline()
    low, high = outline.min(axis=0), outline.max(axis=0)
    columns, rows = (
        slice(*np.searchsorted(line, ends))
        for line, ends in zip((LATTICE.x, LATTICE.y), zip(low, high, strict=True), strict=True)
    )
    return rows, columns


def _skin(head: Head, target: np.ndarray, change: Change) -> np.ndarray:
    """The field of the skin: smooth, -moved at the points' targets, 0 around the head and far from all that
    moves."""
    field = np.zeros_like(SKIN.points)
    moving = np.abs(change.moved).max(axis=1) > 0
    if not moving[_carriers(head)].any():
        return np.zeros_like(LATTICE.points)
    low, high = target[moving].min(axis=0) - REACH, target[moving].max(axis=0) + REACH
    columns, rows = (
        slice(*np.searchsorted(line, (a, b))) for line, a, b in zip((SKIN.x, SKIN.y), low, high, strict=True)
    )
    outline = head.mesh[list(OUTLINES["face"]), :2]
    middle = outline.mean(axis=0)
    around = middle + (outline[::2] - middle) * (AROUND_TURNED if change.turned else AROUND)
    kept = _carriers(head)
    at = np.concatenate([target[kept], around, square_edge()])
    values = np.concatenate([-change.moved[kept], np.zeros((len(at) - len(kept), 2))])
    near = ((at > low - REACH) & (at < high + REACH)).all(axis=1)
    x, y = SKIN.x[columns], SKIN.y[rows]
    reached = 1 - smooth(distance(target[kept[moving[kept]]], x, y), REACH / 3, REACH)  # [h, w]
    field[rows, columns] = smooth_field(at[near], values[near], x, y) * reached[..., None]
    return np.moveaxis(BETWEEN_ROWS @ np.moveaxis(field, 2, 0) @ BETWEEN_COLUMNS.T, 0, 2)


@lru_cache(maxsize=16)
def _carriers(head: Head) -> np.ndarray:
    """Which points of a head carry the field: no two nearer than NEAR, but all of eyes and mouth.

    No skin lies within an open eye: other points that are there are of a turned head's far side.
    """
    points = head.mesh[:, :2]
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)  # [468, 468]
    eyes = [Opening.of(points, lines) for lines in (LEFT_EYE_LINES, RIGHT_EYE_LINES)]
    hidden = np.any([eye.depth(eye.own(points)) > 0 for eye in eyes], axis=0)
    kept = list(EDGES)
    for point in np.flatnonzero(~hidden).tolist():
        if apart[point, kept].min() > NEAR:
            kept.append(point)
    return np.array(kept)


def unfolded(field: np.ndarray) -> np.ndarray:
    """A field that nowhere folds the picture over itself: where it would, it is smoothed, then weakened."""
    for _ in range(ROUNDS):
        folds = (determinant(field) < LEAST).astype(np.float32)
        if not folds.any():
            return field
        folds = np.pad(folds, ((0, 1), (0, 1)))  # the cells' points
        around = cv2.blur(cv2.dilate(folds, np.ones((5, 5), np.uint8)), (5, 5))[..., None]
        field = field + around * (cv2.blur(field, (5, 5)) - field)
    while (determinant(field) < LEAST).any():
        field = 0.9 * field
    return field


def determinant(field: np.ndarray) -> np.ndarray:
    """Of the Jacobian of places + field at the worst corner of each cell of LATTICE, [h - 1, w - 1].

    It is 1 where nothing moves. Within a cell it is linear, so nothing folds where it is above 0.
    """
    source = LATTICE.points + field
    across = np.diff(source, axis=1) / np.diff(LATTICE.x)[:, None]  # [h, w - 1, 2]
    down = np.diff(source, axis=0) / np.diff(LATTICE.y)[:, None, None]  # [h - 1, w, 2]
    corners = [
        a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
        for a in (across[:-1], across[1:])
        for b in (down[:, :-1], down[:, 1:])
    ]
    return np.minimum.reduce(corners)


def _quiet(field: np.ndarray) -> np.ndarray:
    """A field without its shortest displacements, so that pixels that stay are not resampled.

    At the square's edge there are none.
    """
    inside = smooth(0.5 - np.abs(LATTICE.points - 0.5).max(axis=-1, keepdims=True), 0.0, EDGE)
    return damped(field, STILL, MOVING) * inside
