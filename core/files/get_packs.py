"""Brings packs to the user's folder: from a file or a folder, from the web, or by name from an index."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ...models.manifest import SHA256, Manifest, PackError
from ...models.pack import BUILT_IN, Pack, file_sha256, list_packs
from ..errors import CoreError
from .download import download
from .pack_archive import copy, unpack
from .pack_check import damage
from .pack_sources import Offer, not_fetched, offer_of, origin_from
from .packs_folder import Origin, changing, manifest_hash, new_folder, origin_of, own, put
from .web import FetchFailure, Web
from .weights import WeightsFile

Progress = Callable[[int, int], object]  # bytes that have come, and of how many


class Installed(NamedTuple):
    """A pack that is in place; `new` says whether it was not before."""

    name: str
    folder: Path
    version: str
    new: bool


def install(source: str, progress: Progress, *, sha256: str = "", index: str = "") -> Installed:
    """Installs a pack from an archive or a folder, an address, or an index (an address or a path), by name.

    It is checked whole before it takes its place, and nothing in it is run. The next call continues an
    interrupted download. `sha256` is what the archive must have.
    CoreError "pack" when it does not come or is no sound pack, "bad-value" when there is a pack of its name
    or the source makes no sense, "no-space" when there is no room.
    """
    web = Web()
    origin = origin_from(web, source, index)
    if sha256 and not SHA256.fullmatch(sha256):
        raise CoreError("bad-value", "--sha256 takes 64 hex digits, 0 to 9 and a to f.")
    with changing() as packs, new_folder(packs) as beside:
        offer = offer_of(web, origin, sha256)
        if origin.index and (found := _already(origin.source, offer.sha256)):
            return found
        manifest, sha = _fill(web, offer, beside, progress)
        if origin.index and manifest.name != origin.source:
            text = f'In the index, the pack "{manifest.name}" is called "{origin.source}": tell its maker.'
            raise CoreError("pack", text)
        if found := _already(manifest.name, sha, manifest_hash(beside)):
            return found
        folder = _place(packs, manifest.name)
        put(beside, folder.name, replace(origin, version=offer.version, sha256=sha, tag=offer.tag))
    return Installed(manifest.name, folder, offer.version, True)


def update(name: str, progress: Progress) -> Installed:
    """Brings a pack to the version that its source has now, and mends a damaged one.

    CoreError as for `install`, and "bad-value" when the source is not known or the pack was changed since.
    """
    web = Web()
    with changing() as packs, new_folder(packs) as beside:
        folder = own(packs, name)
        origin, damaged = _known_origin(folder, name), bool(damage(folder))
        if not damaged and manifest_hash(folder) not in origin.manifests:
            text = f'The pack "{name}" was changed since it was installed: keep it so, or remove it first.'
            raise CoreError("bad-value", text)
        offer = offer_of(web, origin)
        same = (offer.sha256 and offer.sha256 == origin.sha256) or (offer.tag and offer.tag == origin.tag)
        if same and not damaged:
            return Installed(name, folder, origin.version, False)
        manifest, sha = _fill(web, offer, beside, progress)
        if manifest.name != folder.name:
            text = f'The pack "{name}" is now called "{manifest.name}": install it under its new name.'
            raise CoreError("bad-value", text)
        new = damaged or manifest_hash(beside) != manifest_hash(folder)
        put(beside, folder.name, replace(origin, version=offer.version, sha256=sha, tag=offer.tag))
    return Installed(name, folder, offer.version, new)


def _fill(web: Web, offer: Offer, beside: Path, progress: Progress) -> tuple[Manifest, str]:
    """Puts the pack into the folder `beside`; what its pack.json says, and the archive's SHA-256."""
    if isinstance(offer.source, Path):
        return _unpacked(offer.source, offer, beside), offer.sha256
    archive = _fetched(web, offer.source, offer, progress)
    try:
        manifest, sha = _unpacked(archive, offer, beside), offer.sha256 or file_sha256(archive)
    except CoreError as error:
        if error.kind == "pack":  # the next time, other bytes may come
            archive.unlink()
        raise
    archive.unlink()
    return manifest, sha


def _unpacked(path: Path, offer: Offer, beside: Path) -> Manifest:
    try:
        manifest = copy(Pack.open(path), beside) if path.is_dir() else unpack(path, beside, offer.shown)
    except PackError as error:
        raise CoreError("pack", str(error).replace(str(beside), offer.shown)) from None
    if problems := damage(beside):
        raise CoreError("pack", problems[0].replace(str(beside), offer.shown))
    return manifest


def _fetched(web: Web, address: str, offer: Offer, progress: Progress) -> Path:
    """The archive in the user's cache. What is there of an earlier version of the file is not continued."""
    known = offer.sha256 or hashlib.sha256(f"{address} {offer.size} {offer.tag}".encode()).hexdigest()
    file = WeightsFile(f"pack-{known[:16]}.zip", offer.sha256, offer.size)
    try:
        return download(web, address, file, lambda done: progress(done, offer.size))
    except FetchFailure as failure:
        raise not_fetched(str(failure)) from None


def _already(name: str, archive: str, manifest: str = "") -> Installed | None:
    """The installed pack of that name if it came from this archive, or has this pack.json; None without one.

    CoreError "bad-value" when it is another one, or damaged.
    """
    folder = list_packs().get(name)
    if folder is None:
        return None
    origin = origin_of(folder.name) or Origin("")
    same = manifest == manifest_hash(folder) if manifest else archive == origin.sha256
    if same and not damage(folder):
        return Installed(name, folder, origin.version, False)
    if folder.parent == BUILT_IN:
        text = f'A pack "{name}" came with Anycost: ask the other\'s maker to give it another name.'
        raise CoreError("bad-value", text)
    text = (
        f'There is a pack "{name}" already: `anycost packs update {name}` brings its newest version, and '
        f"`anycost packs remove {name}` makes room for another."
    )
    raise CoreError("bad-value", text)


def _known_origin(folder: Path, name: str) -> Origin:
    origin = origin_of(folder.name)
    if origin is None:
        text = f'Nobody knows where the pack "{name}" came from: remove it, and install it from there.'
        raise CoreError("bad-value", text)
    return origin


def _place(packs: Path, name: str) -> Path:
    if os.path.lexists(packs / name):
        raise CoreError("bad-value", f'"{packs / name}" is in the way: move it to another place.')
    return packs / name
