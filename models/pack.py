"""Packs: a folder with one model and all that belongs to it. docs/packs.md has the format."""

from __future__ import annotations

import ctypes
import errno
import glob
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save
from torch import Tensor

from .bank import Bank, bank_bytes, read_bank
from .features import Features
from .generator import Generator
from .manifest import (
    MANIFEST,
    MAX_VECTOR,
    MAX_WEIGHT,
    SCHEMA,
    Alignment,
    DirectionEntry,
    Manifest,
    PackError,
    Translations,
    parse_manifest,
    read_manifest,
)
from .plain_file import MAX_FILE_BYTES, opened
from .safetensors_file import check_hash, read_exactly
from .widths import SubGenerator, WidthRule

__all__ = [
    "Alignment",
    "Direction",
    "Pack",
    "PackError",
    "add_bank",
    "add_edits",
    "check_target",
    "checked_file",
    "list_packs",
    "put_in_place",
    "user_packs_folder",
    "write_pack",
]

LEFT = 3600.0  # seconds after which a folder that nobody has touched is the rest of a killed process
BUILT_IN = Path(__file__).parent / "packs"
GENERATOR_FILE = "generator.safetensors"
DIRECTIONS_FILE = "directions.safetensors"
ENCODER_FILE = "encoder.onnx"
FINDER_FILE = "finder.onnx"
HEAD_READER_FILE = "head_reader.onnx"
FEATURES_FILE = "features.safetensors"
BANK_FILE = "bank.safetensors"
MAX_PACKS = 1024  # that are looked at
NAMED = 20  # that a message lists
Used = TypeVar("Used")
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, eq=False)
class Direction:
    """An edit: w+ moves by value * vector, value in [low, high]. 0 changes nothing, 1 is the usable range.

    `vector` is float32 [n_style, style_dim]. `parts` and `how` are what it may touch on a picture and in
    which ways (manifest.PARTS, manifest.WAYS); empty where the maker does not say. `tip`, `default` and
    `translations` are for the panel (manifest.DirectionEntry).
    """

    name: str
    label: str
    group: str
    low: float
    high: float
    vector: np.ndarray
    parts: tuple[str, ...] = ()
    how: tuple[str, ...] = ()
    tip: str = ""
    default: float = 0.0
    translations: Translations = field(default_factory=dict)

    @classmethod
    def of(cls, said: DirectionEntry, vector: np.ndarray) -> Direction:
        """What a manifest says of it, and its vector."""
        return cls(**{part.name: getattr(said, part.name) for part in fields(said)}, vector=vector)


