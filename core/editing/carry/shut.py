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
        slice(*np.searchsorted(lines, (ends.min() - far, ends.max() + far)))
        for lines, ends, far in (
            (lattice.x, line[:, 0], BESIDE * after.width),
            (lattice.y, line[:, 1], FAR * size),
        )
    )
    x, y = lattice.x[columns], lattice.y[rows]
    near_by = np.linalg.norm(at - line[SAMPLES // 2], axis=1) < KNOWN * size
    at, values = at[near_by], values[near_by]
    away = _away(at + values, before)  # [n]
    stays = away > GIVES * (before.height - after.height)
    at, values = at[stays], values[stays]
    lashes = min(LASHES * before.height, ROOM * float(away[stays].min(initial=np.inf)))
    own = after.own(lattice.points[rows, columns])
    u, down = own[..., 0], own[..., 1]
    near = 1 - smooth(distance(line, x, y), NEAR * size, FAR * size)
    near *= share * (1 - smooth(np.maximum(-u, u - 1), 0, BESIDE))
    field, upper = field.copy(), down < np.mean(after.edges(u), axis=0)
    box = field[rows, columns]  # a view
    for side, (ends, ways) in zip((upper, ~upper), _lines(before, after, lashes, rims), strict=True):
        own_rows = slice(*_reach((side & (near > 0)).any(axis=1)))  # each side is found where it is seen
        points = np.concatenate([at, ends]), np.concatenate([values, ways])
        leaping = smooth_field(*points, x, y[own_rows], power=1)
        box[own_rows] += (side * near)[own_rows, :, None] * (leaping - box[own_rows])
    return field


def _lines(
    before: Opening, after: Opening, lashes: float, rims: tuple[float, float]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Points of the upper and of the lower line [n, 2] and the field there, [n, 2]. What lies within `lashes`
    of the upper line goes with it as it is."""
    u, height = np.linspace(0, 1, SAMPLES)[::EVERY], (before.bottom - before.top)[::EVERY]
    upper, lower = before.top[::EVERY] - rims[0] * height, before.bottom[::EVERY] + rims[1] * height
    up = lashes * height / max(float(height.max()), 1e-6)
    above = [(after.top[::EVERY], upper), (after.top[::EVERY] - up, upper - up)]
    below = [(after.bottom[::EVERY], lower)]
    for lines in (above, below):
        ends = np.concatenate([after.unit(u, now) for now, _ in lines])
        yield ends, np.concatenate([before.unit(u, was) for _, was in lines]) - ends


def _reach(rows: np.ndarray) -> tuple[int, int]:
    """The first of rows bool [h] that hold and the one after the last."""
    held = np.flatnonzero(rows)
    return (int(held[0]), int(held[-1]) + 1) if len(held) else (0, 0)


def _away(points: np.ndarray, opening: Opening) -> np.ndarray:
    """How far points [n, 2] are from an opening's outline: [n]."""
    across, down = (points[:, None] - opening.outline()).transpose(2, 0, 1)  # each [n, m]
    return np.sqrt((across**2 + down**2).min(axis=1))
