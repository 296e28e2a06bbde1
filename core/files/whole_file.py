"""Files that are written whole or not at all: beside their place first, then renamed into it."""

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

    It reaches the disk before it is renamed, so that a power cut leaves the old or the new file, never half
    of one. It gets the permissions of the file that it replaces. Its folder must exist. CoreError "no-space"
    or "bad-value" when it cannot be written.
    """
    part = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent, suffix=".part", delete=False) as file:
            part = Path(file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.chmod(_mode(path))
        os.replace(part, path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise CoreError("no-space", f'There is no room for "{path}": free some space.') from None
        raise CoreError("bad-value", f'"{path}" cannot be written: {error.strerror}.') from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """The same for data that is at hand."""
    with writing(path) as file:
        file.write(data)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
