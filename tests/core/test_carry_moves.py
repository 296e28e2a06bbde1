"""What a carry moves: without folds, with eyeballs behind their lids and teeth behind their lips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_face import bank, irises_of, portraits

from anycost.core.editing.carry.carry import carry, planned
from anycost.core.editing.carry.change import MEETING, Change, Head, change_of, meeting, uncrossed
from anycost.core.editing.carry.field import distance, smooth_field
from anycost.core.editing.carry.movement import LATTICE, determinant, movement
from anycost.core.editing.carry.openings import LEFT_EYE_LINES, MOUTH_LINES, RIGHT_EYE_LINES, STRETCH
from anycost.core.editing.carry.picture_parts import Parts
from anycost.core.editing.carry.solid_head import HeadPose, pose_of, rotation_of
from anycost.core.editing.carry.surface import Surface
from anycost.core.faces.reading import LEFT_EYE

SIDE = 512  # px of synthetic squares
DIRECTIONS = {direction.name: direction for direction in portraits().directions}
MOVING = [name for name, direction in DIRECTIONS.items() if "moved" in direction.how]
TILTS = st.tuples(*(st.floats(-most, most) for most in (0.4, 0.75, 0.3)))  # radians: nod, turn, roll


@cache
def usual() -> HeadPose:
    """How heads lie in the bank's portraits, in the median, looking straight out."""
    poses = [pose_of(mesh, bank().resting) for mesh in bank().meshes]
    middle = np.median([pose.shift for pose in poses], axis=0)
    return HeadPose(np.eye(3), float(np.median([pose.scale for pose in poses])), middle)


def head(tilt: tuple[float, ...] = (0.0, 0.0, 0.0)) -> Head:
    """The mean head, turned about the three axes."""
    pose = replace(usual(), rotation=rotation_of(np.array(tilt)))
    mesh = pose.placed(bank().resting.astype(float))
    return Head(mesh, irises_of(mesh))


def changed(of: Head, edits: Mapping[str, float]) -> Change:
    return change_of(of, edits, bank(), DIRECTIONS, lambda zone: np.full(3, -1.5))


def values(names: list[str]) -> st.SearchStrategy[dict[str, float]]:
    """Up to four sliders, anywhere in their ranges."""
    some = st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)
    return some.flatmap(
        lambda chosen: st.fixed_dictionaries(
            {name: st.floats(DIRECTIONS[name].low, DIRECTIONS[name].high) for name in chosen}
        )
    )


def least_area(field: np.ndarray) -> float:
    """Of the triangles at the corners of LATTICE's cells, over what it was: below 0 where one flips."""

    def doubled(points: np.ndarray) -> np.ndarray:
        """Signed areas of a right triangle at each corner of the cells, [4, h, w]."""
        a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]
        sides = [(b - a, d - a), (c - b, a - b), (d - c, b - c), (a - d, c - d)]
        return np.stack([u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0] for u, v in sides])

    return float((doubled(LATTICE.points + field) / doubled(LATTICE.points)).min())


# No folds


ENDS = [(name, value) for name in MOVING for value in (DIRECTIONS[name].low, DIRECTIONS[name].high) if value]


@pytest.mark.parametrize(("name", "value"), ENDS)
def test_no_slider_folds_the_picture(name: str, value: float):
    of = head()
    change = changed(of, {name: value})
    assert change.moves
    field = movement(of, change).field.astype(float)
    assert field.any()
    assert least_area(field) > 0


@settings(max_examples=60)
@given(tilt=TILTS, edits=values(MOVING))
def test_nothing_folds_however_the_head_is_turned(tilt: tuple[float, ...], edits: dict[str, float]):
    of = head(tilt)
    field = movement(of, changed(of, edits)).field.astype(float)
    assert least_area(field) > 0
    assert not field[[0, -1]].any()  # the square's edge stays where it is
    assert not field[:, [0, -1]].any()


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0, 0.05))
def test_the_determinant_is_that_of_every_cell(seed: int, strength: float):
    """By areas of triangles, on fields that were not smoothed: some of them fold."""
    field = strength * np.random.default_rng(seed).normal(size=LATTICE.points.shape)
    assert determinant(field).min() == pytest.approx(least_area(field), abs=1e-9)


def test_a_field_goes_through_its_points_and_is_straight_between_straight_ones():
    rng = np.random.default_rng(3)
    points = rng.uniform(size=(40, 2))
    shear = points @ np.array([[0.1, -0.2], [0.3, 0.05]]) + (0.02, -0.01)
    x, y = np.sort(rng.uniform(size=5)), np.sort(rng.uniform(size=30))
    straight = np.stack(np.meshgrid(x, y), axis=-1) @ np.array([[0.1, -0.2], [0.3, 0.05]]) + (0.02, -0.01)
    np.testing.assert_allclose(smooth_field(points, shear, x, y), straight, atol=2e-4)
    wave = 0.02 * np.sin(5 * points)
    through = smooth_field(points, wave, points[:, 0], points[:, 1])  # its diagonal is at the points
    np.testing.assert_allclose(through[range(40), range(40)], wave, atol=2e-4)


