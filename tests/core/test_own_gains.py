"""Each picture is moved as far as its own reading needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from known_face import KnownFace, bank, known_face, portraits

from anycost.bridge.messages import Placement
from anycost.core.editing.carry.by_reading import OwnFace, OwnFaces
from anycost.core.editing.carry.carry import plan
from anycost.core.editing.carry.change import Head, eyes_of, gaze_of
from anycost.core.editing.carry.picture_parts import SIDE
from anycost.core.editing.opened_face import OpenedFace
from anycost.core.editing.own_gains import DEAF, LESS, MORE, SHIFTS, read_square, with_own_gains
from anycost.core.editing.session import Session
from anycost.core.faces.placement import resized

DIRECTIONS = {direction.name: direction for direction in portraits().directions}


@pytest.fixture(scope="module")
def face() -> KnownFace:
    return known_face()


class Reads:
    """Reads a head in the unedited square, in any other that head as `edits` move it, a share of the way."""

    def __init__(self, opened: OpenedFace, edits: dict[str, float], share: float):
        assert opened.head is not None
        assert opened.parts is not None
        self.unedited, self.head, self.share = resized(opened.face, SIDE), opened.head, share
        self.change = plan(opened.head, opened.parts, edits, bank(), DIRECTIONS).change
        self.count = 0

    def read(self, rgb: np.ndarray, like: OwnFace | None = None) -> OwnFace:
        self.count += 1
        crop = Placement(SIDE / 2, SIDE / 2, SIDE) if like is None else like.crop
        if np.array_equal(rgb, self.unedited):
            return OwnFace(self.head, crop)
        mesh, irises = self.head.mesh.copy(), self.head.irises.copy()
        mesh[:, :2] += self.share * self.change.moved
        middles = eyes_of(replace(self.head, mesh=mesh))[0] - eyes_of(self.head)[0]
        irises += (middles + self.share * self.change.gaze)[:, None]
        return OwnFace(Head(mesh, irises), crop)


def gain(opened: OpenedFace, edits: dict[str, float], reads: Reads | None) -> np.ndarray:
    """Of the one direction in `edits`, [2]: for points and irises."""
    ((name, value),) = edits.items()
    if reads is not None and not opened.readings:
        read_square(opened, cast("OwnFaces", reads))
    found = with_own_gains(opened, edits, bank(), DIRECTIONS, cast("OwnFaces | None", reads))
    return found.effects[name].gain[int(value > 0)]


@pytest.mark.parametrize("share", [0.5, 0.8, 1.4])
def test_a_picture_that_is_read_as_moving_less_is_moved_further(face: KnownFace, share: float):
    opened, edits = face.opened(), {"smile": DIRECTIONS["smile"].high}
    theirs = bank().effects["smile"].gain[1, 0]
    points, irises = gain(opened, edits, Reads(opened, edits, share))
    assert points == pytest.approx(theirs * np.clip(1 / (share * theirs), LESS, MORE), rel=1e-3)
    assert irises == bank().effects["smile"].gain[1, 1]  # a smile moves none


def test_irises_have_a_gain_of_their_own(face: KnownFace):
    opened, edits = face.opened(), {"gaze_x": DIRECTIONS["gaze_x"].high}
    theirs = bank().effects["gaze_x"].gain[1, 1]
    reads = Reads(opened, edits, 0.9 / theirs)
    assert gain(opened, edits, reads)[1] == pytest.approx(theirs / 0.9, rel=0.04)
    assert gaze_of(reads.head) == pytest.approx(np.zeros((2, 2)), abs=0.2)


def test_a_reading_that_sees_next_to_nothing_counts_for_nothing(face: KnownFace):
    opened, edits = face.opened(), {"smile": DIRECTIONS["smile"].low}
    for share in (0.9 * DEAF / bank().effects["smile"].gain[0, 0], -1.0):
        assert np.array_equal(
            gain(opened, edits, Reads(opened, edits, share)), bank().effects["smile"].gain[0]
        )


def test_each_end_is_tried_once_and_only_what_moves(face: KnownFace):
    opened, edits = face.opened(), {"smile": 0.4}
    reads = Reads(opened, {"smile": DIRECTIONS["smile"].high}, 0.8)
    first = gain(opened, edits, reads)
    assert reads.count == 1 + 2 * len(SHIFTS)  # a crop is found, then each is read before and after
    assert np.array_equal(gain(opened, {"smile": 0.9}, reads), first)
    assert reads.count == 1 + 2 * len(SHIFTS)
    gain(opened, {"skin_tone": 0.5}, reads)
    assert set(opened.gains) == {("smile", 1)}
    # what is known stays known when the network is gone
    assert np.array_equal(gain(opened, edits, None), first)
    assert np.array_equal(gain(face.opened(), edits, None), bank().effects["smile"].gain[1])


def test_a_session_reads_the_square_as_it_opens(face: KnownFace, face_weights: Path):
    session = Session(portraits())
    session.open("face", face.rgba, face.reading.face_points)
    assert len(session.pictures["face"].readings) == len(SHIFTS)
