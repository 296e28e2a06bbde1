"""Writes a file whole or not at all: first beside its place, then renamed into it."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import CoreError


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which becomes `path` when the block ends without an error.

    It reaches the disk before it is renamed, so a power cut leaves the old file or the new one, never half of
    one. A replaced file passes on its permissions, and a symbolic link stays: its target is replaced. The
    folder must exist. CoreError "no-space" or "bad-value" when the file cannot be written.
    """
    part = None
    try:
        mode = _mode(path)  # first: the kernel refuses here to follow a stranger's link in a shared folder
        target = Path(os.path.realpath(path))
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as file:
            part = Path(file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        os.replace(part, target)
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Writes `data` as the whole of `path`; see `writing`."""
    with writing(path) as file:
        file.write(data)


def unwritable(path: Path, error: OSError, remedy: str = "choose another place") -> CoreError:
    """What the user hears when `path` could not be written: "no-space" or "bad-value"."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return CoreError("no-space", f'There is no room for "{path}": free some space.')
    return CoreError("bad-value", f'"{path}" cannot be written ({error.strerror or error}): {remedy}.')


def _mode(path: Path) -> int:
    """The permissions of the file, or those that a new one gets."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
