"""EXIF data as bytes: only the orientation changes, and the small picture of the old face is erased."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from anycost.core.files.exif_block import PREFIX, orientation, upright


def block(order: str, *entries: tuple[int, int, int, bytes], after: bytes = b"", second: int = 0) -> bytes:
    """EXIF data with one directory of (tag, type, count, value) and what follows it."""
    data = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IH", 8, len(entries))
    for tag, kind, count, value in entries:
        data += struct.pack(f"{order}HHI", tag, kind, count) + value.ljust(4, b"\0")
    return PREFIX + data + struct.pack(f"{order}I", second) + after


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["BYTE", "TEXT", "SHORT", "LONG", "FRACTION", "SIGNED", "FLOAT"])
def test_an_orientation_of_any_type_counts_and_is_mended(order: str, kind: str):
    number, count, value, after = {
        "BYTE": (1, 1, b"\6", b""),
        "TEXT": (2, 2, b"6\0", b""),
        "SHORT": (3, 1, struct.pack(f"{order}H", 6), b""),
        "LONG": (4, 1, struct.pack(f"{order}I", 6), b""),
        "FRACTION": (5, 1, struct.pack(f"{order}I", 26), struct.pack(f"{order}II", 12, 2)),
        "SIGNED": (9, 1, struct.pack(f"{order}i", 6), b""),
        "FLOAT": (11, 1, struct.pack(f"{order}f", 6.0), b""),
    }[kind]
    data = block(order, (0x0112, number, count, value), after=after)
    assert orientation(data) == 6
    mended = upright(data)
    assert len(mended) == len(data)
    exif = Image.Exif()
    exif.load(mended)
    assert exif[ExifTags.Base.Orientation] == 1


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_is_none_turns_nothing(value: int):
    assert orientation(block("<", (0x0112, 3, 1, struct.pack("<H", value)))) is None
    assert orientation(block("<", (0x0112, 5, 1, struct.pack("<I", 26)), after=bytes(8))) is None  # 0 / 0


def test_all_else_stays_byte_for_byte():
    own = (0x927C, 7, 4, b"own!")  # what only the camera's maker can read
    odd = (0x013B, 5, 1, struct.pack("<I", 1 << 30))  # an artist that is a fraction, which lies nowhere
    turned = block("<", own, odd, (0x0112, 3, 1, struct.pack("<H", 8)), after=b"notes")
    straight = block("<", own, odd, (0x0112, 3, 1, struct.pack("<H", 1)), after=b"notes")
    assert upright(turned) == straight
    assert upright(straight) == straight


def test_the_small_picture_is_erased():
    small = b"\xff\xd8 the old face \xff\xd9"
    second = 8 + 2 + 12 + 4
    place = second + 2 + 2 * 12 + 4
    entries = struct.pack("<HHHII", 2, 0x0201, 4, 1, place) + struct.pack("<HHII", 0x0202, 4, 1, len(small))
    data = block("<", (0x0112, 3, 1, b"\6\0"), after=entries + bytes(4) + small + b"notes", second=second)
    mended = upright(data)
    assert b"face" not in mended
    assert mended.endswith(b"notes")
    assert len(mended) == len(data)


@given(st.binary(max_size=120), st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""]))
def test_any_bytes_are_kept_or_left_out(data: bytes, head: bytes):
    mended = upright(PREFIX + head + data)
    assert mended == b"" or len(mended) == len(PREFIX + head + data)
    assert orientation(head + data) in (None, *range(1, 9))
    assert orientation(mended) in (None, 1)
