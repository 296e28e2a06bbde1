"""A user's folder of pictures as training data, and a check of what it holds.

A picture is turned as its camera says, cropped to its centred square, resized with antialiasing and never
stretched; transparent parts lie on grey. Unusable pictures are left out, each with a sentence that says why.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from ...core.errors import CoreError
from ...core.files.pictures import MAX_PIXELS, READ_FORMATS, read_picture
from ..running import distributed
from .ahead import made_ahead

_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
_MOST_WORKERS = 8
_MOST_TOLD = 10
_GREY = (128, 128, 128, 255)


@dataclass(frozen=True)
class Survey:
    """A folder's usable pictures, their (width, height) in px, and why others are left out."""

    pictures: tuple[Path, ...]
    sizes: tuple[tuple[int, int], ...]
    left_out: tuple[str, ...]


def survey(folder: Path, least: int = 1, *, whole: bool = False) -> Survey:
    """Looks at every picture in a folder and its sub-folders, in the same order on every machine.

    Leaves out pictures whose shorter side is below `least` px. Reads only sizes, or each whole picture with
    `whole`. Ignores hidden files and files without a picture's extension. CoreError "bad-value" if the folder
    does not exist or cannot be read.
    """
    pictures, sizes, left_out = [], [], []
    for path in _files(folder):
        try:
            width, height = _size(path, whole)
        except CoreError as error:
            left_out.append(error.message)
            continue
        if min(width, height) < least:
            left_out.append(f'"{path}" is {width} x {height} px, below {least} px: use a larger one.')
            continue
        pictures.append(path)
        sizes.append((width, height))
    return Survey(tuple(pictures), tuple(sizes), tuple(left_out))


def check(folder: Path) -> str:
    """What a folder's pictures are good for, as lines of text; reads every picture whole.

    CoreError "bad-value" if the folder does not exist or cannot be read.
    """
    found = survey(folder, whole=True)
    lines = [f'"{folder}" has {_pictures(len(found.pictures))} to train on.']
    sides = sorted(min(size) for size in found.sizes)
    if sides:
        lines.append(
            f"Shorter sides: {sides[0]} to {sides[-1]} px, half of them below {sides[len(sides) // 2]}."
        )
    for resolution in (64, 128, 256, 512, 1024):
        enough = sum(side >= resolution for side in sides)
        lines.append(f"Large enough for {resolution} px: {enough}.")
    lines.append(f"Left out: {_pictures(len(found.left_out))}.")
    return "\n".join(lines + [f"  {sentence}" for sentence in found.left_out])


