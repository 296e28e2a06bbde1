"""From light to a picture: exposure, a film's soft shoulder, contrast, saturation, sRGB."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

LUMA = (0.2126, 0.7152, 0.0722)
BALANCED = 0.6  # of the light's own colour
GREY = 0.18  # where contrast turns


def exposed(controls: Mapping[str, Tensor], white: Tensor) -> Tensor:
    """[N, 3] by what light is multiplied, given what a white sheet before the face shows, `white` [N, 3].

    A photographer gives dark skin more light and pale skin less, but not so much that they look the same. A
    camera takes most of the light's own colour out.
    """
    skin = 1.12 - 0.30 * controls["skin_tone"]  # brightness for the eye of what is in the middle
    wish = torch.exp2(0.9 * controls["exposure"])
    bright = (white @ white.new_tensor(LUMA)).clamp(min=0.05)  # [N]
    balance = (bright[:, None] / white.clamp(min=0.02)) ** BALANCED
    balance = balance / (balance @ white.new_tensor(LUMA))[:, None]
    return balance * (1.08 * wish / (skin * bright**0.92))[:, None]


def develop(light: Tensor, controls: Mapping[str, Tensor], gain: Tensor) -> Tensor:
    """Linear radiance [N, 3, R, R], times gain [N, 3], to sRGB values -1..1."""
    light = (light * gain[:, :, None, None]).clamp(min=0.0)
    turn = (2.0 ** (0.45 * controls["contrast"]) * 1.08).view(-1, 1, 1, 1)
    bright = (light * light.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True).clamp(min=1e-5)
    lifted = GREY * (bright / GREY) ** turn
    shown = _shoulder(light * (lifted / bright))
    grey = (shown * shown.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    colourful = (1.0 + 0.45 * controls["saturation"]).clamp(min=0.0).view(-1, 1, 1, 1)
    return srgb((grey + (shown - grey) * colourful).clamp(0.0, 1.0)) * 2.0 - 1.0


def _shoulder(light: Tensor) -> Tensor:
    """Straight in the shadows and middle tones, then ever slower towards one."""
    start = 0.55
    over = (light - start).clamp(min=0.0) / (1.0 - start)
    return light.clamp(max=start) + (1.0 - start) * (1.0 - torch.exp(-over))


def srgb(light: Tensor) -> Tensor:
    """Linear 0..1 to the sRGB curve 0..1."""
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light.clamp(min=1e-6) ** (1 / 2.4) - 0.055)
