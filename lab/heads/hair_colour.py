"""The colour of hair: melanin, grey hairs, dye. Linear albedos."""

from __future__ import annotations

import torch
from torch import Tensor

from ..smooth_step import smooth
from .people import People

# from black to pale blond, at equal distances of tone; without and with red pigment
ASHEN = (
    (0.010, 0.0095, 0.010),
    (0.018, 0.015, 0.013),
    (0.045, 0.033, 0.026),
    (0.11, 0.081, 0.058),
    (0.27, 0.205, 0.14),
    (0.58, 0.48, 0.36),
)
USUAL = (
    (0.011, 0.0092, 0.0088),
    (0.023, 0.0145, 0.0105),
    (0.060, 0.0335, 0.019),
    (0.145, 0.083, 0.043),
    (0.34, 0.22, 0.115),
    (0.64, 0.49, 0.30),
)
RED = (
    (0.016, 0.0085, 0.007),
    (0.046, 0.0165, 0.0085),
    (0.125, 0.035, 0.0125),
    (0.26, 0.075, 0.021),
    (0.43, 0.165, 0.052),
    (0.62, 0.36, 0.17),
)
DYES = (
    (0.62, 0.50, 0.31),
    (0.33, 0.035, 0.02),
    (0.012, 0.010, 0.011),
    (0.55, 0.13, 0.22),
    (0.10, 0.17, 0.42),
    (0.16, 0.05, 0.22),
    (0.06, 0.24, 0.16),
    (0.55, 0.52, 0.50),
)
WHITE = (0.62, 0.60, 0.56)
MIXED = 0.45
POWDER = (0.66, 0.64, 0.60)


def melanin(tone: Tensor, red: Tensor) -> Tensor:
    """The albedo [N, 3] of hair by tone [N] 0..1 and red [N] -1..1."""
    tables = tone.new_tensor([ASHEN, USUAL, RED]).log()  # [3, 6, 3]
    place = (tone.clamp(0.0, 1.0) * (tables.shape[1] - 1)).clamp(max=tables.shape[1] - 1.001)
    low = place.long()
    share = (place - low)[None, :, None]
    rows = tables[:, low] * (1.0 - share) + tables[:, low + 1] * share  # [3, N, 3]
    ash, reddish = (-red).clamp(0.0, 1.0)[:, None], red.clamp(0.0, 1.0)[:, None]
    return (rows[1] + ash * (rows[0] - rows[1]) + reddish.square() * (rows[2] - rows[1])).exp()


def natural_tone(people: People) -> Tensor:
    """The tone [N] after the origins, whose hair is dark."""
    dark = people.european + 0.22 * (1.0 - people.european)
    young = 0.12 * people.child * people.european
    return (people.controls["hair_tone"] * dark + young * people.controls["hair_tone"]).clamp(0.0, 1.0)


def hair_colour(people: People) -> Tensor:
    """The colour of a person's hair without grey hairs [N, 3]."""
    controls = people.controls
    own = melanin(natural_tone(people), controls["hair_red"] - 0.25)
    dyes = own.new_tensor(DYES).log()
    place = (controls["dye"] * len(DYES)).clamp(0.0, len(DYES) - 1.001)
    low = place.long()
    share = smooth(0.8, 1.0, place - low)[:, None]
    dye = (dyes[low] * (1.0 - share) + dyes[(low + 1) % len(DYES)] * share).exp()
    return own + controls["dyed"][:, None] * (dye - own)


def brow_colour(people: People) -> Tensor:
    """Brows and lashes [N, 3] are darker than the hair, and not dyed."""
    own = melanin(natural_tone(people) * 0.8 + 0.05, people.controls["hair_red"] - 0.35)
    return 1.15 * own + 0.010


def strand_colours(base: Tensor, grey: Tensor, chance: Tensor, along: Tensor, early: Tensor) -> Tensor:
    """Colours [S, K, 3] of one person's strands.

    base: [3]; grey: the share of grey hairs; chance: [S, 2] fixed numbers of the strands; along: [K]
    0 at the root, 1 at the tip; early: [S] how much earlier strands turn grey.
    """
    light = (0.5 * (chance[:, :1] - 0.5)).exp()[..., None]  # [S, 1, 1]
    pale = (0.45 * (along - 0.35)).exp()[None, :, None]
    warm = base.new_tensor([1.0, 0.97, 0.9]) ** (along[None, :, None] * (1.0 - base.mean()))
    colour = base * light * pale * warm  # [S, K, 3]
    # a strand stands for several hairs, so most are mixed
    place = (1.0 + 2.0 * MIXED) * grey - MIXED + 1.2 * early * grey * (1.0 - grey)
    white = smooth(-MIXED, MIXED, place - chance[:, 1])
    pigment = base.new_tensor(WHITE) * (0.85 + 0.3 * chance[:, :1])  # [S, 3]
    return torch.lerp(colour, pigment[:, None].expand_as(colour), (0.92 * white)[:, None, None]).clamp(
        0.0, 0.9
    )


def grey_share(people: People) -> Tensor:
    """The share of grey hairs [N]: the control, and never a child's."""
    aged = smooth(24.0, 48.0, people.years)
    return people.controls["grey"] * aged * (1.0 - people.child) * (1.0 - 0.9 * people.controls["dyed"])
