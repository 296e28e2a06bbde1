"""What is seen of an eyeball: white with veins, iris under its cornea, pupil, and what the lids shade.

The ball's radius is one here. The iris is a disc behind the cornea; sight is bent where it enters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..smooth_step import smooth
from .head_mesh import RIGHT_EYE
from .landmarks import IRIS
from .people import People
from .skin_noise import irregular

CORNEA = 0.60  # radius of the cornea's own ball
BENT = 1.0 / 1.336
PUPIL = (0.085, 0.215)  # radius, narrowest and widest
# linear colours in even steps of eye_colour: the outer iris, and around the pupil
IRISES = (
    ((0.024, 0.010, 0.005), (0.030, 0.013, 0.006)),  # dark brown
    ((0.060, 0.026, 0.010), (0.085, 0.036, 0.013)),  # brown
    ((0.085, 0.060, 0.024), (0.150, 0.070, 0.022)),  # hazel
    ((0.095, 0.110, 0.060), (0.170, 0.115, 0.045)),  # green
    ((0.135, 0.165, 0.175), (0.190, 0.180, 0.150)),  # grey
    ((0.085, 0.150, 0.235), (0.170, 0.220, 0.260)),  # blue
)
DETAIL = 13  # of the coordinates without a name: the iris's fibres


@dataclass(frozen=True)
class EyeSurface:
    """K samples of eyeballs."""

    albedo: Tensor  # [K, 3]
    normal: Tensor  # [K, 3] of the white or the cornea
    ball: Tensor  # [K, 3] from the eyeball's middle outwards
    iris: Tensor  # [K] 1 on the iris and pupil
    glow: Tensor  # [K, 3] iris: from its middle to the sample in the world, for light that the cornea gathers


def eye_surface(people: People, picture: Tensor, group: Tensor, place: Tensor, view: Tensor) -> EyeSurface:
    """picture, group: [K]; place: [K, 3] world; view: [K, 3] unit, to the camera."""
    side = (group == RIGHT_EYE).long()
    ball = F.normalize(place - people.eyes[picture, side], dim=1)
    gaze = people.gaze[picture, side]
    upright = people.turned[:, :, 1][picture]
    right = F.normalize(torch.linalg.cross(upright, gaze), dim=1)
    up = torch.linalg.cross(gaze, right)

    ahead = (ball * gaze).sum(1)
    across = (1.0 - ahead.square()).clamp(min=0.0).sqrt() + smooth(0.2, -0.2, ahead)
    middle = math.sqrt(1.0 - IRIS**2) - math.sqrt(CORNEA**2 - IRIS**2)  # of the cornea's ball, along the gaze
    cornea = F.normalize(ball - middle * gaze, dim=1)
    clear = smooth(IRIS + 0.05, IRIS - 0.06, across)
    normal = F.normalize(torch.lerp(ball, cornea, clear[:, None]), dim=1)

    # where the bent sight meets the iris
    facing = (normal * view).sum(1, keepdim=True).clamp(0.0, 1.0)
    along = (
        -BENT * view
        + (BENT * facing - (1.0 - BENT**2 * (1.0 - facing.square())).clamp(min=0).sqrt()) * normal
    )
    depth = (ahead - math.sqrt(1.0 - IRIS**2) + 0.04).clamp(min=0.0)
    reach = depth / (-(along * gaze).sum(1)).clamp(min=0.25)
    seen = ball + along * reach[:, None]
    u, v = (seen * right).sum(1) / IRIS, (seen * up).sum(1) / IRIS
    radius = (u.square() + v.square()).sqrt()

    colour = _iris(people, picture, u, v, radius)
    white = _white(people, picture, ball, across, side)
    ring = smooth(1.06, 0.94, across / IRIS)[:, None]
    albedo = torch.lerp(white, colour, ring)
    inward = -(u[:, None] * right + v[:, None] * up)
    return EyeSurface(albedo, normal, ball, smooth(1.02, 0.98, across / IRIS), inward)


def _iris(people: People, picture: Tensor, u: Tensor, v: Tensor, radius: Tensor) -> Tensor:
    c = people.controls
    table = torch.tensor(IRISES, device=u.device)  # [6, 2, 3]
    place = c["eye_colour"] * (len(IRISES) - 1)
    low = place.floor().clamp(max=len(IRISES) - 2).long()
    colours = torch.lerp(table[low], table[low + 1], (place - low)[:, None, None])[picture]  # [K, 2, 3]
    angle = torch.atan2(v, u)
    start = people.details[:, DETAIL][picture]
    fibres = torch.zeros_like(u)
    for k, waves in enumerate((7, 11, 17, 23, 31, 41, 53)):
        fibres = (
            fibres + torch.sin(waves * angle + 1.9 * k * k + start * (1 + k) + 2.5 * radius * (k % 3)) * 0.38
        )
    inner = smooth(0.62 + 0.08 * fibres, 0.34, radius)[:, None]
    colour = torch.lerp(colours[:, 0], colours[:, 1], inner)
    colour = colour * (1.0 + 0.26 * fibres * smooth(0.15, 0.5, radius))[:, None]
    limbal = smooth(0.74, 1.02, radius)[:, None]
    colour = colour * (1.0 - limbal * 0.72)
    size = PUPIL[0] + (PUPIL[1] - PUPIL[0]) * (0.5 + 0.5 * c["pupils"])
    pupil = smooth(0.05, -0.05, radius - (size / IRIS)[picture])[:, None]
    return colour.clamp(min=0.004) * (1.0 - pupil) + 0.003 * pupil


def _white(people: People, picture: Tensor, ball: Tensor, across: Tensor, side: Tensor) -> Tensor:
    """Never white: grey, warmer and redder towards the corners, with veins."""
    c = people.controls
    old = smooth(45.0, 80.0, people.years)
    rest = (
        ball @ people.turned[0] if len(people.turned) == 1 else (ball[:, None] @ people.turned[picture])[:, 0]
    )
    vein = irregular(rest + side[:, None] * 0.7, 0.10, 0.21)
    veins = smooth(0.22, 0.0, (vein[:, 0] + 0.4 * vein[:, 1]).abs()) * smooth(0.45, 0.95, across)
    base = across.new_tensor([0.56, 0.525, 0.50])
    yellow = across.new_tensor([1.0, 0.97, 0.87])
    warm = (0.25 * c["skin_tone"] + 0.5 * old)[picture][:, None]
    white = base * torch.lerp(torch.ones_like(yellow), yellow, warm)
    corner = smooth(0.6, 1.0, across)[:, None] * across.new_tensor([0.10, 0.30, 0.32])
    bloody = (veins * (0.25 + 0.35 * c["redness"][picture]))[:, None] * across.new_tensor([0.08, 0.5, 0.5])
    return white * (1.0 - corner) * (1.0 - bloody)
