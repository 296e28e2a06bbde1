"""A pack as one file: a zip of its folder, the same bytes for the same pack. One may be made to do harm."""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from ...models.manifest import (
    FILE_NAME,
    MANIFEST,
    MAX_ITEMS,
    MAX_MANIFEST_BYTES,
    Manifest,
    PackError,
    read_manifest,
)
from ...models.pack import Pack
from ...models.plain_file import MAX_FILE_BYTES, PlainFile, opened
from ...models.safetensors_file import check_hash
from ..errors import CoreError
from .whole_file import writing

MOST_BYTES = 8 << 30  # of an archive, and of all its files
MOST_MEMBERS = MAX_ITEMS + 2  # the files that pack.json lists, itself, and the folder
MOST_TIMES = 20  # the files may take this many times the archive's size; weights hardly shrink
BLOCK = 1 << 20  # bytes read at once, of the zip's list of files too
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the date of all members: the earliest that a zip can tell
ASK = "ask its maker for one that `anycost packs bundle` has made"
AGAIN = "get it again"
# the usual ones; the other ways of packing may need much memory for a few bytes
PACKING = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# what the standard library raises for damaged zips; OSError when one points before its own start
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError)


def bundle(pack: Pack, out: Path) -> None:
    """Writes the pack's folder as a zip: pack.json and the files it lists, in order, stored, without dates.

    PackError when a file is damaged, CoreError "no-space" or "bad-value" when `out` cannot be written.
    """
    names = sorted([MANIFEST, *pack.files])
    _check_collisions(names, str(pack.folder))
    with writing(out) as target, zipfile.ZipFile(target, "w") as archive:
        for name in names:
            member = zipfile.ZipInfo(f"{pack.name}/{name}", BEGINNING)
            member.create_system = 3  # Unix, on every system
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            with opened(pack.folder / name) as source:
                member.file_size = source.left
                with archive.open(member, "w") as file:
                    _copy(source, file, pack.files.get(name))


def unpack(archive: Path, folder: Path, source: str) -> Manifest:
    """Writes the files of the pack in a zip into the empty `folder`; errors call the zip `source`.

    Every file has the size that the zip tells and the hash that pack.json has. No name in the zip places
    anything: all files are plain and lie directly in the folder, whatever the zip calls its own.
    CoreError "pack" for a zip that is no pack, is damaged or could do harm, "no-space" or "bad-value" when a
    file cannot be written.
    """
    try:
        with _Bounded(archive) as file, zipfile.ZipFile(file) as opened:
            return _unpack(opened, archive.stat().st_size, folder, source)
    except PackError as error:  # of pack.json, which is read where it was unpacked to
        raise CoreError("pack", str(error).replace(str(folder), source)) from None
    except DAMAGE:
        raise _refused(source, "it is no zip file, or a damaged one", AGAIN) from None


def copy(pack: Pack, folder: Path) -> Manifest:
    """Writes the pack's files into the empty `folder`; PackError when one is damaged, else as `unpack`."""
    _check_collisions([MANIFEST, *pack.files], str(pack.folder))
    with opened(pack.folder / MANIFEST, MAX_MANIFEST_BYTES) as file, writing(folder / MANIFEST) as target:
        _copy(file, target)
    manifest = read_manifest(folder)
    for name, sha256 in manifest.files.items():
        with opened(pack.folder / name) as file, writing(folder / name) as target:
            _copy(file, target, sha256)
    return manifest


def _copy(source: PlainFile, target: IO[bytes], sha256: str | None = None) -> None:
    """Copies a file of a pack; PackError unless what was copied has the hash, if one is given."""
    while source.left:
        target.write(source.read(min(BLOCK, source.left)))
    check_hash(source, sha256)


def _unpack(opened: zipfile.ZipFile, size: int, folder: Path, source: str) -> Manifest:
    members = _members(opened.infolist(), source)
    _check_sizes(members, size, folder, source)
    _extract(opened, members.pop(MANIFEST), folder / MANIFEST)
    manifest = read_manifest(folder)
    if lacking := sorted(manifest.files.keys() - members.keys()):
        raise _refused(source, f"it lacks {lacking[0]}")
    if unlisted := sorted(members.keys() - manifest.files.keys()):
        raise _refused(source, f"its {MANIFEST} does not list {unlisted[0]}")
    for name, member in members.items():
        if _extract(opened, member, folder / name) != manifest.files[name]:
            raise _refused(source, f"its {name} is damaged (the hash is wrong)", AGAIN)
    return manifest