class FolderBatches(IterableDataset):
    """This process's shares of joint batches from position `seen` on, endlessly: [N, 3, R, R] in -1..1.

    Every epoch shows every picture once, in an order drawn from seed and epoch; `mirror` reflects half of
    them. A batch depends on seed and position alone, so a run can resume. CoreError "bad-value" if no
    picture has at least `resolution` px.
    """

    def __init__(
        self, folder: Path, resolution: int, batch: int, *, seed: int = 0, seen: int = 0, mirror: bool = True
    ):
        found = survey(folder, resolution)
        if distributed.rank() == 0:
            _tell(found.left_out)
        if not found.pictures:
            text = f'"{folder}" has no picture of at least {resolution} px: name another folder or fewer px.'
            raise CoreError("bad-value", text)
        self.pictures = found.pictures
        self.resolution = resolution
        self.batch = batch
        self.seed = seed
        self.seen = seen
        self.mirror = mirror
        self.damaged: set[int] = set()

    def places(self, seen: int) -> Tensor:
        """The joint batch at a position: which pictures, and which of them are reflected, int64 [N, 2]."""
        rows = []
        for position in range(seen, seen + self.batch):
            epoch, place = divmod(position, len(self.pictures))
            rows.append(_epoch(len(self.pictures), self.seed, epoch)[place])
        return torch.stack(rows)

    def __iter__(self) -> Iterator[Tensor]:
        worker = get_worker_info()
        first, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        for seen in count(self.seen + first * self.batch, workers * self.batch):
            mine = distributed.share(self.places(seen))
            yield torch.stack([self._picture(index, bool(reflected)) for index, reflected in mine.tolist()])

    def _picture(self, index: int, reflected: bool) -> Tensor:
        """A picture [3, R, R]; the next good one if it is damaged."""
        for candidate in range(index, index + len(self.pictures)):
            candidate %= len(self.pictures)
            try:
                rgb = square(read_picture(self.pictures[candidate]), self.resolution)  # [R, R, 3]
            except CoreError as error:
                if candidate not in self.damaged:
                    _tell((error.message,))
                self.damaged.add(candidate)
                continue
            rgb = rgb[:, ::-1] if reflected and self.mirror else rgb
            return torch.from_numpy(rgb.transpose(2, 0, 1).astype(np.float32)) / 127.5 - 1.0
        raise CoreError("bad-picture", f'Neither "{self.pictures[index]}" nor any other picture can be read.')

    def in_background(self) -> Iterable[Tensor]:
        """The same batches, read a few ahead by other processes."""
        here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        workers = min(max((os.cpu_count() or 1) // here - 1, 1), _MOST_WORKERS)
        return made_ahead(self, workers, 2)


def square(rgba: np.ndarray, resolution: int) -> np.ndarray:
    """The centred square of a picture, uint8 [H, W, 4] -> [R, R, 3]; transparent parts lie on grey."""
    height, width = rgba.shape[:2]
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    image = Image.fromarray(np.ascontiguousarray(rgba[top : top + side, left : left + side]))
    opaque = rgba[..., 3].min() == 255
    image = image.convert("RGB") if opaque else image
    image = image.resize((resolution, resolution), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if not opaque:
        image = Image.alpha_composite(Image.new("RGBA", image.size, _GREY), image).convert("RGB")
    return np.asarray(image)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CoreError("bad-value", f'There is no folder "{folder}": check its name.')
    paths = []
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [Path(place) / name for name in names if not name.startswith(".")]
    pictures = [path for path in paths if path.suffix.lower() in _ENDINGS]
    return sorted(pictures, key=lambda path: os.fsencode(path.relative_to(folder).as_posix()))


def _refuse(error: OSError) -> NoReturn:
    raise CoreError("bad-value", f'You may not read "{error.filename}": change its permissions.')


def _size(path: Path, whole: bool) -> tuple[int, int]:
    """Width and height in px. CoreError "bad-picture" if the picture is unusable."""
    if whole:
        height, width = read_picture(path).shape[:2]
        return width, height
    if not path.is_file():  # opening a pipe would wait forever
        raise CoreError("bad-picture", f'"{path}" is not a file: take it out of the folder.')
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sizes, which are checked here
            with Image.open(path, formats=READ_FORMATS) as image:
                width, height = image.size
    except Image.DecompressionBombError:
        width = height = MAX_PIXELS
    except Exception:  # a damaged file can make a decoder raise anything
        text = f'"{path}" cannot be read as a picture: take it out of the folder.'
        raise CoreError("bad-picture", text) from None
    if width * height > MAX_PIXELS:
        raise CoreError("bad-picture", f'"{path}" has more than 64 megapixels: make it smaller.')
    return width, height


@lru_cache(maxsize=2)
def _epoch(pictures: int, seed: int, epoch: int) -> Tensor:
    """One epoch's pictures in order, each with 1 if it is reflected: int64 [pictures, 2]."""
    own = random.Random(f"{seed}/{epoch}/folder").getrandbits(32)  # a CPU generator uses no more bits
    generator = torch.Generator().manual_seed(own)
    order = torch.randperm(pictures, generator=generator)
    return torch.stack([order, torch.randint(2, (pictures,), generator=generator)], dim=1)


def _pictures(number: int) -> str:
    return "1 picture" if number == 1 else f"{number} pictures"


def _tell(sentences: tuple[str, ...]) -> None:
    for sentence in sentences[:_MOST_TOLD]:
        print(f"anycost: left out: {sentence}", file=sys.stderr, flush=True)
    if len(sentences) > _MOST_TOLD:
        more = len(sentences) - _MOST_TOLD
        print(
            f"anycost: left out: {more} more; `anycost data folder` lists all.", file=sys.stderr, flush=True
        )
