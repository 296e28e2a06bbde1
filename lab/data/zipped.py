"""Pictures in a zip, read one by one where they lie; nothing is unpacked to the disk.

The zip is mapped into memory, so any number of processes read it at once. A member is given back only if it
is as long as the zip says and its checksum agrees, so a bomb ends at its declared, bounded size.
"""

from __future__ import annotations

import mmap
import zipfile
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ...core.errors import CoreError

MOST_DIRECTORY = 128 << 20  # bytes of a zip's list of members: about a million
MOST_MEMBER = 256 << 20  # bytes of one picture's file
_HEAD = 128 << 10  # bytes
_LOCAL_HEADER = 30  # bytes, before a member's name
_BAD = (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, UnicodeDecodeError, EOFError)


class Zip:
    """An open zip. CoreError "bad-value" for one that cannot be read."""

    def __init__(self, path: Path):
        self.path = path
        try:
            with path.open("rb") as file, zipfile.ZipFile(_Bounded(file)) as archive:  # type: ignore[arg-type]
                self.members = tuple(
                    Member(self, info.filename, *_place(info))
                    for info in archive.infolist()
                    if info.filename and not info.is_dir()  # which fails for a name that is empty
                )
        except _BAD:
            text = f'"{path}" is no zip that can be read: get it again, or name a folder.'
            raise CoreError("bad-value", text) from None
        self._memory: mmap.mmap | None = None

    def bytes_at(self, start: int, count: int) -> bytes:
        """`count` bytes of the file, fewer at its end."""
        if self._memory is None:
            with self.path.open("rb") as file:
                self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._memory[start : start + count]

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_memory": None}  # another process maps it anew


@dataclass(frozen=True)
class Member:
    """A file in a zip; `str` of it names both."""

    archive: Zip = field(repr=False, compare=False)
    name: str
    start: int  # of its header in the zip
    packed: int  # bytes in the zip
    size: int  # bytes unpacked
    crc: int
    deflated: bool
    plain: bool  # neither encrypted nor packed in another way

    def __str__(self) -> str:
        return f"{self.archive.path}: {self.name}"

    def read(self) -> BytesIO:
        """Its content. CoreError "bad-picture" if it is damaged, encrypted or too large."""
        data = self._unpacked(self.size + 1)
        if len(data) != self.size or zlib.crc32(data) != self.crc:
            raise self._damaged()
        return BytesIO(data)

    def head(self) -> BytesIO:
        """Its first bytes, unchecked: enough to know the size of most pictures."""
        return BytesIO(self._unpacked(_HEAD))

    def _unpacked(self, most: int) -> bytes:
        if not self.plain:
            raise self._unusable("is encrypted or packed in a rare way: store it or deflate it")
        if max(self.size, self.packed) > MOST_MEMBER:
            raise self._unusable("has more than 256 MiB: make it smaller")
        header = self.archive.bytes_at(self.start, _LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise self._damaged()
        names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        needed = most + most // 1000 + 64  # what cannot be packed gets a little longer
        data = self.archive.bytes_at(self.start + _LOCAL_HEADER + names, min(self.packed, needed))
        if not self.deflated:
            return data[:most]
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, most)
        except zlib.error:
            raise self._damaged() from None

    def _damaged(self) -> CoreError:
        return self._unusable("is damaged: get the zip again")

    def _unusable(self, why: str) -> CoreError:
        return CoreError("bad-picture", f'"{self}" {why}.')


def _place(info: zipfile.ZipInfo) -> tuple[int, int, int, int, bool, bool]:
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    plain = not info.flag_bits & 1 and (deflated or info.compress_type == zipfile.ZIP_STORED)
    return info.header_offset, info.compress_size, info.file_size, info.CRC, deflated, plain


class _Bounded:
    """A file with bounded reads, because zipfile reads a list of any length at once."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MOST_DIRECTORY:
            raise zipfile.BadZipFile
        return self.file.read(size if size >= 0 else MOST_DIRECTORY)
