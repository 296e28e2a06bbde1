"""Puts the plugin into the folders of this user's Kritas, and takes it away again.

A note says what was written, so that uninstalling removes that and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..bridge import launch
from ..bridge.file_writing import PART
from ..core.errors import CoreError
from ..core.files.folders import make_folder
from ..core.files.whole_file import unwritable, write_bytes
from .krita_places import Place, places, read_kritarc
from .kritarc import Enabling, enabled, restored
from .plugin_package import BESIDE, NAME, beside, core_files, plugin_files

MAX_NOTE = 4 << 20  # bytes
MARK = b"Anycost"  # stands in the first file of every version of the plugin


@dataclass
class Written:
    """What was written for one Krita."""

    files: dict[str, str] = field(default_factory=dict)  # paths and SHA-256
    folders: list[str] = field(default_factory=list)  # that were not there before, the outer ones first
    kritarc: str = ""
    change: list[Any] | None = None  # of kritarc, as in Enabling


def install() -> list[Path]:
    """Copies the plugin into this user's Kritas, enables it, and notes this Python as the core's.

    Returns the plugin's folders. Running it again updates the plugin; other files stay as they are. CoreError
    "bad-value" or "no-space" when something cannot be read or written, or is in the way.
    """
    found = places()
    for place in found:
        _refuse_foreign(place.resources / "pykrita")
    noted = read_note()
    for place in found:
        key = str(place.resources)
        noted[key] = _install(place, noted.get(key, Written()))
        _write_note(noted)
    try:
        launch.note_python(sys.executable)
    except OSError as error:
        raise unwritable(launch.config_path(), error) from None
    return [place.resources / "pykrita" / NAME for place in found]


def uninstall() -> tuple[list[Path], list[Path]]:
    """Removes what `install` wrote and turns the plugin off.

    Returns the plugin's folders that it cleared, and files that were changed since and are kept. CoreError as
    in `install`.
    """
    noted, kept = read_note(), []
    if not noted:
        text = "`anycost plugin install` has installed nothing here: there is nothing to remove."
        raise CoreError("bad-value", text)
    for written in noted.values():
        kept += _uninstall(written)
    _remove(note_path())
    if launch.noted_python() == sys.executable:
        _remove(launch.config_path())
    _remove_empty([str(launch.config_path().parent)])
    return [Path(key) / "pykrita" / NAME for key in noted], kept


def _refuse_foreign(pykrita: Path) -> None:
    """CoreError "bad-value" where what lies in the plugin's place is not a version of it."""
    folder, first = pykrita / NAME, pykrita / NAME / "__init__.py"
    links = [path for path in _folders(folder, plugin_files()) if path.is_symlink()]
    if links:
        text = f'"{links[0]}" is a link: remove it, then try again.'
        raise CoreError("bad-value", text)
    try:
        # a part is what a killed installation leaves of the first file
        empty = not folder.exists() or (folder.is_dir() and all(p.suffix == PART for p in folder.iterdir()))
        ours = first.is_file() and first.stat().st_size < MAX_NOTE and MARK in first.read_bytes()
    except OSError as error:
        text = f'"{folder}" cannot be read ({error.strerror}): correct its permissions, then try again.'
        raise CoreError("bad-value", text) from None
    if not empty and not ours:
        text = f'"{folder}" holds something that is not Anycost: move it elsewhere, then try again.'
        raise CoreError("bad-value", text)


def _folders(plugin: Path, names: dict[str, bytes]) -> list[Path]:
    return [plugin, *sorted({plugin / name for path in names for name in Path(path).parents if name.name})]


def _install(place: Place, before: Written) -> Written:
    plugin = place.resources / "pykrita" / NAME
    wanted = {str(place.resources / folder / name): beside(name) for name, folder in BESIDE}
    files = {**plugin_files(), **(core_files() if place.sandboxed else {})}
    wanted |= {str(plugin / name): content for name, content in files.items()}
    folders = [*before.folders, *_missing(Path(path).parent for path in wanted)]
    written = Written(dict(before.files), list(dict.fromkeys(folders)), str(place.kritarc), before.change)
    for path, content in wanted.items():
        _put(Path(path), content)
        written.files[path] = _digest(content)
    for path in before.files.keys() - wanted.keys():  # of an older version
        _remove_own(Path(path), written.files.pop(path))
    old = read_kritarc(place.kritarc)
    new, change = enabled(old, NAME)
    if change is not None:
        make_folder(place.kritarc.parent)
        write_bytes(place.kritarc, new)
        written.change = written.change or list(change)
    return written


def _uninstall(written: Written) -> list[Path]:
    kept = [Path(path) for path, digest in written.files.items() if not _remove_own(Path(path), digest)]
    places_of_code = {
        str(Path(path).parent / "__pycache__") for path in written.files if path.endswith(".py")
    }
    _remove_empty([*written.folders, *places_of_code])
    if written.change is not None and written.kritarc:
        kritarc = Path(written.kritarc)
        old = read_kritarc(kritarc)
        new = restored(old, NAME, Enabling(*written.change))
        if new != old:
            write_bytes(kritarc, new)
        if not new and not kritarc.is_symlink():
            _remove(kritarc)  # it was not there before
    return kept


def _put(path: Path, content: bytes) -> None:
    """Writes a file of the plugin; a link in its place is replaced, not followed."""
    make_folder(path.parent)
    try:
        if path.is_symlink():
            path.unlink()
    except OSError as error:
        raise unwritable(path, error) from None
    write_bytes(path, content)


def _remove_own(path: Path, digest: str) -> bool:
    """Removes a file, with what Python compiled from it, unless it was changed; whether it is gone."""
    try:
        if path.is_symlink() or not path.is_file():
            return not os.path.lexists(path)
        if _digest(path.read_bytes()) != digest:
            return False
        path.unlink()
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()
    except OSError as error:
        raise _unremovable(path, error) from None
    return True


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unremovable(path, error) from None


def _unremovable(path: Path, error: OSError) -> CoreError:
    return CoreError("bad-value", f'"{path}" cannot be removed ({error.strerror}): remove it yourself.')


def _missing(folders: Iterator[Path]) -> Iterator[str]:
    for folder in folders:
        yield from reversed([str(path) for path in (folder, *folder.parents) if not path.exists()])


def _remove_empty(folders: list[str]) -> None:
    for folder in sorted(folders, key=len, reverse=True):
        try:
            os.rmdir(folder)
        except OSError:
            continue  # not empty, or gone


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# The note


def note_path() -> Path:
    return launch.config_path().with_name("plugin.json")


def read_note() -> dict[str, Written]:
    """What was written, by the resource folder of each Krita."""
    try:
        with open(note_path(), "rb") as file:
            noted = json.loads(file.read(MAX_NOTE))
        return {key: _checked(Written(**value)) for key, value in noted.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        text = f'"{note_path()}" cannot be read: remove it, then run `anycost plugin install` again.'
        raise CoreError("bad-value", text) from None


def _checked(written: Written) -> Written:
    texts = [*written.files, *written.files.values(), *written.folders, written.kritarc]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    if written.change is not None:
        Enabling(*written.change).lead.encode()
    return written


def _write_note(noted: dict[str, Written]) -> None:
    make_folder(note_path().parent)
    text = json.dumps({key: asdict(written) for key, written in noted.items()}, indent=1)
    write_bytes(note_path(), text.encode() + b"\n")
