"""Comparing readings with reference points."""

from __future__ import annotations

from typing import Any

import pytest

from anycost.core.faces.reading import Reading, guessed
from anycost.core.faces.sighting import Sighting
from anycost.lab.measuring.reading_errors import compared, report


def face(x: float, y: float, size: float = 40.0) -> Reading:
    return guessed(Sighting(((x - size / 2, y), (x + size / 2, y)), (x, y + size), 0.9), 0.9)


def reference(*faces: Reading, unlabelled: list[list[float]] | None = None) -> dict[str, Any]:
    wanted = [
        {"eyes": f.eyes, "nose": f.nose, "mouth": f.mouth, "chin": f.chin, "roll_degrees": 0, "kind": "mesh"}
        for f in faces
    ]
    return {"faces": wanted, "unlabelled": unlabelled or []}


def test_a_face_where_it_should_be_is_placed_without_error():
    (row,) = compared("p", [face(100, 100)], reference(face(100, 100)))
    assert row.kind == "mesh"
    assert row.placed
    assert row.error == pytest.approx(0)


def test_the_error_is_in_eye_distances():
    (row,) = compared("p", [face(104, 100)], reference(face(100, 100)))
    assert row.error == pytest.approx(4 / 40)


@pytest.mark.parametrize("found", [face(145, 100), face(100, 100, 60), face(100, 100, 26)])
def test_a_face_beside_its_place_or_of_another_size_is_not_placed(found: Reading):
    (row,) = compared("p", [found], reference(face(100, 100)))
    assert not row.placed


def test_a_face_that_is_missed_and_a_false_one_are_told():
    rows = list(compared("p", [face(500, 100)], reference(face(100, 100))))
    assert [row.kind for row in rows] == ["mesh", "false"]
    assert rows[0].reading is None
    assert "0 of 1 faces placed, 1 false" in report(rows)


def test_unlabelled_faces_do_not_count():
    rows = compared("p", [face(500, 100)], reference(unlabelled=[[450, 50, 100, 120]]))
    assert list(rows) == []


def test_without_a_reference_faces_are_only_listed():
    (row,) = compared("p", [face(100, 100)], None)
    assert "| p | no reference | found |" in report([row])
