"""Where the core keeps what it can make again: graphs of rungs, and what calibration measured."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import CoreError


def cache_folder(name: str) -> Path:
    """A folder of this user's cache, made if it was not there; CoreError "bad-value" when it cannot be."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    cache = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    folder = cache / "anycost" / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CoreError("bad-value", f'The folder "{folder}" cannot be made: {error.strerror}.') from None
    return folder
