"""Eyes and mouths that close: what lies above the line where lids or lips meet ends there, and so does what
lies below it.

One smooth field through the points of both could not leap from one to the other: it would show what lies
between, pressed together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .field import Lattice, distance, smooth, smooth_field
from .openings import SAMPLES, Opening

OPEN, CLOSED = 0.7, 0.4  # of its height before: an opening that keeps more does not close; one of less does
TALL = 3.0  # seen from aside, an opening counts as so many times as wide as it was high, at least
KNOWN = 1.4  # of its width: points no further from its middle count
NEAR, FAR = 0.65, 1.0  # of its width: between these from its line, the field becomes that of the skin
BESIDE = 0.25  # the same beyond its corners
EVERY = 4  # of the SAMPLES of a line, those through which the field goes
# of an opening's height, and of the way to the next skin that stays: so near above the line lie lashes
LASHES, ROOM = 0.45, 0.4
# of its height: so near to the upper and to the lower line is still eye, as that is read, or its wet rim
EYE_RIMS, MOUTH_RIMS = (0.15, 0.25), (0.0, 0.0)
GIVES = 0.75  # of the way that lids go: skin no further from them moves too, so that all of it is stretched


def closing(
    field: np.ndarray,
    lattice: Lattice,
    at: np.ndarray,
    values: np.ndarray,
    before: Opening,
    after: Opening,
    rims: tuple[float, float],
) -> np.ndarray:
    """The skin's field [h, w, 2] on a lattice, with a leap at the line of an opening that closes.

    `values` [n, 2] is the field at points `at` [n, 2] of the skin, of which none is on the opening's lines.
    The `rims` along the upper and the lower line are hidden with what lies between.
    """
    share = 1 - float(smooth(np.array(after.height / max(before.height, 1e-6)), CLOSED, OPEN))
    if not share:
        return field
    size = max(after.width, TALL * before.height)
    line = after.unit(np.linspace(0, 1, SAMPLES), (after.top + after.bottom) / 2)
    columns, rows = (
        slice(*np.searchsorted(lines, (ends.min() - FAR * size, ends.max() + FAR * size)))
        for lines, ends in ((lattice.x, line[:, 0]), (lattice.y, line[:, 1]))
    )
    x, y = lattice.x[columns], lattice.y[rows]
    known = np.linalg.norm(at - line[SAMPLES // 2], axis=1) < KNOWN * size
    away = _away(at + values, before)
    known &= away > GIVES * (before.height - after.height)
    lashes = min(LASHES * before.height, ROOM * float(away[known].min(initial=np.inf)))
    above, below = _sides(at[known], values[known], before, after, lashes, rims, x, y)
    own = after.own(lattice.points[rows, columns])
    u, down = own[..., 0], own[..., 1]
    leaping = np.where((down < np.mean(after.edges(u), axis=0))[..., None], above, below)
    near = 1 - smooth(distance(line, x, y), NEAR * size, FAR * size)
    near *= share * (1 - smooth(np.maximum(-u, u - 1), 0, BESIDE))
    field = field.copy()
    field[rows, columns] += near[..., None] * (leaping - field[rows, columns])
    return field


def _sides(
    at: np.ndarray,
    values: np.ndarray,
    before: Opening,
    after: Opening,
    lashes: float,
    rims: tuple[float, float],
    x: np.ndarray,
    y: np.ndarray,
) -> Iterator[np.ndarray]:
    """The fields [h, w, 2] of what lies above an opening and of what lies below it. What lies within `lashes`
    of the upper line goes with it as it is."""
    u, height = np.linspace(0, 1, SAMPLES)[::EVERY], (before.bottom - before.top)[::EVERY]
    upper, lower = before.top[::EVERY] - rims[0] * height, before.bottom[::EVERY] + rims[1] * height
    up = lashes * height / max(float(height.max()), 1e-6)
    above = [(after.top[::EVERY], upper), (after.top[::EVERY] - up, upper - up)]
    below = [(after.bottom[::EVERY], lower)]
    for lines in (above, below):
        ends = np.concatenate([after.unit(u, now) for now, _ in lines])
        ways = np.concatenate([before.unit(u, was) for _, was in lines]) - ends
        yield smooth_field(np.concatenate([at, ends]), np.concatenate([values, ways]), x, y, power=1)


def _away(points: np.ndarray, opening: Opening) -> np.ndarray:
    """How far points [n, 2] are from an opening's outline: [n]."""
    return np.linalg.norm(points[:, None] - opening.outline(), axis=2).min(axis=1)
