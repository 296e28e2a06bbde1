"""Lips, and what is put on a face: lipstick, eyeshadow, eyeliner, rouge."""

from __future__ import annotations

import torch
from torch import Tensor

from .people import People

# linear colours in even steps of lip_colour
LIPSTICKS = (
    (0.50, 0.24, 0.19),  # nude
    (0.55, 0.17, 0.17),  # rose
    (0.60, 0.16, 0.22),  # pink
    (0.55, 0.09, 0.07),  # coral
    (0.46, 0.025, 0.03),  # red
    (0.30, 0.015, 0.03),  # dark red
    (0.22, 0.02, 0.06),  # berry
    (0.16, 0.035, 0.03),  # brown
)
EYESHADOWS = (
    (0.16, 0.09, 0.06),  # brown
    (0.30, 0.17, 0.10),  # gold
    (0.05, 0.045, 0.045),  # smoke
    (0.34, 0.15, 0.15),  # rose
    (0.12, 0.06, 0.13),  # plum
    (0.07, 0.12, 0.20),  # blue
    (0.06, 0.12, 0.09),  # green
)


def _from(table: tuple[tuple[float, float, float], ...], share: Tensor) -> Tensor:
    """Colours [N, 3] at shares [N] of a list, one fading into the next."""
    colours = torch.tensor(table, device=share.device)
    place = share * (len(table) - 1)
    low = place.floor().clamp(max=len(table) - 2)
    between = (place - low)[:, None]
    return torch.lerp(colours[low.long()], colours[low.long() + 1], between)


def natural_lips(skin: Tensor, tone: Tensor, redness: Tensor) -> Tensor:
    """The colour [K, 3] of lips without make-up on skin [K, 3] of tones [K]."""
    blood = (0.55 + 0.35 * redness) * (1.0 - 0.45 * tone)
    taken = skin.new_tensor([0.16, 1.0, 0.80])
    darker = 0.88 - 0.10 * tone
    return skin * darker[:, None] * torch.exp(-blood[:, None] * taken)


def made_up(
    people: People, picture: Tensor, albedo: Tensor, lip: Tensor, shadow: Tensor, liner: Tensor, rouge: Tensor
) -> Tensor:
    """Albedo [K, 3] under the make-up that the masks [K] say."""
    c = people.controls
    stick = _from(LIPSTICKS, c["lip_colour"])[picture]
    albedo = torch.lerp(albedo, stick * (0.7 + 0.6 * albedo), (0.88 * lip * c["lipstick"][picture])[:, None])
    colour = _from(EYESHADOWS, c["eyeshadow_colour"])[picture]
    albedo = torch.lerp(albedo, colour * (0.6 + albedo), (0.72 * shadow).clamp(0.0, 1.0)[:, None])
    blush = albedo * albedo.new_tensor([0.98, 0.66, 0.68])
    albedo = torch.lerp(albedo, blush, (0.6 * rouge).clamp(0.0, 1.0)[:, None])
    ink = albedo.new_tensor([0.018, 0.014, 0.013])
    return torch.lerp(albedo, ink.expand_as(albedo), (0.9 * liner).clamp(0.0, 1.0)[:, None])
