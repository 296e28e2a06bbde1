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
    """The way [2] from a point to the nearest of many places on the outline."""
    corners = POINTS[OUTLINE]
    sides = np.stack([corners, np.roll(corners, -1, axis=0)])
    places = [(1 - s) * sides[0] + s * sides[1] - point for s in np.linspace(0, 1, 1001)]
    ways = np.stack(places)  # [1001, n, 2]
    step, side = np.unravel_index(np.linalg.norm(ways, axis=2).argmin(), ways.shape[:2])
    return ways[step, side]


@given(st.sampled_from(INNER), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_none_goes_much_nearer_to_it_or_further_away(point: int, x: float, y: float):
    moved = np.zeros((468, 2))
    moved[point] = x, y
    found = within_outline(POINTS, moved)[point]
    way = nearest(POINTS[point])
    assume(np.linalg.norm(way) > 0.02)  # closer, the places above say too roughly where the outline is
    far = np.linalg.norm(way)
    outward = way / far
    assert abs(found @ outward) <= NEARER * far + 1e-3 * np.linalg.norm(moved[point])
    along = np.array([-outward[1], outward[0]])
    assert abs((found - moved[point]) @ along) < 0.02 * np.linalg.norm(moved[point]) + 1e-6


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
