"""Reads safetensors files and checks their headers before it allocates anything."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load
from torch import Tensor

from .manifest import PackError
from .plain_file import PlainFile, opened

MAX_HEADER_BYTES = 4 << 20  # a 1024 px generator has 30 KB
FLOATS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@contextmanager
def opened_safetensors(path: Path) -> Iterator[safe_open]:
    """Opens a safetensors file; PackError if its header is not sound."""
    try:
        with opened(path, most=1 << 62) as file:
            if int.from_bytes(file.read(8), "little") > MAX_HEADER_BYTES:
                raise _damaged(path)
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, UnicodeDecodeError):
        raise _damaged(path) from None
    except OSError as error:
        raise PackError(
            f'"{path}" cannot be read ({error.strerror}): check its name and permissions.'
        ) from None


def read_exactly(
    path: Path,
    expected: Mapping[str, tuple[int, ...]],
    sha256: str | None = None,
    most: float = math.inf,
    optional: Collection[str] = (),
) -> dict[str, Tensor]:
    """The tensors of a safetensors file as float32; PackError unless it holds exactly the `expected` shapes,
    of which those of `optional` may be missing, no value beyond `most`, and the bytes that `sha256` says.

    The header is checked before any tensor is read, so a file cannot make us allocate more than we expect.
    The file is read once: the bytes whose hash is checked are those of the tensors.
    """
    with opened(path) as file:
        try:
            tensors = _read(file, expected, optional)
        except PackError:
            check_hash(file, sha256)  # that the file is damaged explains all else
            raise
        check_hash(file, sha256)
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise PackError(f'"{path}" has values in {name} that are not numbers: get the pack again.')
        if tensor.numel() and tensor.abs().max() > most:
            raise PackError(f'"{path}" has values in {name} beyond {most:g}: ask its maker for another.')
    return tensors


def stored_tensors(path: Path, data: bytes | None = None) -> tuple[dict[str, Tensor], dict[str, str]]:
    """All tensors of a safetensors file as they are stored, and its metadata; PackError when it is not sound.

    `data` are the bytes of the file where they have been read already.
    """
    if data is None:
        with opened(path) as file:
            data = file.read(file.left)
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER_BYTES:
        raise _damaged(path)
    try:
        tensors = load(data)  # first: it checks the whole header
        return tensors, json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    except (SafetensorError, ValueError, RecursionError):
        raise _damaged(path) from None


def check_hash(file: PlainFile, sha256: str | None) -> None:
    """PackError unless the whole file has the hash that its pack says, if one does."""
    if sha256 is not None and file.hash_of_all() != sha256:
        folder, name = file.path.parent, file.path.name
        raise PackError(f'In the pack "{folder}", {name} is damaged (its hash is wrong): get the pack again.')


@dataclass(frozen=True)
class _Entry:
    """A tensor's place, as a header tells it: bytes from where the header ends."""

    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int


def _read(
    file: PlainFile, expected: Mapping[str, tuple[int, ...]], optional: Collection[str]
) -> dict[str, Tensor]:
    entries = _header(file)
    missing = set(optional) - set(entries)
    _check_names(file.path, entries, {name: s for name, s in expected.items() if name not in missing})
    found: dict[str, Tensor] = {}
    for name in sorted(entries, key=lambda name: entries[name].begin):
        entry = entries[name]
        tensor = torch.empty(entry.shape, dtype=FLOATS[entry.kind])
        if tensor.numel():
            file.read_into(tensor.reshape(-1).view(torch.uint8).numpy().data)
        found[name] = tensor.to(torch.float32)
    return found


def _header(file: PlainFile) -> dict[str, _Entry]:
    """The tensors of a file; PackError unless they are its whole rest, one after the other."""
    length = int.from_bytes(file.read(8), "little")
    if length > min(MAX_HEADER_BYTES, file.left):
        raise _damaged(file.path)
    try:
        said = json.loads(file.read(length).decode("utf-8"))
        said.pop("__metadata__", None)
        entries = {name: _entry(value) for name, value in said.items()}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise _damaged(file.path) from None
    at = 0
    for entry in sorted(entries.values(), key=lambda entry: (entry.begin, entry.end)):
        if entry.begin != at or entry.end < at:
            raise _damaged(file.path)
        at = entry.end
    if at != file.left:
        raise _damaged(file.path)
    return entries


def _entry(said: Any) -> _Entry:
    kind, shape, (begin, end) = str(said["dtype"]), tuple(said["shape"]), said["data_offsets"]
    if not all(type(n) is int and n >= 0 for n in (*shape, begin, end)):
        raise ValueError
    return _Entry(kind, shape, begin, end)


def _check_names(path: Path, entries: Mapping[str, _Entry], expected: Mapping[str, tuple[int, ...]]) -> None:
    for name in expected:
        if name not in entries:
            raise PackError(f'"{path}" has no tensor {name}, which pack.json calls for: get the pack again.')
    for name, entry in entries.items():
        if name not in expected:
            raise PackError(
                f'"{path}" has a tensor {name[:80]!r} that pack.json does not name: get the pack again.'
            )
        if entry.shape != tuple(expected[name]) or entry.kind not in FLOATS:
            raise PackError(
                f'"{path}" has {name} as {entry.kind[:8]} {list(entry.shape)[:8]} where pack.json calls '
                f"for floats of shape {list(expected[name])}: get the pack again."
            )
        if entry.end - entry.begin != math.prod(entry.shape) * FLOATS[entry.kind].itemsize:
            raise _damaged(path)


def _damaged(path: Path) -> PackError:
    return PackError(f'"{path}" is damaged or not a safetensors file: get it again.')
