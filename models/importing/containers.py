"""Reads model files that a user brings, and runs nothing in them.

There are three containers: safetensors, PyTorch's (a zip, or the older stream), and NVIDIA's .pkl. Every
pickle first goes through `unpickle.Machine`, which also checks that each tensor lies inside the memory that
the file holds for it; only then may torch.load(weights_only=True) read it.
"""

from __future__ import annotations

import argparse
import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import torch
from torch import Tensor

from ..manifest import PackError
from ..safetensors_file import opened_safetensors
from .unpickle import NUMPY_TYPES, Known, Limits, Machine, Refused, Storage, damaged, known_names, storage_of

MAX_FILE_BYTES = 4 << 30
MAX_PIECE = 8 << 20  # bytes of the pickle in a PyTorch zip, and of its directory; neither holds tensor data
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # first object of PyTorch's older stream
LEGACY_HEAD = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
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
    """The content of a model file: nested dicts with tensors, numbers, texts and None.

    A network in an NVIDIA file is a dict with "class_name" and "state".
    """

    container: Literal["safetensors", "PyTorch", "NVIDIA"]
    content: Any
    file_bytes: int


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads a .safetensors, .pt, .pth or .pkl file; PackError says why when it is none, or damaged.

    Tensors of a PyTorch zip are views of the mapped file: copy those you keep.
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
        if head.startswith(b"PK"):
            return Checkpoint("PyTorch", _read_torch_zip(path), size)
        if head.startswith(LEGACY_HEAD):
            return Checkpoint("PyTorch", _read_torch_stream(path, size), size)
        if head.startswith(b"\x80"):
            return Checkpoint("NVIDIA", _read_nvidia(path, size), size)
    except Refused as reason:
        raise PackError(f'"{path}" {reason}.') from None
    except OSError as error:
        raise PackError(f'"{path}" cannot be read ({error.strerror}): check the disk it is on.') from None
    raise PackError(
        f'"{path}" is not a model file that can be read: choose a .pt, .pth, .pkl or .safetensors file.'
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


# ---- PyTorch


def _read_torch_zip(path: Path) -> Any:
    with path.open("rb") as file:
        data, sizes = _torch_zip(file)
    for key, storage in _storages(io.BytesIO(data), len(data))[1].items():
        # torch.load takes the size of a storage from the pickle, not from the entry that holds it
        if sizes.get(key, -1) < storage.elements * storage.dtype.itemsize:
            raise Refused("holds a tensor that claims more than the file has")
    return _torch_load(path, mmap=True)  # so that of a file with optimisers only the generator is read


def _torch_zip(file: BinaryIO) -> tuple[bytes, dict[str, int]]:
    """(pickle, bytes of each storage) from a zip that torch.save wrote."""
    size = os.fstat(file.fileno()).st_size
    try:
        with zipfile.ZipFile(_Sparing(file)) as archive:  # type: ignore[arg-type]
            entries = archive.infolist()
            sizes = {entry.filename: entry.file_size for entry in entries}
            pickles = [name for name in sizes if name.count("/") == 1 and name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise Refused("is an archive", "unpack it and choose the model's file inside it")
            root = pickles[0].removesuffix("data.pkl")
            if root + "constants.pkl" in sizes:
                raise Refused("is a TorchScript program", "choose a checkpoint of the model instead")
            packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
            if packed or len(sizes) != len(entries) or sum(sizes.values()) > size:
                raise Refused("is an archive that PyTorch did not write")
            prefix = root + "data/"
            storages = {name[len(prefix) :]: n for name, n in sizes.items() if name.startswith(prefix)}
            return archive.read(pickles[0]), storages
    except Refused:
        raise
    except (zipfile.BadZipFile, struct.error, EOFError, OverflowError, RuntimeError, ValueError):
        raise damaged() from None


class _Sparing:
    """A file with bounded reads, because zipfile reads a directory of any size at once."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MAX_PIECE:
            raise Refused("has more content than any model")
        return self.file.read(size if size >= 0 else MAX_PIECE)


def _storages(file: BinaryIO, end: int, limits: Limits | None = None) -> tuple[Any, dict[str, Storage]]:
    """The object of the next stream, with shapes in place of tensors, and the storages it refers to."""
    storages: dict[str, Storage] = {}

    def refer(reference: Any) -> Storage:
        key, storage = storage_of(reference)
        if storages.setdefault(key, storage) != storage:
            raise Refused("gives one storage two sizes")
        return storage

    return Machine(file, end, known_names(), refer, limits).run(), storages


def _read_torch_stream(path: Path, size: int) -> Any:
    with path.open("rb") as file:
        _check_torch_stream(file, size)
    return _torch_load(path, mmap=False)


def _check_torch_stream(
    file: BinaryIO, end: int, limits: Limits | None = None
) -> tuple[Any, dict[str, Storage]]:
    """The object and storages of PyTorch's older stream; Refused unless the storages fit into its rest.

    Leaves the file where the first storage begins: its number of elements in 8 bytes, then the elements.
    """
    header = Machine(file, end, {}, limits=limits)
    if header.run() != LEGACY_MAGIC or header.run() != 1001:
        raise damaged()
    system = header.run()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise Refused("comes from a big-endian computer", "save it again on an ordinary one")
    content, storages = _storages(file, end, limits)
    keys = header.run()
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise damaged()
    if sorted(keys) != sorted(storages):
        raise damaged()
    needed = sum(8 + storage.elements * storage.dtype.itemsize for storage in storages.values())
    if needed > end - file.tell():
        raise damaged()
    return content, storages


def _torch_load(path: Path, *, mmap: bool) -> Any:
    rebuilders: Any = [np.float64(0).__reduce__()[0], np.zeros(1).__reduce__()[0]]  # NumPy has moved these
    types = [argparse.Namespace, np.ndarray, np.dtype, *{type(np.dtype(code)) for code in NUMPY_TYPES}]
    try:
        with torch.serialization.safe_globals([*types, *rebuilders]):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception:  # there is no list of what torch raises on a damaged file
        raise damaged() from None


# ---- NVIDIA


def _read_nvidia(path: Path, size: int) -> Any:
    """The pickle of NVIDIA's PyTorch generators; the source code of the classes in it is thrown away."""
    with path.open("rb") as file:
        machine = Machine(file, size, known_names())
        own: dict[str, Callable[..., Any]] = {
            "torch_utils.persistence._reconstruct_persistent_obj": _network,
            "torch.storage._load_from_bytes": lambda data: _storage_from_bytes(data, machine.limits),
            "dnnlib.util.EasyDict": lambda *_: {},
        }
        machine.names |= {name: Known(name, make) for name, make in own.items()}
        return machine.run()


def _network(meta: Any) -> dict[str, Any]:
    return {"class_name": meta["class_name"], "state": meta["state"]}


def _storage_from_bytes(data: bytes, limits: Limits) -> Storage:
    """A tensor's memory, which is the bytes of a PyTorch stream in a plain pickle."""
    file = io.BytesIO(data)
    storage, _ = _check_torch_stream(file, len(data), limits)
    if not isinstance(storage, Storage):
        raise damaged()
    start = file.tell() + 8
    if int.from_bytes(data[start - 8 : start], "little") != storage.elements:
        raise damaged()
    if not storage.elements:
        return Storage(0, storage.dtype, torch.empty(0, dtype=storage.dtype))
    memory = bytearray(memoryview(data)[start : start + storage.elements * storage.dtype.itemsize])
    return Storage(storage.elements, storage.dtype, torch.frombuffer(memory, dtype=storage.dtype))
