"""The mouth: the two planes of the lips, the line between them, teeth, and corners that rise in a smile."""

import torch
from torch import Tensor

from ..smooth_step import smooth
from .canvas import Area
from .pose import Pose, Tints
from .shapes import bump, cover, mix, ramp, rgb

_LIPSTICK = [(196, 70, 66), (176, 40, 58), (160, 52, 92), (206, 104, 96)]


def lip_colour(p: "dict[str, Tensor]", skin: Tensor) -> Tensor:
    natural = skin * rgb(226, 148, 144, like=skin) + rgb(14, 0, 4, like=skin)
    painted = ramp(p["lip_colour"], _LIPSTICK) * (0.55 + 0.55 * skin.mean(1, keepdim=True))
    return mix(natural, painted, (0.85 * p["lipstick"]).unsqueeze(1))


def mouth_curve(pose: Pose, u: Tensor) -> Tensor:
    """Height b of the line between the lips at u (-1..1, corner to corner)."""
    smile = pose.p["smile"]
    rise = 0.022 * smile.clamp(min=0.0) + 0.011 * smile.clamp(max=0.0) - 0.001 - 0.004 * pose.p["nod"]
    return pose.mouth_b - rise * u.square()


def mouth(canvas: Area, pose: Pose, tints: Tints, skin: Tensor) -> None:
    p = pose.p
    area = canvas.area(0.36, 0.575, 0.64, 0.78)
    a, b = pose.across(area.x, 0.018), pose.down(area.y)
    u = a / pose.mouth_half  # [N, 1, w]
    inside = (1.0 - u.square()).clamp_(min=0.0)
    line = mouth_curve(pose, u)
    full = 1.0 + 0.34 * p["lips"]
    gap = (
        0.004
        + 0.046 * p["mouth_open"]
        + 0.010 * p["smile"].clamp(min=0.0) * smooth(0.05, 0.3, p["mouth_open"])
    )
    opened = smooth(0.06, 0.22, p["mouth_open"])
    top = line - 0.25 * gap * inside.pow(0.7) * opened
    bottom = line + 0.75 * gap * inside.pow(0.8) * opened
    bow = 1.0 - 0.26 * bump(u, 0.16) + 0.10 * bump(u.abs() - 0.24, 0.18)
    upper = top - 0.0165 * full * inside.pow(0.85) * bow
    lower = bottom + 0.0225 * full * inside.pow(0.62)
    _lips(area, pose, tints, lip_colour(p, skin), u, b, (upper, top, bottom, lower))
    _inside(area, pose, u, b, top, bottom, gap, opened)
    seam = bump(b - line - 0.0006, 0.0026 + 0.4 * area.pixel) * smooth(1.03, 0.92, u.abs()) * (1.0 - opened)
    area.blend(rgb(92, 36, 38, like=b) * (0.45 + 0.55 * skin), seam * 0.85)
    corner = bump((u.abs() - 1.03) / 0.09, 1.0) * bump(
        (b - mouth_curve(pose, torch.ones_like(u))) / 0.008, 1.0
    )
    area.glaze(rgb(140, 78, 74, like=b), corner * (0.55 + 0.25 * p["smile"]))


def _lips(
    area: Area, pose: Pose, tints: Tints, colour: Tensor, u: Tensor, b: Tensor, edges: "tuple[Tensor, ...]"
) -> None:
    upper, top, bottom, lower = edges
    p = pose.p
    soft = 1.6 * area.pixel + 0.002
    ends = smooth(1.02, 0.97, u.abs())
    bulge = ((b - bottom) / (lower - bottom).clamp(min=0.004)).clamp(0.0, 1.0)
    side = (u * p["light_direction"] * 0.16).clamp(-0.3, 0.3)
    low = cover(bottom - b - 0.001, soft) * cover(b - lower, soft) * ends
    area.blend(tints.shade(colour * 1.06, 0.86 - 0.62 * (bulge - 0.25).clamp(min=0.0) + side), low)
    high = cover(upper - b, soft) * cover(b - top - 0.001, soft) * ends
    rise = ((top - b) / (top - upper).clamp(min=0.004)).clamp(0.0, 1.0)
    area.blend(tints.shade(colour * 0.84, 0.20 + 0.35 * rise + side), high)
    shine = bump((u - 0.22 * p["light_direction"]) / 0.34, 1.0) * bump(bulge - 0.36, 0.20) * low
    area.light(rgb(86, 74, 72, like=b), shine * (0.45 + 0.55 * p["lipstick"]))
    ridge = bump(b - upper + 0.004, 0.0035) * bump(u, 0.5)
    area.light(rgb(30, 24, 20, like=b), ridge)
    under = bump(u / 0.62, 1.0) * bump((b - lower - 0.010) / 0.010, 1.0)
    area.glaze(rgb(178, 124, 116, like=b), under * 0.75)
    philtrum = (
        bump(u / 0.11, 1.0) * smooth(-0.040, -0.02, b - pose.mouth_b) * smooth(-0.004, -0.012, b - upper)
    )
    area.glaze(rgb(205, 160, 150, like=b), philtrum * 0.5)


def _inside(
    area: Area, pose: Pose, u: Tensor, b: Tensor, top: Tensor, bottom: Tensor, gap: Tensor, opened: Tensor
) -> None:
    soft = 1.4 * area.pixel
    hole = cover(top - b, soft) * cover(b - bottom, soft) * smooth(1.0, 0.95, u.abs()) * opened
    area.blend(rgb(84, 26, 30, like=b), hole)
    tongue = bump(u / 0.5, 1.0) * smooth(0.55, 1.0, (b - top) / (bottom - top).clamp(min=0.004))
    area.blend(rgb(196, 92, 92, like=b), hole * tongue * 0.7)
    height = 0.62 * gap * (1.0 - 0.35 * u.square()) + 0.003
    showing = smooth(-0.4, 0.25, pose.p["smile"])
    teeth = cover(b - top - height, soft) * hole * (0.45 + 0.55 * showing) * smooth(0.98, 0.70, u.abs())
    shade = 0.98 - 0.28 * u.square() - 0.22 * bump((b - top) / 0.006, 1.0)
    area.blend(rgb(250, 244, 234, like=b) * shade.unsqueeze(1), teeth)
