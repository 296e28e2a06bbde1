"""Messages as bytes: a 12-byte header with both lengths, the JSON object, the attachment.

Lengths are checked before any of the body is kept, and a body only takes memory as it arrives.
"""

from __future__ import annotations

import json
import math
import mmap
import struct
from typing import Any, Dict, List, Optional, Tuple, Union, cast

from .protocol import HEADER_BYTES, MAGIC, MAX_ATTACHMENT, MAX_JSON, PARSE_ERROR, ProtocolError

_HEADER = struct.Struct(">4sII")
assert _HEADER.size == HEADER_BYTES
SMALL = 4096  # bytes; smaller pieces are merged with their neighbours
LARGE = 4 << 20  # bytes; to join the pieces of a larger attachment at its end would hold a window up


def head(message: Dict[str, Any], attachment_length: int = 0) -> bytes:
    """A frame without its attachment, which a transport can then send without a copy."""
    text = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii")
    if len(text) > MAX_JSON:
        raise ProtocolError(f"The message has {len(text)} bytes of JSON, the most is {MAX_JSON}.")
    if attachment_length > MAX_ATTACHMENT:
        many = "The attachment has {} bytes, the most is {}: send a smaller part of the picture."
        raise ProtocolError(many.format(attachment_length, MAX_ATTACHMENT))
    return _HEADER.pack(MAGIC, len(text), attachment_length) + text


def encode(message: Dict[str, Any], attachment: bytes = b"") -> bytes:
    """A whole frame; ProtocolError beyond the limits, ValueError for a number that is not finite."""
    return b"".join((head(message, len(attachment)), attachment))


class Decoder:
    """Turns a stream in pieces of any size into messages. Bytes are copied once, in small pieces twice.

    A large attachment is a memoryview, which serves as bytes do.
    """

    def __init__(self, max_attachment: int = MAX_ATTACHMENT):
        self.max_attachment = max_attachment
        self._part: List[Union[bytearray, memoryview]] = []  # the pieces of what is being received
        self._large: Optional[mmap.mmap] = None  # a large attachment; its pages come as they are written
        self._receive = self._header
        self._missing = HEADER_BYTES
        self._attachment_length = 0
        self._message: Dict[str, Any] = {}

    def feed(self, data: Union[bytes, bytearray]) -> List[Tuple[Dict[str, Any], bytes]]:
        """The (message, attachment) pairs completed by `data`.

        ProtocolError when the stream is not ours. It cannot be resumed: drop the connection.
        """
        complete: List[Tuple[Dict[str, Any], bytes]] = []
        view = memoryview(bytes(data))  # bytes are not copied, but a bytearray is: its owner may change it
        while len(view) >= self._missing:
            self._keep(view[: self._missing])
            view = view[self._missing :]
            part, self._part = b"".join(self._part), []
            if self._large is not None:
                part, self._large = cast(bytes, memoryview(self._large).toreadonly()), None
            self._receive(part, complete)
        self._keep(view)
        self._missing -= len(view)
        return complete

    def _keep(self, piece: memoryview) -> None:
        if self._large is not None:
            self._large.write(piece)
        elif len(piece) >= SMALL:
            self._part.append(piece)
        elif piece:  # one list entry for each byte of a slow stream would take fifty times its size
            last = self._part[-1] if self._part else None
            if not isinstance(last, bytearray):
                last = bytearray()
                self._part.append(last)
            last += piece

    def _header(self, part: bytes, complete: List[Tuple[Dict[str, Any], bytes]]) -> None:
        magic, json_length, self._attachment_length = _HEADER.unpack(part)
        if magic != MAGIC:
            raise ProtocolError("The other side does not speak Anycost's protocol.", PARSE_ERROR)
        if not 2 <= json_length <= MAX_JSON:
            raise ProtocolError(f"A message must have from 2 to {MAX_JSON} bytes of JSON.", PARSE_ERROR)
        if self._attachment_length > self.max_attachment:
            raise ProtocolError(f"The attachment is larger than {self.max_attachment} bytes.", PARSE_ERROR)
        self._receive, self._missing = self._json, json_length

    def _json(self, part: bytes, complete: List[Tuple[Dict[str, Any], bytes]]) -> None:
        self._message = parse(part)
        self._receive, self._missing = self._attachment, self._attachment_length
        if self._missing >= LARGE:
            self._large = mmap.mmap(-1, self._missing)

    def _attachment(self, part: bytes, complete: List[Tuple[Dict[str, Any], bytes]]) -> None:
        complete.append((self._message, part))
        self._message = {}
        self._receive, self._missing = self._header, HEADER_BYTES


def parse(text: bytes) -> Dict[str, Any]:
    """One JSON object with finite numbers; ProtocolError for anything else."""
    try:
        message = json.loads(
            text.decode("utf-8"), parse_int=_whole, parse_float=_finite, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):  # MAX_JSON leaves room for very deep nesting
        raise ProtocolError("The message is not valid JSON.", PARSE_ERROR) from None
    if not isinstance(message, dict):
        raise ProtocolError("The message is not a JSON object.", PARSE_ERROR)
    return message


def _whole(digits: str) -> int:
    if len(digits) > 20:  # older Pythons convert long numbers in quadratic time
        raise ValueError("number too long")
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("number too large")
    return number


def _refuse_constant(name: str) -> float:
    raise ValueError(name + " is not JSON")
