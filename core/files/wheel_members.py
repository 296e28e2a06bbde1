"""Reads known files out of a wheel. A wheel is a zip, and whoever made it may mean harm."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import CoreError
from .weights import WeightsFile, Wheel

# the usual ones; the other ways of packing may need much memory for a few bytes
PACKING = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# what the standard library raises for damaged zips; OSError when one points before its own start
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError)
LARGEST = 2  # a wheel may be this many times larger than the pinned one; its list of files takes memory


@contextmanager
def opened_members(path: Path, wheel: Wheel) -> Iterator[Callable[[WeightsFile], IO[bytes]]]:
    """A function that opens a file of `wheel` inside the zip at `path`. The zip's own names place nothing.

    `path` may be the project's wheel for another platform. CoreError "pack" when it is no whole wheel or does
    not have a file; this may show only while the file is read.
    """
    if path.stat().st_size > LARGEST * wheel.size:
        raise CoreError(
            "pack", f'"{path}" is too large for a wheel of {wheel.project}: give {wheel.filename}.'
        )
    try:
        with zipfile.ZipFile(path) as archive:
            yield lambda file: _member(archive, file, wheel)
    except DAMAGE:
        raise CoreError("pack", f'"{path}" is a damaged wheel: get it again.') from None


def _member(archive: zipfile.ZipFile, file: WeightsFile, wheel: Wheel) -> IO[bytes]:
    try:
        info = archive.getinfo(wheel.members[file.name])
    except KeyError:
        info = None
    if info is None or info.file_size != file.size or info.compress_type not in PACKING:
        text = f'"{archive.filename}" does not have the published "{file.name}": get {wheel.filename}.'
        raise CoreError("pack", text)
    return archive.open(info)
