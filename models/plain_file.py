"""A file that is opened once and read once, so that what was checked is what is used.

Between looking at a path and opening it, the file there may be replaced: by an update of a pack, or by a
pipe that never ends. So a file is opened first, and what is open is looked at, counted and hashed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .manifest import PackError

MAX_FILE_BYTES = 2 << 30  # of a pack's file
PIECE = 1 << 20  # bytes read at once


class PlainFile:
    """A file that is read from its beginning to its end. `left` is how many bytes are still to come."""

    def __init__(self, path: Path, file: BinaryIO, size: int):
        self.path, self.left = path, size
        self._file, self._digest = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        """The next `size` bytes."""
        data = bytearray(self._enough(size))
        self.read_into(memoryview(data))
        return bytes(data)

    def read_into(self, memory: memoryview) -> None:
        """Fills memory, which is bytes, with what comes next."""
        self._enough(len(memory))
        done = 0
        while done < len(memory):
            piece = memory[done : done + PIECE]
            count = self._file.readinto(piece)  # type: ignore[attr-defined]
            if not count:
                raise cut_off(self.path)
            self._digest.update(piece[:count])
            done += count
        self.left -= done

    def hash_of_all(self) -> str:
        """The SHA-256 of the whole file; reads what is left."""
        while self.left:
            self.read(min(PIECE, self.left))
        return self._digest.hexdigest()

    def _enough(self, size: int) -> int:
        if size > self.left:
            raise cut_off(self.path)
        return size


def cut_off(path: Path) -> PackError:
    return PackError(f'"{path}" is cut off: get it again.')


@contextmanager
def opened(path: Path, most: int = MAX_FILE_BYTES) -> Iterator[PlainFile]:
    """A plain file of at most `most` bytes; PackError for another one, or where it cannot be read."""
    try:
        with open(path, "rb", buffering=0, opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise PackError(f'"{path}" is not a plain file: get it again.')
            if status.st_size > most:
                raise PackError(f'"{path}" is larger than {most >> 20} MiB, which none needs: get it again.')
            yield PlainFile(path, file, status.st_size)
    except OSError as error:
        raise PackError(
            f'"{path}" cannot be read ({error.strerror}): check its name and permissions.'
        ) from None


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe would wait for its writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
