"""An edit as it is kept with its layer: all that is needed to take it up again. Plain data, no Qt.

A header of five numbers, a JSON object, the latents, the packed mask. Whoever reads one trusts nothing in it:
lengths are checked before anything is read, and a mask takes no more memory than the JSON says, which is
bounded.
"""

from __future__ import annotations

import json
import secrets
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ...bridge.fields import entries, flag, numbers, refused, table, text, whole
from ...bridge.framing import parse
from ...bridge.messages import (
    MAX_EDITS,
    MAX_PATH,
    FacePoints,
    Latents,
    Message,
    Mix,
    Placement,
    Selected,
)
from ...bridge.protocol import ProtocolError, attachment_bytes, f32
from ..words import tr
from .inflating import inflated
from .picture import Box, HostError, reduction

MAGIC = b"ACKE"
VERSION = 1
_HEADER = struct.Struct(">4sIIII")  # magic, version, bytes of the JSON, of the latents, of the packed mask
MOST_JSON = 1 << 16  # bytes
MOST_LATENTS = 1 << 20
MOST_PACKED = 4 << 20
MOST_MASK = 1 << 26  # pixels
LARGEST = 1 << 24  # pixels from a document's corner; Krita's own limit is below
LONGEST_SIDE = 1 << 16  # document pixels of a picture that is read again
SCALED = "The picture was scaled, or cut through this layer, since then: press Project and add a new layer."
KEY_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # no two look alike
KEY_LENGTH = 5
KEY_MARK = " #"  # before the key in a layer's name


class UnreadableEdit(Exception):
    """What is kept with a layer cannot be read, or is of a later version."""


class TooDetailed(Exception):
    """A mask that is larger, even packed, than what may be kept."""


@dataclass(frozen=True)
class OtherFace:
    """Another face of the same picture, which the edit takes something of."""

    face: FacePoints
    latents: Latents = field(repr=False)


@dataclass(frozen=True)
class KeptEdit(Message):
    """One face's edit, as Apply drew it."""

    pack: str
    generator: str  # the SHA-256 of its weights, which the latents belong to; "" where the core did not say
    box: Box  # of the picture that the face was found in, in document pixels
    factor: int  # document pixels that one of the picture's covers, a side
    document_size: Tuple[int, int]
    latents: Optional[Latents] = field(repr=False)  # None where a cancelled projection left none
    edits: Mapping[str, float] = field(default_factory=dict)
    face: Optional[FacePoints] = None  # in the picture's pixels, as the two below
    placement: Optional[Placement] = None
    only: Optional[Selected] = None  # what was selected, where Apply kept to that
    by_hand: bool = False  # the artist placed the face
    selection: Optional[Box] = None  # whose faces were wanted, in document pixels
    mix: Optional[Mix] = None  # with a face that the generator makes up, or with the `other`
    masked: bool = False  # the selection became a mask in Krita, which the artist may have changed since
    place: Tuple[int, int] = (0, 0)  # of the layer's corner in the document...
    size: Tuple[int, int] = (0, 0)  # ...and how large it was, to see what became of the document
    other: Optional[OtherFace] = None

    def data(self) -> Dict[str, Any]:
        found = super().data()
        found["latents"] = None if self.latents is None else f32(self.latents.shape)["shape"]
        only = self.only
        found["only"] = None if only is None else [only.x, only.y, only.width, only.height]
        other = self.other
        if other is not None:
            found["other"] = {**other.face.data(), "latents": f32(other.latents.shape)["shape"]}
        return found


def packed(edit: KeptEdit) -> bytes:
    """TooDetailed where its mask cannot be kept."""
    text = json.dumps(edit.data(), allow_nan=False, separators=(",", ":")).encode("ascii")
    mask = b"" if edit.only is None else _packed_mask(edit.only)
    latents = b"" if edit.latents is None else edit.latents.data
    latents += b"" if edit.other is None else edit.other.latents.data
    head = _HEADER.pack(MAGIC, VERSION, len(text), len(latents), len(mask))
    return b"".join((head, text, latents, mask))


def unpacked(data: bytes) -> KeptEdit:
    """UnreadableEdit for anything but what `packed` made."""
    if len(data) < _HEADER.size:
        raise UnreadableEdit
    magic, version, *lengths = _HEADER.unpack_from(data)
    bounds = (MOST_JSON, MOST_LATENTS, MOST_PACKED)
    whole_length = _HEADER.size + sum(lengths)
    if (magic, version) != (MAGIC, VERSION) or len(data) != whole_length:
        raise UnreadableEdit
    if any(length > most for length, most in zip(lengths, bounds)):
        raise UnreadableEdit
    start, (json_length, latents_length, _) = _HEADER.size, lengths
    latents = start + json_length
    mask = latents + latents_length
    try:
        return _read(parse(data[start:latents]), data[latents:mask], data[mask:])
    except ProtocolError:
        raise UnreadableEdit from None


