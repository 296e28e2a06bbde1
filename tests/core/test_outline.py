"""Points of a face do not cross its outline."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from known_face import bank

from anycost.core.editing.carry.outline import LIDS, NEARER, OUTLINE, within_outline

INNER = sorted(set(range(468)) - {*OUTLINE, *LIDS})
POINTS = bank().resting[:, :2].astype(np.float64)


def nearest(point: np.ndarray) -> np.ndarray:
    """The way [2] from a point to the outline's nearest place, by halving each side towards its own."""
    corners = POINTS[OUTLINE]
    first, last = corners, np.roll(corners, -1, axis=0)
    for _ in range(60):
        middle = (first + last) / 2
        nearer_first = (np.linalg.norm(first - point, axis=1) < np.linalg.norm(last - point, axis=1))[:, None]
        first, last = np.where(nearer_first, first, middle), np.where(nearer_first, middle, last)
    ways = first - point  # [n, 2]
    return ways[np.linalg.norm(ways, axis=1).argmin()]


@given(st.sampled_from(INNER), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_none_goes_much_nearer_to_it_or_further_away(point: int, x: float, y: float):
    moved = np.zeros((468, 2))
    moved[point] = x, y
    found = within_outline(POINTS, moved)[point]
    way = nearest(POINTS[point])
    far = np.linalg.norm(way)
    assume(far > 1e-3)  # on the outline itself there is no way to it
    outward = way / far
    assert abs(found @ outward) <= NEARER * far + 1e-6
    along = np.array([-outward[1], outward[0]])
    assert abs((found - moved[point]) @ along) < 1e-6


def test_a_little_way_far_from_it_is_left_alone():
    moved = np.zeros((468, 2))
    moved[4] = 0.01, -0.01  # the nose's tip
    np.testing.assert_allclose(within_outline(POINTS, moved), moved, atol=1e-4)


def test_what_goes_with_the_outline_goes_as_far():
    moved = np.full((468, 2), 0.3)
    np.testing.assert_allclose(within_outline(POINTS, moved), moved, atol=1e-12)


def test_the_outline_itself_and_lids_move_freely():
    moved, free = np.random.default_rng(0).normal(0, 0.1, (468, 2)), OUTLINE + LIDS
    np.testing.assert_array_equal(within_outline(POINTS, moved)[free], moved[free])
