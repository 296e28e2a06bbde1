"""Plain values and bytes through a pipe: what arrives is read as data and can run nothing.

A value is what JSON has, with bytes anywhere in it. On the pipe: how long its JSON is, its JSON, then the
bytes in their order in it.
"""

from __future__ import annotations

import json
import os
import struct
from typing import IO, Any, Dict, List

_LENGTH = struct.Struct(">Q")
_BYTES = "$bytes"  # the only key of an object that stands for so many bytes
MAX_TEXT = 16 << 20  # bytes of JSON


class WrongValue(Exception):
    """What arrived is not a plain value, or is larger than agreed."""


def send(pipe: IO[bytes], value: Any) -> None:
    """Writes a value. Paths become texts, and arrays their bytes. OSError once nobody reads any more."""
    pieces: List[memoryview] = []

    def plain(found: Any) -> Any:
        if isinstance(found, os.PathLike):
            return os.fspath(found)
        piece = memoryview(found)  # of bytes or of an array
        pieces.append(piece.cast("B") if piece.nbytes else memoryview(b""))
        return {_BYTES: piece.nbytes}

    text = json.dumps(value, default=plain, separators=(",", ":")).encode("ascii")
    pipe.write(_LENGTH.pack(len(text)) + text)
    for piece in pieces:
        pipe.write(piece)
    pipe.flush()


def receive(pipe: IO[bytes], most: int) -> Any:
    """The next value, with at most `most` bytes in it, each piece of them as a bytearray.

    EOFError when the pipe ends first, WrongValue.
    """
    (length,) = _LENGTH.unpack(_read(pipe, _LENGTH.size))
    if length > MAX_TEXT:
        raise WrongValue
    pieces: List[bytearray] = []

    def bytes_of(found: Dict[str, Any]) -> Any:
        count = found.get(_BYTES)
        if len(found) != 1 or type(count) is not int:
            return found
        if not 0 <= count <= most - sum(map(len, pieces)):
            raise WrongValue
        pieces.append(bytearray(count))
        return pieces[-1]

    try:
        value = json.loads(_read(pipe, length), object_hook=bytes_of, parse_int=_whole)
    except (ValueError, RecursionError):
        raise WrongValue from None
    for piece in pieces:
        _fill(pipe, piece)
    return value


def _read(pipe: IO[bytes], count: int) -> bytearray:
    data = bytearray(count)
    _fill(pipe, data)
    return data


def _fill(pipe: IO[bytes], data: bytearray) -> None:
    view = memoryview(data)
    while view:
        count = pipe.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        view = view[count:]


def _whole(digits: str) -> int:
    if len(digits) > 20:  # older Pythons convert long numbers in quadratic time
        raise ValueError("number too long")
    return int(digits)
