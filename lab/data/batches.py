"""The pictures that a generator learns from: painted portraits, or the user's own folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import Tensor

from ..running import distributed
from .downsample import downsample
from .painted import PaintedBatches

FINER = 4  # portraits are painted at up to this many times the side, then reduced


@dataclass(frozen=True)
class DataSettings:
    """`kind` is "portraits" or "folder". `correlated` portraits have a population's correlations; a share
    `rare` of them turns one rare thing on, and a share `far` takes one thing as far as sliders do. `mirror`
    reflects half of a folder's pictures."""

    kind: Literal["portraits", "folder"] = "portraits"
    folder: str = ""
    mirror: bool = True
    correlated: bool = True
    rare: float = 0.0
    far: float = 0.0

    def __post_init__(self):
        if (self.kind == "folder") != bool(self.folder):
            raise ValueError('data.folder belongs to data.kind = "folder": give both or neither.')
        for name, share in (("rare", self.rare), ("far", self.far)):
            if not 0 <= share <= (self.kind == "portraits"):
                raise ValueError(f"data.{name} is a share of painted portraits, 0 to 1, not {share}.")


@dataclass(frozen=True)
class Batch:
    """Real pictures [N, 3, R, R] in -1..1; painted ones also have z [N, D] and landmarks [N, K, 2]."""

    pictures: Tensor
    z: Tensor | None = None
    landmarks: Tensor | None = None


def batches(
    data: DataSettings, resolution: int, batch: int, seed: int, seen: int, finest: int | None = None
) -> Iterator[Batch]:
    """This process's shares of joint batches from position `seen` on, endlessly.

    Portraits below the `finest` resolution are painted larger and reduced: painted small, they would be
    crisper than the reduced pictures that a generator's low resolutions learn from beside the higher ones.
    """
    if data.kind == "folder":
        from .folder import FolderBatches

        folder = FolderBatches(Path(data.folder), resolution, batch, seed=seed, seen=seen, mirror=data.mirror)
        for pictures in folder.in_background():
            yield Batch(pictures.to(distributed.device()))
        return
    side = min(FINER * resolution, finest or resolution)
    painted = PaintedBatches(
        side,
        batch,
        seed=seed,
        seen=seen,
        correlated=data.correlated,
        rare=data.rare,
        far=data.far,
    )
    for z, pictures, landmarks in painted.in_background():
        yield Batch(downsample(pictures, resolution), z, landmarks)
