"""Lips, teeth and tongue: closed lips touch, teeth stand where a smile shows them, the tongue lies low."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..smooth_step import eased
from .anny_data import AnnyData
from .rings import LIP_LOWER, LIP_UPPER, LIPS, Rim, distance_to, rims

REACH = 0.02, 0.1  # dm from where the lips meet: where they begin to follow less, and where they stay
OVERLAP = 0.004  # dm
FLAT, BACK = 0.5, -0.08  # how much lower the tongue lies than MakeHuman's, and how far back (dm)
MOLARS = 0.14, 0.36  # dm behind the front teeth
LOWER, FORE = -0.03, 0.012  # dm: MakeHuman's teeth stand too high to be seen


@dataclass(frozen=True)
class Mouth:
    """The coarse mesh's parts that opening the mouth needs."""

    upper: Rim
    lower: Rim
    teeth: Tensor  # [D] vertices of both rows
    set: Tensor  # [D, 3] how far they are moved from where MakeHuman has them
    tongue: Tensor  # [.]

    def gap(self, places: Tensor) -> Tensor:
        """How far apart the lips are at the vertices of the upper edge, [N, K] dm; below 0 they overlap."""
        return self._gaps(places)[0]

    def closed(self, places: Tensor) -> Tensor:
        """places [N, n, 3] with the lips closed; where they overlap they stay so."""
        up, low = self._gaps(places)
        return self._moved(places, (up + OVERLAP).clamp(min=0), (low + OVERLAP).clamp(min=0))

    def closed_like(self, places: Tensor, rest: Tensor, share: Tensor) -> Tensor:
        """places [N, n, 3] with lips that are no farther apart than in `rest`, as far as `share` [N] says."""
        (up, low), (rest_up, rest_low) = self._gaps(places), self._gaps(rest)
        share = share[:, None]
        return self._moved(places, share * (up - rest_up).clamp(min=0), share * (low - rest_low).clamp(min=0))

    def _gaps(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """How far apart the lips are at the vertices of the upper edge [N, K] and of the lower one [N, L]."""
        up, low = (places[:, rim.vertices, 1] for rim in (self.upper, self.lower))
        return up - low @ self.upper.partner.T, up @ self.lower.partner.T - low

    def _moved(self, places: Tensor, down: Tensor, up: Tensor) -> Tensor:
        """places with the upper lip lower by half of `down` [N, K], the lower one higher by half of `up`."""
        moved = places.clone()
        moved[:, self.upper.around, 1] -= down / 2 @ self.upper.follow.T
        moved[:, self.lower.around, 1] += up / 2 @ self.lower.follow.T
        return moved

    def flat_tongue(self, places: Tensor) -> Tensor:
        """The displacement [N, n, 3] that lays MakeHuman's tongue, which touches the palate, down."""
        moved = torch.zeros_like(places)
        height = places[:, self.tongue, 1]
        above = height - height.amin(1, keepdim=True)
        moved[:, self.tongue, 1] = LOWER - FLAT * above
        moved[:, self.tongue, 2] = BACK
        return moved


def mouth_of(data: AnnyData, mean: np.ndarray) -> Mouth:
    """mean: [n, 3], the coarse mean head."""
    ring = data.kept(LIPS)
    body = np.zeros(len(mean), bool)
    body[data.quads[data.parts == 0]] = True
    share = 1 - eased(*REACH, distance_to(mean, ring))
    around = np.flatnonzero(body & (share > 0))
    upper, lower = rims(mean, (ring[list(LIP_UPPER)], ring[list(LIP_LOWER)]), around, share[around])
    above, below, tongue = (np.unique(data.quads[data.parts == part]) for part in (3, 4, 5))
    teeth = np.concatenate([above, below])
    moved = np.concatenate([_set(mean[above], 1), _set(mean[below], -1)])
    tensors = (torch.from_numpy(values) for values in (teeth, moved.astype(np.float32), tongue))
    return Mouth(upper, lower, *tensors)


def _set(row: np.ndarray, up: int) -> np.ndarray:
    """How far a row of teeth [D, 3] is moved; `up` is 1 for the upper row.

    The roots are shortened, which else come out of the chin, and the molars, of which an open mouth shows too
    much without the cheeks' flesh.
    """
    edge = (row[:, 1] * -up).max() * -up  # the height of the biting edge
    lost = eased(*MOLARS, row[:, 2].max() - row[:, 2])
    root = row[:, 1] - edge  # [D] from the edge
    gum = root[np.abs(root).argmax()]
    height = root * (1.0 if up > 0 else 0.7)
    height = height + 0.75 * lost * (gum * (1.0 if up > 0 else 0.7) - height)
    return np.stack([0 * root, LOWER + height - root, FORE + 0 * root], axis=1)
