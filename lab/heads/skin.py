"""What skin is made of at each sample: its colour from two pigments, its grain, lines and oil.

Tones run from 0, porcelain, to 1, deep brown. A difference of tone is melanin; blood reddens.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..smooth_step import smooth
from .make_up import made_up, natural_lips
from .people import People
from .skin_noise import irregular
from .skin_zones import COARSE, skin_fields, skin_zones
from .wrinkles import slopes

# sRGB of skin under white light in even steps of tone
TONES = (
    (238, 207, 190), (233, 195, 171), (223, 178, 148), (203, 152, 117), (170, 120, 86),
    (131, 88, 63), (96, 64, 48), (66, 45, 36),
)  # fmt: skip
STEPS = 256
FINE = 0.014  # decimetres: a smaller sample shows pores
FLESH = (0.33, 0.085, 0.075)  # of the mouth's inside, linear
BLOOD = (0.13, 1.0, 0.80)  # how strongly blood takes light of each colour
NOISE = slice(8, 14)  # of the details
SHARED = ("lips", "inside", "rim", "beard", "sun", "nostrils")  # zones that samples need themselves
OWN = ("brown", "red", "oil", "shadow", "liner", "rouge")  # mixed for each person


@dataclass(frozen=True)
class Matter:
    """What K samples are made of."""

    albedo: Tensor  # [K, 3] linear
    normal: Tensor  # [K, 3] unit, with the grain
    roughness: Tensor  # [K]
    specular: Tensor  # [K] times what a dielectric reflects


def linear(colour: Tensor) -> Tensor:
    """sRGB values 0..1 as linear light."""
    return torch.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


@lru_cache(maxsize=2)
def _tones(device: torch.device) -> Tensor:
    """[STEPS + 1, 3] linear skin from tone 0 to 1."""
    table = linear(torch.tensor(TONES, device=device) / 255.0).log().T[None]
    fine = F.interpolate(table, STEPS + 1, mode="linear", align_corners=True)
    return fine[0].T.exp().contiguous()


def toned(tone: Tensor) -> Tensor:
    """Linear colours [.., 3] of tones [..]."""
    return _tones(tone.device)[(tone.clamp(0.0, 1.0) * STEPS).round().long()]


def personal_zones(people: People) -> Tensor:
    """[N, V, OWN]: what differs over each person's skin, besides fine grain."""
    device, c = people.rest.device, people.controls
    zones = skin_zones(device)
    tone, old = c["skin_tone"], smooth(40.0, 80.0, people.years)
    fields = skin_fields(device)  # [V, 16]
    weights = _mixing(people.details)  # [N, 4, 8]
    large = torch.einsum("nfk,vk->nfv", weights[:, :2], fields[:, :COARSE])  # [N, 2, V]
    small = torch.einsum("nfk,vk->nfv", weights[:, 2:], fields[:, COARSE:])

    def column(value: Tensor) -> Tensor:
        return value[:, None]

    uneven = 0.55 + 0.9 * tone  # melanin is spread less evenly where there is more
    red = (0.25 + 1.1 * c["redness"]) * (1.0 - 0.35 * tone)
    brown = (
        column((0.012 + 0.010 * old) * uneven) * large[:, 0]
        + column((0.004 + 0.008 * old) * uneven) * small[:, 0]
        + column(0.035 + 0.05 * old + 0.05 * tone * (1 - tone)) * zones["under_eyes"]
        + column(0.05 + 0.06 * tone) * (zones["lids"] + zones["inner_eyes"])
        + column(0.02 + 0.08 * tone * (1 - tone) * 2) * zones["mouth_round"]
        - 0.03 * zones["cheeks"] * column(tone)
        + 0.05 * column(old) * smooth(1.4, 2.2, small[:, 1]) * (1 - 0.5 * column(tone))
    )
    blood = (
        0.72 * zones["cheeks"]
        + 0.75 * zones["nose"]
        + 0.45 * zones["wings"]
        + 0.70 * zones["ears"]
        + 0.35 * zones["chin"]
        + 0.30 * zones["under_eyes"]
        + 0.35 * zones["inner_eyes"]
        + 0.30 * zones["lids"]
        + 0.3 * zones["rim"]
        + 0.4 * zones["nostrils"]
        - 0.25 * zones["forehead"]
        - 0.15 * zones["neck"]
    )
    blotchy = 0.11 * large[:, 1] + 0.045 * small[:, 1] * column(0.6 + old)
    flesh = column(red) * (0.35 + blood * 0.62 + blotchy)
    oil = 0.7 * zones["forehead"] + 1.0 * zones["nose"] + 0.6 * zones["bridge"] + 0.3 * zones["chin"]
    oil = (oil + 0.15 * zones["cheeks"]).expand(len(tone), -1)
    worn = [
        column(c["eyeshadow"]) * zones["shadow"],
        column(c["eyeliner"]) * zones["lash_line"] + 0.25 * column(c["lashes"]) * zones["lash_line"],
        column(c["rouge"]) * zones["rouge"],
    ]
    return torch.stack([brown, flesh, oil, *worn], 2)


