"""The handles with which a face is placed: wherever they are dragged, they make a face in the picture."""

from __future__ import annotations

import cmath
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anycost.core.faces.placement import place
from anycost.krita_plugin.state.document_faces import box_around
from anycost.krita_plugin.state.handles import LEFT, MOUTH, RIGHT, Handles
from anycost.krita_plugin.state.picture import Picture
from anycost.models.manifest import Alignment

ALIGNMENT = Alignment(eyes=(0.5, 0.46), mouth=(0.5, 0.66))
SPOTS = st.tuples(st.integers(0, 2), st.floats(-500, 500), st.floats(-500, 500))
BOXES = st.tuples(st.integers(-50, 250), st.integers(-50, 250), st.integers(1, 300), st.integers(1, 300))


def picture(width=120, height=80):
    return Picture(width, height, bytes(width * height * 4))


@given(
    moves=st.lists(SPOTS, max_size=12), size=st.tuples(st.integers(32, 200), st.integers(32, 200)), box=BOXES
)
def test_they_always_make_a_face_in_the_picture(moves, size, box):
    handles = Handles(picture(*size), box)
    for move in moves:
        handles.move(*move)
    (left, right), (mouth, _) = handles.face.eyes, handles.face.mouth
    for x, y in (left, right, mouth):
        assert 0 <= x <= size[0]
        assert 0 <= y <= size[1]
    assert math.dist(left, right) >= handles.closest - 1e-6
    placed = place(handles.face, ALIGNMENT)
    assert math.isfinite(placed.angle)
    assert placed.size > 1
    assert box_around(handles.face).size > 1


def test_they_start_in_the_middle_at_a_sensible_size():
    left, right, mouth = Handles(picture()).points
    assert right[0] - left[0] == pytest.approx(80 / 6)
    assert (left[0] + right[0]) / 2 == mouth[0] == 60
    assert (left[1] + mouth[1]) / 2 == pytest.approx(40)


def test_an_eye_stops_before_the_other():
    handles = Handles(picture())
    handles.move(LEFT, 110, handles.points[RIGHT][1])
    assert handles.points[LEFT][0] == pytest.approx(handles.points[RIGHT][0] - handles.closest, abs=0.1)


@pytest.mark.parametrize("roll", [90, 180, -90])
def test_a_head_that_lies_or_stands_on_its_head_can_be_placed(roll):
    """The artist turns the three points bit by bit, as he drags one after the other."""
    handles = Handles(picture(200, 200))
    start = [complex(x - 100, y - 100) for x, y in handles.points]
    for step in range(1, 19):
        turn = cmath.rect(1, math.radians(roll * step / 18))
        for handle, point in enumerate(start):
            handles.move(handle, 100 + (point * turn).real, 100 + (point * turn).imag)
    difference = (place(handles.face, ALIGNMENT).angle - roll + 180) % 360 - 180
    assert abs(difference) < 2


def test_the_mouth_stays_below_the_eyes():
    handles = Handles(picture())
    handles.move(MOUTH, 60, 0)
    assert handles.points[MOUTH][1] >= handles.points[LEFT][1] + handles.closest - 1e-6