@dataclass(frozen=True, eq=False)
class Pack(Manifest):
    """A pack on disk. Opening reads pack.json and the directions; weights are read at their first use.

    Each file is checked against its hash in pack.json at its first use. Every failure is a PackError.
    """

    folder: Path
    directions: tuple[Direction, ...]

    @classmethod
    def open(cls, name_or_folder: str | os.PathLike[str]) -> Pack:
        """The pack in a folder, or the installed pack of that name (see `list_packs`)."""
        manifest_of = os.path.join(os.path.expanduser(name_or_folder), MANIFEST)
        folder = Path(manifest_of).parent
        # a folder of that name hides an installed pack only if it is a pack itself
        installed = {} if os.path.isfile(manifest_of) else list_packs()
        if str(name_or_folder) in installed:
            folder = installed[str(name_or_folder)]
        elif not os.path.isdir(folder):
            have = ", ".join(list(installed)[:NAMED]) or "none"
            raise PackError(
                f'There is no pack "{name_or_folder}": give its folder, or an installed name ({have}).'
            )
        manifest = read_manifest(folder)
        values = {field.name: getattr(manifest, field.name) for field in fields(Manifest)}
        for file in manifest.files:
            _check_file(folder, file)
        return cls(**values, folder=folder, directions=_read_directions(folder, manifest))

    def generator(self) -> Generator:
        """The generator on the CPU, float32, in eval mode, without gradients; the same object every time."""
        return self._weights[0]

    @property
    def mean_w(self) -> np.ndarray:
        """The mean of w over the prior, float32 [style_dim]."""
        return self._weights[1]

    @cached_property
    def encoder_path(self) -> Path | None:
        """The encoder's ONNX file, with its hash checked; None without one."""
        return self._network(self.encoder_file)

    @cached_property
    def finder_path(self) -> Path | None:
        """The finder's ONNX file, with its hash checked; None without one."""
        return self._network(self.finder_file)

    @cached_property
    def head_reader_path(self) -> Path | None:
        """The ONNX file of the reader of heads, with its hash checked; None without one."""
        return self._network(self.head_reader_file)

    @cached_property
    def features_path(self) -> Path | None:
        """The attribute network's weights, with their hash checked; None without them."""
        return self._network(self.features_file)

    @cached_property
    def bank(self) -> Bank | None:
        """Its portraits and what its directions do to a head, with the file's hash checked; None without."""
        file = self.bank_file
        if file is None:
            return None
        names = tuple(direction.name for direction in self.directions)
        return self._used(
            file, lambda path, sha256: read_bank(path, self.bank_portraits, self.style_dim, names, sha256)
        )

    @property
    def built_in(self) -> bool:
        """Whether it came with Anycost."""
        return self.folder.resolve().parent == BUILT_IN.resolve()

    def _network(self, file: str | None) -> Path | None:
        return None if file is None else self._checked(file)

    def read(self, file: str) -> bytes:
        """The bytes of one of its files, which have the hash that pack.json says."""
        return self._used(file, _read_checked)

    def _checked(self, file: str) -> Path:
        return self._used(file, lambda path, sha256: checked_file(self.folder, file, self.files))

    def _used(self, file: str, use: Callable[[Path, str], Used]) -> Used:
        """What `use` makes of a file, by its path and the hash that it must have."""
        try:
            return use(_check_file(self.folder, file), self.files[file])
        except PackError:
            if _files_of(self.folder) == self.files:
                raise
            text = f'The pack in "{self.folder}" was replaced or removed while it was open: choose it again.'
            raise PackError(text) from None

    @cached_property
    def _weights(self) -> tuple[Generator, np.ndarray]:
        with torch.device("meta"):  # shapes only: the tensors that are read take the memory
            network = Generator(self.resolution, self.channels, self.style_dim, self.n_mlp)
        expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        shapes = {**expected, "latent_avg": (self.style_dim,)}
        tensors = self._used(
            self.generator_file, lambda path, sha256: read_exactly(path, shapes, sha256, MAX_WEIGHT)
        )
        mean_w = tensors.pop("latent_avg").numpy()  # [style_dim]
        network.load_state_dict(tensors, assign=True)
        return network.eval().requires_grad_(False), mean_w


def user_packs_folder() -> Path:
    """The folder of the packs that the user installed or imported."""
    base = os.environ.get("XDG_DATA_HOME", "")
    data = Path(base) if os.path.isabs(base) else Path.home() / ".local" / "share"
    return data / "anycost" / "packs"


def list_packs() -> dict[str, Path]:
    """Installed packs, name -> folder: the built-in ones, then the user's.

    The name is the one in pack.json, or the folder's if that cannot be read (opening it then says why). Of
    two packs with the same name the first wins, so no user pack hides a built-in one.
    """
    packs: dict[str, Path] = {}
    for base in (BUILT_IN, user_packs_folder()):
        for folder in _folders(base):
            if not folder.name.startswith(".") and os.path.isfile(folder / MANIFEST):
                packs.setdefault(_name_of(folder), folder)
    return packs


def _folders(base: Path) -> list[Path]:
    """What lies in a folder, at most MAX_PACKS; nothing if it cannot be read: other packs work still."""
    with suppress(OSError), os.scandir(base) as entries:
        return sorted(Path(entry.path) for entry in islice(entries, MAX_PACKS))
    return []


def _name_of(folder: Path) -> str:
    try:
        return read_manifest(folder).name
    except PackError:
        return folder.name


