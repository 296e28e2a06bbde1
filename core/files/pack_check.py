"""Says what is damaged in a pack."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...models.features import load_features
from ...models.manifest import PackError, read_manifest
from ...models.pack import Pack, checked_file
from ..errors import CoreError
from .untrusted import limits_for_model, run


def damage(folder: Path) -> list[str]:
    """A sentence for each file of the pack that has other bytes than pack.json says, or else for the first
    one that cannot be used; none for a sound pack. ONNX networks are not opened.

    A process with limits reads the pack, so that one which takes too much is a sentence, too.
    """
    try:
        return limited("anycost.core.files.pack_check:look_into", folder)
    except CoreError as error:
        return [str(error)]


def limited(look: str, folder: Path) -> Any:
    """What a function tells of the pack in a folder, in a process with limits: see untrusted.py."""
    about, limits = f'The pack "{folder}"', limits_for_model(_size(folder))
    return run(look, str(folder.absolute()), about=about, kind="pack", limits=limits)


def look_into(folder: str) -> list[str]:
    """What `damage` tells, with this process's own limits."""
    pack = Path(folder)
    try:
        files = read_manifest(pack).files
    except PackError as error:
        return [str(error)]
    found = [problem for name in files if (problem := _problem(pack, name, files))]
    if found:
        return found
    try:
        _load(pack)
    except PackError as error:
        return [str(error)]
    return []


def _load(folder: Path) -> None:
    """Reads the pack's weights, bank and features; PackError when one cannot be used."""
    pack = Pack.open(folder)
    pack.generator()
    _ = pack.bank
    file = pack.features_file
    if file is not None:
        data = pack.read(file)
        try:
            load_features(folder / file, data)
        except ValueError as error:
            text = f'In the pack "{folder}", {file} cannot be used ({error}): get it again.'
            raise PackError(text) from None


def _size(folder: Path) -> int:
    """Of the files in a folder, in bytes; 0 where it cannot be read, which the reader says."""
    try:
        with os.scandir(folder) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    except OSError:
        return 0


def _problem(folder: Path, name: str, files: Mapping[str, str]) -> str:
    try:
        checked_file(folder, name, files)
    except PackError as error:
        return str(error)
    return ""
