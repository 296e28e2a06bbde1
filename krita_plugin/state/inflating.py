"""Bytes that anybody may have packed, unpacked no further than they should be long. No Qt."""

from __future__ import annotations

import zlib
from typing import Optional


def inflated(packed: bytes, length: int) -> Optional[bytes]:
    """None for anything but `length` bytes, whole."""
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(packed, length + 1)
    except zlib.error:
        return None
    return found if len(found) == length and reader.eof else None
