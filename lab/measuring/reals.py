"""The real pictures to compare drawn ones with: unseen ones of a world, or a user's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..data.downsample import downsample
from ..data.folder import pictures_of
from ..data.frame import SQUARE, PictureFrame, Shape, covered
from ..running import distributed
from ..worlds import PORTRAITS, SMALLEST, World
from .subject import SEED, normals, shares


@dataclass(frozen=True)
class Reals:
    """`count` pictures at one resolution; `name` says what they are, `read` gives those at the given places
    in 0 .. count - 1 as [N, 3, R, R] in -1..1. If their `shape` is not square, black rows or columns lie
    around them."""

    name: str
    count: int
    read: Callable[[Tensor], Tensor]
    shape: Shape = SQUARE

    def batches(self, what: str) -> Iterator[tuple[Tensor, Tensor]]:
        """This process's places and pictures; `what` names the progress bar."""
        for places in shares(self.count, what):
            yield places, self.read(places)


def portraits(resolution: int, count: int, seed: int = SEED + 4) -> Reals:
    """Portraits that training never sees."""
    return of_world(PORTRAITS, resolution, count, seed)


def of_world(world: World, resolution: int, count: int, seed: int = SEED + 4) -> Reals:
    """Pictures of a world that training never sees."""
    z = normals(count, world.controls.style_dim, seed)
    side = max(resolution, SMALLEST)

    def read(places: Tensor) -> Tensor:
        return downsample(world.draw(z[places], side, True).rgb, resolution)

    return Reals(world.pictures, count, read, world.shape)


def of_folder(folder: Path, resolution: int, most: int, shape: Shape = SQUARE) -> Reals:
    """The pictures of a folder, a zip or a packed file, a random `most` of them if there are more, not
    mirrored; with black rows or columns if their `shape` is not square.

    CoreError if there is no such place or it has no picture of at least `resolution` px; reading a damaged
    one raises a CoreError that names it.
    """
    files = pictures_of(folder, PictureFrame(resolution, shape))
    lot = torch.randperm(len(files), generator=torch.Generator().manual_seed(SEED))[:most].tolist()

    def read(places: Tensor) -> Tensor:
        rgb = torch.from_numpy(np.stack([files.read(lot[k]) for k in places.tolist()]))  # [N, 3, h, w]
        return covered(rgb.to(distributed.device()).float() / 127.5 - 1)

    return Reals(f"pictures of {folder}", len(lot), read, shape)
