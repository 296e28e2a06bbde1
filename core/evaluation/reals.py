"""The real pictures that drawn ones are held against: unseen painted portraits, or a folder of the user's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from ..training.losses import downsample
from ..training.portraits import STYLE_DIM, paint_z
from .subject import SEED, normals, shares

SMALLEST = 32  # px that the painter paints


@dataclass(frozen=True)
class Reals:
    """`count` pictures at one resolution; `name` says what they are, `read` gives those at some of the places
    0 .. count - 1 as [N, 3, R, R] in -1..1."""

    name: str
    count: int
    read: Callable[[Tensor], Tensor]

    def batches(self, what: str) -> Iterator[tuple[Tensor, Tensor]]:
        """This process's places and pictures; `what` names the progress bar."""
        for places in shares(self.count, what):
            yield places, self.read(places)


def portraits(resolution: int, count: int) -> Reals:
    """Portraits that no training painted."""
    z = normals(count, STYLE_DIM, SEED + 4)
    painted = max(resolution, SMALLEST)
    return Reals(
        "painted portraits", count, lambda places: downsample(paint_z(z[places], painted).rgb, resolution)
    )
