"""Puts published weights into the user's folder, all files of an entry at once, and removes them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO

from ...bridge.system import locked
from ..errors import CoreError
from .folders import make_folder
from .weights import BLOCK, Weights, WeightsFile, copy_checked, folder, places, root
from .whole_file import unwritable, writing

REMEDY = "correct its permissions, then try again"


@contextmanager
def changing(weights: Weights) -> Iterator[None]:
    """Processes that change the same entry take turns; CoreError "bad-value" when they cannot."""
    lock = make_folder(root()) / f".{weights.name}"
    with ExitStack() as held:
        try:
            held.enter_context(locked(str(lock)))
        except OSError as error:
            raise unwritable(root(), error, REMEDY) from None
        yield


def install(weights: Weights, opened: Callable[[WeightsFile], AbstractContextManager[IO[bytes]]]) -> None:
    """Puts the entry's files in place, each read from what `opened` gives for it; call it within `changing`.

    All are checked before the first one is used. An interruption leaves the entry absent or damaged if it was
    so before, or whole.
    CoreError "pack" when a file has other bytes, "no-space" or "bad-value" when one cannot be written.
    """
    beside = root() / f".{weights.name}.new"
    shutil.rmtree(beside, ignore_errors=True)  # left by a run that was killed
    make_folder(beside)
    try:
        for file in weights.files:
            with opened(file) as source, writing(beside / file.name) as target:
                if not copy_checked(source, file, target):
                    text = f'This "{file.name}" is not the published one: get it from another place.'
                    raise CoreError("pack", text)
        _move(beside, weights)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def remove(weights: Weights) -> bool:
    """Deletes the entry's files and no others; returns whether there were any. Call it within `changing`.

    CoreError "bad-value" when one cannot be deleted.
    """
    paths = [place / file.name for place in places(weights) for file in weights.files]
    found = [_delete(path) for path in paths]
    place = folder(weights)
    if place.is_dir() and not place.is_symlink() and not any(place.iterdir()):
        place.rmdir()
    return any(found)


def _delete(path: Path) -> bool:
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        text = f'"{path}" cannot be deleted ({error.strerror}): {REMEDY}.'
        raise CoreError("bad-value", text) from None
    return True


def _move(beside: Path, weights: Weights) -> None:
    """Renames the new folder into place. A folder that has files already gets the new ones one by one.

    A damaged entry stays damaged until the last of them is there.
    """
    place = folder(weights)
    try:
        if not place.is_symlink() and not (place.is_dir() and any(place.iterdir())):
            os.replace(beside, place)
            return
        for file in weights.files:
            with (beside / file.name).open("rb") as source, writing(place / file.name) as target:
                shutil.copyfileobj(source, target, BLOCK)
    except OSError as error:
        raise unwritable(place, error, REMEDY) from None
