"""The step "align": where a generator draws its faces, read from its own pictures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core.faces.readers import in_front, readers_of
from ...core.faces.reading import of_mesh
from ...core.faces.sighting import Sighting
from ...models.manifest import Alignment
from .own_faces import SIDE, FaceReader, artist_of, drawn_w, pictures, rgba_of
from .step import Assignment, Step
from .together import say

PICTURES = 12
LEAST = 0.5  # of the pictures in which a face is read; below it, it is looked for
PSI = 0.5  # faces that are seen easily
FIRST = 9_000_000  # position of these latents


def _skipped(given: Assignment) -> str:
    return "" if given.original.alignment else "the pack draws no faces"


def _seconds(given: Assignment) -> float:
    read = FaceReader.of(given.pack)
    _read_usual(given, read, 1)  # the networks are read by now
    start = time.perf_counter()
    _read_usual(given, read, 1)
    return PICTURES * (time.perf_counter() - start)


def _drawn(given: Assignment, count: int) -> list[np.ndarray]:
    draw = artist_of(given.pack)
    return [pictures(draw, drawn_w(draw, FIRST + number, 1, PSI))[0] for number in range(count)]


def _read_usual(given: Assignment, read: FaceReader, count: int) -> list[np.ndarray]:
    """The middle of the eyes and the mouth's, [2, 2] in the unit square, of each face that is read near where
    the pack has it."""
    faces = [read(rgb) for rgb in _drawn(given, count)]
    return [_points(of_mesh(face.head.mesh, face.head.irises, 1.0).sighting) for face in faces if face]


def _read_anywhere(given: Assignment, count: int) -> list[np.ndarray]:
    """The same of faces that are found anywhere; slower."""
    readers = readers_of(given.pack)
    found = [readers.read(rgba_of(rgb)) for rgb in _drawn(given, count)]
    return [_points(in_front(faces).sighting) / SIDE for faces in found if faces]


def _points(sighting: Sighting) -> np.ndarray:
    return np.array([sighting.between_eyes, sighting.mouth])


def _run(given: Assignment) -> Mapping[str, Any]:
    before = given.pack.alignment
    assert before is not None
    found = _read_usual(given, FaceReader.of(given.pack), PICTURES)
    if len(found) < LEAST * PICTURES:
        found = _read_anywhere(given, PICTURES)
    if len(found) < LEAST * PICTURES:
        say(f"In {len(found)} of {PICTURES} pictures a face is seen: the alignment stays as it is.")
        return {}
    eyes, mouth = np.median(found, axis=0).clip(0, 1).round(4).tolist()
    away = np.abs(np.array([eyes, mouth]) - (before.eyes, before.mouth)).max()
    say(f"Faces are read in {len(found)} of {PICTURES} pictures, {away:.1%} from where the pack had them.")
    return {"alignment": Alignment((eyes[0], eyes[1]), (mouth[0], mouth[1]))}


STEP = Step(
    "align", "faces of your pictures are cropped as its own lie", skipped=_skipped, seconds=_seconds, run=_run
)