def _files_of(folder: Path) -> dict[str, str]:
    """The files that a pack lists now; none where there is no pack any more."""
    try:
        return read_manifest(folder).files
    except PackError:
        return {}


def _check_file(folder: Path, file: str) -> Path:
    """The path of a pack's file; PackError unless it is a plain file inside the folder and not too large."""
    path = folder / file
    try:
        inside = path.resolve().parent == folder.resolve()
        status = path.stat()
    except (OSError, RuntimeError):
        raise PackError(
            f'The pack in "{folder}" has no {file}, which its pack.json lists: get the pack again.'
        ) from None
    if not inside or not stat.S_ISREG(status.st_mode):
        raise PackError(f'In the pack "{folder}", {file} is not a plain file inside it: get the pack again.')
    if status.st_size > MAX_FILE_BYTES:
        raise PackError(
            f'In the pack "{folder}", {file} is larger than 2 GiB, which no pack needs: get the pack again.'
        )
    return path


def checked_file(folder: Path, file: str, hashes: Mapping[str, str]) -> Path:
    """The path of a pack's file; PackError unless it is a plain file inside the folder, not too large, and
    its content is what pack.json says."""
    path = _check_file(folder, file)
    try:
        found = file_sha256(path)
    except OSError as error:
        raise PackError(f'"{path}" cannot be read ({error.strerror}): check its permissions.') from None
    if found != hashes[file]:
        raise PackError(f'In the pack "{folder}", {file} is damaged (its hash is wrong): get the pack again.')
    return path


def _read_checked(path: Path, sha256: str) -> bytes:
    with opened(path) as file:
        data = file.read(file.left)
        check_hash(file, sha256)
    return data


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _read_directions(folder: Path, manifest: Manifest) -> tuple[Direction, ...]:
    if not manifest.sliders:
        return ()
    if DIRECTIONS_FILE not in manifest.files:
        raise PackError(
            f'The pack in "{folder}" lists directions but no {DIRECTIONS_FILE}: get the pack again.'
        )
    path = _check_file(folder, DIRECTIONS_FILE)
    shapes = {slider.name: (manifest.n_style, manifest.style_dim) for slider in manifest.sliders}
    vectors = read_exactly(path, shapes, manifest.files[DIRECTIONS_FILE], MAX_VECTOR)
    return tuple(Direction.of(slider, vectors[slider.name].numpy()) for slider in manifest.sliders)


