"""How skin, cloth and hair send light on: what falls on them, and their gleams."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .lamps import Lamps, Places
from .lights import matt, seen_towards
from .skin import Matter
from .strand_light import strand_gleam, strand_scatter

STRAIGHT = 0.040  # what plastic, cloth and glass reflect straight
SKIN_STRAIGHT = 0.028
SKIN_WRAP = (0.24, 0.10, 0.05)  # how far light of each colour reaches past the edge of its shadow
HAIR_TONES = (0.90, 0.97, 1.0)  # hair's shadow on skin is a little warm
FULL = 0.16  # how much a lamp of softness 1 widens gleams


def skin_reflected(
    lamps: Lamps,
    at: Places,
    matter: Matter,
    around: Tensor,
    open_: Tensor,
    wrap: tuple[float, float, float] = SKIN_WRAP,
    gather: tuple[Tensor, Tensor] | None = None,
    least: Tensor | float = 0.0,
) -> tuple[Tensor, Tensor]:
    """What falls on K samples of skin, eyes or teeth, white meaning 1, and what they reflect straight.

    Both are [K, 3]. around: [K, 3] from all sides; open_: [K] how much of the sky is seen, 0..1; gather: how
    much of a sample is iris [K], and the way to the iris's middle [K, 3]: the cornea lights its far side;
    least: [K] share of a lamp that comes through what is in its way.
    """
    normal, view, picture = matter.normal, at.view, at.picture
    reached = lamps.reached(at, 0.25, 0.8, 0.6)
    falls = around * reached[:, None]
    facing_view = (normal * view).sum(1).clamp(0.02, 1.0)
    mirrored = 2.0 * facing_view[:, None] * normal - view
    grazing = 0.2 * (1.0 - matter.roughness - SKIN_STRAIGHT).clamp(min=0.0) * (1.0 - facing_view) ** 5
    gleams = seen_towards(lamps.ambient, mirrored, picture)
    gleams = gleams * ((SKIN_STRAIGHT + grazing) * matter.specular * open_ * reached)[:, None]
    wrapping, tones = around.new_tensor(wrap), around.new_tensor(HAIR_TONES)
    for lamp in lamps.lamps:
        towards = lamp.towards[picture]
        shade = torch.exp(-1.1 * lamp.crossed(at)[:, None] * tones)
        arrives = lamp.colour[picture] * shade * (least + (1.0 - least) * lamp.lit(at))[:, None]
        cosine = (normal * towards).sum(1, keepdim=True)
        more = arrives * ((cosine + wrapping) / (1.0 + wrapping)).clamp(min=0.0)
        if gather is not None:
            iris, glow = gather
            more = more * (1.0 + iris * 0.6 * (glow * towards).sum(1)).clamp(0.5, 1.6)[:, None]
        falls = falls + more
        alpha = matter.roughness * (matter.roughness + FULL * 2.0 * lamp.softness[picture])
        gleam = _ggx(normal, towards, view, alpha, matter.roughness, SKIN_STRAIGHT)
        gleams = gleams + arrives * (gleam * matter.specular)[:, None]
    return falls, gleams


def reflected(lamps: Lamps, at: Places, colour: Tensor, rough: Tensor, metal: Tensor) -> Tensor:
    """[K, 3] the light of cloth, plastic, glass, metal. colour: [K, 3]; rough: [K]; metal: [K, 1]."""
    normal, view, picture = at.normal, at.view, at.picture
    straight = torch.lerp(torch.full_like(colour, STRAIGHT), colour, metal)
    reached = lamps.reached(at, 0.35, 0.7, 0.5)[:, None]
    facing_view = (normal * view).sum(1, keepdim=True).clamp(0.02, 1.0)
    mirrored = 2.0 * facing_view * normal - view
    grazing = straight + (1.0 - rough[:, None] - straight).clamp(min=0.0) * (1.0 - facing_view) ** 5
    falls = matt(lamps.ambient, normal, picture) * reached
    gleams = seen_towards(lamps.ambient, mirrored, picture) * grazing * reached
    for lamp in lamps.lamps:
        towards = lamp.towards[picture]
        arrives = lamp.colour[picture] * (lamp.lit(at) * torch.exp(-lamp.crossed(at)))[:, None]
        falls = falls + arrives * (normal * towards).sum(1, keepdim=True).clamp(min=0.0)
        alpha = (rough.square() + 0.6 * FULL * lamp.softness[picture]).clamp(0.02, 1.0)
        gleams = gleams + arrives * _ggx(normal, towards, view, alpha, rough, 1.0)[:, None] * straight
    return colour * (1.0 - metal) * falls + gleams


def strand_reflected(
    lamps: Lamps, at: Places, along: Tensor, outward: Tensor, colour: Tensor, sample: Tensor
) -> Tensor:
    """[K, 3] the light of hair.

    along: [K, 3] unit, towards the tip; outward: [K, 3] unit, away from the head; sample: [K] decimetres:
    what one sample cannot show of a gleam is spread.
    """
    picture, view = at.picture, at.view
    side = F.normalize(at.normal + outward, dim=1)
    falls = matt(lamps.ambient, side, picture) * lamps.reached(at, 0.10, 0.55, 0.75)[:, None]
    light = colour * falls
    rough = (0.38 + 1.5 * sample).clamp(max=0.6)
    for lamp in lamps.lamps:
        towards = lamp.towards[picture]
        lifted = Places(picture, at.place + 0.05 * towards, towards, view, at.turn)
        arrives = lamp.colour[picture] * lamp.lit(lifted)[:, None]
        shade = torch.exp(-0.75 * lamp.crossed(at)[:, None] * (1.15 - colour.clamp(max=0.6)))
        gleam = strand_gleam(along, view, towards, colour, rough)
        light = light + arrives * shade * (gleam + strand_scatter(along, view, towards, colour))
    return light


def _ggx(
    normal: Tensor, towards: Tensor, view: Tensor, alpha: Tensor, rough: Tensor, straight: float
) -> Tensor:
    """[K] the gleam of a lamp that makes a white sheet show 1; `alpha` [K] is widened by the lamp's size."""
    half = F.normalize(towards + view, dim=1)
    nh = (normal * half).sum(1).clamp(0.0, 1.0)
    nl = (normal * towards).sum(1).clamp(0.0, 1.0)
    nv = (normal * view).sum(1).clamp(0.2, 1.0)
    vh = (view * half).sum(1).clamp(0.0, 1.0)
    square = alpha.square()
    spread = square / (nh.square() * (square - 1.0) + 1.0).square()
    fresnel = straight + (1.0 - straight) * (1.0 - vh) ** 5
    k = (rough + 1.0).square() / 8.0
    shadowed = 1.0 / ((nl * (1.0 - k) + k) * (nv * (1.0 - k) + k))
    return spread * fresnel * shadowed * 0.25 * nl
