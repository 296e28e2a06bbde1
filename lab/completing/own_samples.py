"""Many of a generator's pictures with their latents, and what was read from them: the samples that
directions are fitted to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ...core.editing.carry.change import Head
from ...core.editing.carry.solid_head import mean_head
from ...core.rendering.renderer import to_pixels
from ..directions.svm import Artist
from ..running import checkpoints, distributed
from .face_numbers import NUMBERS, SeenFace, light_of
from .natural import summary
from .own_faces import ReadHead, SeenHead, drawn_w

CHUNK = 16  # samples after which a process has them saved
AT_ONCE = min(4, os.cpu_count() or 1)  # pictures that are read at the same time
MESH, IRISES, LIGHTS = 468 * 3, 2 * 5 * 2, 8
READ = MESH + IRISES + LIGHTS
FEWEST = 32  # faces from which a mean head is taken


@dataclass(frozen=True, eq=False)
class OwnSamples:
    """w [N, D]; what was read of each face [N, READ], NaN where none was; the pictures' summaries [N, S]."""

    w: Tensor
    read: Tensor
    summaries: Tensor

    @property
    def seen(self) -> Tensor:
        """Whether a face was read, [N]."""
        return self.read.isfinite().all(1)

    def mean_head(self) -> np.ndarray | None:
        """The mean head [468, 3] of the faces; None where too few were read."""
        found = self.read[self.seen, :MESH].double().numpy().reshape(-1, 468, 3)
        return mean_head(found) if len(found) >= FEWEST else None


@dataclass(frozen=True, eq=False)
class Look:
    """What pictures show: their faces (None where none is read), those in numbers [N, READ], which are NaN
    without a face, and summaries [N, S]."""

    faces: list[SeenHead | None]
    read: Tensor
    summaries: Tensor


def looked_at(draw: Artist, read: ReadHead, w: Tensor, like: Sequence[SeenHead | None] | None = None) -> Look:
    """Draws w [N, D] and looks at the pictures, a few at once; `like` are their faces before an edit."""
    with torch.inference_mode():
        drawn = draw(w)  # [N, 3, R, R]
        pixels, summaries = to_pixels(drawn), summary(drawn).cpu()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        faces = list(threads.map(read, pixels, like or [None] * len(w)))
    rows = [_row(face, rgb) for face, rgb in zip(faces, pixels, strict=True)]
    return Look(faces, torch.stack(rows), summaries)


def _row(face: SeenHead | None, rgb: np.ndarray) -> Tensor:
    if face is None:
        return torch.full((READ,), torch.nan)
    head = face.head
    parts = head.mesh.ravel(), head.irises.ravel(), light_of(head, rgb)
    return torch.from_numpy(np.concatenate(parts)).float()


def numbers_of(read: Tensor, mean: np.ndarray) -> Tensor:
    """What was read [N, READ] -> `NUMBERS` of each face beside the mean head, [N, K]; NaN without a face."""
    found = np.full((len(read), len(NUMBERS)), np.nan)
    for place, row in enumerate(read.double().numpy()):
        if np.isfinite(row).all():
            mesh, irises, light = np.split(row, [MESH, MESH + IRISES])
            head = Head(mesh.reshape(468, 3), irises.reshape(2, 5, 2))
            found[place] = SeenFace.of(head, light, mean).numbers
    return torch.from_numpy(found).float()


def sampled(draw: Artist, read: ReadHead, count: int, file: Path) -> OwnSamples:
    """`count` samples, or a few more to fill the last chunk. They are kept in `file`, from which a killed
    process goes on; every process draws its share and gets them all."""

    def chunk(number: int) -> Tensor:
        w = drawn_w(draw, number, CHUNK)
        look = looked_at(draw, read, w)
        return torch.cat([w.cpu(), look.read, look.summaries], dim=1)  # [CHUNK, F]

    kept = list(checkpoints.load(file)["chunks"]) if file.exists() else []
    whole, together = -(-count // CHUNK), distributed.world()
    with tqdm(total=whole * CHUNK, initial=len(kept) * CHUNK, desc="samples", disable=_hidden()) as shown:
        while len(kept) < whole:
            kept += distributed.shared_out(range(len(kept), min(len(kept) + together, whole)), chunk)
            if distributed.rank() == 0:
                checkpoints.save(file, {"chunks": kept})
            shown.update(len(kept) * CHUNK - shown.n)
    found = torch.cat(kept)
    return OwnSamples(*found.split([draw.style_dim, READ, found.shape[1] - draw.style_dim - READ], dim=1))


def _hidden() -> bool:
    return distributed.rank() > 0
