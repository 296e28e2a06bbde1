"""Small ICC profiles, written byte by byte, of kinds that Pillow cannot make."""

from __future__ import annotations

import struct

from PIL import ImageCms


def swapped_rgb() -> bytes:
    """sRGB with red and green in each other's place: it shows orange as green, and has the same colours."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = bytes(12)  # the second that it was made in, else two of these may differ
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def grey(gamma: float) -> bytes:
    """Grey whose light is value ** gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _D50, b"kTRC": curve})


def camera() -> bytes:
    """RGB with a table that leads away from it and none that leads back."""
    identity = bytes(range(256)) * 3
    corners = bytes(
        value
        for r in (0, 1)
        for g in (0, 1)
        for b in (0, 1)
        for value in (85 * (r + g + b), 128 + 60 * (r - g), 128 + 60 * (g - b))
    )  # Lab
    matrix = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    table = b"mft1" + bytes(4) + bytes([3, 3, 2, 0]) + matrix + identity + corners + identity
    return _profile(b"scnr", b"RGB ", b"Lab ", {b"wtpt": _D50, b"A2B0": table})


_D50 = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    start = 128 + 4 + 12 * len(tags)
    directory, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        directory += name + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, kind, space, connection)
    head += bytes(12) + b"acsp" + bytes(28) + _D50[8:]
    return head + bytes(128 - len(head)) + directory + body