def _mixing(details: Tensor) -> Tensor:
    """[N, 4, COARSE] unit weights that choose a person's own from the fixed fields."""
    random = torch.Generator().manual_seed(77)
    turn = torch.randn(6, 4 * COARSE, generator=random).to(details)
    start = torch.randn(4 * COARSE, generator=random).to(details)
    return F.normalize((details[:, NOISE] @ turn + 0.7 * start).view(-1, 4, COARSE), dim=2)


def skin_matter(
    people: People,
    picture: Tensor,
    mean: Tensor,
    normal: Tensor,
    zones: Tensor,
    own: Tensor,
    sample: Tensor,
) -> Matter:
    """What skin, lips and the inside of the mouth are made of.

    picture: [K]; mean, normal: [K, 3]; zones: [K, SHARED]; own: [K, OWN]; sample: [N] its size in decimetres.
    """
    spots = _Spots(
        people,
        picture,
        mean,
        {name: values[picture] for name, values in people.controls.items() if name in _USED},
        dict(zip(SHARED + OWN, torch.cat([zones, own], 1).unbind(1), strict=True)),
        irregular(mean, 0.022),
        sample[picture],
    )
    slope, deep = slopes(people, mean, picture, sample)
    lip = smooth(0.3, 0.75, spots.zone["lips"] + 0.04 * spots.grain[:, 3])
    inside = smooth(0.35, 0.75, spots.zone["inside"] * (1.0 - spots.zone["lips"]))
    bare = _bare_skin(spots)
    albedo = bare * torch.exp(-deep[:, None] * bare.new_tensor([0.10, 0.20, 0.22]))
    albedo = _with_lips(spots, _with_stubble(spots, albedo), lip, inside)
    rough, specular = _gloss(spots, lip, inside)
    bent = _bent(people, picture, mean, normal, slope, _bumps(spots) * (1.0 - 0.5 * lip)[:, None])
    return Matter(albedo.clamp(0.004, 0.95), bent, rough, specular)


@dataclass(frozen=True)
class _Spots:
    """K samples of skin."""

    people: People
    picture: Tensor  # [K]
    mean: Tensor  # [K, 3]
    c: dict[str, Tensor]  # [K] controls
    zone: dict[str, Tensor]  # [K] as SHARED and OWN
    grain: Tensor  # [K, 4] spots of two millimetres
    size: Tensor  # [K] decimetres

    @property
    def fade(self) -> Tensor:
        """[K] what is smaller than a sample is left out."""
        return smooth(0.05, 0.012, self.size)

    @property
    def turn(self) -> Tensor:
        """[K, 6] by which each person's spots are chosen."""
        return self.people.details[:, NOISE][self.picture]


def _bare_skin(s: _Spots) -> Tensor:
    c, grain, turn = s.c, s.grain, s.turn
    freckled = _freckles(c["freckles"], turn[:, 0], s.mean, s.size)
    freckled = freckled * s.zone["sun"] * (1.0 - 0.8 * c["skin_tone"])
    rare = turn[:, 1].cos() * grain[:, 3] + turn[:, 1].sin() * grain[:, 0]
    mole = smooth(3.9 - 1.2 * c["moles"], 4.25 - 1.1 * c["moles"], rare)
    tone = c["skin_tone"] + s.zone["brown"] + 0.007 * grain[:, 0] * s.fade + 0.20 * freckled + 0.27 * mole
    blood = s.zone["red"] + 0.05 * grain[:, 1] * s.fade
    under = c["skin_undertone"]
    taken = blood[:, None] * blood.new_tensor(BLOOD) * 0.52
    taken = taken + torch.stack([0.01 * under.abs(), -0.035 * under, 0.13 * under], 1)
    return toned(tone) * torch.exp(-taken)


