"""Picture files that are made to take much time or memory, small or at their full size."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from anycost.bridge.sandbox import SandboxLimits
from anycost.core.errors import CoreError
from anycost.core.files.pictures import LIMITS, sandboxed


def answer(path: Path, limits: SandboxLimits = LIMITS) -> str:
    """The sentence about a file that is refused; nothing for one that is read."""
    try:
        sandboxed("read", path, path, name=path, limits=limits)
    except CoreError as error:
        return error.message
    return ""


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(extra: bytes, size: tuple[int, int] = (8, 8)) -> bytes:
    """A black PNG of 16-bit colours with alpha and with more chunks."""
    width, height = size
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 6, 0, 0, 0))
    rows = chunk(b"IDAT", zeros(height * (8 * width + 1)))
    return b"\x89PNG\r\n\x1a\n" + header + extra + rows + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    return zlib.compress(bytes(count), 9)  # a thousandth


def bmp_of_runs(side: int) -> bytes:
    """A BMP of runs of one pixel each, which Pillow unpacks slowly."""
    runs = b"\x01\0" * (side * side)
    head = b"BM" + struct.pack("<IHHI", 60, 0, 0, 54 + 1024)
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return head + info + bytes(1024) + runs


def tiff_of_tags(count: int, length: int) -> bytes:
    """A TIFF of one directory, which leads to itself, with tags of `length` bytes each."""
    tags = b"".join(struct.pack("<HHII", tag, 2, length, 8) for tag in range(count))
    return b"II*\0" + struct.pack("<IH", 8, count) + tags + struct.pack("<I", 8)


def jpeg_of(width: int, height: int) -> bytes:
    """The head of a JPEG."""
    return b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0\xff\xd9"


BOMBS: dict[str, Callable[[int], bytes]] = {  # each of 1 to 99 times its smallest size
    "a profile of 96 MiB": lambda times: png(chunk(b"iCCP", b"a\0\0" + zeros(min(96, 24 * times) << 20))),
    "a text of 96 MiB": lambda times: png(chunk(b"zTXt", b"a\0\0" + zeros(min(96, 24 * times) << 20))),
    "texts of 15 MiB": lambda times: png((5 + times) * chunk(b"zTXt", b"a\0\0" + zeros(15 << 20))),
    "very many texts": lambda times: png(
        b"".join(chunk(b"tEXt", b"k%d\0v" % k) for k in range(2000 * times))
    ),
    "tags of 4 GiB": lambda times: tiff_of_tags(600 * times, 0xFFFFFFF0),
    "tags that are the file": lambda times: tiff_of_tags(600 * times, 6000 * times),
    "a JPEG of 65,500 px": lambda times: jpeg_of(65_500, 65_500),
    "a PNG of 8192 px": lambda times: png(b"", (800 * min(times, 10), 800 * min(times, 10))),
    "runs of one pixel": lambda times: bmp_of_runs(80 * min(times, 99)),
    "a JPEG of nothing": lambda times: b"\xff\xd8\xff" + bytes(times << 20),
}
