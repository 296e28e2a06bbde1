"""The pictures of a folder, a zip or an LMDB: which can be used, and each of them at a training's size.

A picture is turned as its camera says, cropped around its middle, resized with antialiasing and never
stretched; transparent parts lie on grey. Unusable pictures are left out, each with a sentence that says why.
"""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from PIL import Image

from ...core.errors import CoreError
from ...core.files.decoding import ENDINGS, check_is_file, opened, turned
from ...core.files.pictures import sandboxed
from .frame import PictureFrame, fitted
from .lmdb_pictures import Record, is_lmdb, records
from .zipped import Member, Zip

_SPARE = 2  # times the wanted size: what a JPEG is decoded to at least before it is resized

PictureFile = Path | Member | Record


@dataclass(frozen=True)
class Survey:
    """The usable pictures of a place, their (width, height) in px, and why others are left out."""

    pictures: tuple[PictureFile, ...]
    sizes: tuple[tuple[int, int], ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Files:
    """Pictures in files, read at a frame's size."""

    pictures: tuple[PictureFile, ...]
    frame: PictureFrame

    def __len__(self) -> int:
        return len(self.pictures)

    def name(self, index: int) -> str:
        return str(self.pictures[index])

    def read(self, index: int) -> np.ndarray:
        """A picture, uint8 [3, h, w]. CoreError "bad-picture" if it cannot be read."""
        return read_fitted(self.pictures[index], self.frame).transpose(2, 0, 1)


def survey(place: Path, frame: PictureFrame | None = None, *, whole: bool = False) -> Survey:
    """Looks at every picture in a folder and its sub-folders, a zip or an LMDB, in the same order everywhere.

    Leaves out pictures that a `frame` would enlarge. Reads only sizes, or each whole picture with `whole`.
    Ignores hidden files and files without a picture's extension, such as the labels in dataset.json.
    CoreError "bad-value" if there is no such place or it cannot be read.
    """
    pictures, sizes, left_out = [], [], []
    for picture in _listed(place, max(frame.size) if frame else None):
        try:
            width, height = _size(picture, whole)
        except CoreError as error:
            left_out.append(error.message)
            continue
        if frame is not None and not frame.enough(width, height):
            text = f'"{picture}" is {width} x {height} px, below {frame}: use a larger one.'
            left_out.append(CoreError("bad-picture", text).message)
            continue
        pictures.append(picture)
        sizes.append((width, height))
    return Survey(tuple(pictures), tuple(sizes), tuple(left_out))


def read_fitted(picture: PictureFile, frame: PictureFrame) -> np.ndarray:
    """A picture at a frame's size, uint8 [h, w, 3]. CoreError "bad-picture" if it cannot be read.

    A JPEG is decoded at a half, a quarter or an eighth of its size where that is enough.
    """
    with opened(picture if isinstance(picture, Path) else picture.read(), str(picture)) as found:
        image = found.image
        if image.mode in ("RGB", "L") and not {"icc_profile", "transparency"} & image.info.keys():
            image.draft(image.mode, _drafted(image.size, turned(frame.size, found.turn)))
            found.load(whole=True)
            return fitted(image if found.turn is None else image.transpose(found.turn), frame)
        found.load(whole=True)
        return fitted(_opaque(Image.fromarray(found.srgb())), frame)


def _drafted(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """What to decode a picture of a size to, so that its middle has `_SPARE` times the wanted size."""
    scale = _SPARE * max(wanted[0] / size[0], wanted[1] / size[1])
    return round(size[0] * scale), round(size[1] * scale)


def _opaque(image: Image.Image) -> Image.Image:
    """RGBA as RGB, where nothing of it is transparent: that is resized in less time."""
    low, _ = image.getchannel("A").getextrema()
    return image.convert("RGB") if low == 255 else image


def _size(picture: PictureFile, whole: bool) -> tuple[int, int]:
    """Width and height of the upright picture in px. CoreError "bad-picture" if it is unusable."""
    if isinstance(picture, Path):
        check_is_file(picture, "bad-picture")
        return _asked("whole_size" if whole else "size", picture.absolute(), picture)
    if not whole:
        with suppress(CoreError):
            return _asked("size", picture.head().getbuffer(), picture)
    return _asked(
        "whole_size" if whole else "size", picture.read().getbuffer(), picture
    )  # its head was longer


def _asked(function: str, source: Path | memoryview, picture: PictureFile) -> tuple[int, int]:
    """A sandbox looks first, so that no file of a data set can crash, fill or hold up what trains on it."""
    width, height = sandboxed(function, source, str(picture), name=str(picture))
    return width, height


def _listed(place: Path, side: int | None) -> list[PictureFile]:
    """All that looks like pictures, in the order of the names' bytes. An LMDB may hold them at several sizes:
    then those for `side` px.
    """
    if is_lmdb(place):
        return list(records(place, side))
    if place.is_file() and zipfile.is_zipfile(place):
        members = [member for member in Zip(place).members if _looks_like_one(Path(member.name))]
        members.sort(key=lambda member: os.fsencode(member.name))
        return list(members)
    if not place.is_dir():
        raise CoreError("bad-value", f'There is no folder, zip or LMDB "{place}": check its name.')
    paths: list[Path] = []
    walked = {
        os.path.realpath(place)
    }  # links are followed, but into no folder twice: they may lead in a circle
    for folder, folders, names in os.walk(place, onerror=_refuse, followlinks=True):
        folders[:] = [name for name in sorted(folders) if not name.startswith(".")]
        folders[:] = [name for name in folders if _is_new(os.path.join(folder, name), walked)]
        paths += [Path(folder) / name for name in names if _looks_like_one(Path(name))]
    paths.sort(key=lambda path: os.fsencode(path.relative_to(place).as_posix()))
    return list(paths)


def _is_new(folder: str, walked: set[str]) -> bool:
    place = os.path.realpath(folder)
    new = place not in walked
    walked.add(place)
    return new


def _looks_like_one(name: Path) -> bool:
    hidden = any(part.startswith(".") for part in name.parts) or "__MACOSX" in name.parts
    return not hidden and name.suffix.lower() in ENDINGS


def _refuse(error: OSError) -> NoReturn:
    raise CoreError("bad-value", f'You may not read "{error.filename}": change its permissions.')
