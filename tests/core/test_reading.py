"""What follows from a reading's points: turn, openings, hidden points, who is the same face."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anycost.bridge.messages import Placement
from anycost.core.faces.face_parts import OUTLINES, face_parts
from anycost.core.faces.reading import (
    BROWS,
    CHIN,
    FACE_SIDES,
    FOREHEAD,
    LEFT_EYE,
    LIPS_INSIDE,
    MOUTH_CORNERS,
    NOSE,
    RIGHT_EYE,
    Reading,
    distinct,
    guessed,
    of_mesh,
)
from anycost.core.faces.sighting import Sighting

SIZE = 100.0


def head() -> np.ndarray:
    """A mesh [468, 3] on the front of an egg that looks straight out; the named points lie where they do."""
    rng = np.random.default_rng(0)
    flat = rng.uniform(-1, 1, (468, 2)) * 0.7
    for number, place in {
        FACE_SIDES[0]: (-0.95, 0),
        FACE_SIDES[1]: (0.95, 0),
        FOREHEAD: (0, -0.95),
        CHIN: (0, 0.95),
        NOSE: (0, 0.1),
        **dict(zip(MOUTH_CORNERS, ((-0.3, 0.5), (0.3, 0.5)), strict=True)),
        **dict(zip(LIPS_INSIDE, ((0, 0.47), (0, 0.53)), strict=True)),
        **dict(zip(LEFT_EYE, ((-0.55, -0.2), (-0.25, -0.2), (-0.4, -0.24), (-0.4, -0.16)), strict=True)),
        **dict(zip(RIGHT_EYE, ((0.25, -0.2), (0.55, -0.2), (0.4, -0.24), (0.4, -0.16)), strict=True)),
        **dict.fromkeys(BROWS[0], (-0.4, -0.4)),
        **dict.fromkeys(BROWS[1], (0.4, -0.4)),
    }.items():
        flat[number] = place
    depth = -np.sqrt(np.maximum(0.0, 1 - (flat**2).sum(axis=1)))  # nearer in the middle
    return np.column_stack([flat[:, 0] * SIZE * 0.8, flat[:, 1] * SIZE, depth * SIZE])


def turned(mesh: np.ndarray, yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The head turned to image right, up and clockwise by degrees: y points down, z into the picture."""
    a, b, c = np.radians([yaw, pitch, roll])
    across = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    up = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    clockwise = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return mesh @ (clockwise @ across @ up).T


def reading(mesh: np.ndarray) -> Reading:
    return of_mesh(mesh + np.array([300, 300, 0]), np.zeros((2, 5, 2)), 0.9)


@given(st.floats(-70, 70), st.floats(-50, 50), st.floats(-170, 170))
def test_the_turn_is_read_from_the_mesh(yaw: float, pitch: float, roll: float):
    found = reading(turned(head(), yaw, pitch, roll)).turn
    assert found == pytest.approx((yaw, pitch, roll), abs=0.5)


def test_a_nose_that_points_to_image_right_is_a_turn_to_the_right():
    mesh = turned(head(), 40, 0, 0)
    assert mesh[NOSE, 0] > 30


def test_a_chin_that_comes_forward_is_a_turn_up():
    mesh = turned(head(), 0, 30, 0)
    assert mesh[CHIN, 2] < mesh[FOREHEAD, 2]
    assert mesh[NOSE, 1] < head()[NOSE, 1]  # higher in the picture


@given(st.floats(-60, 60), st.floats(-40, 40), st.floats(-170, 170), st.floats(0.1, 10))
def test_openings_do_not_change_with_turn_or_size(yaw: float, pitch: float, roll: float, scale: float):
    straight, other = reading(head()).openings, reading(turned(head(), yaw, pitch, roll) * scale).openings
    assert straight is not None
    assert other is not None
    for a, b in zip(straight, other, strict=True):
        assert b == pytest.approx(a, rel=1e-6)
    assert 0.05 < straight.mouth < 0.2


