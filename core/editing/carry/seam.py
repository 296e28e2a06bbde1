"""The line in which shut lids or lips meet: as dark as the lashes, or the lip, just above it.

The field that moves the pixels leaps there within one step of its lattice, and what lies behind would show as
a bright thread.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .field import smooth
from .openings import Opening
from .surface import Surface, mixed

SHUT, AJAR = 0.25, 0.4  # of its height before: an opening that keeps less is shut; one of more has no seam
ABOVE = (1.0, 2.0, 3.0)  # times its half width: where above the line its darkness is looked for
ENDS = 0.15  # of its width: towards the corners it fades
LIGHT = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Seam:
    """Where an opening is shut, or nearly so."""

    after: Opening
    half: float  # of its width, in unit lengths
    share: float  # 0..1: how far it is seen


def seam_of(before: Opening, after: Opening, half: float) -> Seam | None:
    """None for an opening that stays open."""
    share = 1 - float(smooth(np.array(after.height / max(before.height, 1e-6)), SHUT, AJAR))
    return Seam(after, half, share) if share else None


def draw_seam(rgb: np.ndarray, surface: Surface, seam: Seam, only: np.ndarray | None = None) -> None:
    """Draws into a carried picture uint8 [h, w, 3] whose pixels lie as those of `surface`; it only darkens.

    As strongly as `only` uint8 [h, w] says, where it is given.
    """
    after, size = seam.after, surface.placement.size
    half = max(seam.half, 0.7 / size)
    corners = surface.pixels(after.outline())
    margin = 3 + round((1 + max(ABOVE)) * half * size)
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - margin, 0)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + margin, rgb.shape[1::-1])
    if left >= right or top >= bottom:
        return
    box = rgb[top:bottom, left:right]
    own = after.own(surface.unit((left, top, right, bottom)).astype(np.float64))  # [h, w, 2]
    u, y = own[..., 0], own[..., 1]
    upper, lower = after.edges(u)
    away = np.abs(y - (upper + lower) / 2)
    cover = smooth(-away, -2 * half, -half) * smooth(np.minimum(u, 1 - u), 0, ENDS) * seam.share
    if only is not None:
        cover = cover * (only[top:bottom, left:right] / np.float32(255))
    seen = [_at(box, surface.pixels(after.unit(u, upper - k * half)) - (left, top)) for k in ABOVE]
    darkest = np.stack([colours @ LIGHT for colours in seen]).argmin(axis=0)  # [h, w]
    colour = np.take_along_axis(np.stack(seen), darkest[None, ..., None], axis=0)[0]
    box[:] = mixed(box, np.minimum(box, colour).astype(np.float32), cover[..., None].astype(np.float32))


def _at(box: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Colours uint8 [h, w, 3] of a box at places [h, w, 2] in its pixels."""
    x, y = (places.astype(np.float32) - np.float32(0.5)).transpose(2, 0, 1)
    return cv2.remap(box, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
