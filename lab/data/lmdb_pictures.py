"""Pictures in an LMDB data set, read one by one where they lie.

Two layouts are known. Other trainers prepare pictures at several sizes, under keys like `256-00042`, and
write their count under `length`. LSUN keeps each picture as it was found, under any key. An LMDB has no
checksums: a damaged picture is noticed when it cannot be decoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import CoreError

if TYPE_CHECKING:
    from lmdb import Environment

MOST_RECORD = 256 << 20  # bytes of one picture
_HEAD = 128 << 10  # bytes
_MAGIC = (0xBEEFC0DE).to_bytes(4, "little")
_MAGIC_AT = 16  # bytes, the header of the first page
_PREPARED = re.compile(rb"(\d{1,5})-\d{5,}")
_COUNT = b"length"


@dataclass(frozen=True, slots=True)
class Record:
    """A picture in an LMDB; `str` of it names both."""

    path: Path
    key: bytes

    def __str__(self) -> str:
        return f"{self.path}: {self.key.decode('ascii', 'backslashreplace')}"

    def read(self) -> BytesIO:
        """Its content. CoreError "bad-picture" if it is gone or too large."""
        return BytesIO(self._bytes(MOST_RECORD))

    def head(self) -> BytesIO:
        """Its first bytes: enough to know the size of most pictures."""
        return BytesIO(self._bytes(_HEAD))

    def _bytes(self, most: int) -> bytes:
        import lmdb

        try:
            with _opened(self.path).begin(buffers=True) as transaction:
                found = transaction.get(self.key)
                if found is None:
                    raise CoreError("bad-picture", f'"{self}" is gone: start anew.')
                if len(found) > MOST_RECORD:
                    raise CoreError("bad-picture", f'"{self}" has more than 256 MiB: make it smaller.')
                return bytes(found[:most])
        except lmdb.Error:
            raise CoreError("bad-picture", f'"{self}" is damaged: get the data set again.') from None


def is_lmdb(place: Path) -> bool:
    """Whether a folder or a file is an LMDB."""
    try:
        with _file(place).open("rb") as file:
            return file.read(_MAGIC_AT + len(_MAGIC))[_MAGIC_AT:] == _MAGIC
    except OSError:
        return False


def records(place: Path, side: int | None) -> list[Record]:
    """The pictures, in the order of their keys; prepared ones at the smallest size with `side` px, or else
    at the largest.

    CoreError "bad-value" if the set cannot be read, or without the package lmdb.
    """
    try:
        import lmdb
    except ImportError:
        text = f'"{place}" is an LMDB, which needs another package: pip install lmdb.'
        raise CoreError("bad-value", text) from None
    try:
        with _opened(place.resolve()).begin() as transaction:
            keys = list(transaction.cursor().iternext(values=False))
    except lmdb.Error:
        raise _unreadable(place) from None
    return [Record(place.resolve(), key) for key in _chosen(keys, side)]


def _chosen(keys: list[bytes], side: int | None) -> list[bytes]:
    """The keys of pictures; of one size, if all say a size."""
    keys = [key for key in keys if key != _COUNT]
    found = [_PREPARED.fullmatch(key) for key in keys]
    sizes = [int(each[1]) for each in found if each is not None]
    if not sizes or len(sizes) < len(keys):
        return keys
    have = sorted(set(sizes))
    chosen = next((size for size in have if side and size >= side), have[-1])
    return [key for key, size in zip(keys, sizes, strict=True) if size == chosen]


@lru_cache(maxsize=4)
def _opened(place: Path) -> Environment:
    """An open LMDB, once in each process as the library asks. Forked processes share it: it has no locks."""
    import lmdb

    alone = place.is_file()
    opened = lmdb.open(str(place), subdir=not alone, readonly=True, lock=False, readahead=False, max_dbs=0)
    pages = opened.info()["last_pgno"] + 1
    if pages * opened.stat()["psize"] > _file(place).stat().st_size:  # reading on would end the process
        opened.close()
        raise _unreadable(place)
    return opened


def _file(place: Path) -> Path:
    return place / "data.mdb" if place.is_dir() else place


def _unreadable(place: Path) -> CoreError:
    return CoreError("bad-value", f'"{place}" is no LMDB that can be read, or is cut off: get it again.')
