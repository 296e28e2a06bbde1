"""EXIF data as bytes: which way up its picture lies, and the same data for the picture turned upright.

Everything else in it stays as it was, byte for byte, whatever its types: a library that writes it anew loses
what it does not know, such as what cameras keep there for themselves.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

PREFIX = b"Exif\0\0"  # as in a JPEG
_ORIENTATION = 0x0112
_SHORT = 3
_NUMBERS = {
    1: "B",
    3: "H",
    4: "I",
    6: "b",
    8: "h",
    9: "i",
    11: "f",
}  # types whose value an entry holds itself
_FRACTIONS = {5: "II", 10: "ii"}
_SMALL_PICTURE = ((0x0201, 0x0202), (0x0111, 0x0117))  # tags of where it lies and of its length


def orientation(exif: bytes) -> int | None:
    """1 to 8, or None where the data do not say it. Odd types count by their number, as in other programs."""
    try:
        block = _Block.of(exif)
        entry = block.entry(block.first, _ORIENTATION)
        value = None if entry is None else block.number(entry)
    except (struct.error, ValueError):
        return None
    return value if value in range(1, 9) else None


def upright(exif: bytes) -> bytes:
    """The data of the upright picture, behind PREFIX; nothing where they cannot be read.

    The small picture that cameras put into them is erased: it shows the face before an edit.
    """
    try:
        block = _Block.of(exif)
        block.erase_small_picture()
        entry = block.entry(block.first, _ORIENTATION)
        if entry is not None:
            block.write("HIH2x", entry + 2, _SHORT, 1, 1)
    except (struct.error, ValueError):
        return b""
    return PREFIX + bytes(block.data)


@dataclass(frozen=True)
class _Block:
    data: bytearray
    order: str  # of its bytes, as in `struct`
    first: int  # where the first directory lies

    @staticmethod
    def of(exif: bytes) -> _Block:
        """ValueError or struct.error unless its first directory is whole."""
        data = bytearray(exif.removeprefix(PREFIX))
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]))
        if order is None:
            raise ValueError
        block = _Block(data, order, *struct.unpack_from(f"{order}I", data, 4))
        block.read("I", block.end(block.first))
        return block

    def read(self, form: str, at: int) -> tuple:
        return struct.unpack_from(self.order + form, self.data, at)

    def write(self, form: str, at: int, *values: int) -> None:
        struct.pack_into(self.order + form, self.data, at, *values)

    def entries(self, directory: int) -> Iterator[int]:
        """Where the entries of a directory lie."""
        (count,) = self.read("H", directory)
        return iter(range(directory + 2, directory + 2 + 12 * count, 12))

    def entry(self, directory: int, tag: int) -> int | None:
        return next((at for at in self.entries(directory) if self.read("H", at) == (tag,)), None)

    def end(self, directory: int) -> int:
        """Where a directory says where the next one is."""
        return directory + 2 + 12 * len(list(self.entries(directory)))

    def number(self, entry: int) -> int | None:
        (kind,) = self.read("H", entry + 2)
        if kind == 2:  # text
            text = self.data[entry + 8 : entry + 9]
            return int(text) if text.isdigit() else None
        if kind in _FRACTIONS:
            above, below = self.read(_FRACTIONS[kind], *self.read("I", entry + 8))
            return above // below if below else None
        return int(self.read(_NUMBERS[kind], entry + 8)[0]) if kind in _NUMBERS else None

    def erase_small_picture(self) -> None:
        end = self.end(self.first)
        (second,) = self.read("I", end)
        self.write("I", end, 0)
        if not 8 <= second < len(self.data) - 2:
            return
        for where, length in _SMALL_PICTURE:
            entries = self.entry(second, where), self.entry(second, length)
            if None not in entries:
                start, count = (self.number(entry) or 0 for entry in entries if entry is not None)
                self._erase(start, count)

    def _erase(self, start: int, count: int) -> None:
        last = min(start + count, len(self.data))
        if self.end(self.first) + 4 <= start < last:
            self.data[start:last] = bytes(last - start)
