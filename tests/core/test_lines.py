"""Lines of the skin: where they lie on a head that is turned any way, and what becomes of a picture's own."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_face import bank, known_face, portraits

from anycost.core.editing.carry.change import Head, Lines, change_of
from anycost.core.editing.carry.field import sampled
from anycost.core.editing.carry.lines import SIDE, creases, envelope, front_of, lines_on, modelled, whole
from anycost.core.editing.carry.picture_parts import DARK, GAMMA
from anycost.core.editing.carry.solid_head import HeadPose, rotation_of
from anycost.core.editing.carry.tint import Tint
from anycost.models.bank import LINES

CHEEK, BROW, FAR_CHEEK = 205, 151, 425  # points of the mesh, the first and last on the image's left and right
GREY = np.full((256, 256, 3), 128, np.uint8)
WAVES = np.sin(np.arange(256) / 5)  # an eighth of the square long, as a face's shades are
ROUNDED = np.rint(128 + 30 * (WAVES + WAVES[:, None])).astype(np.uint8)[..., None].repeat(3, axis=2)


def spot(point: int, value: float = -0.5) -> np.ndarray:
    """Lines [2, LINES, LINES] that darken one point of the resting face at the high end."""
    ends = np.zeros((2, LINES, LINES), np.float32)
    x, y = front_of(bank().resting[point]) * LINES - 0.5
    across, down = np.meshgrid(np.arange(LINES), np.arange(LINES))
    ends[1] = value * np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * 6.0**2))
    return ends


def turned(yaw: float, roll: float = 0.0) -> Head:
    """The resting head turned aside by `yaw` and clockwise by `roll`, in radians."""
    rotation = rotation_of(np.array([0.0, 0.0, roll])) @ rotation_of(np.array([0.0, yaw, 0.0]))
    mesh = HeadPose(rotation, 0.5, np.array([0.5, 0.5, 0.0])).placed(bank().resting.astype(float))
    return Head(mesh, np.zeros((2, 5, 2)))


def darkest(made: np.ndarray) -> np.ndarray:
    """The place [2] of the least value, in unit coordinates."""
    row, column = np.unravel_index(made.argmin(), made.shape)
    return (np.array([column, row]) + 0.5) / len(made)


@settings(max_examples=12)
@given(st.floats(-0.35, 0.35), st.floats(-0.5, 0.5), st.sampled_from([CHEEK, BROW, FAR_CHEEK]))
def test_a_line_lies_where_its_point_of_the_face_does(yaw: float, roll: float, point: int):
    head = turned(yaw, roll)
    made = whole(ROUNDED, head, Lines(spot(point), 1, 1.0, 0.0, bank().resting))
    assert made.min() < -0.3
    assert np.linalg.norm(darkest(made) - head.mesh[point, :2]) < 0.012


def test_lines_fade_on_the_cheek_that_turns_away():
    depths = [
        whole(ROUNDED, turned(yaw), Lines(spot(CHEEK), 1, 1.0, 0.0, bank().resting)).min()
        for yaw in (0.0, 0.9, -0.9)
    ]
    assert depths[0] < -0.45
    assert max(depths) > 0.5 * depths[0]  # one of both turns hides it


def test_a_face_of_flat_colours_gets_no_soft_lines():
    asked = Lines(spot(CHEEK), 1, 1.0, 0.0, bank().resting)
    assert modelled(GREY, turned(0.0)) == 0
    assert modelled(ROUNDED, turned(0.0)) == 1
    assert not whole(GREY, turned(0.0), asked).any()
    hardly = np.rint(128 + 0.1 * (ROUNDED.astype(float) - 128)).astype(np.uint8)
    assert 0 <= modelled(hardly, turned(0.0)) < 0.5


def test_half_a_slider_is_half_a_line_and_edits_add_up():
    opened = known_face(3).opened()
    assert opened.head is not None
    assert opened.parts is not None
    one, other = (Lines(spot(point), 1, 1.0, 0.3, bank().resting) for point in (CHEEK, BROW))
    both = lines_on(opened.parts, opened.head, [one, other])
    half = lines_on(opened.parts, opened.head, [replace(one, share=0.5)])
    alone = lines_on(opened.parts, opened.head, [one])
    assert np.abs(alone).max() > 0.2
    np.testing.assert_allclose(half, 0.5 * alone, atol=1e-6)
    np.testing.assert_allclose(both, alone + lines_on(opened.parts, opened.head, [other]), atol=1e-6)


def with_crease(depth: float) -> np.ndarray:
    """A grey square with a dark line across its middle, 3 px of 512 broad and `depth` darker in light."""
    light = np.full((512, 512), (128 / 255) ** GAMMA)
    light[255:258] = (light[255:258] + DARK) * np.exp(-depth) - DARK
    return np.rint(255 * light ** (1 / GAMMA)).astype(np.uint8)[..., None].repeat(3, axis=2)


def test_creases_are_what_is_darker_than_beside():
    assert np.abs(creases(GREY, 0.5)).max() < 1e-5
    found = creases(with_crease(0.3), 0.5)
    assert found[256, 250] == pytest.approx(-0.25, abs=0.08)
    assert np.abs(found[200]).max() < 0.01
    assert creases(255 - with_crease(0.3), 0.5).min() > -0.05  # a light line is none, but for its sides


def test_youth_takes_a_crease_where_age_draws_lines_and_nowhere_else():
    head = turned(0.0)
    ends = spot(BROW)
    picture = with_crease(0.3)
    place = head.mesh[BROW, :2]
    shift = round((place[1] - 0.5) * SIDE)
    picture = np.roll(picture, shift, axis=0)  # the crease runs through the brow
    made = whole(picture, head, Lines(ends, 0, 1.0, -0.7, bank().resting))
    row, column = (np.round(place[::-1] * SIDE)).astype(int)
    assert made[row - 2 : row + 3, column].max() > 0.1
    assert np.abs(made[:, column + 120]).max() < 0.02  # the crease goes on there, but no line of age does


def test_an_envelope_is_whole_where_lines_are_and_nothing_far_from_them():
    found = envelope(spot(BROW))
    x, y = np.round(front_of(bank().resting[BROW]) * LINES).astype(int)
    assert found[y, x] == pytest.approx(1)
    assert found[y + 80, x] == 0
    assert not envelope(np.zeros((2, LINES, LINES))).any()


def test_the_default_pack_ages_a_face_by_lines():
    """From the forehead's lines to the folds beside the mouth, on the skin and nowhere else."""
    opened = known_face(3).opened()
    assert opened.head is not None
    assert opened.parts is not None
    directions = {direction.name: direction for direction in portraits().directions}
    made = change_of(opened.head, {"age": 1.0}, bank(), directions, opened.parts.colour)
    rgb = opened.surface.rgb
    unit = opened.surface.unit((0, 0, rgb.shape[1], rgb.shape[0]))
    ratio = Tint(opened.head, made, opened.parts).ratio(unit, rgb)
    without = Tint(opened.head, replace(made, lines=()), opened.parts).ratio(unit, rgb)
    drawn = (ratio - without)[..., 0]
    assert drawn.min() < -0.15
    eyes = sampled(opened.parts.eyes, unit, cv2.INTER_LINEAR)
    assert np.abs(drawn[eyes > 0.9]).max() < 0.01
    fine = drawn - cv2.GaussianBlur(drawn, (0, 0), 8)
    assert np.abs(fine).max() > 0.05
