"""The lamps of a picture, and what stands in their way: heads, worn things, hair."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .environments import Lighting
from .hair_shade import HairShade, hair_shades
from .lights import GOLDEN, ShadowMap
from .visible import Visible

WIDEST = 0.55  # a lamp's half width over its distance, at softness 1
DARK = 2e-3  # a lamp that nobody sees
SKY = (0.0, 0.86, 0.51)  # from where most of the light from all sides comes
LIFTED = 0.018  # decimetres, so that a coarse shadow map does not darken what it shows
SOLID = 0.5  # what is less opaque throws no shadow


@dataclass(frozen=True)
class Places:
    """K points to be lit."""

    picture: Tensor  # [K]
    place: Tensor  # [K, 3] world
    normal: Tensor  # [K, 3] of the surface, without grain
    view: Tensor  # [K, 3] unit, to the camera
    turn: Tensor  # [K] radians that differ from sample to sample


@dataclass(frozen=True)
class Lamp:
    """One lamp in each of N pictures."""

    towards: Tensor  # [N, 3] unit
    colour: Tensor  # [N, 3]
    softness: Tensor  # [N]
    shadow: ShadowMap
    hair: HairShade | None

    def lit(self, at: Places) -> Tensor:
        """[K] the share of the lamp that places see past heads and worn things."""
        facing = (at.normal * self.towards[at.picture]).sum(1)
        spread = (0.01 + WIDEST * self.softness)[at.picture]
        return self.shadow.lit(at.picture, at.place + LIFTED * at.normal, facing, spread, at.turn)

    def crossed(self, at: Places) -> Tensor:
        """[K] strands between places and the lamp."""
        if self.hair is None:
            return torch.zeros(len(at.place), device=at.place.device)
        return self.hair.crossed(at.picture, at.place)


@dataclass(frozen=True)
class Lamps:
    """All light of N pictures."""

    ambient: Tensor  # [N, 9, 3]
    lamps: list[Lamp]  # those that shine
    sky: HairShade | None  # None where there is no hair
    camera: HairShade | None

    def reached(self, at: Places, least: float, above: float, before: float) -> Tensor:
        """[K] how much of the light from all sides hair leaves, `least` or more.

        above, before: how dense hair is for light from the sky and from the viewer's side.
        """
        if self.sky is None or self.camera is None:
            return torch.ones(len(at.place), device=at.place.device)
        sky = torch.exp(-above * self.sky.crossed(at.picture, at.place))
        camera = torch.exp(-before * self.camera.crossed(at.picture, at.place))
        return least + (1.0 - least) * 0.5 * (sky + camera)


def places_of(visible: Visible, where: Tensor, picture: Tensor, place: Tensor, normal: Tensor) -> Places:
    view = F.normalize(visible.people.camera.place[picture] - place, dim=1)
    return Places(picture, place, normal, view, dither(visible, where))


def dither(visible: Visible, where: Tensor) -> Tensor:
    """[K] radians that differ from sample to sample, and not from picture to picture."""
    return ((where % visible.side**2) * GOLDEN) % 6.2832


def lamps_of(visible: Visible, lighting: Lighting) -> Lamps:
    """Draws what each lamp sees, and how dense the hair before it is."""
    shining = [n for n, on in enumerate((lighting.colour.amax((0, 2)) > DARK).tolist()) if on]
    shades: list[HairShade | None] = [None] * (len(shining) + 2)
    casts = visible.strands.casts
    if len(casts):
        sky = lighting.direction.new_tensor(SKY).expand(len(visible.people.places), 3)
        camera = F.normalize(visible.people.camera.place - visible.people.eyes.mean(1), dim=1)
        ways = torch.stack([*(lighting.direction[:, n] for n in shining), sky, camera], 1)  # [N, D, 3]
        picture, points = visible.strand_picture[casts], visible.strands.points[casts]
        shades = [*hair_shades(ways, picture, points, visible.strands.area)]
    lamps = [
        Lamp(
            lighting.direction[:, n],
            lighting.colour[:, n],
            lighting.softness[:, n],
            _shadow(visible, lighting.direction[:, n]),
            shade,
        )
        for n, shade in zip(shining, shades, strict=False)
    ]
    return Lamps(lighting.ambient, lamps, shades[-2], shades[-1])


def _shadow(visible: Visible, towards: Tensor) -> ShadowMap:
    mesh, pieces = visible.people.mesh, visible.pieces
    shadow = ShadowMap.empty(towards)
    every = torch.arange(len(towards), device=towards.device)[:, None]
    texel, near = shadow.seen_from(every, visible.people.places)  # [N, V, 2], [N, V]
    shadow.buffer.triangles(texel, near, mesh.triangles, 0)
    solid = (pieces.opacity[pieces.triangles].amin(1) > SOLID).nonzero()[:, 0]
    texel, near = shadow.seen_from(visible.piece_picture, pieces.places)
    picture = pieces.picture[solid]
    shadow.buffer.triangles_of(picture, texel, near, pieces.triangles[solid], solid)
    return shadow
