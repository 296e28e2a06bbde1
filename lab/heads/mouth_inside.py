"""Teeth, gums and tongue: their colour, and how little light gets in between the lips."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..smooth_step import smooth
from .head_mesh import LOWER_TEETH, TONGUE
from .people import People
from .skin import Matter
from .skin_noise import irregular

ARCH = (0.0, 1.09)  # x, z of the middle of the teeth's arch on the mean head
# where one tooth ends and the next begins, in radians around the arch from the middle to the side
GAPS_ABOVE = (0.0, 0.262, 0.485, 0.75, 1.03, 1.28, 1.70, 2.2)
GAPS_BELOW = (0.0, 0.170, 0.350, 0.58, 0.84, 1.10, 1.55, 2.1)
GUM_ABOVE, GUM_BELOW = 6.752, 6.548  # heights on the mean head where the gums begin
EDGE_ABOVE, EDGE_BELOW = 6.645, 6.652  # and where the teeth end


def mouth_matter(people: People, picture: Tensor, group: Tensor, mean: Tensor, normal: Tensor) -> Matter:
    """What teeth and tongue are made of. picture, group: [K]; mean, normal: [K, 3]."""
    angle = torch.atan2(mean[:, 0] - ARCH[0], mean[:, 2] - ARCH[1]).abs()
    below = group == LOWER_TEETH
    gaps = torch.where(below[:, None], angle.new_tensor(GAPS_BELOW), angle.new_tensor(GAPS_ABOVE))  # [K, 8]
    away = (angle[:, None] - gaps).abs().amin(1)  # radians to the nearest gap
    number = (angle[:, None] > gaps).sum(1)  # which tooth
    width = (gaps[:, 1:] - gaps[:, :-1]).gather(1, (number - 1).clamp(0, 6)[:, None])[:, 0]
    round_ = (
        1.0 - (2.0 * away / width.clamp(min=0.1)).clamp(max=1.0)
    ).square()  # 1 at the gap, 0 in the middle

    edge = torch.where(below, EDGE_BELOW - mean[:, 1], mean[:, 1] - EDGE_ABOVE)  # from the biting edge
    gum = torch.where(below, GUM_BELOW - mean[:, 1], mean[:, 1] - GUM_ABOVE) + 0.020 * round_
    grown = irregular(mean, 0.05)
    pink = smooth(-0.004, 0.006, gum + 0.002 * grown[:, 0])[:, None]

    c = people.controls
    stained = (0.25 + 0.5 * smooth(30.0, 80.0, people.years))[picture][:, None]
    whole = torch.sin(7.3 * number + 2.0 * below)  # teeth differ a little
    enamel = mean.new_tensor([0.74, 0.69, 0.60]) * mean.new_tensor([1.0, 0.94, 0.80]) ** stained
    enamel = enamel * (1.0 + 0.05 * whole + 0.02 * grown[:, 1])[:, None]
    enamel = enamel * (1.0 - 0.16 * smooth(0.02, 0.0, edge)[:, None])  # glassy towards the edge
    notch = smooth(0.032, 0.004, away - 0.05 * smooth(0.03, 0.0, edge))
    dark = (0.32 * notch + 0.14 * round_)[:, None] * mean.new_tensor([0.8, 1.0, 1.1])
    enamel = enamel * (1.0 - dark)
    gums = mean.new_tensor([0.36, 0.115, 0.105]) * (1.0 - 0.25 * c["skin_tone"])[picture][:, None]
    albedo = torch.lerp(enamel, gums * (1.0 - 0.3 * round_[:, None]), pink)

    tongue = (group == TONGUE)[:, None]
    flesh = mean.new_tensor([0.40, 0.135, 0.125]) * (1.0 + 0.08 * irregular(mean, 0.012)[:, :1])
    groove = 1.0 - 0.25 * torch.exp(-((mean[:, :1] / 0.018) ** 2))
    albedo = torch.where(tongue, flesh * groove, albedo)
    sideways = torch.where(mean[:, 0] > 0, 1.0, -1.0) * (angle_to_gap(angle, gaps) * 0.35)
    turned = people.turned[:, :, 0][picture] * sideways[:, None]
    bent = torch.where(tongue, normal, F.normalize(normal + turned * (1.0 - pink), dim=1))
    rough = torch.where(
        tongue[:, 0], 0.38, torch.lerp(torch.full_like(angle, 0.20), angle * 0 + 0.3, pink[:, 0])
    )
    return Matter(albedo.clamp(0.004, 0.9), bent, rough, torch.ones_like(rough))


def angle_to_gap(angle: Tensor, gaps: Tensor) -> Tensor:
    """-1..1 across each tooth: where its face turns towards the middle or to the side."""
    signed = angle[:, None] - gaps
    nearest = signed.abs().argmin(1, keepdim=True)
    near = signed.gather(1, nearest)[:, 0]
    return -torch.sign(near) * smooth(0.12, 0.0, near.abs())
