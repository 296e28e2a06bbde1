"""Changes bytes as damage and malice do."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1)
PIECES = (
    *(b"", b"\0", b"\xff", b"\r\n", b'"', b"{", b"[", b"}", b"]", b"null", b"-1", b"1e999", b"NaN", b"true"),
    *(
        b"\xed\xa0\x80",
        b"\\ud800",
        "\u2028".encode(),
        "\u202e".encode(),
        b"../",
        b"<img src=/dev/zero>",
        b"%s",
    ),
    *(b"[" * 5000, b"9" * 5000, b"\x80\x04", b"R", b"\x93", b"PK\x03\x04"),
)
MOST_BYTES = 1 << 18
MOST_CHANGES = 4


def mutated(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """`data` with a few changes; `others` are files of its kind, to take pieces from."""
    for _ in range(rng.randint(1, MOST_CHANGES)):
        data = rng.choice(CHANGES)(data, rng.choice(others), rng)[:MOST_BYTES]
    return data


def _flip(data: bytes, other: bytes, rng: random.Random) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, other: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:start] if rng.random() < 0.3 else data[:start] + data[end:]


def _repeat(data: bytes, other: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 2, 100)) + data[end:]


def _number(data: bytes, other: bytes, rng: random.Random) -> bytes:
    size = rng.choice((1, 2, 4, 8))
    at = rng.randrange(len(data) + 1)
    number = rng.choice(NUMBERS) & ((1 << 8 * size) - 1)
    return data[:at] + number.to_bytes(size, rng.choice(("little", "big"))) + data[at + size :]


def _piece(data: bytes, other: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + rng.choice(PIECES) + data[rng.choice((start, end)) :]


def _spliced(data: bytes, other: bytes, rng: random.Random) -> bytes:
    start, end = _span(other, rng)
    at = rng.randrange(len(data) + 1)
    return data[:at] + other[start:end] + data[at:]


def _span(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 4, 16, 256)))


CHANGES: tuple[Callable[[bytes, bytes, random.Random], bytes], ...] = (
    _flip, _flip, _cut, _repeat, _number, _number, _piece, _spliced,
)  # fmt: skip
