"""The skin's colour."""

from __future__ import annotations
import torch
from torch import Tensor
from .people import People

TONES = (  # sRGB of skin under white light, from porcelain to deep brown
    (236, 203, 186),
    (228, 184, 158),
    (208, 156, 122),
    (167, 115, 82),
    (114, 76, 56),
    (66, 45, 36),
)


def linear(colour: Tensor) -> Tensor:
    return torch.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def skin_colour(people: People) -> Tensor:
    """[N, 3] linear."""
    tone = people.controls["skin_tone"]
    table = linear(torch.tensor(TONES, device=tone.device) / 255.0).log()
    place = tone * (len(TONES) - 1)
    low = place.floor().clamp(max=len(TONES) - 2)
    share = (place - low)[:, None]
    return torch.lerp(table[low.long()], table[low.long() + 1], share).exp()
