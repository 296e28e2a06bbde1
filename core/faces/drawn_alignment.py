"""Finds out where a generator of faces has them in its pictures."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.generator import Generator, truncate
from ...models.manifest import Alignment
from .readers import Readers, in_front

PICTURES = 8
PSI = 0.5  # faces that are seen easily
SIDE = 256  # px; smaller pictures are enlarged
LEAST = 0.5  # share of the pictures in which a face is found
APART = 0.05  # of a picture's side: the median distance of faces from their usual place is at most this


def drawn_alignment(generator: Generator, mean_w: Tensor, readers: Readers) -> Alignment | None:
    """The median place of the faces that are found in a generator's pictures; None where it draws none, or
    not in one place. `mean_w` is [style_dim].
    """
    places = np.array(drawn_places(generator, mean_w, readers, PICTURES))  # [F, 2, 2]
    if len(places) < LEAST * PICTURES:
        return None
    usual = np.median(places, axis=0)
    if np.median(np.abs(places - usual)) > APART or usual.min() < 0 or usual.max() > 1:
        return None
    eyes, mouth = (tuple(point) for point in usual.round(4).tolist())
    return Alignment(eyes, mouth)


@torch.inference_mode()
def drawn_places(generator: Generator, mean_w: Tensor, readers: Readers, count: int) -> list[np.ndarray]:
    """The middle of the eyes and that of the mouth, [2, 2] in the unit square, in each of `count` pictures in
    which a face is found.
    """
    z = torch.randn(count, generator.style_dim, generator=torch.Generator().manual_seed(3))  # [N, D]
    found = []
    for w in truncate(generator.style(z), mean_w, PSI):
        rgba = _shown(generator(w[None, None].expand(-1, generator.n_style, -1)))
        if faces := readers.read(rgba):
            face = in_front(faces).face_points
            found.append(
                np.array([np.mean(points, axis=0) for points in (face.eyes, face.mouth)]) / len(rgba)
            )
    return found


def _shown(picture: Tensor) -> np.ndarray:
    """A picture [1, 3, R, R] in -1..1 -> uint8 [S, S, 4], opaque and at least `SIDE` px large."""
    side = max(SIDE, picture.shape[-1])
    picture = F.interpolate(picture, (side, side), mode="bilinear", align_corners=False)[0]
    rgba = torch.cat([picture, torch.ones_like(picture[:1])]).clamp(-1, 1)  # [4, S, S]
    return ((rgba + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