def test_distances_are_to_the_nearest_point():
    rng = np.random.default_rng(4)
    points, x, y = rng.uniform(size=(9, 2)), rng.uniform(size=7), rng.uniform(size=19)
    plainly = [[min(np.hypot(*(point - (u, v))) for point in points) for u in x] for v in y]
    np.testing.assert_allclose(distance(points, x, y), plainly, atol=1e-6)


# Lids and lips


def across(mesh: np.ndarray, upper: tuple[int, ...], lower: tuple[int, ...]) -> np.ndarray:
    """Unit vector [2] across two lines of points, a quarter turn from where they lead: down."""
    (first_x, first_y), (last_x, last_y) = (mesh[[upper[end], lower[end]]].mean(axis=0) for end in (0, -1))
    turned = 1j * complex(last_x - first_x, last_y - first_y)
    return np.array([turned.real, turned.imag]) / abs(turned)


@given(st.integers(0, 10_000), st.floats(0, 0.1), TILTS)
def test_lids_and_lips_meet_but_never_cross(seed: int, strength: float, tilt: tuple[float, ...]):
    mesh = head(tilt).mesh[:, :2]
    moved = strength * np.random.default_rng(seed).normal(size=(468, 2))
    after = mesh + meeting(mesh, moved)
    for upper, lower, slit in MEETING:
        apart, down = mesh[list(lower)] - mesh[list(upper)], across(mesh, upper, lower)
        left = (after[list(lower)] - after[list(upper)]) @ down
        assert (left >= np.minimum(slit * np.linalg.norm(apart, axis=1), apart @ down) - 1e-9).all()


@given(tilt=TILTS, edits=values(["smile", "mouth_open", "eye_open", "lips"]))
def test_no_sliders_make_lids_or_lips_cross(tilt: tuple[float, ...], edits: dict[str, float]):
    of = head(tilt)
    after = of.mesh[:, :2] + changed(of, edits).moved
    for upper, lower, _ in MEETING:
        down = across(of.mesh[:, :2], upper, lower)
        before = (of.mesh[list(lower), :2] - of.mesh[list(upper), :2]) @ down
        assert ((after[list(lower)] - after[list(upper)]) @ down >= np.minimum(before, 0) - 1e-9).all()


@given(st.integers(0, 10_000), st.floats(0.002, 0.03), TILTS)
def test_a_mouth_that_was_read_crossed_opens_as_one_that_meets(
    seed: int, strength: float, tilt: tuple[float, ...]
):
    """A rough reader sees closed lips a little one over the other, here more and there less."""
    of, (upper, lower, _) = head(tilt), MEETING[2]
    a, b = list(upper), list(lower)
    mesh = of.mesh.copy()
    mesh[a] = mesh[b] = (mesh[a] + mesh[b]) / 2
    closed = mesh.copy()
    down = across(mesh[:, :2], upper, lower)
    over = np.random.default_rng(seed).uniform(0, strength, len(a))[:, None] * down / 2
    mesh[a, :2] += over
    mesh[b, :2] -= over
    np.testing.assert_allclose(uncrossed(mesh)[a + b], closed[a + b], atol=1e-6)
    opened = np.zeros((468, 2))
    opened[a], opened[b] = -0.02 * down, 0.02 * down
    np.testing.assert_allclose(meeting(mesh[:, :2], 2 * opened)[b], 2 * opened[b], atol=1e-6)


def test_what_does_not_meet_moves_as_it_would():
    mesh = head().mesh[:, :2]
    moved = np.zeros((468, 2))
    moved[[159, 386]] = (0.0, -0.004)  # both upper lids a little up
    assert np.array_equal(meeting(mesh, moved), moved)


def black_square_with_disc(centre: np.ndarray, radius: float) -> np.ndarray:
    """Uint8 [SIDE, SIDE, 3]: a soft white disc at unit coordinates."""
    y, x = (np.mgrid[0:SIDE, 0:SIDE] + 0.5) / SIDE
    away = (radius - np.hypot(x - centre[0], y - centre[1])) * SIDE
    return np.rint(255 * np.clip(away + 0.5, 0, 1)).astype(np.uint8)[..., None].repeat(3, axis=2)


