"""Reads safetensors files and checks their headers before it allocates anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from .manifest import PackError

MAX_HEADER_BYTES = 4 << 20  # a 1024 px generator has 30 KB
FLOATS = ("F64", "F32", "F16", "BF16")


@contextmanager
def opened_safetensors(path: Path) -> Iterator[safe_open]:
    """Opens a safetensors file; PackError if its header is not sound."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
        if length > MAX_HEADER_BYTES:
            raise PackError(f'"{path}" is damaged or not a safetensors file: get it again.')
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, UnicodeDecodeError):
        raise PackError(f'"{path}" is damaged or not a safetensors file: get it again.') from None
    except OSError as error:
        raise PackError(
            f'"{path}" cannot be read ({error.strerror}): check its name and permissions.'
        ) from None


def read_exactly(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The tensors of a safetensors file as float32; PackError unless it holds exactly the `expected` shapes.

    The header is checked before any tensor is read, so a file cannot make us allocate more than we expect.
    """
    with opened_safetensors(path) as file:
        names = set(file.keys())
        for name in expected:
            if name not in names:
                raise PackError(
                    f'"{path}" has no tensor {name}, which pack.json calls for: get the pack again.'
                )
        for name in names:
            if name not in expected:
                raise PackError(
                    f'"{path}" has a tensor {name[:80]!r} that pack.json does not name: get the pack again.'
                )
            entry = file.get_slice(name)
            if tuple(entry.get_shape()) != tuple(expected[name]) or entry.get_dtype() not in FLOATS:
                raise PackError(
                    f'"{path}" has {name} as {entry.get_dtype()} {entry.get_shape()} where pack.json calls '
                    f"for floats of shape {list(expected[name])}: get the pack again."
                )
        # a copy, because this library's tensors are views of the mapped file, which may be replaced under us
        tensors = {name: file.get_tensor(name).to(torch.float32, copy=True) for name in expected}
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise PackError(f'"{path}" has values in {name} that are not numbers: get the pack again.')
    return tensors
