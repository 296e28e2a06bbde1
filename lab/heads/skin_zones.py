"""Where on the mean head skin differs: redder, darker, oilier, made up, bearded. Masks of vertices."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from ..smooth_step import smooth
from .head_mesh import BODY, LEFT_EYE, RIGHT_EYE, HeadMesh, head_mesh
from .skin_noise import irregular

COARSE = 8  # fields of each size that a person's own are mixed from
EYE = (0.289, 7.285)  # the eyes' middles on the mean head, x to both sides


def _spot(mean: Tensor, centre: tuple[float, float, float], size: tuple[float, float, float]) -> Tensor:
    """[V] a soft spot on both sides of the face."""
    away = torch.stack([mean[:, 0].abs(), mean[:, 1], mean[:, 2]], 1) - mean.new_tensor(centre)
    return torch.exp(-0.5 * (away / mean.new_tensor(size)).square().sum(1))


@lru_cache(maxsize=2)
def skin_zones(device: torch.device) -> dict[str, Tensor]:
    """Masks [V], 0..1, by name."""
    mesh = head_mesh(device)
    mean = mesh.mean
    x, y, z = mean[:, 0].abs(), mean[:, 1], mean[:, 2]
    front = smooth(0.55, 0.95, z)
    rim = _near_eyeballs(mesh)
    eye = ((x - EYE[0]) / 0.185).square() + ((y - EYE[1]) / 0.10).square()
    lid = torch.exp(-1.3 * eye) * front
    above = smooth(EYE[1] - 0.02, EYE[1] + 0.03, y)
    zones = {
        "cheeks": _spot(mean, (0.40, 6.97, 1.30), (0.16, 0.15, 0.22)) * front,
        "nose": _spot(mean, (0.0, 6.93, 1.62), (0.11, 0.10, 0.12)),
        "wings": _spot(mean, (0.13, 6.88, 1.50), (0.05, 0.06, 0.09)),
        "ears": mesh.masks["ears"],
        "chin": _spot(mean, (0.0, 6.33, 1.45), (0.13, 0.09, 0.12)),
        "mouth_round": _spot(mean, (0.0, 6.62, 1.5), (0.24, 0.14, 0.18)),
        "lids": lid * above,
        "under_eyes": _spot(mean, (0.27, 7.165, 1.36), (0.11, 0.035, 0.1)) * front,
        "inner_eyes": _spot(mean, (0.15, 7.24, 1.36), (0.045, 0.06, 0.08)),
        "forehead": _spot(mean, (0.0, 7.72, 1.40), (0.36, 0.17, 0.25)) * front,
        "bridge": _spot(mean, (0.0, 7.12, 1.55), (0.045, 0.14, 0.12)),
        "rim": smooth(0.045, 0.012, rim),
        "lash_line": smooth(0.075, 0.02, rim) * smooth(EYE[1] - 0.05, EYE[1] + 0.01, y),
        "shadow": torch.exp(-0.9 * (eye + 1.2 * ((y - EYE[1] - 0.06) / 0.1).clamp(max=0.0).square()))
        * smooth(EYE[1] - 0.01, EYE[1] + 0.05, y)
        * front,
        "rouge": _spot(mean, (0.46, 7.02, 1.22), (0.13, 0.09, 0.2)) * front,
        "sun": (
            _spot(mean, (0.3, 7.02, 1.4), (0.26, 0.16, 0.3)) + _spot(mean, (0, 7.1, 1.6), (0.12, 0.2, 0.2))
        ).clamp(max=1.0),
        "beard": _beard(mean),
        "lips": mesh.masks["lips"],
        "inside": mesh.masks["mouth_inside"],
        "nostrils": mesh.masks["nostrils"],
        "neck": mesh.masks["neck"],
    }
    body = (mesh.vertex_group == BODY).float()
    return {name: mask * body for name, mask in zones.items()}


def _near_eyeballs(mesh: HeadMesh) -> Tensor:
    """[V] distance to the nearest point of an eyeball, decimetres."""
    balls = mesh.mean[(mesh.vertex_group == LEFT_EYE) | (mesh.vertex_group == RIGHT_EYE)]
    front = balls[balls[:, 2] > 1.2]
    near = torch.full_like(mesh.mean[:, 0], 9.0)
    close = (mesh.mean[:, 1] - EYE[1]).abs() < 0.3
    near[close] = torch.cdist(mesh.mean[close], front).amin(1)
    return near


def _beard(mean: Tensor) -> Tensor:
    """[V] where a beard grows: moustache, chin, jaw, before the ears, and the neck below."""
    x, y, z = mean[:, 0].abs(), mean[:, 1], mean[:, 2]
    cheek = 6.62 + 0.55 * smooth(0.30, 0.62, x) - 0.06 * smooth(0.0, 0.25, x)  # the upper edge on the cheeks
    jaw = smooth(cheek + 0.10, cheek - 0.06, y)
    lip = smooth(0.27, 0.20, x) * smooth(6.86, 6.80, y) * smooth(6.66, 6.69, y)
    behind = smooth(0.42, 0.58, z)
    below = smooth(5.95, 6.2, y - 0.2 * (z - 1.0).clamp(max=0.0))
    bare = smooth(0.04, 0.10, x) * 0.5 + 0.5  # less under the lip's middle
    bare = torch.where((y > 6.38) & (y < 6.52) & (z > 1.3), bare, 1.0)
    return torch.maximum(jaw * bare, lip) * behind * below


@lru_cache(maxsize=2)
def skin_fields(device: torch.device) -> Tensor:
    """[V, 16] fixed irregular fields: eight of large patches, eight of small ones."""
    mean = head_mesh(device).mean
    large = torch.cat([irregular(mean, 0.16, 0.0), irregular(mean, 0.16, 0.37)], 1)
    small = torch.cat([irregular(mean, 0.06, 0.11), irregular(mean, 0.06, 0.59)], 1)
    return torch.cat([large, small], 1)