def _with_stubble(s: _Spots, albedo: Tensor) -> Tensor:
    dark = (0.45 + 0.55 * (1.0 - s.c["hair_tone"])) * smooth(-0.3, 0.5, s.c["masculine"])
    stubble = s.zone["beard"] * s.c["stubble"] * dark * (1.0 - s.people.child[s.picture])
    stubble = stubble * (1.0 + 0.28 * s.grain[:, 2] * s.fade) * (1.0 - s.zone["lips"])
    return albedo * torch.exp(-stubble.clamp(min=0.0)[:, None] * albedo.new_tensor([0.62, 0.50, 0.40]))


def _with_lips(s: _Spots, albedo: Tensor, lip: Tensor, inside: Tensor) -> Tensor:
    """Lips, make-up, the inside of the mouth, the lids' rims and the nostrils."""
    skin = toned(s.c["skin_tone"] + s.zone["brown"])
    lips = natural_lips(skin, s.c["skin_tone"], s.c["redness"]) * (1.0 + 0.05 * s.grain[:, :1])
    albedo = torch.lerp(albedo, lips, lip[:, None])
    albedo = made_up(s.people, s.picture, albedo, lip, s.zone["shadow"], s.zone["liner"], s.zone["rouge"])
    albedo = torch.lerp(albedo, albedo.new_tensor(FLESH).expand_as(albedo), inside[:, None])
    rim = albedo * albedo.new_tensor([1.0, 0.86, 0.84])
    albedo = torch.lerp(albedo, rim, s.zone["rim"][:, None])
    return albedo * (1.0 - 0.6 * s.zone["nostrils"][:, None])


def _gloss(s: _Spots, lip: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
    """Roughness and strength of gleams, [K] each."""
    shine, oil = s.c["shine"], s.zone["oil"]
    old = smooth(35.0, 80.0, s.people.years)[s.picture]
    rough = 0.47 - 0.06 * shine + 0.05 * old + 0.02 * s.grain[:, 1] - (0.05 + 0.10 * shine) * oil
    rough = torch.lerp(rough, 0.36 - 0.08 * s.c["lipstick"], lip)
    rough = torch.lerp(rough, torch.full_like(rough, 0.25), inside)
    specular = 0.75 + 0.45 * shine + (0.2 + 0.5 * shine) * oil
    specular = torch.lerp(specular, 0.9 + 0.4 * s.c["lipstick"], lip)
    return rough.clamp(0.2, 0.7), specular * (1.0 - 0.3 * s.zone["nostrils"])


def _bumps(s: _Spots) -> Tensor:
    """[K, 3] slopes of small bumps and, where samples are small, of pores."""
    old = smooth(35.0, 80.0, s.people.years)[s.picture]
    bumps = s.grain[:, :3] * ((0.006 + 0.016 * old) * s.fade)[:, None]
    if float(s.size.min()) >= FINE:
        return bumps
    pores = irregular(s.mean, 0.0085)[:, :3]
    return bumps + pores * ((0.022 + 0.012 * s.zone["oil"]) * smooth(FINE, 0.005, s.size))[:, None]


_USED = (
    "skin_tone", "skin_undertone", "redness", "freckles", "moles", "shine", "stubble", "hair_tone",
    "masculine", "lipstick",
)  # fmt: skip


def _freckles(amount: Tensor, turn: Tensor, mean: Tensor, size: Tensor) -> Tensor:
    """[K] 0..1: small spots of several sizes, or how much of the skin they cover where samples are larger."""
    if not float(amount.max()) > 0.01:
        return torch.zeros_like(amount)
    grain = irregular(mean, 0.0125)
    spots = (turn * 0.9).cos() * grain[:, 0] + (turn * 0.9).sin() * grain[:, 1] + 0.35 * grain[:, 2]
    single = smooth(0.75, 1.45, spots)
    return amount * torch.lerp(torch.full_like(spots, 0.17), single, smooth(0.035, 0.012, size))


def _bent(
    people: People, picture: Tensor, mean: Tensor, normal: Tensor, lines: Tensor, bumps: Tensor
) -> Tensor:
    """Normals [K, 3] with lines' slopes [K, 2] and bumps [K, 3] of the mean head."""
    angle = torch.atan2(mean[:, 0], mean[:, 2] - 0.25)
    zero = torch.zeros_like(angle)
    right = torch.stack([angle.cos(), zero, -angle.sin()], 1)
    up = torch.stack([zero, zero + 1.0, zero], 1)
    slope = right * lines[:, :1] + up * lines[:, 1:] + bumps
    turned = people.turned[0] if len(people.turned) == 1 else people.turned[picture]
    slope = slope @ turned.T if turned.ndim == 2 else (turned @ slope[:, :, None])[:, :, 0]
    slope = slope - (slope * normal).sum(1, keepdim=True) * normal
    return F.normalize(normal - slope, dim=1)
