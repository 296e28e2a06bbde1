"""Reads model files that a user brings, and runs nothing in them.

There are four containers: safetensors, PyTorch's (a zip, or the older stream), NVIDIA's .pkl and NumPy's
(.npy, .npz). Every pickle goes through `unpickle.Machine`, which also checks that each tensor lies inside the
memory that the file holds for it.
"""

from __future__ import annotations

import io
import lzma
import math
import mmap
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import torch
from torch import Tensor

from ..manifest import PackError
from ..safetensors_file import opened_safetensors
from .unpickle import (
    Known,
    Limits,
    Machine,
    Refused,
    Storage,
    damaged,
    known_names,
    storage_of,
    tensor_of,
)

MAX_FILE_BYTES = 4 << 30
MAX_PIECE = 8 << 20  # bytes of the pickle in a PyTorch zip, and of its directory; neither holds tensor data
MAX_ARRAYS = 256 << 20  # bytes that the arrays of an .npy or .npz file may have, unpacked
LOCAL_HEADER = struct.Struct("<4s22xHH")  # of a zip's entry: signature, lengths of its name and extra field
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # first object of PyTorch's older stream
LEGACY_HEAD = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
BAD_ZIP = (zipfile.BadZipFile, struct.error, EOFError, OverflowError, RuntimeError, ValueError)
NOT_A_MODEL = "is not a model, but"
FOREIGN = (  # how other files begin, and what they are
    (b"\x89PNG", f"{NOT_A_MODEL} a picture: choose the model's file."),
    (b"\xff\xd8\xff", f"{NOT_A_MODEL} a picture: choose the model's file."),
    (b"GIF8", f"{NOT_A_MODEL} a picture: choose the model's file."),
    (b"RIFF", f"{NOT_A_MODEL} a picture or a sound: choose the model's file."),
    (b"%PDF", f"{NOT_A_MODEL} a document: choose the model's file."),
    (b"\x1f\x8b", "is compressed: unpack it and choose the model's file inside it."),
    (b"7z\xbc\xaf", "is an archive: unpack it and choose the model's file inside it."),
    (b"Rar!", "is an archive: unpack it and choose the model's file inside it."),
    (b"\xfd7zXZ", "is compressed: unpack it and choose the model's file inside it."),
    (b"BZh", "is compressed: unpack it and choose the model's file inside it."),
    (b"\x89HDF", f"{NOT_A_MODEL} an HDF5 file: look for the PyTorch file of the model."),
    (
        b"version https://git-lfs",
        "is a pointer that Git LFS left in place of the model: download the model itself.",
    ),
)


@dataclass(frozen=True)
class Checkpoint:
    """The content of a model file: nested dicts with tensors, numbers, texts, None, and `Foreign` objects of
    other programs' classes: settings, and networks that were saved whole."""

    container: Literal["safetensors", "PyTorch", "NVIDIA", "NumPy"]
    content: Any
    file_bytes: int


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads a .safetensors, .pt, .pth, .pkl, .npy or .npz file; PackError says why when it is none.

    Tensors of a PyTorch file are views of the mapped file: copy those you keep.
    """
    size, head = _look(path)
    for magic, what in FOREIGN:
        if head.startswith(magic):
            raise PackError(f'"{path}" {what}')
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise PackError(f'"{path}" is a web page, saved in place of the model: download the model itself.')
    try:
        if head[8:9] == b"{":
            return Checkpoint("safetensors", _read_safetensors(path), size)
        if head.startswith(b"\x93NUMPY"):
            if size > MAX_ARRAYS:
                raise Refused("has more content than any model")
            return Checkpoint("NumPy", _read_array(io.BytesIO(path.read_bytes()), size), size)
        if head.startswith(b"PK"):
            with path.open("rb") as file:
                if (arrays := _read_arrays(file)) is not None:
                    return Checkpoint("NumPy", arrays, size)
                return Checkpoint("PyTorch", _read_torch_zip(file), size)
        if head.startswith(LEGACY_HEAD):
            return Checkpoint("PyTorch", _read_torch_stream(path, size), size)
        if head.startswith(b"\x80"):
            return Checkpoint("NVIDIA", _read_nvidia(path, size), size)
    except Refused as reason:
        raise PackError(f'"{path}" {reason}.') from None
    except OSError as error:
        raise PackError(f'"{path}" cannot be read ({error.strerror}): check the disk it is on.') from None
    raise PackError(
        f'"{path}" is not a model file that can be read: choose a .pt, .pth, .pkl, .safetensors, .npy '
        "or .npz file."
    )


def _look(path: Path) -> tuple[int, bytes]:
    """The size and the first bytes of a plain file."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PackError(f'"{path}" is not a file: choose the model\'s file.')
        with path.open("rb") as file:
            head = file.read(256)
    except OSError as error:
        raise PackError(
            f'"{path}" cannot be read ({error.strerror}): check its name and permissions.'
        ) from None
    if status.st_size < 16:
        raise PackError(f'"{path}" is empty or nearly so: get the file again.')
    if status.st_size > MAX_FILE_BYTES:
        raise PackError(f'"{path}" is larger than 4 GiB, more than any generator: choose another file.')
    return status.st_size, head


