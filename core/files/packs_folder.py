"""The user's folder of packs: packs are put in place whole, replaced and removed, by one process at a time.

Each pack is one folder. Beside it, NAME.source.json says where `anycost packs install` got it. All is done by
renaming, so a running core finds the old pack or the new one, and keeps what it has loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...bridge.system import locked
from ...models.manifest import MANIFEST, PackError, read_manifest
from ...models.pack import list_packs, put_in_place, user_packs_folder
from ..errors import CoreError
from .folders import make_folder
from .whole_file import unwritable, write_bytes

LOCK = ".changing"
OLD, NEW, GONE, RECORD = ".old", ".new", ".gone", ".source.json"
MAX_RECORD_BYTES = 1 << 16
REMEDY = "correct its permissions, then try again"


@dataclass(frozen=True)
class Origin:
    """Where a pack came from: `source` is an address, an absolute path or, with an `index`, a name in it.

    `sha256` is that of the archive, or of pack.json for a folder; empty while it is being replaced. `tag` is
    what the server calls this version of the file. `manifests` are the hashes of the pack.json that was put
    in place, and during a replacement of the old one too: a pack with another was changed since.
    """

    source: str
    index: str = ""
    version: str = ""
    sha256: str = ""
    tag: str = ""
    manifests: tuple[str, ...] = ()


@contextmanager
def changing() -> Iterator[Path]:
    """The user's folder of packs. Processes take turns; what killed ones left is put back or cleared away.

    CoreError "bad-value" when it cannot be made or changed.
    """
    folder = make_folder(user_packs_folder())
    with ExitStack() as held:
        try:
            held.enter_context(locked(str(folder / LOCK)))
            _recover(folder)
        except OSError as error:
            raise unwritable(folder, error, REMEDY) from None
        yield folder


@contextmanager
def new_folder(packs: Path) -> Iterator[Path]:
    """An empty folder to put a pack into before it takes its place; call it within `changing`."""
    beside = make_folder(packs / NEW)
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def put(beside: Path, name: str, origin: Origin) -> Path:
    """Makes the finished folder the pack of that name, in place of an older one; returns its folder.

    Whenever it is interrupted, there is the old pack or the new one, and `origin_of` knows it. CoreError
    "no-space" or "bad-value" when it cannot be renamed.
    """
    packs = beside.parent
    before = origin_of(name)
    ours = before.manifests if before else ()
    if (packs / name).is_symlink():
        text = f'"{packs / name}" is a link to a folder elsewhere: remove it first.'
        raise CoreError("bad-value", text)
    named = packs / f".{name}{NEW}"
    try:
        new = hashlib.sha256((beside / MANIFEST).read_bytes()).hexdigest()
        beside.rename(named)
        _record(packs, name, origin, "", (*ours, new))
        put_in_place(named, packs / name)
        _record(packs, name, origin, origin.sha256, (new,))
    except OSError as error:
        raise unwritable(packs / name, error, REMEDY) from None
    finally:
        shutil.rmtree(named, ignore_errors=True)
    return packs / name


def remove(name: str) -> Path:
    """Deletes a pack of the user's; returns the folder where it was. A link to a folder elsewhere is cut.

    CoreError "bad-value" when it came with Anycost, when there is none, and when it cannot be deleted.
    """
    with changing() as packs:
        folder = own(packs, name)
        gone = packs / f".{folder.name}{GONE}"
        try:
            if folder.is_symlink():
                folder.unlink()
            else:
                folder.rename(gone)
            (packs / f"{folder.name}{RECORD}").unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(folder, error, REMEDY) from None
        shutil.rmtree(gone, ignore_errors=True)
    return folder


def installed() -> list[str]:
    """The folders' names of the packs whose origin is known."""
    packs = user_packs_folder()
    names = [record.name.removesuffix(RECORD) for record in sorted(packs.glob(f"*{RECORD}"))]
    return [name for name in names if not name.startswith(".") and (packs / name).is_dir()]


def origin_of(name: str) -> Origin | None:
    """Where the user's pack in the folder `name` came from; None when nobody knows."""
    path = user_packs_folder() / f"{name}{RECORD}"
    with suppress(OSError, ValueError, TypeError, RecursionError):
        with path.open("rb") as file:
            values: dict[str, Any] = json.loads(file.read(MAX_RECORD_BYTES))
        origin = Origin(**{**values, "manifests": tuple(values["manifests"])})
        texts = (origin.source, origin.index, origin.version, origin.sha256, origin.tag, *origin.manifests)
        if all(isinstance(text, str) for text in texts):
            return origin
    return None


def manifest_hash(folder: Path) -> str:
    """The SHA-256 of a pack's pack.json, which has those of all its files; empty if it cannot be read."""
    try:
        return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except OSError:
        return ""


def own(packs: Path, name: str) -> Path:
    """The folder of the user's pack of that name, in the folder of packs; a damaged one goes by its folder's.

    CoreError "bad-value" when it came with Anycost, and when there is none.
    """
    found = list_packs().get(name)
    if found is not None and found.parent == packs:
        return found
    own = [folder for folder in packs.iterdir() if _is_called(folder, name)]
    if own:
        return own[0]
    if found is not None:
        raise CoreError("bad-value", f'The pack "{name}" came with Anycost and stays as it is.')
    mine = ", ".join(name for name, folder in list_packs().items() if folder.parent == packs) or "none"
    raise CoreError("bad-value", f'There is no installed pack "{name}": choose one of yours ({mine}).')


def _is_called(folder: Path, name: str) -> bool:
    if folder.name.startswith(".") or not (folder / MANIFEST).is_file():
        return False
    try:
        return read_manifest(folder).name == name
    except PackError:
        return folder.name == name


def _record(packs: Path, name: str, origin: Origin, sha256: str, manifests: tuple[str, ...]) -> None:
    content = {**asdict(origin), "sha256": sha256, "manifests": manifests}
    write_bytes(packs / f"{name}{RECORD}", json.dumps(content, indent=1).encode())


def _recover(packs: Path) -> None:
    """Puts back what a killed process had moved away, and clears away the rest of its work."""
    for left in packs.glob(f".*{NEW}{OLD}"):
        place = packs / left.name.removeprefix(".").removesuffix(NEW + OLD)
        if os.path.lexists(place):
            shutil.rmtree(left)
        else:
            left.rename(place)
    for left in (packs / NEW, *packs.glob(f".*{NEW}"), *packs.glob(f".*{GONE}")):
        shutil.rmtree(left, ignore_errors=True)
    for left in packs.glob("*.part"):  # of a record
        if left.is_file():
            left.unlink()
    for record in packs.glob(f"*{RECORD}"):
        if not record.name.startswith(".") and not (packs / record.name.removesuffix(RECORD)).is_dir():
            record.unlink()