def middle(rgb: np.ndarray) -> np.ndarray:
    """Of what is white, [2] px."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    return np.array([(x * rgb[..., 0]).sum(), (y * rgb[..., 0]).sum()]) / rgb[..., 0].sum()


def moving(of: Head, moved: np.ndarray) -> Change:
    return Change(meeting(of.mesh[:, :2], moved), np.zeros((2, 2)), np.zeros(468), np.zeros((6, 3)))


def carried(of: Head, change: Change, rgb: np.ndarray) -> np.ndarray:
    surface = Surface.of_square(rgb)
    parts = Parts(np.zeros((256, 256, 3), np.uint8), of, None, surface.placement)
    plan = planned(of, parts, change)
    assert plan.moves is not None
    return carry(surface, replace(plan, moves=replace(plan.moves, inside=None))).rgb


def large_eyed() -> Head:
    """The mean head, twice as large, so that an eye has enough pixels; its left eye in the middle."""
    mesh = 2 * head().mesh
    mesh[:, :2] += 0.5 - mesh[list(LEFT_EYE), :2].mean(axis=0)
    return Head(mesh, irises_of(mesh))


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_closing_lid_covers_the_eyeball_and_does_not_drag_it_along(share: float):
    of = large_eyed()
    upper, lower = (np.array(line[1:-1]) for line in LEFT_EYE_LINES)
    moved = np.zeros((468, 2))
    moved[upper] = share * (of.mesh[lower, :2] - of.mesh[upper, :2])
    iris = of.irises[0, 0]
    height = of.mesh[145, 1] - of.mesh[159, 1]
    spot = iris + np.array([0, 0.2 * height])  # low in the eye: it stays visible
    before = black_square_with_disc(spot, 0.12 * height)
    after = carried(of, moving(of, moved), before)
    assert middle(after) == pytest.approx(middle(before), abs=0.05 * height * SIDE)  # where it was, as large
    assert float(after.sum()) == pytest.approx(float(before.sum()), rel=0.15)
    # one under the lid's way is gone
    hidden = black_square_with_disc(iris - (0, 0.38 * height), 0.06 * height)
    assert carried(of, moving(of, moved), hidden)[..., 0].sum() < 0.4 * hidden[..., 0].sum()


def test_a_gaze_moves_the_iris_and_not_the_corners_of_the_eye():
    of = large_eyed()
    iris, width = of.irises[0, 0], of.mesh[133, 0] - of.mesh[33, 0]
    gaze = np.array([[0.08 * width, 0.0], [0.0, 0.0]])
    change = replace(moving(of, np.zeros((468, 2))), gaze=gaze)
    before = black_square_with_disc(iris, 0.06 * width)
    after = carried(of, change, before)
    assert middle(after) - middle(before) == pytest.approx(gaze[0] * SIDE, abs=0.01 * width * SIDE)
    assert float(after.sum()) == pytest.approx(float(before.sum()), rel=0.1)
    for corner in (33, 133):
        beside = black_square_with_disc(of.mesh[corner, :2], 0.02 * width)
        assert middle(carried(of, change, beside)) == pytest.approx(middle(beside), abs=0.01 * width * SIDE)


def test_an_opening_mouth_keeps_its_teeth_within_the_stretch():
    """A white band between the lips hangs from the upper one, at most `STRETCH` times as high."""
    of = head()
    upper, lower = (np.array(line[1:-1]) for line in MOUTH_LINES)
    mesh = of.mesh.copy()
    gap = 0.05
    mesh[lower, 1] = mesh[upper, 1] + gap * np.sin(np.linspace(0.2, np.pi - 0.2, len(upper)))
    of = Head(mesh, of.irises)
    moved = np.zeros((468, 2))
    moved[lower] = (0.0, 1.0 * gap)
    lip = mesh[13, :2]
    x = round(lip[0] * SIDE)
    before = np.zeros((SIDE, SIDE, 3), np.uint8)
    top, bottom = round((lip[1] + 0.1 * gap) * SIDE), round((lip[1] + 0.6 * gap) * SIDE)
    before[top:bottom, x - 3 : x + 4] = 255
    inside = movement(of, moving(of, moved)).inside
    assert inside is not None
    after = carried(of, moving(of, moved), before)
    was, now = (np.flatnonzero(picture[:, x, 0] > 127) for picture in (before, after))
    assert now[0] == pytest.approx(was[0], abs=0.15 * gap * SIDE)
    assert 1 <= len(now) / len(was) <= STRETCH + 0.08
    # below what is shown, the mouth is drawn
    assert inside.shown[len(inside.shown) // 2] <= STRETCH * gap + 0.01 < inside.after.height


def test_both_eyes_close_alike():
    """The field of the mean head, which is nearly mirrored, is nearly mirrored."""
    of = head()
    change = changed(of, {"eye_open": DIRECTIONS["eye_open"].low})
    left, right = (change.moved[list(lines[0])].mean(axis=0) for lines in (LEFT_EYE_LINES, RIGHT_EYE_LINES))
    assert left[1] > 0.001
    assert right[1] == pytest.approx(left[1], rel=0.25)
