"""Messages as bytes: a 12-byte header with both lengths, the JSON object, the attachment.

Lengths are checked before any of the body is kept, and a body only takes memory as it arrives. JSON is
measured before it is parsed, so that no message takes more than a few milliseconds.
"""

from __future__ import annotations

import gc
import json
import math
import mmap
import struct
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union, cast

from .protocol import (
    ANY_MESSAGE,
    HEADER_BYTES,
    INVALID_REQUEST,
    MAGIC,
    MAX_ATTACHMENT,
    MAX_DEPTH,
    MAX_JSON,
    MAX_VALUES,
    PARSE_ERROR,
    MessageLimits,
    ProtocolError,
)

_HEADER = struct.Struct(">4sII")
assert _HEADER.size == HEADER_BYTES
SMALL = 4096  # bytes; smaller pieces are merged with their neighbours
LARGE = 4 << 20  # bytes; to join the pieces of a larger attachment at its end would hold a window up


def head(message: Dict[str, Any], attachment_length: int = 0) -> bytes:
    """A frame without its attachment, which a transport can then send without a copy."""
    text = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii")
    if len(text) > MAX_JSON:
        raise ProtocolError(f"The message has {len(text)} bytes of JSON, the most is {MAX_JSON}.")
    _bound_values(text, MAX_VALUES, INVALID_REQUEST)
    if attachment_length > MAX_ATTACHMENT:
        many = "The attachment has {} bytes, the most is {}: send a smaller part of the picture."
        raise ProtocolError(many.format(attachment_length, MAX_ATTACHMENT))
    return _HEADER.pack(MAGIC, len(text), attachment_length) + text


def encode(message: Dict[str, Any], attachment: bytes = b"") -> bytes:
    """A whole frame; ProtocolError beyond the limits, ValueError for a number that is not finite."""
    return b"".join((head(message, len(attachment)), attachment))


class _Stage(Enum):
    """Which part of a message comes next."""

    HEADER = 1
    JSON = 2
    ATTACHMENT = 3


class Decoder:
    """Turns a stream in pieces of any size into messages. Bytes are copied once, in small pieces twice.

    A large attachment is a memoryview, which serves as bytes do.
    """

    def __init__(self, limits: MessageLimits = ANY_MESSAGE):
        self.limits = limits  # may change between two messages
        self.drop()

    def drop(self) -> None:
        """Forgets the message that is being received."""
        self.held = 0  # bytes of it that are kept; of a large attachment all, also those to come
        self._part: List[Union[bytearray, memoryview]] = []  # the pieces of the part that is being received
        self._large: Optional[mmap.mmap] = None  # a large attachment
        self._stage, self._missing = _Stage.HEADER, HEADER_BYTES
        self._attachment_length = 0
        self._message: Dict[str, Any] = {}

    def feed(self, data: Union[bytes, bytearray]) -> List[Tuple[Dict[str, Any], bytes]]:
        """The (message, attachment) pairs completed by `data`.

        ProtocolError when the stream is not ours. It cannot be resumed: drop the connection.
        """
        return list(self.messages(data))

    def messages(self, data: Union[bytes, bytearray]) -> Iterator[Tuple[Dict[str, Any], bytes]]:
        """The same, each parsed when it is asked for. Take all of them before more is fed."""
        view = memoryview(bytes(data))  # bytes are not copied, but a bytearray is: its owner may change it
        while len(view) >= self._missing:
            self._keep(view[: self._missing])
            view = view[self._missing :]
            part, self._part = b"".join(self._part), []
            if self._stage is _Stage.HEADER:
                self._read_header(part)
            elif self._stage is _Stage.JSON:
                self._read_json(part)
            else:
                if self._large is not None:
                    part = cast(bytes, memoryview(self._large).toreadonly())
                message = self._message
                self.drop()
                yield message, part
        self._keep(view)
        self._missing -= len(view)

    def _keep(self, piece: memoryview) -> None:
        if self._large is not None:
            self._large.write(piece)
            return
        self.held += len(piece)
        if len(piece) >= SMALL:
            self._part.append(piece)
        elif piece:  # one list entry for each byte of a slow stream would take fifty times its size
            last = self._part[-1] if self._part else None
            if not isinstance(last, bytearray):
                last = bytearray()
                self._part.append(last)
            last += piece

    def _read_header(self, part: bytes) -> None:
        magic, json_length, self._attachment_length = _HEADER.unpack(part)
        if magic != MAGIC:
            raise ProtocolError("The other side does not speak Anycost's protocol.", PARSE_ERROR)
        if not 2 <= json_length <= self.limits.json:
            text = f"A message must have from 2 to {self.limits.json} bytes of JSON."
            raise ProtocolError(text, PARSE_ERROR)
        if self._attachment_length > self.limits.attachment:
            raise ProtocolError(f"The attachment is larger than {self.limits.attachment} bytes.", PARSE_ERROR)
        self._stage, self._missing = _Stage.JSON, json_length

    def _read_json(self, part: bytes) -> None:
        self._message = parse(part, self.limits.values)
        self._stage, self._missing = _Stage.ATTACHMENT, self._attachment_length
        if self._missing >= LARGE:
            self._large = _room(self._missing)
            self.held += self._missing


def _room(length: int) -> mmap.mmap:
    """Memory whose pages come as they are written. To free 64 MiB of small pages would hold a window up."""
    try:
        if not hasattr(mmap, "MAP_PRIVATE"):  # Windows
            return mmap.mmap(-1, length)
        room = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, MemoryError):
        raise ProtocolError("There is not enough memory for the attachment.") from None
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without them
            room.madvise(mmap.MADV_HUGEPAGE)
    return room


def parse(text: bytes, most: int = MAX_VALUES) -> Dict[str, Any]:
    """One JSON object with finite numbers and at most `most` values; ProtocolError for anything else."""
    _bound_values(text, most, PARSE_ERROR)
    try:
        with no_look_for_cycles():
            message = json.loads(
                text.decode("utf-8"), parse_int=_whole, parse_float=_finite, parse_constant=_refuse_constant
            )
    except (ValueError, RecursionError):
        raise ProtocolError("The message is not valid JSON.", PARSE_ERROR) from None
    if not isinstance(message, dict):
        raise ProtocolError("The message is not a JSON object.", PARSE_ERROR)
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH:
        _bound_depth(message)
    return message


@contextmanager
def no_look_for_cycles() -> Iterator[None]:
    """JSON has none, but thousands of new lists would make Python look through all that there is, which takes
    longer than a window may stand still."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _bound_values(text: bytes, most: int, code: int) -> None:
    """Each value but a message's own follows one of these; those in texts count too."""
    if text.count(b",") + text.count(b"[") + text.count(b"{") > most:
        raise ProtocolError(f"The JSON of a message may have at most {most} values.", code)


def _bound_depth(message: Dict[str, Any]) -> None:
    """Whoever prints a value, or walks through it, may run out of stack."""
    level: List[Any] = [message]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ProtocolError(f"The JSON of a message may be at most {MAX_DEPTH} values deep.", PARSE_ERROR)
        inner = (value for each in level for value in (each.values() if isinstance(each, dict) else each))
        level = [value for value in inner if isinstance(value, (dict, list))]


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
