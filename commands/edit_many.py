"""Edits many picture files alike: `anycost edit IN... --out DIR`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..bridge.shown_names import plain, shown
from ..core.errors import CoreError
from .edit import Asked, Editor

if TYPE_CHECKING:
    from ..models.pack import Pack

SOME_FAILED = 1  # the exit code


def edit_many(paths: Sequence[Path], out: Path, pack: Pack, asked: Asked) -> int:
    """Edits files, and the pictures in folders, into a folder; the exit code.

    A file that cannot be edited is named on stderr and the others go on; each that is written is named on
    stdout. CoreError, before any work, where two would have one name or an input would be overwritten.
    """
    from tqdm import tqdm

    from ..core.files.folders import make_folder

    targets = targets_of(pictures_of(paths), out)
    file, failed = Path(), []

    def tell(sentence: str) -> None:
        tqdm.write(plain(f"{file}: {sentence}"), file=sys.stderr)

    editor = Editor(pack, asked, tell)
    make_folder(out)
    with tqdm(targets.items(), desc="Editing", unit="file", disable=None) as bar:  # on a terminal only
        for file, target in bar:
            try:
                editor.edit(file, target)
            except (CoreError, OSError, ValueError, MemoryError) as error:
                if isinstance(error, CoreError) and error.kind == "no-space":
                    raise  # the next one would fare no better
                failed.append(plain(f"{file}: {error or type(error).__name__}"))
            else:
                tqdm.write(plain(str(target)), file=sys.stdout)
    if failed:
        count = f"{len(failed)} of {len(targets)} files could not be edited:"
        print(count, *failed, sep="\n", file=sys.stderr)
    return SOME_FAILED if failed else 0


def pictures_of(paths: Sequence[Path]) -> list[Path]:
    """The files, and those of the folders that are named like pictures, each once; 2.jpg comes before 10.jpg.

    CoreError "bad-value" where that leaves none.
    """
    from ..core.files.decoding import ENDINGS

    found: dict[str, Path] = {}
    for path in paths:
        for file in _inside(path) if os.path.isdir(path) else [path]:
            if file is path or (file.suffix.lower() in ENDINGS and os.path.isfile(file)):
                found.setdefault(os.path.realpath(file), file)
    if not found:
        text = f"There is no picture in {shown(paths[0])}: name files or folders with some."
        raise CoreError("bad-value", text)
    return list(found.values())


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=_by_number)
    except OSError as error:
        text = f"The folder {shown(folder)} cannot be read ({error.strerror}): change its permissions."
        raise CoreError("bad-value", text) from None


def targets_of(sources: Sequence[Path], out: Path) -> dict[Path, Path]:
    """Where each picture goes: under its own name, as PNG if its format is not written.

    CoreError "bad-value" where that is a picture to be read, or another's place too.
    """
    from ..core.files.pictures import WRITE_FORMATS

    inputs = {os.path.realpath(source) for source in sources}
    targets: dict[Path, Path] = {}
    taken: dict[str, Path] = {}
    for source in sources:
        writable = source.suffix.lower() in WRITE_FORMATS
        target = out / (source.name if writable else f"{source.stem}.png")
        place = os.path.realpath(target)
        if place in inputs:
            raise CoreError(
                "bad-value", f"{shown(target)} is one of the pictures: name another folder with --out."
            )
        if place in taken:
            both = f"{shown(taken[place])} and {shown(source)}"
            text = f"{both} would both become {shown(target)}: edit them apart."
            raise CoreError("bad-value", text)
        targets[source], taken[place] = target, source
    return targets


def _by_number(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
