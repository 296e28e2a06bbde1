"""Eyelids: they turn about the eyeball's centre, so they slide over its sphere and meet where it is widest.

How far a lid is open is told by shares of the eye's own opening: 0 is the lower lid's edge of the head's
shape, 1 the upper one's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..smooth_step import eased, smooth
from .anny_data import AnnyData
from .rings import LID, LID_LOWER, LID_UPPER, Rim, distance_to, mirrored, rims

REACH = 0.03, 0.12  # dm from the edge: where the skin begins to follow less, and where it stays
RADIUS = 0.15  # dm, MakeHuman's eyeball
THIN, THICK = 1.01, 1.06  # eyeball radii: how far out the lids' edge and their skin lie at least


@dataclass(frozen=True)
class Lids:
    """The lids of one eye on the coarse mesh."""

    upper: Rim
    lower: Rim
    skin: Tensor  # [S] vertices that may not lie in the eyeball
    least: Tensor  # [S] the least distance from its centre, in its radii

    def angles(self, places: Tensor, centre: Tensor) -> tuple[Tensor, Tensor]:
        """How high the edges [N, K], [N, L] lie around the eyeball, radians above its equator."""
        high, low = (places[:, rim.vertices] - centre[:, None] for rim in (self.upper, self.lower))
        return _angle(high), _angle(low)

    def opened(
        self, places: Tensor, shape: Tensor, centre: Tensor, radius: Tensor, opening: Tensor
    ) -> Tensor:
        """places [N, n, 3] with the lids' edges at `opening` [N, 2], lower and upper.

        shape: [N, n, 3], whose own opening is the measure; centre: [N, 3]; radius: [N] of the eyeball.
        """
        high, low = self.angles(shape, centre)
        opposite = low @ self.upper.partner.T, high @ self.lower.partner.T
        goals = (
            torch.lerp(opposite[0], high, opening[:, 1:]),
            torch.lerp(low, opposite[1], opening[:, :1]),
        )
        moved = places.clone()
        for rim, goal, now in zip((self.upper, self.lower), goals, self.angles(places, centre), strict=True):
            turn = (goal - now) @ rim.follow.T  # [N, R]
            away = places[:, rim.around] - centre[:, None]
            moved[:, rim.around] = centre[:, None] + _rolled(away, turn)
        return self._outside(moved, centre, radius)

    def _outside(self, places: Tensor, centre: Tensor, radius: Tensor) -> Tensor:
        """The lids pushed out of the eyeball."""
        away = places[:, self.skin] - centre[:, None]
        far = away.norm(dim=-1, keepdim=True)
        least = (radius[:, None] * self.least)[..., None]
        places[:, self.skin] = centre[:, None] + away * torch.maximum(far, least) / far.clamp(min=1e-6)
        return places


def lids_of(data: AnnyData, mean: np.ndarray, centres: np.ndarray) -> tuple[Lids, Lids]:
    """The viewer's left and right lids. mean: [n, 3] coarse; centres: [2, 3] of the mean head's eyeballs."""
    right = data.kept(LID)
    left = mirrored(data, right)
    return _lids(data, mean, left, centres[0]), _lids(data, mean, right, centres[1])


def _lids(data: AnnyData, mean: np.ndarray, ring: np.ndarray, centre: np.ndarray) -> Lids:
    body = np.zeros(len(mean), bool)
    body[data.quads[data.parts == 0]] = True
    far = distance_to(mean, ring)
    share = 1 - eased(*REACH, far)
    around = np.flatnonzero(body & (share > 0))
    edges = ring[list(LID_UPPER)], ring[list(LID_LOWER)]
    upper, lower = rims(mean, edges, around, share[around])
    radii = np.linalg.norm(mean - centre, axis=1) / RADIUS
    skin = np.flatnonzero(body & (far < 0.2) & (radii > 0.955) & (mean[:, 2] > centre[2]))
    least = radii[skin].clip(THIN, THICK)
    return Lids(upper, lower, torch.from_numpy(skin), torch.from_numpy(least).float())


def openings(
    open_: Tensor, eye: tuple[Tensor, Tensor], rest: tuple[Tensor, Tensor], squint: Tensor, gaze: Tensor
) -> Tensor:
    """Lower and upper opening [N, 2] of one eye, in shares of its own opening.

    open_: [N] of -1 (shut) to 1 (wide); eye, rest: [N] each, how high the lower and the upper edge of its
    shape lie and where they rest, radians; squint: [N] of 0..1; gaze: [N] radians up.
    """
    height = (eye[1] - eye[0]).clamp(min=0.2)
    lower, upper = ((edge - eye[0]) / height for edge in rest)
    upper = upper + WIDER * open_.clamp(min=0) - 0.12 * squint
    lower = lower + 0.3 * squint - 0.06 * open_.clamp(min=0)
    look = gaze / height
    upper = upper + UP * look.clamp(min=0) + DOWN * look.clamp(max=0)
    lower = lower + 0.2 * look.clamp(min=0) + 0.38 * look.clamp(max=0)
    meeting = lower + MEET * (upper - lower)
    shut = smooth(0.0, 1.0, -open_)
    return torch.stack([lower + shut * (meeting - lower), upper + shut * (meeting - OVERLAP - upper)], dim=1)


WIDER, UP, DOWN = 0.36, 0.55, 0.75
MEET, OVERLAP = -0.04, 0.02  # where the lids meet, from the lower one; and how far they close over each other


def _angle(away: Tensor) -> Tensor:
    return torch.atan2(away[..., 1], away[..., 2])


def _rolled(away: Tensor, turn: Tensor) -> Tensor:
    """away [N, R, 3] turned upwards about x by turn [N, R]."""
    c, s = torch.cos(turn), torch.sin(turn)
    x, y, z = away.unbind(-1)
    return torch.stack([x, c * y + s * z, c * z - s * y], dim=-1)
