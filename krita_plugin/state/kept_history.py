"""A document's history as bytes, to be kept in it.

Nothing in them is trusted: sizes, counts and values are checked, and what is wrong is left out.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional

from ...bridge.fields import XY, entries, flag, numbers, point, table, text, whole
from ...bridge.framing import parse
from ...bridge.messages import MAX_EDITS, MAX_FACES, Mix
from ...bridge.protocol import ProtocolError
from .history import MOST_STATES, SMALL_SIDE, Adjustment, PastState
from .inflating import inflated

NAME = "history"  # in the document
VERSION = 1
MOST_BYTES = 4 << 20  # of all; with more, the document was not written by us
MOST_IN_ALL = 4 * MOST_STATES  # states of one document
MOST_PARTS, MOST_COMMAS = 4000, 60_000  # of the JSON: reading more would hold the window up
SMALL_BYTES = 3 * SMALL_SIDE * SMALL_SIDE


@dataclass(frozen=True)
class FaceHistory:
    """The states of one face, and where it lies."""

    key: str  # by which mixes name it
    spot: XY  # its middle, in document pixels
    states: List[PastState]


def packed(rgb: bytes) -> bytes:
    """A state's picture, small."""
    return zlib.compress(rgb, 6)


def unpacked(picture: bytes) -> Optional[bytes]:
    """The way back; None for anything that is not just such a picture."""
    return inflated(picture, SMALL_BYTES)


def written(faces: List[FaceHistory]) -> bytes:
    """The newest states of all faces as bytes; empty where there are none."""
    kept = [face for face in faces if face.states][:MOST_IN_ALL]
    most = MOST_STATES  # of each, so that they are not too many in all
    while sum(min(len(face.states), most) for face in kept) > MOST_IN_ALL:
        most -= 1
    told = [
        {"key": face.key, "spot": list(face.spot), "states": [_told(one) for one in face.states[-most:]]}
        for face in kept
    ]
    return json.dumps({"version": VERSION, "faces": told}).encode() if told else b""


def _told(state: PastState) -> Dict[str, Any]:
    mix = state.adjustment.mix
    return {
        "edits": state.adjustment.edits,
        "mix": None if mix is None else mix.data(),
        "applied": state.applied,
        "picture": base64.b64encode(state.picture).decode(),
    }


def read(data: bytes) -> List[FaceHistory]:
    """The faces in bytes that anybody may have written, without what is wrong; none of a later version."""
    parts, commas = data.count(b"[") + data.count(b"{"), data.count(b",")
    if len(data) > MOST_BYTES or parts > MOST_PARTS or commas > MOST_COMMAS:
        return []
    try:
        whole_of_it = parse(data)
        if whole(whole_of_it, "version") != VERSION:
            return []
        faces = entries(whole_of_it, "faces", MAX_FACES)
    except ProtocolError:
        return []
    return [face for face in map(_face, faces) if face is not None]


def _face(found: Any) -> Optional[FaceHistory]:
    try:
        told = table(found, "face")
        states = [_state(one) for one in entries(told, "states", MOST_STATES)]
        return FaceHistory(
            text(told, "key", 64), point(told.get("spot"), "spot"), [one for one in states if one is not None]
        )
    except ProtocolError:
        return None


def _state(found: Any) -> Optional[PastState]:
    try:
        told = table(found, "state")
        picture = base64.b64decode(text(told, "picture", 2 * SMALL_BYTES, least=0), validate=True)
        return PastState(adjustment_of(told), picture, flag(told, "applied"))
    except (ProtocolError, binascii.Error, ValueError):
        return None


def adjustment_of(told: Mapping[str, Any]) -> Adjustment:
    """The sliders in data that anybody may have written; ProtocolError names what is wrong."""
    edits = numbers(told, "edits", MAX_EDITS)
    mix = None if told.get("mix") is None else Mix.of(table(told["mix"], "mix"))
    return Adjustment({name: value for name, value in edits.items() if value}, mix)
