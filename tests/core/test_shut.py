"""Eyes that shut: both sides of their line keep what they show, and nothing of the eye lies between."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_face import bank, irises_of, portraits

from anycost.core.editing.carry.carry import Plan, carry
from anycost.core.editing.carry.change import Change, Head, change_of, shuts
from anycost.core.editing.carry.movement import LATTICE, movement
from anycost.core.editing.carry.openings import LEFT_EYE_LINES, RIGHT_EYE_LINES, Opening
from anycost.core.editing.carry.seam import draw_seam, seam_of
from anycost.core.editing.carry.shut import OPEN, closing
from anycost.core.editing.carry.surface import Surface
from anycost.core.faces.reading import CHIN

EYES = {"eye_left": LEFT_EYE_LINES, "eye_right": RIGHT_EYE_LINES}
DIRECTIONS = {direction.name: direction for direction in portraits().directions}
STEP = 0.006  # of the square's side: a little more than two lines of the lattice at the lids
FAR_SIDE = 127  # a point of the outline, which a turned head may show within its eye


def head() -> Head:
    """The mean head, looking straight out, with its lids where the square's lattice is closest."""
    mesh = bank().resting * 0.33
    mesh += (0.5, 0.46 - mesh[[159, 145], 1].mean(), 0)
    return Head(mesh, irises_of(mesh))


def changed(of: Head, name: str, value: float) -> Change:
    return change_of(of, {name: value}, bank(), DIRECTIONS, lambda zone: np.full(3, -1.5))


def openings(of: Head, change: Change, name: str) -> tuple[Opening, Opening]:
    points = of.mesh[:, :2]
    return Opening.of(points, EYES[name]), Opening.of(points + change.moved, EYES[name])


def beside_the_line(of: Head, change: Change, name: str) -> tuple[np.ndarray, np.ndarray]:
    """How far above the upper lid and below the lower one places take their pixels that lie just above and
    below a shut eye's line; over the eye's height, negative within the eye."""
    before, after = openings(of, change, name)
    u, found = np.linspace(0.25, 0.75, 40), []
    field = movement(of, change).field
    for side, edge in ((-1, after.edges(u)[0]), (1, after.edges(u)[1])):
        places = after.unit(u, edge + side * STEP)
        source = before.own(places + LATTICE.at(field, LATTICE.place(places[None]))[0])
        line = before.edges(source[:, 0])[0 if side < 0 else 1]
        found.append(side * (source[:, 1] - line) / before.height)
    return found[0], found[1]


@pytest.mark.parametrize("name", EYES)
def test_a_shut_eye_shows_lids_and_nothing_between(name: str):
    of = head()
    change = changed(of, name, -1.0)
    before, after = openings(of, change, name)
    assert after.height < 0.3 * before.height
    above, below = beside_the_line(of, change, name)
    assert above.min() > -0.05
    assert below.min() > -0.05


def test_a_point_of_the_heads_far_side_holds_no_lid():
    of = head()
    of.mesh[FAR_SIDE] = (*of.mesh[[33, 133], :2].mean(axis=0), of.mesh[FAR_SIDE, 2])
    above, below = beside_the_line(of, changed(of, "eye_left", -1.0), "eye_left")
    assert above.min() > -0.05
    assert below.min() > -0.05


@given(st.floats(OPEN, 2.0), st.integers(0, 1000))
def test_an_opening_that_stays_open_is_left_alone(kept: float, seed: int):
    before = Opening.of(head().mesh[:, :2], LEFT_EYE_LINES)
    middle = (before.top + before.bottom) / 2
    after = Opening(
        before.origin,
        before.along,
        before.width,
        middle + kept * (before.top - middle),
        middle + kept * (before.bottom - middle),
    )
    field = np.random.default_rng(seed).normal(size=LATTICE.points.shape)
    at = head().mesh[[CHIN], :2]
    assert closing(field, LATTICE, at, np.zeros((1, 2)), before, after, (0.0, 0.0)) is field


@pytest.mark.parametrize("name", EYES)
def test_a_lid_is_told_to_be_shut_only_where_it_is(name: str):
    of = head()
    points = of.mesh[:, :2]
    assert shuts(points, changed(of, name, -1.0).moved)
    assert not shuts(points, changed(of, name, -0.4).moved)
    assert not shuts(points, changed(of, name, 1.0).moved)
    assert not shuts(points, changed(of, "brow_raise", 1.0).moved)
    assert not shuts(points, np.zeros((468, 2)))


SKIN, WHITE, LASHES = 150, 255, 30


def bright_eyes(of: Head, side: int) -> Surface:
    """Skin, and white eyes below dark lashes."""
    square = np.full((side, side, 3), SKIN, np.uint8)
    for lines in EYES.values():
        eye = Opening.of(of.mesh[:, :2], lines)
        corners = np.rint(eye.outline() * side).astype(np.int32)
        cv2.fillPoly(square, [corners], (WHITE,) * 3)
        cv2.polylines(square, [corners[: len(corners) // 2]], False, (LASHES,) * 3, side // 100)
    return Surface.of_square(square)


@pytest.mark.parametrize("side", [200, 700, 1600])
def test_no_white_is_left_of_shut_eyes(side: int):
    of = head()
    surface = bright_eyes(of, side)
    change = change_of(of, dict.fromkeys(EYES, -1.0), bank(), DIRECTIONS, lambda zone: np.full(3, -1.5))
    after = carry(surface, Plan(of, None, change, movement(of, change), None)).rgb
    was, now = ((rgb.mean(axis=2) > (SKIN + WHITE) / 2).sum() for rgb in (surface.rgb, after))
    assert was > 1e-3 * side**2
    assert now < 0.04 * was


@given(st.integers(0, 1000))
def test_a_line_of_shut_lids_only_darkens(seed: int):
    of = head()
    noise = np.random.default_rng(seed).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    surface = Surface.of_square(noise)
    before = Opening.of(of.mesh[:, :2], LEFT_EYE_LINES)
    after = Opening(before.origin, before.along, before.width, before.bottom - 1e-3, before.bottom)
    seam = seam_of(before, after, 0.003)
    assert seam is not None
    drawn = noise.copy()
    draw_seam(drawn, surface, seam)
    assert (drawn <= noise).all()
    assert (drawn < noise).any()
    halfway, nothing = noise.copy(), noise.copy()
    draw_seam(halfway, surface, seam, np.full((256, 256), 127, np.uint8))
    draw_seam(nothing, surface, seam, np.zeros((256, 256), np.uint8))
    assert (halfway >= drawn).all()
    assert np.array_equal(nothing, noise)
    assert seam_of(before, before, 0.003) is None
