"""Writes a file whole or not at all, and tells the user where that cannot be done."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ...bridge import file_writing
from ...bridge.file_writing import remove_parts as remove_parts  # for the lab, which lies beyond the bridge
from ..errors import CoreError


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which becomes `path` when the block ends well: see bridge/file_writing.py.

    The folder must exist. CoreError "no-space" or "bad-value" when the file cannot be written.
    """
    try:
        with file_writing.writing(path) as file:
            yield file
    except OSError as error:
        raise unwritable(path, error) from None


def write_bytes(path: Path, data: bytes) -> None:
    """Writes `data` as the whole of `path`; see `writing`."""
    with writing(path) as file:
        file.write(data)


def unwritable(path: Path, error: OSError, remedy: str = "choose another place") -> CoreError:
    """What the user hears when `path` could not be written: "no-space" or "bad-value"."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return CoreError("no-space", f'There is no room for "{path}": free some space.')
    return CoreError("bad-value", f'"{path}" cannot be written ({error.strerror or error}): {remedy}.')