def _packed_mask(only: Selected) -> bytes:
    mask = b"" if only.width * only.height > MOST_MASK else zlib.compress(only.mask, 1)
    if not 0 < len(mask) <= MOST_PACKED:
        raise TooDetailed
    return mask


def _read(data: Mapping[str, Any], latents: bytes, mask: bytes) -> KeptEdit:
    face, placement, selection = (data.get(name) for name in ("face", "placement", "selection"))
    shape = None if data.get("latents") is None else entries(data, "latents", 4)
    own = 0 if shape is None else attachment_bytes({"format": "f32", "shape": shape})
    return KeptEdit(
        text(data, "pack", MAX_PATH, least=0),
        text(data, "generator", least=0),
        _box(data, "box"),
        whole(data, "factor", 1, LARGEST),
        _pair(data, "document_size", 1),
        None if shape is None else _latents(shape, latents[:own]),
        numbers(data, "edits", MAX_EDITS),
        None if face is None else FacePoints.of(table(face, "face")),
        None if placement is None else Placement.of(table(placement, "placement")),
        _only(data, mask),
        flag(data, "by_hand"),
        None if selection is None else _box(data, "selection"),
        None if data.get("mix") is None else Mix.of(table(data["mix"], "mix")),
        flag(data, "masked"),
        _pair(data, "place", -LARGEST),
        _pair(data, "size", 0),
        None if data.get("other") is None else _other(table(data["other"], "other"), latents[own:]),
    )


def _other(data: Mapping[str, Any], latents: bytes) -> OtherFace:
    return OtherFace(FacePoints.of(data), _latents(entries(data, "latents", 4), latents))


def _latents(shape: List[Any], latents: bytes) -> Latents:
    if len(latents) != attachment_bytes({"format": "f32", "shape": shape}):
        raise refused("latents", "the shape of the numbers that are kept")
    return Latents(tuple(shape), latents)


def _only(data: Mapping[str, Any], packed_mask: bytes) -> Optional[Selected]:
    if data.get("only") is None:
        return None
    x, y, width, height = _wholes(data, "only", 4, 0)
    if not (0 < width * height <= MOST_MASK and packed_mask):
        raise refused("only", "a box with its mask")
    mask = inflated(packed_mask, width * height)
    if mask is None:
        raise refused("only", "as large as its mask")
    return Selected(x, y, width, height, mask)


def _box(data: Mapping[str, Any], name: str) -> Box:
    left, top, width, height = _wholes(data, name, 4, -LARGEST)
    if width < 1 or height < 1:
        raise refused(name, "a box that is not empty")
    return left, top, width, height


def _pair(data: Mapping[str, Any], name: str, low: int) -> Tuple[int, int]:
    first, second = _wholes(data, name, 2, low)
    return first, second


def _wholes(data: Mapping[str, Any], name: str, count: int, low: int) -> List[int]:
    found = entries(data, name, count)
    if len(found) != count or not all(type(entry) is int and low <= entry <= LARGEST for entry in found):
        raise refused(name, f"{count} whole numbers from {low} to {LARGEST}")
    return found


def where_now(edit: KeptEdit, document_size: Tuple[int, int], layer: Box) -> Tuple[Box, Optional[Box]]:
    """Where the edit's picture and its selection lie now; `layer` is the box of what is painted on the layer.

    Cutting a document moves its picture together with the layer. HostError where it was scaled, or where the
    picture no longer lies in it.
    """
    dx, dy = 0, 0
    if document_size != edit.document_size:
        if layer[2:] != edit.size:
            raise HostError(tr(SCALED))
        dx, dy = layer[0] - edit.place[0], layer[1] - edit.place[1]
    box = _moved(edit.box, dx, dy)
    left, top, width, height = box
    inside = left < document_size[0] and top < document_size[1] and left + width > 0 and top + height > 0
    too_large = max(width, height) > LONGEST_SIDE or reduction(width, height) > edit.factor
    if not inside or too_large or min(width, height) < edit.factor:
        raise HostError(tr(SCALED))
    return box, None if edit.selection is None else _moved(edit.selection, dx, dy)


def _moved(box: Box, dx: int, dy: int) -> Box:
    return box[0] + dx, box[1] + dy, box[2], box[3]


# The key in a layer's name


def new_key() -> str:
    """One that no other layer has."""
    return "".join(secrets.choice(KEY_LETTERS) for _ in range(KEY_LENGTH))


def with_key(name: str, key: str) -> str:
    """A layer's name with its key at the end, where a copy keeps it and a merged layer does not."""
    return f"{name}{KEY_MARK}{key}"


def key_in(name: str) -> Optional[str]:
    """The key at the end of a layer's name, if it looks like one."""
    _, mark, key = name.rpartition(KEY_MARK)
    return key if mark and len(key) == KEY_LENGTH and set(key) <= set(KEY_LETTERS) else None


def without_key(name: str) -> str:
    """A layer's name as the artist reads it."""
    key = key_in(name)
    return name if key is None else name[: -len(KEY_MARK + key)]
