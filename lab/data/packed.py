"""Pictures packed for training: one file, mapped into memory, from which nothing must be decoded.

The file begins with a header of `HEADER` bytes, JSON between a first line that says what it is and newlines.
Picture k follows at HEADER + k * its bytes: uint8 [3, h, w], without black rows. So the file needs no list of
its pictures, and processes on one machine share one copy of it in memory.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from ...core.errors import CoreError
from ...core.files.whole_file import unwritable, write_bytes
from ...models.manifest import FLATTEST
from .ahead import made_ahead
from .frame import PictureFrame
from .picture_files import Files

MAGIC = b"anycost pictures 1\n"
HEADER = 4096
SIDES = (8, 2048)  # px, the least and the most
NOTED = 64  # pictures between two notes of how far packing has come
AHEAD = 4  # pictures that each process may be ahead of the file


class Packed:
    """The pictures of a packed file, reduced to a frame if they are larger.

    CoreError "bad-value" if the file is damaged, or if its pictures have another shape or too few px.
    """

    def __init__(self, path: Path, frame: PictureFrame | None = None):
        self.path = path
        have = _frame(path)
        self.frame = frame or have
        _check_fits(path, have, self.frame)
        self.factor = have.resolution // self.frame.resolution
        width, height = have.size
        count = (path.stat().st_size - HEADER) // (3 * width * height)
        if count < 1:
            raise _damaged(path)
        self.pictures = np.memmap(path, np.uint8, "r", HEADER, (count, 3, height, width))

    def __len__(self) -> int:
        return len(self.pictures)

    def name(self, index: int) -> str:
        return f"{self.path}, picture {index}"

    def read(self, index: int) -> np.ndarray:
        """A picture, uint8 [3, h, w]; a reduced one is the mean of each cell."""
        picture, factor = self.pictures[index], self.factor
        if factor == 1:
            return picture
        channels, height, width = picture.shape
        cells = picture.reshape(channels, height // factor, factor, width // factor, factor)
        return (cells.sum((2, 4), np.uint32) / factor**2 + 0.5).astype(np.uint8)

    def __reduce__(self) -> tuple[Any, ...]:
        return Packed, (self.path, self.frame)  # another process maps it anew, rather than get a copy of all


def is_packed(path: Path) -> bool:
    """Whether a file says that it holds packed pictures."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def pack(files: Files, out: Path, processes: int = 1) -> int:
    """Packs all usable pictures of `files`, in their order, into the file `out`; returns how many.

    What is done lies in `out`.part and `out`.part.json until all is: the same call goes on from there.
    CoreError if `out` exists, if another set of pictures lies half packed there, or if nothing is usable.
    """
    if out.exists():
        raise CoreError("bad-value", f'"{out}" exists: remove it, or name another file.')
    half, note = Path(f"{out}.part"), Path(f"{out}.part.json")
    header = _header(files.frame)
    source = _digest(files)
    tried, kept = _progress(half, note, source)
    width, height = files.frame.size
    each = 3 * width * height
    read = made_ahead(_Readable(files), processes if processes > 1 else 0, AHEAD, range(tried, len(files)))
    try:
        with half.open("r+b" if half.exists() else "w+b") as file:
            file.write(header)
            file.truncate(HEADER + kept * each)
            file.seek(0, os.SEEK_END)
            for picture in tqdm(read, initial=tried, total=len(files), desc="packing", unit="picture"):
                file.write(picture.numpy().data)
                tried, kept = tried + 1, kept + bool(len(picture))
                if tried % NOTED == 0 or tried == len(files):
                    file.flush()
                    os.fsync(file.fileno())
                    write_bytes(note, json.dumps({"source": source, "tried": tried, "kept": kept}).encode())
        if not kept:
            raise CoreError("bad-value", "None of the pictures can be read: name others.")
        os.replace(half, out)
    except OSError as error:
        raise unwritable(out, error) from None
    note.unlink(missing_ok=True)
    return kept


class _Readable(Dataset):
    """Pictures by their number, uint8 [3, h, w]; an empty tensor for one that cannot be read."""

    def __init__(self, files: Files):
        self.files = files

    def __getitem__(self, index: int) -> Tensor:
        try:
            return torch.from_numpy(np.ascontiguousarray(self.files.read(index)))
        except CoreError as error:
            print(f"anycost: left out: {error.message}", file=sys.stderr, flush=True)
            return torch.empty(0, dtype=torch.uint8)


def _progress(half: Path, note: Path, source: str) -> tuple[int, int]:
    """How many pictures were tried and how many of them are packed."""
    if not (half.exists() and note.exists()):
        return 0, 0
    try:
        found = json.loads(note.read_bytes())
        same, tried, kept = found["source"] == source, int(found["tried"]), int(found["kept"])
    except (ValueError, KeyError, TypeError, OSError):
        same, tried, kept = False, 0, 0
    if not same:
        text = f'"{half}" is a half-packed file of other pictures: remove it, or name another file.'
        raise CoreError("bad-value", text)
    return tried, kept


def _digest(files: Files) -> str:
    """What tells one set of pictures at one size from another."""
    names = hashlib.sha256(_header(files.frame))
    for number in range(len(files)):
        names.update(f"{files.name(number)}\n".encode(errors="surrogateescape"))
    return names.hexdigest()


def _header(frame: PictureFrame) -> bytes:
    said = json.dumps({"resolution": frame.resolution, "shape": list(frame.shape)}).encode()
    return (MAGIC + said).ljust(HEADER, b"\n")


def _frame(path: Path) -> PictureFrame:
    try:
        with path.open("rb") as file:
            head = file.read(HEADER)
        said = json.loads(head.removeprefix(MAGIC))
        resolution, (width, height) = int(said["resolution"]), map(int, said["shape"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise _damaged(path) from None
    usable = SIDES[0] <= resolution <= SIDES[1] and min(width, height) >= 1
    if not head.startswith(MAGIC) or not usable or max(width, height) > FLATTEST * min(width, height):
        raise _damaged(path)
    return PictureFrame(resolution, (width, height))


def _check_fits(path: Path, have: PictureFrame, frame: PictureFrame) -> None:
    if have.shape[0] * frame.shape[1] != have.shape[1] * frame.shape[0]:
        have_shape, wanted = (f"{width}:{height}" for width, height in (have.shape, frame.shape))
        text = f'"{path}" holds pictures of {have_shape}, not {wanted}: name others, or give that shape.'
        raise CoreError("bad-value", text)
    factor, rest = divmod(have.resolution, frame.resolution)
    if not factor or rest or any(side % factor for side in have.size):
        text = f'"{path}" holds pictures of {have.resolution} px, which cannot be reduced to'
        raise CoreError("bad-value", f"{text} {frame.resolution} px: pack them at that size.")


def _damaged(path: Path) -> CoreError:
    return CoreError("bad-value", f'"{path}" does not hold packed pictures: run `anycost data pack` again.')