def write_pack(
    folder: str | os.PathLike[str],
    generator: Generator,
    *,
    name: str,
    title: str,
    licence: str,
    provenance: str,
    mean_w: np.ndarray,
    rule: WidthRule,
    ratios: Sequence[float],
    resolutions: Sequence[int],
    ladder: Sequence[SubGenerator],
    alignment: Alignment | None,
    shape: tuple[int, int] = (1, 1),
    directions: Sequence[Direction] = (),
    encoder: tuple[Path, int] | None = None,
    finder: tuple[Path, int] | None = None,
    head_reader: Path | None = None,
    features: Features | None = None,
    bank: Bank | None = None,
    documents: Mapping[str, str] | None = None,
    half: bool = False,
    replace: bool = False,
) -> Path:
    """Writes a pack and returns its folder.

    `mean_w` is [style_dim]; `shape` is width to height of what is drawn; `bank` has the effects of exactly
    these directions; `encoder` and `finder` are an ONNX file and the side in px of the pictures it was
    trained on; `head_reader` is an ONNX file; `documents` are further text files (MODEL_CARD.md, LICENSE);
    `half` stores matrices and kernels in float16. The pack is written beside `folder`, read back and renamed
    into place, so a failure leaves nothing half-made.
    PackError when the folder is taken (unless `replace`), the disk is full, or opening would refuse a value.
    """
    target = check_target(folder, replace)
    document = {
        "schema": SCHEMA,
        "name": name,
        "title": title,
        "licence": licence,
        "provenance": provenance,
        "generator": {
            "file": GENERATOR_FILE,
            "resolution": generator.resolution,
            "style_dim": generator.style_dim,
            "n_mlp": len(generator.style) - 1,
            "channels": list(generator.channels),
            "width_rule": {"kind": rule.kind, "cap": rule.cap, "multiplier": rule.multiplier},
        },
        "ratios": list(ratios),
        "resolutions": list(resolutions),
        "ladder": [rung_entry(rung) for rung in ladder],
        "alignment": {"eyes": list(alignment.eyes), "mouth": list(alignment.mouth)} if alignment else None,
        "encoder": {"file": ENCODER_FILE, "size": encoder[1]} if encoder else None,
        "finder": {"file": FINDER_FILE, "size": finder[1]} if finder else None,
        "head_reader": {"file": HEAD_READER_FILE} if head_reader else None,
        "features": {"file": FEATURES_FILE} if features else None,
        "bank": {"file": BANK_FILE, "portraits": len(bank.w)} if bank else None,
        "directions": [direction_entry(direction) for direction in directions],
    }
    weights = {key: _stored(value, half) for key, value in generator.state_dict().items()}
    weights["latent_avg"] = torch.tensor(np.asarray(mean_w, np.float32))  # [style_dim]
    tables = {GENERATOR_FILE: weights}
    if tuple(shape) != (1, 1):
        document["shape"] = list(shape)
    if directions:
        tables[DIRECTIONS_FILE] = {d.name: torch.tensor(np.asarray(d.vector, np.float32)) for d in directions}
    copies = {file: part[0] for file, part in ((ENCODER_FILE, encoder), (FINDER_FILE, finder)) if part}
    if head_reader:
        copies[HEAD_READER_FILE] = head_reader
    blobs = {file: text.encode() for file, text in (documents or {}).items()}
    if features:
        stored = {key: _stored(value, half) for key, value in features.state_dict().items()}
        blobs[FEATURES_FILE] = save(stored, features.metadata)
    if bank:
        blobs[BANK_FILE] = bank_bytes(bank)
    document["files"] = dict.fromkeys([*tables, *copies, *blobs], "0" * 64)
    parse_manifest(document)  # finds a wrong value before anything is written
    with _in_place_of(target) as beside:
        _fill(beside, document, tables, copies, blobs)
    return target


def add_bank(
    pack: Pack,
    bank: Bank,
    directions: Sequence[Direction],
    folder: str | os.PathLike[str] | None = None,
    replace: bool = False,
) -> Path:
    """Writes a pack with a bank to `folder`, by default in its own place; returns the folder.

    `directions` are those that the pack then has, with the `parts` and `how` that pack.json shall list. All
    other files of the folder are copied byte for byte. It is written and refused as `write_pack` says.
    """
    document = _document(pack)
    document["directions"] = [direction_entry(direction) for direction in directions]
    file = pack.bank_file or BANK_FILE
    files = {file: bank_bytes(bank)}
    if [direction.name for direction in directions] != [direction.name for direction in pack.directions]:
        files[DIRECTIONS_FILE] = _vectors(directions)
    document["bank"] = {"file": file, "portraits": len(bank.w)}
    return _write_changed(pack, document, files, folder, replace)


def add_readers(
    pack: Pack,
    finder: tuple[Path, int] | None = None,
    head_reader: Path | None = None,
    folder: str | os.PathLike[str] | None = None,
    *,
    features: Path | None = None,
    documents: Mapping[str, str] | None = None,
) -> Path:
    """Writes a pack with another finder, reader of heads or attribute network to `folder`, by default in its
    own place; returns the folder.

    `finder` is an ONNX file and the side in px of the pictures it was trained on, `features` a safetensors
    file; `documents` are text files that change too. All other files are copied byte for byte. It is written
    and refused as `write_pack` says.
    """
    document = _document(pack)
    files = {name: text.encode() for name, text in (documents or {}).items()}
    if finder:
        file = pack.finder_file or FINDER_FILE
        document["finder"] = {"file": file, "size": finder[1]}
        files[file] = finder[0].read_bytes()
    if head_reader:
        file = pack.head_reader_file or HEAD_READER_FILE
        document["head_reader"] = {"file": file}
        files[file] = head_reader.read_bytes()
    if features:
        file = pack.features_file or FEATURES_FILE
        document["features"] = {"file": file}
        files[file] = features.read_bytes()
    return _write_changed(pack, document, files, folder)


