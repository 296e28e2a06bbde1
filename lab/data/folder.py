"""A user's pictures as training data, in a folder, zip, LMDB or packed file, and a check of what they are."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from ...core.errors import CoreError
from ..running import distributed
from .ahead import made_ahead, spare_cores
from .frame import SQUARE, PictureFrame, Shape, check_shape, covered
from .packed import SIDES, Packed, is_packed
from .picture_files import Files, survey

_MOST_TOLD = 10


def to_pack(place: Path, resolution: int, shape: Shape) -> Files:
    """The usable pictures of a folder, zip or LMDB. CoreError "bad-value" for none or sizes out of range."""
    if not SIDES[0] <= resolution <= SIDES[1] or resolution & (resolution - 1):
        text = f"Packed pictures have 8, 16, ... {SIDES[1]} px, as a generator draws, not {resolution}."
        raise CoreError("bad-value", text)
    try:
        check_shape(shape)
    except ValueError as error:
        raise CoreError("bad-value", str(error)) from None
    found = pictures_of(place, PictureFrame(resolution, shape))
    if isinstance(found, Packed):
        raise CoreError("bad-value", f'"{place}" is packed already: name what it was packed from.')
    return found


def pictures_of(place: Path, frame: PictureFrame) -> Files | Packed:
    """The usable pictures of a folder, a zip, an LMDB or a packed file, at the frame's size.

    CoreError "bad-value" if there are none, or if a packed file has another shape or too few px.
    """
    if is_packed(place):
        return Packed(place, frame)
    found = survey(place, frame)
    if distributed.rank() == 0:
        tell_left_out(found.left_out)
    if not found.pictures:
        text = f'"{place}" has no picture of at least {frame}: name another folder or fewer px.'
        raise CoreError("bad-value", text)
    return Files(found.pictures, frame)


def check(folder: Path) -> str:
    """What the pictures of a folder, zip or LMDB are good for, as lines of text; reads every picture whole.

    CoreError "bad-value" if it does not exist or cannot be read.
    """
    if is_packed(folder):
        packed = Packed(folder)
        width, height = packed.frame.size
        return f'"{folder}" has {_count(len(packed))} of {width} x {height} px, packed to train on.'
    found = survey(folder, whole=True)
    lines = [f'"{folder}" has {_count(len(found.pictures))} to train on.']
    sides = sorted(min(size) for size in found.sizes)
    if sides:
        lines.append(
            f"Shorter sides: {sides[0]} to {sides[-1]} px, half of them below {sides[len(sides) // 2]}."
        )
    for resolution in (64, 128, 256, 512, 1024):
        enough = sum(side >= resolution for side in sides)
        lines.append(f"Large enough for {resolution} px: {enough}.")
    lines.append(f"Left out: {_count(len(found.left_out))}.")
    return "\n".join(lines + [f"  {sentence}" for sentence in found.left_out])


class FolderBatches(IterableDataset):
    """This process's shares of joint batches from position `seen` on, endlessly: uint8 [N, 3, R, R].

    Every epoch shows every picture once, in an order drawn from seed and epoch; `mirror` reflects half of
    them. Pictures of a `shape` that is not square have black rows or columns. A batch depends on seed and
    position alone, so a run can resume. CoreError as for `pictures_of`.
    """

    def __init__(
        self,
        folder: Path,
        resolution: int,
        batch: int,
        *,
        seed: int = 0,
        seen: int = 0,
        mirror: bool = True,
        shape: Shape = SQUARE,
    ):
        self.pictures = pictures_of(folder, PictureFrame(resolution, shape))
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
            rows.append(epoch_order(len(self.pictures), self.seed, epoch)[place])
        return torch.stack(rows)

    def __iter__(self) -> Iterator[Tensor]:
        worker = get_worker_info()
        first, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        for seen in count(self.seen + first * self.batch, workers * self.batch):
            mine = distributed.share(self.places(seen))
            pictures = [self._picture(index, bool(reflected)) for index, reflected in mine.tolist()]
            yield covered(torch.stack(pictures), 0)

    def _picture(self, index: int, reflected: bool) -> Tensor:
        """A picture, uint8 [3, h, w]; the next good one if it is damaged."""
        for candidate in range(index, index + len(self.pictures)):
            candidate %= len(self.pictures)
            try:
                rgb = self.pictures.read(candidate)
            except CoreError as error:
                if candidate not in self.damaged:
                    tell_left_out((error.message,))
                self.damaged.add(candidate)
                continue
            rgb = rgb[:, :, ::-1] if reflected and self.mirror else rgb
            return torch.from_numpy(np.array(rgb))
        text = f'Neither "{self.pictures.name(index)}" nor any other picture can be read.'
        raise CoreError("bad-picture", text)

    def in_background(self) -> Iterable[Tensor]:
        """The same batches, read a few ahead by other processes; packed pictures need only one."""
        return made_ahead(self, 1 if isinstance(self.pictures, Packed) else spare_cores(), 2)


@lru_cache(maxsize=2)
def epoch_order(pictures: int, seed: int, epoch: int) -> Tensor:
    """One epoch's pictures in order, each with 1 if it is reflected: int64 [pictures, 2]."""
    own = random.Random(f"{seed}/{epoch}/folder").getrandbits(32)  # a CPU generator uses no more bits
    generator = torch.Generator().manual_seed(own)
    order = torch.randperm(pictures, generator=generator)
    return torch.stack([order, torch.randint(2, (pictures,), generator=generator)], dim=1)


def _count(pictures: int) -> str:
    return "1 picture" if pictures == 1 else f"{pictures} pictures"


def tell_left_out(sentences: tuple[str, ...]) -> None:
    """Why pictures are left out: the first few sentences."""
    for sentence in sentences[:_MOST_TOLD]:
        print(f"anycost: left out: {sentence}", file=sys.stderr, flush=True)
    if len(sentences) > _MOST_TOLD:
        more = len(sentences) - _MOST_TOLD
        print(
            f"anycost: left out: {more} more; `anycost data folder` lists all.", file=sys.stderr, flush=True
        )
