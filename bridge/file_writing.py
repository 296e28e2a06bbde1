"""Writes a file whole or not at all: first beside its place, then renamed into it."""

from __future__ import annotations

import glob
import os
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Iterator, Optional

PART = ".part"  # ends the name of a file that is being written
LEFT = 3600.0  # seconds after which one that nobody has touched is the rest of a killed process


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which becomes `path` when the block ends without an error.

    It reaches the disk before it is renamed, so a power cut leaves the old file or the new one, never half of
    one. A replaced file passes on its permissions, and a symbolic link stays: its target is replaced. What a
    killed process has left of an earlier try is removed. OSError when it cannot be written; the folder must
    exist.
    """
    mode = _mode(path)  # first: the kernel refuses here to follow a stranger's link in a shared folder
    target = Path(os.path.realpath(str(path)))
    beginning = f".{target.name[:40]}-"
    _clear(target.parent, beginning)
    part: Optional[Path] = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=str(target.parent), prefix=beginning, suffix=PART, delete=False
        ) as file:
            part = Path(file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        os.replace(part, target)
        part = None
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink()


def remove_parts(folder: Path) -> None:
    """Removes what killed processes have left in a folder that this one alone writes to."""
    _clear(folder, ".", older=0.0)


def _clear(folder: Path, beginning: str, older: float = LEFT) -> None:
    """Removes the parts that killed processes have left, `older` seconds ago, of files of this beginning."""
    for part in folder.glob(f"{glob.escape(beginning)}*{PART}"):
        with suppress(OSError):
            if time.time() - part.lstat().st_mtime >= older:
                part.unlink()


def _mode(path: Path) -> int:
    """The permissions of the file, or those that a new one gets."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
