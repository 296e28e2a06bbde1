"""The directions that others made for a pack: files in a folder of the user's, or brought by Python packages.

In both they lie in a folder named after the pack, one file each. A package names its folder by an entry point
in the group `anycost.directions`, as a module is named: it is found and read, and nothing of it is run.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path

from ...models.direction_file import (
    ENDING,
    DirectionError,
    DirectionFile,
    author_of,
    direction_bytes,
    read_direction,
)
from ...models.extended_pack import extended
from ...models.manifest import DIRECTION_NAME
from ...models.pack import BUILT_IN, Pack, user_packs_folder
from ..errors import CoreError
from .folders import make_folder
from .whole_file import unwritable, write_bytes

ENTRY_POINTS = "anycost.directions"
MOST = 128  # files of one pack in one place
MOST_PACKAGES = 64
MOST_TOLD = 8  # problems


@dataclass(frozen=True)
class AddedFile:
    """A file for one pack; `package` is what brought it, as "wink 1.2", empty for the user's own folder."""

    path: Path
    package: str = ""

    @property
    def whose(self) -> str:
        """Who can put it right, as far as that is known."""
        author = author_of(self.path)
        return " ".join(filter(None, [f"by {author}" if author else "", self._from()]))

    def _from(self) -> str:
        return f"of the Python package {self.package}" if self.package else ""

    def problem(self, reason: DirectionError) -> str:
        """What is wrong with it, as a sentence."""
        path, whose, fix = self.path, self.whose, "ask its author for another, or remove it."
        if not whose:
            return f'The direction "{path}" is left out, since it {reason}: {fix}'
        return f'The direction "{path}" {whose} is left out, since it {reason}: {fix}'


def added_folder() -> Path:
    """The user's folder of added directions, beside that of packs."""
    return user_packs_folder().parent / "directions"


def files_for(pack: str) -> list[AddedFile]:
    """All files for the pack of a name: what packages bring, then the user's, which win."""
    places = [*_packages(), (added_folder(), "")]
    return [AddedFile(path, package) for folder, package in places for path in _files(folder / pack)]


def with_added(pack: Pack) -> tuple[Pack, tuple[str, ...]]:
    """The pack with the directions that were made for it, and what is wrong with those that are left out."""
    good: dict[str, DirectionFile] = {}
    problems: list[str] = []
    for file in files_for(pack.name):
        try:
            read = read_direction(file.path, pack.n_style, pack.style_dim)
        except DirectionError as reason:
            problems.append(file.problem(reason))
        else:
            good[read.direction.name] = read
    return extended(pack, tuple(good.values())), tuple(problems[:MOST_TOLD])


def open_extended(name: str | os.PathLike[str]) -> Pack:
    """An installed pack, or that in a folder, with what others made for it; see `Pack.open`."""
    return with_added(Pack.open(name))[0]


def put(pack: Pack, file: DirectionFile) -> Path:
    """Writes a direction into the user's folder, in place of an older one of its name; returns its path.

    CoreError "bad-value" or "no-space" when it cannot be written, or says what no direction may.
    """
    path = _path(pack.name, file.direction.name)
    make_folder(path.parent)
    return write(path, file)


def write(path: Path, file: DirectionFile) -> Path:
    """Writes a direction's file anywhere, for others; see `put`."""
    if path.suffix != ENDING:
        raise CoreError("bad-value", f'"{path}" must end in {ENDING}.')
    try:
        data = direction_bytes(file)
    except ValueError as error:
        raise CoreError("bad-value", f"This is no direction: {error}.") from None
    write_bytes(path, data)
    return path


def remove(pack: str, name: str) -> Path:
    """Deletes a direction from the user's folder; CoreError "bad-value" when there is none."""
    path = _path(pack, name)
    try:
        path.unlink()
    except FileNotFoundError:
        raise CoreError("bad-value", _not_there(pack, name)) from None
    except OSError as error:
        raise unwritable(path, error, "correct its permissions, then try again") from None
    return path


def state() -> Hashable:
    """Something that changes when packs or added directions come, go or change. It costs a few looks at
    folders, so that it can be asked for every other second."""
    added = added_folder()
    watched = [BUILT_IN, user_packs_folder(), added, *map(Path, sys.path)]
    folders = [folder for folder in _entries(added) if folder.is_dir()]
    files = [path for folder in folders for path in _files(folder)]
    return tuple((str(path), _stamp(path)) for path in (*watched, *folders, *files))


def _not_there(pack: str, name: str) -> str:
    brought = next((f.package for f in files_for(pack) if f.package and f.path.stem == name), "")
    if brought:
        return f'"{name}" comes with the Python package {brought}: uninstall that.'
    mine = ", ".join(file.path.stem for file in files_for(pack) if not file.package) or "none"
    return f'No direction "{name}" was added to the pack "{pack}": choose one of yours ({mine}).'


def _path(pack: str, name: str) -> Path:
    if not DIRECTION_NAME.fullmatch(name):
        text = "letters, digits, spaces, dots, - and _, at most 64, the first a letter or digit"
        raise CoreError("bad-value", f'"{name}" is no name for a direction: it takes {text}.')
    return added_folder() / pack / f"{name}{ENDING}"


def _files(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.suffix == ENDING and not path.name.startswith(".")]


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in islice(entries, MOST))
    except OSError:
        return []


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _packages() -> Iterator[tuple[Path, str]]:
    """The folders that installed packages name, and the packages' names and versions."""
    importlib.invalidate_caches()  # a package may have come since the core was started
    for entry in islice(metadata.entry_points(group=ENTRY_POINTS), MOST_PACKAGES):
        folder = _folder(entry.value)
        if folder is not None:
            brought_by = entry.dist
            yield folder, f"{brought_by.name} {brought_by.version}" if brought_by else entry.name


def _folder(module: str) -> Path | None:
    """Where a module's folder is; only the finders look for its first part, so nothing is imported."""
    top, *rest = module.split(".")
    if not all(part.isidentifier() for part in (top, *rest)):
        return None
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0], *rest) if places else None