def add_edits(
    pack: Pack,
    encoder: tuple[Path, int] | None = None,
    directions: Sequence[Direction] = (),
    folder: str | os.PathLike[str] | None = None,
    *,
    provenance: str | None = None,
) -> Path:
    """Writes a pack with another encoder and further directions to `folder`, by default in its own place;
    returns the folder.

    `encoder` is an ONNX file and the side in px of the pictures it reads. A direction takes the place of one
    of the same name. The bank is left out: it was measured with the earlier ones. All other files are copied
    byte for byte. It is written and refused as `write_pack` says.
    """
    document = _document(pack)
    files: dict[str, bytes] = {}
    if encoder:
        file = pack.encoder_file or ENCODER_FILE
        document["encoder"] = {"file": file, "size": encoder[1]}
        files[file] = encoder[0].read_bytes()
    if directions:
        whole = {direction.name: direction for direction in (*pack.directions, *directions)}
        document["directions"] = [direction_entry(direction) for direction in whole.values()]
        files[DIRECTIONS_FILE] = _vectors(list(whole.values()))
    if provenance is not None:
        document["provenance"] = provenance
    document["bank"] = None
    return _write_changed(pack, document, files, folder, left_out=pack.bank_file)


def _vectors(directions: Sequence[Direction]) -> bytes:
    """The file of directions' vectors."""
    return save({d.name: torch.tensor(np.asarray(d.vector, np.float32)) for d in directions})


def _document(pack: Pack) -> dict[str, Any]:
    """pack.json as it stands there."""
    try:
        return json.loads((pack.folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f'The pack "{pack.title}" cannot be read any more ({error}): get it again.') from None


def _write_changed(
    pack: Pack,
    document: dict[str, Any],
    files: Mapping[str, bytes],
    folder: str | os.PathLike[str] | None,
    replace: bool = False,
    left_out: str | None = None,
) -> Path:
    """Writes a pack with another pack.json, with some files new and one left out; returns the folder."""
    target = pack.folder.resolve() if folder is None else check_target(folder, replace)
    document["files"].update({name: hashlib.sha256(data).hexdigest() for name, data in files.items()})
    document["files"].pop(left_out, None)
    parse_manifest(document)  # finds a wrong value before anything is written
    with _in_place_of(target) as beside:
        _copy_but(pack, beside, {*files, MANIFEST, left_out})
        for name, data in files.items():
            _write(beside / name, data)
        _write_manifest(beside, document)
    return target


def _copy_but(pack: Pack, folder: Path, left_out: set[str | None]) -> None:
    """Copies all that lies in a pack's folder, but what is left out."""
    for path in pack.folder.iterdir():
        if path.name in left_out:
            continue
        copy = folder / path.name
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, copy, symlinks=True)
            continue
        shutil.copyfile(path, copy, follow_symlinks=path.name in pack.files)
        if path.name in pack.files:
            _sync(copy)


def check_target(folder: str | os.PathLike[str], replace: bool = False) -> Path:
    """The absolute path of a folder in which a pack can be put; PackError where something else is there."""
    target = Path(os.path.abspath(os.path.expanduser(folder)))
    if not os.path.lexists(target):
        return target
    if not target.is_dir() or target.is_symlink():
        raise PackError(f'"{target}" exists and is not a folder: choose another place for the pack.')
    if (target / MANIFEST).is_file():
        if not replace:
            raise PackError(
                f'There is a pack in "{target}" already: choose another folder or allow it to be replaced.'
            )
    elif any(target.iterdir()):  # replacing it would delete files that are not ours
        raise PackError(f'"{target}" has other files in it: choose an empty folder for the pack.')
    return target