# ---- safetensors


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    with opened_safetensors(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict


# ---- NumPy


def _read_array(file: BinaryIO, size: int) -> Tensor:
    """The array of numbers in an .npy file of `size` bytes."""
    try:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, by_columns, dtype = read_header(file)
        if math.prod(shape) * dtype.itemsize > size or len(shape) > 8:
            raise damaged()
        plain = dtype.kind in "fiub" and dtype.byteorder != ">"
        found = tensor_of(file.read(), dtype, shape, by_columns) if plain else None
    except Refused:
        raise
    except Exception:  # there is no list of what NumPy raises on a damaged header
        raise damaged() from None
    if found is None:
        raise Refused("holds NumPy data that are not plain numbers")
    return found


def _read_arrays(file: BinaryIO) -> dict[str, Tensor] | None:
    """The arrays of numbers in an .npz file by name; None when the zip is something else."""
    try:
        with zipfile.ZipFile(_Sparing(file)) as archive:  # type: ignore[arg-type]
            entries = archive.infolist()
            if not entries or not all(entry.filename.endswith(".npy") for entry in entries):
                return None
            if sum(entry.file_size for entry in entries) > MAX_ARRAYS or len(entries) > 4096:
                raise Refused("has more content than any model")
            found = {}
            for entry in entries:
                array = _entry_array(archive, entry)
                if array is not None:
                    found[entry.filename.removesuffix(".npy")] = array
            return found
    except Refused:
        raise
    except (*BAD_ZIP, NotImplementedError, zlib.error, lzma.LZMAError):
        raise damaged() from None


def _entry_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Tensor | None:
    """None for an array that is not of numbers, such as a text about the others."""
    with archive.open(entry) as packed:
        data = io.BytesIO(packed.read(entry.file_size))
    try:
        return _read_array(data, entry.file_size)
    except Refused:
        return None


# ---- PyTorch


def _read_torch_zip(file: BinaryIO) -> Any:
    """The object in a zip that torch.save wrote."""
    archive = _torch_zip(file)
    memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    places: dict[str, Storage] = {}

    def refer(reference: Any) -> Storage:
        key, storage = storage_of(reference)
        if key not in places:
            start, size = archive.storages.get(key, (0, -1))
            if size < storage.elements * storage.dtype.itemsize:
                raise Refused("holds a tensor that claims more than the file has")
            places[key] = _with_values(storage, memory, start)
        if replace(places[key], values=None) != storage:
            raise Refused("gives one storage two sizes")
        return places[key]

    return Machine(io.BytesIO(archive.pickle), len(archive.pickle), known_names(), _class_or(refer)).run()


@dataclass(frozen=True)
class _TorchZip:
    pickle: bytes
    storages: dict[str, tuple[int, int]]  # key -> (offset in the file, bytes)


def _torch_zip(file: BinaryIO) -> _TorchZip:
    """What a zip holds that torch.save wrote; Refused for another one."""
    size = os.fstat(file.fileno()).st_size
    try:
        with zipfile.ZipFile(_Sparing(file)) as archive:  # type: ignore[arg-type]
            entries = {entry.filename: entry for entry in archive.infolist()}
            pickles = [name for name in entries if name.count("/") == 1 and name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise Refused("is an archive", "unpack it and choose the model's file inside it")
            root = pickles[0].removesuffix("data.pkl")
            if root + "constants.pkl" in entries:
                raise Refused("is a TorchScript program", "choose a checkpoint of the model instead")
            packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values())
            whole = sum(entry.file_size for entry in entries.values())
            if packed or len(entries) != len(archive.infolist()) or whole > size:
                raise Refused("is an archive that PyTorch did not write")
            if root + "byteorder" in entries and archive.read(root + "byteorder") != b"little":
                raise _big_endian()
            prefix = root + "data/"
            storages = {
                name.removeprefix(prefix): (_start(file, entry, size), entry.file_size)
                for name, entry in entries.items()
                if name.startswith(prefix)
            }
            return _TorchZip(archive.read(pickles[0]), storages)
    except Refused:
        raise
    except BAD_ZIP:
        raise damaged() from None


def _start(file: BinaryIO, entry: zipfile.ZipInfo, size: int) -> int:
    """Where a stored entry's bytes begin in a zip of `size` bytes."""
    file.seek(entry.header_offset)
    signature, name, extra = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
    start = entry.header_offset + LOCAL_HEADER.size + name + extra
    if signature != b"PK\x03\x04" or start + entry.file_size > size:
        raise damaged()
    return start


def _big_endian() -> Refused:
    return Refused("comes from a big-endian computer", "save it again on an ordinary one")


class _Sparing:
    """A file with bounded reads, because zipfile reads a directory of any size at once."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MAX_PIECE:
            raise Refused("has more content than any model")
        return self.file.read(size if size >= 0 else MAX_PIECE)


def _with_values(storage: Storage, memory: mmap.mmap | bytes, start: int) -> Storage:
    """The storage with the values that begin at `start` of the file: a view where they are aligned."""
    dtype, count = storage.dtype, storage.elements
    if not count:
        return replace(storage, values=torch.empty(0, dtype=dtype))
    if isinstance(memory, bytes) or start % dtype.itemsize:
        piece = bytearray(memoryview(memory)[start : start + count * dtype.itemsize])
        return replace(storage, values=torch.frombuffer(piece, dtype=dtype))
    return replace(storage, values=torch.frombuffer(memory, dtype=dtype, count=count, offset=start))


def _class_with_source(reference: Any) -> Known | None:
    """The class that an old PyTorch file names with its source code, which is not read; None for another
    persistent id."""
    if isinstance(reference, tuple) and len(reference) == 4 and reference[0] == "module":
        return reference[1] if isinstance(reference[1], Known) else None
    return None


def _read_torch_stream(path: Path, size: int) -> Any:
    """The object of PyTorch's older stream, in two passes: the first finds out where the storages are."""
    with path.open("rb") as file:
        stream = _check_torch_stream(file, size)
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        places = {}
        for key in stream.keys:
            start = file.tell() + 8
            storage = stream.storages[key]
            if int.from_bytes(memory[start - 8 : start], "little") != storage.elements:
                raise damaged()
            places[key] = _with_values(storage, memory, start)
            file.seek(start + storage.elements * storage.dtype.itemsize)
        file.seek(stream.start)
        refer = _class_or(lambda reference: places[storage_of(reference)[0]])
        return Machine(file, size, known_names(), refer).run()


@dataclass(frozen=True)
class _TorchStream:
    content: Any  # with shapes in place of tensors
    start: int  # of the object in the file
    storages: dict[str, Storage]
    keys: list[str]  # of the storages, in their order in the file


def _check_torch_stream(file: BinaryIO, end: int, limits: Limits | None = None) -> _TorchStream:
    """What PyTorch's older stream holds; Refused unless the storages fit into its rest.

    Leaves the file where the first storage begins: its number of elements in 8 bytes, then the elements.
    """
    header = Machine(file, end, {}, limits=limits)
    if header.run() != LEGACY_MAGIC or header.run() != 1001:
        raise damaged()
    system = header.run()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _big_endian()
    start = file.tell()
    storages: dict[str, Storage] = {}

    def refer(reference: Any) -> Storage:
        key, storage = storage_of(reference)
        if storages.setdefault(key, storage) != storage:
            raise Refused("gives one storage two sizes")
        return storage

    content = Machine(file, end, known_names(), _class_or(refer), limits).run()
    keys = header.run()
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise damaged()
    if sorted(keys) != sorted(storages):
        raise damaged()
    needed = sum(8 + storage.elements * storage.dtype.itemsize for storage in storages.values())
    if needed > end - file.tell():
        raise damaged()
    return _TorchStream(content, start, storages, keys)


def _class_or(refer: Callable[[Any], Storage]) -> Callable[[Any], Any]:
    return lambda reference: _class_with_source(reference) or refer(reference)


# ---- NVIDIA


def _read_nvidia(path: Path, size: int) -> Any:
    """The pickle of NVIDIA's PyTorch generators; the source code of the classes in it is thrown away."""
    with path.open("rb") as file:
        machine = Machine(file, size, known_names())
        name = "torch.storage._load_from_bytes"
        machine.names[name] = Known(name, lambda data: _storage_from_bytes(data, machine.limits))
        return machine.run()


def _storage_from_bytes(data: bytes, limits: Limits) -> Storage:
    """A tensor's memory, which is the bytes of a PyTorch stream in a plain pickle."""
    file = io.BytesIO(data)
    storage = _check_torch_stream(file, len(data), limits).content
    if not isinstance(storage, Storage):
        raise damaged()
    start = file.tell() + 8
    if int.from_bytes(data[start - 8 : start], "little") != storage.elements:
        raise damaged()
    return _with_values(storage, data, start)