def _members(found: Iterable[zipfile.ZipInfo], source: str) -> dict[str, zipfile.ZipInfo]:
    """The pack's files by name, all of one folder of the zip; CoreError for anything else in it."""
    found = list(found)
    if len(found) > MOST_MEMBERS:
        raise _refused(source, f"it has more than {MOST_MEMBERS} files, which no pack needs")
    members: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for member in found:
        # the name as it is written: zipfile cuts it at a zero byte
        folder, slash, name = member.orig_filename.rpartition("/")
        _check_kind(member, source)
        plain = [part for part in (folder, name) if part]
        if not all(FILE_NAME.fullmatch(part) for part in plain) or (slash and not folder) or not plain:
            raise _refused(source, f"{_shown(member)} is no plain file in the pack's folder")
        folders.add(folder)
        if not name:
            continue  # the folder itself
        if name in members:
            raise _refused(source, f"it has {name} twice")
        members[name] = member
    if len(folders) > 1:
        raise _refused(source, "it has files in more than one folder")
    if MANIFEST not in members:
        raise _refused(source, f"it is no pack: it has no {MANIFEST}")
    _check_collisions(members, source)
    return members


def _check_kind(member: zipfile.ZipInfo, source: str) -> None:
    """CoreError for a link, a device, an encrypted member, and unusual packing."""
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(source, f"{_shown(member)} is a link or a device, which no pack needs")
    if member.flag_bits & 1:
        raise _refused(source, f"{_shown(member)} is encrypted")
    if member.compress_type not in PACKING:
        raise _refused(source, f"{_shown(member)} is packed in an unusual way")


def _check_collisions(names: Iterable[str], source: str) -> None:
    """CoreError for names that are one on some systems."""
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.setdefault(name.casefold(), name)) != name:
            raise _refused(source, f"{other} and {name} are the same file on some systems")


def _check_sizes(members: Mapping[str, zipfile.ZipInfo], size: int, folder: Path, source: str) -> None:
    """CoreError before anything is written, if the members take more than a pack, the zip or the disk has."""
    for name, member in members.items():
        most = MAX_MANIFEST_BYTES if name == MANIFEST else MAX_FILE_BYTES
        if member.file_size > most:
            raise _refused(source, f"{name} is larger than {most >> 20} MiB, which no pack needs")
    whole = sum(member.file_size for member in members.values())
    packed = sum(member.compress_size for member in members.values())
    if whole > MOST_BYTES:
        raise _refused(source, f"its files take more than {MOST_BYTES >> 30} GiB, which no pack needs")
    if packed > size:
        raise _refused(source, "its files lie upon each other, which makes it larger than it is")
    if whole > MOST_TIMES * size + MAX_MANIFEST_BYTES:
        raise _refused(source, f"its files take more than {MOST_TIMES} times its size, which no pack does")
    if whole > shutil.disk_usage(folder).free:
        raise CoreError("no-space", f'There is no room for the files of "{source}": free some space.')


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> str:
    """Writes a member to `path`; its SHA-256. BadZipFile unless it has the size that the zip tells."""
    with opened.open(member) as file:
        digest, written = _write(file, path)
    if written != member.file_size:
        raise zipfile.BadZipFile(member.filename)
    return digest


def _write(source: IO[bytes], path: Path) -> tuple[str, int]:
    """Writes all of `source` to `path`; the SHA-256 and the number of its bytes."""
    digest, written = hashlib.sha256(), 0
    with writing(path) as target:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)
            written += len(block)
    return digest.hexdigest(), written


class _Bounded(io.FileIO):
    """Refuses to read much at once: zipfile reads a zip's list of files whole, however long it is."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > BLOCK:
            raise zipfile.BadZipFile("its list of files is too long")
        return super().read(-1 if size is None else size)


def _shown(member: zipfile.ZipInfo) -> str:
    """A member's name as a message can hold it."""
    return ascii(member.orig_filename[:80])


def _refused(source: str, what: str, remedy: str = ASK) -> CoreError:
    return CoreError("pack", f'"{source}" cannot be installed: {what}; {remedy}.')
