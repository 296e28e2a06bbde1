"""Finding a face, cropping it and pasting it back, with exactly known geometry and a finder that sees
colours.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from drawn_face import ALIGNMENT, DOTS, colour_finder, portrait
from hypothesis import given, settings
from hypothesis import strategies as st

from anycost.bridge.messages import FacePoints, Placement
from anycost.core.errors import CoreError
from anycost.core.faces.drawings import find_faces
from anycost.core.faces.placement import crop, layer_box, middle, place, to_picture, to_unit
from anycost.core.faces.reading import guessed

placements = st.builds(
    Placement,
    x=st.floats(60, 140),
    y=st.floats(50, 110),
    size=st.floats(40, 160),
    angle=st.floats(-180, 180),
)


def smooth_picture(width: int = 200, height: int = 160) -> np.ndarray:
    """A picture without fine detail, so that resampling hardly changes it: uint8 [height, width, 4]."""
    y, x = np.mgrid[:height, :width] + 0.5
    waves = [np.sin(x / 19 + y / 31), np.cos(x / 23 - y / 17), np.sin(x / 29) * np.cos(y / 27)]
    rgb = np.stack(waves, axis=-1) * 100 + 128
    return np.concatenate([rgb, np.full((height, width, 1), 255)], axis=-1).round().astype(np.uint8)


def face_at(placement: Placement) -> FacePoints:
    (lx, ly), (rx, ry), (mx, my) = to_picture(placement, DOTS).tolist()
    return FacePoints(((lx, ly), (rx, ry)), ((mx, my), (mx, my)))


def placed(picture: np.ndarray) -> Placement:
    """The square around the face in front that the colour finder sees."""
    return place(guessed(find_faces(picture, colour_finder)[0], 1.0).face_points, ALIGNMENT)


def angle_between(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)


# Placements


@given(placements, st.lists(st.tuples(st.floats(-1, 2), st.floats(-1, 2)), min_size=1, max_size=5))
def test_unit_and_picture_coordinates_are_inverse(placement: Placement, points: list[tuple[float, float]]):
    unit = np.array(points)
    assert np.allclose(to_unit(placement, to_picture(placement, unit)), unit, atol=1e-9)


def test_an_angle_turns_clockwise_on_the_screen():
    right_of_centre = to_picture(Placement(100, 100, 20, 90), np.array([1.0, 0.5]))
    assert np.allclose(right_of_centre, [100, 110])  # y points down


@given(placements)
def test_a_placed_face_lands_on_the_alignment(placement: Placement):
    found = place(face_at(placement), ALIGNMENT)
    assert math.dist((found.x, found.y), (placement.x, placement.y)) < 1e-6
    assert found.size == pytest.approx(placement.size)
    assert angle_between(found.angle, placement.angle) < 1e-6


def test_a_head_turned_aside_is_hardly_rolled():
    straight = place(FacePoints(((80, 100), (120, 100)), ((90, 145), (110, 145))), ALIGNMENT)
    turned = place(FacePoints(((85, 100), (115, 100)), ((80, 145), (100, 145))), ALIGNMENT)
    by_mouth_alone = math.degrees(math.atan2(10, 45))
    assert straight.angle == pytest.approx(0)
    assert abs(turned.angle) < by_mouth_alone / 3
    assert turned.size == pytest.approx(math.hypot(10, 45) / 0.2)


def test_three_points_in_one_place_are_not_a_face():
    with pytest.raises(CoreError) as error:
        place(FacePoints(((5, 5), (5, 5)), ((5, 5), (5, 5))), ALIGNMENT)
    assert error.value.kind == "no-face"


def test_the_middle_of_a_picture_is_its_largest_square():
    assert middle(300, 200) == Placement(150, 100, 200, 0)


@given(st.integers(1, 900), st.integers(1, 900), st.tuples(st.integers(1, 16), st.integers(1, 16)))
def test_the_middle_in_a_shape_is_as_large_as_fits(width: int, height: int, shape: tuple[int, int]):
    placement = middle(width, height, shape)
    left, top, right, bottom = placement.shown
    (x0, y0), (x1, y1) = placement.to_picture(left, top), placement.to_picture(right, bottom)
    assert (x1 - x0) * shape[1] == pytest.approx((y1 - y0) * shape[0])
    assert min(x0, y0) == pytest.approx(0, abs=1e-6)
    assert x0 == pytest.approx(width - x1, abs=1e-6)
    assert y0 == pytest.approx(height - y1, abs=1e-6)
    assert placement.size == pytest.approx(max(x1 - x0, y1 - y0))


# Crop


def test_a_crop_of_whole_pixels_is_those_pixels():
    picture = smooth_picture()
    assert np.array_equal(crop(picture, Placement(60, 70, 64), 64), picture[38:102, 28:92, :3])


def test_a_quarter_turn_is_exact():
    picture = smooth_picture()
    turned = crop(picture, Placement(60, 70, 64, 90), 64)
    assert np.array_equal(turned, np.rot90(picture[38:102, 28:92, :3]))


def test_transparent_pixels_become_white_and_the_border_goes_on():
    picture = np.zeros((20, 20, 4), np.uint8)
    picture[:, 10:] = (200, 100, 50, 255)
    out = crop(picture, Placement(20, 10, 20), 20)
    assert (out[:, 1:] == (200, 100, 50)).all()
    assert (crop(picture, Placement(4, 10, 8), 8) == 255).all()


def test_a_reduced_crop_has_no_moire():
    y, x = np.mgrid[:256, :256]
    board = np.where((x + y) % 2 == 0, 255, 0).astype(np.uint8)
    picture = np.stack([board, board, board, np.full_like(board, 255)], axis=-1)
    inner = crop(picture, Placement(128, 128, 200, 17), 32)
    assert np.abs(inner.astype(int) - 128).max() <= 3


@settings(max_examples=40)
@given(placements)
def test_a_box_holds_the_part_of_the_square_that_is_in_the_picture(placement: Placement):
    left, top, right, bottom = layer_box(placement, (200, 160))
    assert 0 <= left < right <= 200
    assert 0 <= top < bottom <= 160
    y, x = np.mgrid[0:160, 0:200] + 0.5
    inside = np.abs(to_unit(placement, np.stack([x, y], axis=-1)) - 0.5).max(axis=-1) < 0.5
    inside[top:bottom, left:right] = False
    assert not inside.any()


def test_a_square_beside_the_picture_leaves_one_pixel():
    assert layer_box(Placement(-50, -50, 20), (30, 30)) == (0, 0, 1, 1)


# Finding


@pytest.mark.slow
@pytest.mark.parametrize(
    ("placement", "width", "height"),
    [
        (Placement(128, 128, 256), 256, 256),  # a portrait
        (Placement(600, 300, 300, 0), 1000, 700),  # a face in a scene
        (Placement(400, 380, 420, 25), 800, 800),  # tilted
        (Placement(300, 320, 330, -55), 600, 600),  # lying: found only by a tilted look
        (Placement(64, 60, 170, 4), 128, 112),  # a selection that cuts off part of the head
        (Placement(40, 34, 220), 90, 80),  # a selection from the brows to the mouth
        (Placement(700, 150, 200), 1400, 260),  # a long strip
    ],
)
def test_finds_the_face(placement: Placement, width: int, height: int):
    found = placed(portrait(placement, width, height))
    assert math.dist((found.x, found.y), (placement.x, placement.y)) < 0.02 * placement.size
    assert found.size == pytest.approx(placement.size, rel=0.03)
    assert angle_between(found.angle, placement.angle) < 2.5


def test_takes_the_face_in_front():
    near, far = Placement(200, 200, 300), Placement(460, 180, 120)
    picture = np.maximum(portrait(near, 560, 400), portrait(far, 560, 400))
    found = placed(picture)
    assert math.dist((found.x, found.y), (near.x, near.y)) < 10


@pytest.mark.slow
@pytest.mark.parametrize("background", [0, 40, 255])
def test_a_plain_picture_has_no_face(background: int):
    assert find_faces(np.full((90, 120, 4), background, np.uint8), colour_finder) == []


def test_eyes_below_the_mouth_are_not_a_face():
    upside_down = portrait(Placement(150, 150, 200, 180), 300, 300)
    assert find_faces(upside_down, colour_finder) == []


def test_finds_both_of_two_faces():
    one, other = Placement(200, 200, 300), Placement(460, 180, 200)
    picture = np.maximum(portrait(one, 600, 400), portrait(other, 600, 400))
    found = find_faces(picture, colour_finder)
    assert len(found) == 2
    for face, there in zip(found, (one, other), strict=True):
        assert math.dist(face.between_eyes, to_picture(there, DOTS[:2]).mean(axis=0)) < 5
