"""The light on a head: a few soft lights and what shines in from all sides."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..smooth_step import smooth
from .backgrounds import glance, open_air


@dataclass(frozen=True)
class Lighting:
    """The light of N pictures in world space (x right, y up, z towards the viewer), linear.

    A white surface that faces a light of colour (1, 1, 1) has the radiance 1, and so has one under an ambient
    of radiance 1 from all sides.
    """

    direction: Tensor  # [N, L, 3] unit, towards the light
    colour: Tensor  # [N, L, 3]
    softness: Tensor  # [N, L] 0 a point, 1 a light as large as a quarter of the sky
    ambient: Tensor  # [N, 9, 3] radiance, real spherical harmonics in the order of `harmonics`


def harmonics(direction: Tensor) -> Tensor:
    """The nine real spherical harmonics of unit directions [..., 3]: [..., 9]; bands 0, 1 (y, z, x), 2."""
    x, y, z = direction.unbind(-1)
    return torch.stack(
        [
            torch.full_like(x, 0.282095),
            0.488603 * y,
            0.488603 * z,
            0.488603 * x,
            1.092548 * x * y,
            1.092548 * y * z,
            0.315392 * (3.0 * z * z - 1.0),
            1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        dim=-1,
    )


def warmth(amount: Tensor) -> Tensor:
    """The colour [..., 3] of luminance about one of a light from -1, blue sky, to +1, a candle."""
    red = torch.exp(0.36 * amount)
    blue = torch.exp(-0.75 * amount - 0.25 * amount.clamp(min=0.0).square())
    return torch.stack([red, torch.exp(-0.05 * amount.abs()), blue], dim=-1)


def light_of(controls: dict[str, Tensor], details: Tensor) -> Lighting:
    """The lights that the controls ask for, over an ambient that fits the backdrop."""
    contrast, softness = controls["light_contrast"], controls["light_softness"]
    around = surroundings(controls, details)  # [N, 6, 3]
    level = _level(controls)  # [N, 1] of the light that falls on the face, all together
    key_share = 0.30 + 0.62 * contrast.unsqueeze(1)
    # a candle is warm, and so is the low sun; both leave hard or long shadows
    warm = (
        controls["light_warmth"] + 0.25 * (1.0 - controls["light_height"].abs()) * (1.0 - softness) * contrast
    )
    key = warmth(0.48 * warm) * level * key_share * 1.25
    direction = torch.stack(
        [_key_direction(controls), _rim_direction(controls), _fill_direction(controls)], dim=1
    )
    rim = warmth(0.9 * controls["rim_warmth"]) * level * 1.1 * controls["rim_light"].unsqueeze(1)
    fill = warmth(0.6 * controls["fill_warmth"]) * level * (1.0 - key_share) * 0.35
    soft = 0.03 + 0.97 * softness
    even = torch.full_like(soft, 0.6)
    return Lighting(
        direction=direction,
        colour=torch.stack([key, rim, fill], dim=1),
        softness=torch.stack([soft, 0.15 + 0.25 * soft, even], dim=1),
        ambient=_ambient(around, level * (1.0 - key_share), controls),
    )


def _level(controls: dict[str, Tensor]) -> Tensor:
    """How bright the face stands, [N, 1]: one in full light, less before a dark backdrop."""
    return (0.75 + 0.35 * controls["background_tone"]).unsqueeze(1)


def _key_direction(controls: dict[str, Tensor]) -> Tensor:
    """From the controls, [N, 3]: from straight ahead to behind the cheek, seldom from below."""
    side = controls["light_direction"] * math.radians(105.0)
    height = controls["light_height"]
    # a light at the height 0 stands 25 degrees above the eyes; only the lowest shine from below
    up = math.radians(25.0) + torch.where(height > 0.0, 45.0, 42.0) * height * (math.pi / 180.0)
    return torch.stack([side.sin() * up.cos(), up.sin(), side.cos() * up.cos()], dim=-1)


def _rim_direction(controls: dict[str, Tensor]) -> Tensor:
    """Behind the head, on the side away from the key, [N, 3]."""
    side = -torch.tanh(4.0 * controls["light_direction"] + 0.6) * math.radians(142.0)
    up = math.radians(22.0) + 0.25 * controls["light_height"]
    return torch.stack([side.sin() * up.cos(), up.sin(), side.cos() * up.cos()], dim=-1)


def _fill_direction(controls: dict[str, Tensor]) -> Tensor:
    """Large and weak, from the camera's side away from the key, [N, 3]."""
    side = -torch.tanh(2.0 * controls["light_direction"]) * math.radians(50.0)
    up = torch.full_like(side, math.radians(8.0))
    return torch.stack([side.sin() * up.cos(), up.sin(), side.cos() * up.cos()], dim=-1)


# where the six samples of the surroundings lie: left, right, above, below, behind, in front
_SIDES = (
    (-1.0, 0.1, -0.3),
    (1.0, 0.1, -0.3),
    (0.0, 1.0, -0.1),
    (0.0, -1.0, 0.1),
    (0.0, 0.0, -1.0),
    (0.0, 0.15, 1.0),
)


def surroundings(controls: dict[str, Tensor], details: Tensor) -> Tensor:
    """The radiance from six sides, [N, 6, 3], read from the backdrop and continued around the viewer."""
    small = glance(controls, details, wide=1.6).clamp(max=3.0)
    left, right = small[..., :2].mean((2, 3)), small[..., 2:].mean((2, 3))
    top, bottom, whole = small[:, :, 0].mean(2), small[:, :, 3].mean(2), small.mean((2, 3))
    outside = open_air(controls).unsqueeze(1)
    sky = whole.mean(1, keepdim=True) * warmth(-0.35 + 0.5 * controls["fill_warmth"]) * 1.8
    above = torch.lerp(0.6 * top + 0.5 * whole, sky, 0.7 * outside)
    below = bottom * (0.55 + 0.15 * outside)
    front = whole * 0.8
    return torch.stack([left, right, above, below, whole, front], dim=1)


def _ambient(around: Tensor, level: Tensor, controls: dict[str, Tensor]) -> Tensor:
    """Spherical harmonics [N, 9, 3] of the six sides, brought to the level that the contrast leaves."""
    sides = functional.normalize(around.new_tensor(_SIDES), dim=-1)
    mean = around.mean(1, keepdim=True).mean(2, keepdim=True)
    # the backdrop's light is mixed with a room's own, so that no face is black before a dark wall
    room = warmth(0.5 * controls["fill_warmth"]).unsqueeze(1)  # [N, 1, 3]
    own = smooth(0.0, 0.5, mean) * 0.6
    towards = around / mean.clamp(min=1e-3) * own + room * (1.0 - own)
    radiance = towards * level.unsqueeze(1) * 0.85  # [N, 6, 3]
    # each side is a broad lobe: harmonics of the direction, the higher ones softened
    soft = around.new_tensor([1.0] + [0.62] * 3 + [0.22] * 5)
    basis = harmonics(sides) * soft * (4.0 * math.pi / len(_SIDES))  # [6, 9]
    return torch.einsum("sk,nsc->nkc", basis, radiance)
