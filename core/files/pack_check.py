"""Says what is damaged in a pack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...models.features import load_features
from ...models.manifest import PackError, read_manifest
from ...models.pack import Pack, checked_file


def damage(folder: Path) -> list[str]:
    """A sentence for each file of the pack that has other bytes than pack.json says, or else for the first
    one that cannot be used; none for a sound pack. ONNX networks are not opened.
    """
    try:
        files = read_manifest(folder).files
    except PackError as error:
        return [str(error)]
    found = [problem for name in files if (problem := _problem(folder, name, files))]
    if found:
        return found
    try:
        load(folder)
    except PackError as error:
        return [str(error)]
    return []


def load(folder: Path) -> Pack:
    """The pack in a folder, with its weights, bank and features read; PackError when one cannot be used."""
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
    return pack


def _problem(folder: Path, name: str, files: Mapping[str, str]) -> str:
    try:
        checked_file(folder, name, files)
    except PackError as error:
        return str(error)
    return ""
