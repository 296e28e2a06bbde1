"""Folders for files that the core can make again, such as graphs and calibrations."""

from __future__ import annotations

from pathlib import Path

from ...bridge.system import user_folder
from ..errors import CoreError


def cache_folder(name: str) -> Path:
    """This user's cache folder for `name`, made private; CoreError "bad-value" when it cannot be made."""
    return make_folder(user_folder("cache") / "anycost" / name, 0o700)


def make_folder(folder: Path, mode: int = 0o777) -> Path:
    """The folder, made with its parents if it is missing; CoreError "bad-value" when it cannot be made."""
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        text = f'The folder "{folder}" cannot be made ({error.strerror}): choose another place.'
        raise CoreError("bad-value", text) from None
    return folder