def test_a_head_that_looks_out_hides_next_to_nothing():
    assert reading(head()).hidden.mean() < 0.05


@pytest.mark.parametrize("yaw", [-65, 65])
def test_a_turned_head_hides_its_far_side(yaw: float):
    mesh = head()
    hidden = reading(turned(mesh, yaw, 0, 0)).hidden
    far = mesh[:, 0] * np.sign(yaw) > 45
    near = mesh[:, 0] * np.sign(yaw) < -20
    assert hidden[far].mean() > 0.8
    assert hidden[near].mean() < 0.05


def test_without_a_mesh_there_are_no_openings_parts_or_hidden_points():
    face = guessed(Sighting(((10, 10), (30, 10)), (20, 32), 0.9), 0.5)
    assert face.openings is None
    assert face.hidden.size == 0
    assert face.parts(Placement(20, 20, 60), 32) == {}
    assert face.turn == (0, 0, 0)


@given(st.floats(-180, 180), st.floats(1, 50))
def test_guessed_points_lie_where_a_face_has_them(angle: float, scale: float):
    def moved(x: float, y: float) -> tuple[float, float]:
        turn = complex(x, y) * scale * complex(math.cos(math.radians(angle)), math.sin(math.radians(angle)))
        return turn.real, turn.imag

    face = guessed(Sighting((moved(-5, 0), moved(5, 0)), moved(0, 11), 0.9), 0.5)
    assert face.nose == pytest.approx(moved(0, 0.65 * 11), abs=1e-6)
    assert face.chin == pytest.approx(moved(0, 1.7 * 11), abs=1e-6)
    assert np.mean(face.mouth, axis=0) == pytest.approx(moved(0, 11), abs=1e-6)
    assert math.dist(*face.mouth) == pytest.approx(7.4 * scale)


def test_of_two_readings_of_a_face_the_more_certain_stays():
    def face(x: float, score: float) -> Reading:
        return guessed(Sighting(((x - 10, 50), (x + 10, 50)), (x, 72), score), score)

    kept = distinct([face(100, 0.5), face(104, 0.8), face(140, 0.4)])
    assert [round(reading.score, 1) for reading in kept] == [0.8, 0.4]


def test_a_mesh_outweighs_points_unless_it_is_a_wild_guess():
    mesh = reading(head())
    points = guessed(mesh.sighting, 0.7)
    assert distinct([points, replace(mesh, score=0.3)])[0].mesh is not None
    assert distinct([points, replace(mesh, score=0.2)])[0].mesh is None


# Parts


def test_parts_do_not_overlap_and_lie_in_the_face():
    mesh = np.zeros((468, 3))
    for name, (x, y, half_width, half_height) in {
        "face": (0, 0, 80, 110),
        "left eye": (-35, -20, 14, 6),
        "right eye": (35, -20, 14, 6),
        "lips": (0, 50, 30, 16),
        "mouth inside": (0, 50, 20, 6),
    }.items():
        line = list(OUTLINES[name])
        angles = np.linspace(0, 2 * np.pi, len(line), endpoint=False)
        mesh[line, :2] = np.stack([x + half_width * np.cos(angles), y + half_height * np.sin(angles)], -1)
    masks = face_parts(mesh, Placement(0, 0, 300), 150)
    assert set(masks) == {"skin", "lips", "eyes", "mouth inside"}
    assert all(mask.dtype == np.uint8 and mask.shape == (150, 150) for mask in masks.values())
    together = np.sum([mask.astype(int) for mask in masks.values()], axis=0)
    assert together.max() <= 256
    assert together.sum() / 255 * 4 == pytest.approx(np.pi * 80 * 110, rel=0.02)  # a pixel is 2 x 2
    assert masks["mouth inside"][100, 75] == masks["lips"][106, 75] == masks["eyes"][65, 57] == 255
    assert masks["skin"][75, 75] == 255