def rung_entry(rung: SubGenerator) -> dict[str, Any]:
    """A rung as pack.json has it: with its ratio, or with every layer's channels if its widths are free."""
    if rung.ratio is None:
        return {"resolution": rung.resolution, "channels": list(rung.channels)}
    return {"resolution": rung.resolution, "ratio": rung.ratio}


def direction_entry(direction: Direction) -> dict[str, Any]:
    """A direction's entry in pack.json."""
    entry = {name: getattr(direction, name) for name in ("name", "label", "group", "low", "high")}
    panel = {name: getattr(direction, name) for name in ("tip", "default", "translations")}
    return entry | _words(direction) | {name: value for name, value in panel.items() if value}


def _words(direction: Direction) -> dict[str, list[str]]:
    """What a direction says of its parts and ways, as pack.json has it."""
    said = {"parts": list(direction.parts), "how": list(direction.how)}
    return {key: words for key, words in said.items() if words}


def _stored(value: Tensor, half: bool) -> Tensor:
    # vectors stay float32: they are small, and rounding hurts biases and noise strengths most
    kind = torch.float16 if half and value.ndim > 1 else torch.float32
    return value.detach().to("cpu", kind, copy=True).contiguous()  # copies, or tied tensors would be one


def _fill(
    folder: Path,
    document: dict[str, Any],
    tables: Mapping[str, Mapping[str, Tensor]],
    copies: Mapping[str, Path],
    blobs: Mapping[str, bytes],
) -> None:
    """Writes every file, then pack.json with their hashes."""
    for file, tensors in tables.items():
        _write(folder / file, save(dict(tensors)))
    for file, source in copies.items():
        shutil.copyfile(source, folder / file)
        _sync(folder / file)
    for file, data in blobs.items():
        _write(folder / file, data)
    document["files"] = {path.name: file_sha256(path) for path in sorted(folder.iterdir())}
    _write_manifest(folder, document)


def _write_manifest(folder: Path, document: dict[str, Any]) -> None:
    """Writes pack.json, the last file, and opens the pack as a reader would."""
    _write(folder / MANIFEST, json.dumps(document, indent=1, ensure_ascii=False).encode())
    pack = Pack.open(folder)
    pack.generator()
    _ = pack.bank
    if os.name == "posix":
        _sync(folder)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _in_place_of(target: Path) -> Iterator[Path]:
    """A new folder beside `target`, which takes its place at the end; a failure leaves nothing of it."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear(target)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            yield beside
            put_in_place(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        raise PackError(_write_failure(target, error)) from None


def _clear(target: Path) -> None:
    """Removes what killed processes have left of the same pack: folders that nobody has touched for long."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*"):
        with suppress(OSError):
            if left.is_dir() and time.time() - left.stat().st_mtime > LEFT:
                shutil.rmtree(left, ignore_errors=True)


def put_in_place(beside: Path, target: Path) -> None:
    """Gives the finished folder `beside` its name, and deletes an older pack of that name last. OSError when
    it cannot be renamed: then the older pack is in its place.

    On Linux there is a pack of that name all the time; elsewhere the older one is at `beside`.old for a
    moment.
    """
    beside.chmod(0o755)  # mkdtemp makes it private; whoever may read its parent may read a pack
    old = beside
    if not target.exists():
        beside.rename(target)
    elif not _exchanged(beside, target):
        old = beside.with_name(beside.name + ".old")
        target.rename(old)
        try:
            beside.rename(target)
        except OSError:
            old.rename(target)
            raise
    try:
        if os.name == "posix":
            _sync(target.parent)
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchanges two folders at once; False where the system cannot."""
    if sys.platform != "linux":
        return False
    call = getattr(ctypes.CDLL(None), "renameat2", None)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return call is not None and call(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def _write_failure(target: Path, error: OSError | SafetensorError) -> str:
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return f'There is not enough room on the disk for the pack "{target}": free some and try again.'
    return f'The pack "{target}" cannot be written ({error}): check that its folder can be written to.'
