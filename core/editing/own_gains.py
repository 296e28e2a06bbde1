"""How far each edit has to move one picture, so that it is read as it was meant.

The bank's gains are those of the pack's own portraits. Every picture answers differently: a painted nose
moves less readily than a photographed one. So each edit is tried on the picture itself, once and small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import mean

import numpy as np

from ...models.bank import Bank
from ...models.pack import Direction
from ..faces.placement import resized
from .carry.by_reading import OwnFace, OwnFaces
from .carry.carry import plan
from .carry.change import shuts
from .carry.picture_parts import SIDE
from .carry.response import responses
from .carry.surface import Surface
from .opened_face import OpenedFace

SHIFTS = ((0.0, 0.0), (0.02, -0.01), (-0.01, 0.02))  # of a crop's side: one reading is noisy, their mean less
DEAF = 0.3  # a picture on which less than this is read says nothing about how far to go
LESS, MORE = 0.7, 1.6  # times the bank's gain


def read_square(opened: OpenedFace, faces: OwnFaces) -> None:
    """Reads the face of the unedited square in several crops: edits that are tried are compared with them."""
    square = resized(opened.face, SIDE)
    first = faces.read(square)
    if first is not None:
        opened.readings = tuple(_in_crops(first, square, faces))


def with_own_gains(
    opened: OpenedFace,
    edits: Mapping[str, float],
    bank: Bank,
    directions: Mapping[str, Direction],
    faces: OwnFaces | None,
) -> Bank:
    """The bank with the picture's own gains of `edits`, measured now if they are not known yet.

    That takes about a tenth of a second for each end of a slider, once. Without `readings` there are none.
    """
    effects = dict(bank.effects)
    for name, value in edits.items():
        end = int(value > 0)
        direction = directions[name]
        if direction.how and "moved" not in direction.how:
            continue
        if (name, end) not in opened.gains and faces is not None and opened.readings:
            asked = {name: direction.high if end else direction.low}
            opened.gains[name, end] = _measured(opened, asked, bank, directions, faces)
        gain = bank.effects[name].gain.copy()
        gain[end] *= opened.gains.get((name, end), 1.0)
        effects[name] = replace(bank.effects[name], gain=gain)
    return replace(bank, effects=effects)


def _measured(
    opened: OpenedFace,
    edits: Mapping[str, float],
    bank: Bank,
    directions: Mapping[str, Direction],
    faces: OwnFaces,
) -> np.ndarray:
    """How many times the bank's gain points and irises need, [2]."""
    assert opened.parts is not None
    square = Surface.of_square(resized(opened.face, SIDE))
    made = plan(opened.readings[0].head, opened.parts, edits, bank, directions)
    if not made.change.moves or shuts(opened.readings[0].head.mesh[:, :2], made.change.moved):
        return np.ones(2)  # of a shut eye nothing further can be asked, whatever is read of it
    found = responses(square, made, opened.readings, faces.read)
    ((name, value),) = edits.items()
    of_points, of_irises = bank.effects[name].gain[int(value > 0)]
    return np.array(
        [
            _times([answer.points for answer in found], of_points),
            _times([answer.irises for answer in found], of_irises),
        ]
    )


def _in_crops(face: OwnFace, rgb: np.ndarray, faces: OwnFaces) -> list[OwnFace]:
    crops = [
        replace(face.crop, x=face.crop.x + x * face.crop.size, y=face.crop.y + y * face.crop.size)
        for x, y in SHIFTS
    ]
    seen = [faces.read(rgb, replace(face, crop=crop)) for crop in crops]
    return [face for face in seen if face is not None]


def _times(shares: list[float | None], gain: float) -> float:
    """`shares` are of what was planned with the bank's gain; what was meant is less."""
    known = [gain * share for share in shares if share is not None]
    read = mean(known) if known else 1.0
    return float(np.clip(1 / read, LESS, MORE)) if read > DEAF else 1.0
