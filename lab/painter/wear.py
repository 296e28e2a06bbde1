"""Glasses, earrings and hats."""

import torch
from torch import Tensor

from ..smooth_step import smooth
from .canvas import Area
from .hair import Hair
from .head import ear_place
from .pose import Pose, Tints
from .shapes import bump, chroma, cover, mix, nowhere, ramp, rgb

_RIMS = [(24, 20, 26), (40, 30, 34), (88, 48, 32), (140, 44, 44), (196, 150, 74)]
_BRIDGE = 0.030  # half the gap between the lenses


def _worn(gate: Tensor) -> Tensor:
    """Opacity of a worn thing; nearly every portrait shows it fully or not at all."""
    return smooth(0.35, 0.65, gate)


def glasses(canvas: Area, pose: Pose, hair: Hair) -> None:
    """Paint frames in front of face and fringe; the temples run under locks that cover the ear."""
    p = pose.p
    if nowhere(p["glasses"]):
        return
    area = canvas.area(0.16, 0.36, 0.84, 0.58)
    a, b = pose.across(area.x, 0.030), pose.down(area.y) - 0.012
    half_w, half_h = 0.083, 0.062 - 0.006 * p["glasses_shape"]
    distance = _lenses(area, pose, a, b, half_w, half_h)
    thick = 0.0048 + 0.0016 * p["glasses_shape"]
    frame = cover(distance.abs() - thick, 1.4 * area.pixel)
    bridge = cover((b + 0.022 - 0.9 * a.square()).abs() - thick, 1.4 * area.pixel)
    bridge = bridge * smooth(_BRIDGE + 0.004, _BRIDGE - 0.001, a.abs())
    temple = cover((b + 0.020).abs() - thick, 1.4 * area.pixel) * (a.abs() > pose.eye_a + half_w).float()
    edge = (pose.width * 1.02 - (area.x - pose.x).abs()) / 0.006
    locks = area.crop(hair.opening, hair.area)
    temple = temple * edge.clamp(0.0, 1.0) * cover(locks - 0.012, 0.012)
    whole = torch.maximum(torch.maximum(frame, bridge), temple) * _worn(p["glasses"])
    area.blend(ramp(p["glasses_tone"], _RIMS), whole * 0.95)
    glint = bump((b + half_h) / 0.010, 1.0) * frame
    area.light(rgb(90, 86, 80, like=b), glint * _worn(p["glasses"]) * 0.8)


def _lenses(area: Area, pose: Pose, a: Tensor, b: Tensor, half_w: float, half_h: Tensor) -> Tensor:
    """Paint the glass, its reflections and its shadow on the cheek; return its signed distance [N, h, w]."""
    p = pose.p
    power = 2.2 + 2.6 * smooth(-0.6, 0.9, p["glasses_shape"])
    aside = a.abs() - pose.eye_a
    u, v = (aside - 0.003).abs() / half_w, b.abs() / half_h
    radius = (u.clamp(min=1e-3).pow(power) + v.clamp(min=1e-3).pow(power)).pow(1.0 / power)
    distance = (radius - 1.0) * 0.068
    glass = cover(distance, 1.5 * area.pixel) * _worn(p["glasses"])
    area.light(rgb(16, 18, 22, like=b), glass)
    streak = bump(u * torch.sign(aside) + v * torch.sign(b) * 0.8 + 0.42, 0.20)
    area.light(rgb(60, 62, 68, like=b), streak * glass * 0.7)
    area.glaze(rgb(150, 110, 105, like=b), bump(distance - 0.006, 0.010) * _worn(p["glasses"]) * 0.35)
    return distance


def earrings(canvas: Area, pose: Pose, hair: Hair) -> None:
    """Paint them with the ears, before face and locks, so that a far one vanishes behind the head.

    Under locks that cover the ear they hang nearer the cheek, where they show.
    """
    p = pose.p
    if nowhere(p["earrings"]):
        return
    covered = hair.long * (1.0 - p["tucked"])
    metal = ramp(
        p["glasses_tone"] * 0.5 + 0.5 * p["lip_colour"], [(240, 196, 96), (232, 170, 110), (220, 224, 232)]
    )
    for side in (-1.0, 1.0):
        area = canvas.area(0.12, 0.50, 0.46, 0.74) if side < 0 else canvas.area(0.54, 0.50, 0.88, 0.74)
        x, y = ear_place(pose, side)
        x = x + side * (0.004 - 0.012 * covered)
        y = y + 0.066 * (1.0 + 0.14 * p["ears"])
        seen = smooth(0.38, 0.26, side * pose.yaw) * _worn(p["earrings"])
        du, dv = area.x - x, area.y - y
        drop = ((du / 0.85).square() + (dv - 0.040).square()).sqrt_()
        stem = cover(du.abs() - 0.0035, 1.5 * area.pixel) * smooth(-0.01, 0.0, dv) * smooth(0.03, 0.02, dv)
        jewel = cover(drop - 0.028, 1.5 * area.pixel)
        alpha = torch.maximum(stem, jewel) * seen
        area.glaze(rgb(130, 100, 100, like=dv), bump(drop - 0.019, 0.022) * seen * 0.5)
        shade = 0.62 + 0.45 * smooth(0.025, -0.025, (dv - 0.040) - du * p["light_direction"])
        area.blend(metal * shade.unsqueeze(1), alpha)
        spot = bump(du - 0.006 * p["light_direction"], 0.007) * bump(dv - 0.032, 0.007)
        area.light(rgb(200, 195, 180, like=dv), spot * seen)


def hat(canvas: Area, pose: Pose, tints: Tints, hair: Hair) -> None:
    """Paint a knitted cap at one end of hat_shape, a brimmed hat at the other."""
    p = pose.p
    if nowhere(p["hat"]):
        return
    area = canvas.area(0.0, 0.0, 1.0, 0.42)
    soft, on = 1.5 * area.pixel, _worn(p["hat"])
    brimmed = smooth(-0.15, 0.25, p["hat_shape"])
    x, b = area.x - pose.x - 0.25 * pose.shift, pose.down(area.y)
    half = hair.half + 0.014
    lightness = 0.40 + 0.1 * torch.sin(3.0 * p["clothing_yellow"])
    colour = chroma(lightness, -0.22 * p["clothing_red"] + 0.06, 0.24 * p["clothing_yellow"])
    band = -0.185 + 0.35 * x.square() * (1.0 - brimmed)  # lower edge of the crown, [N, 1, w]
    up = ((band - b) / (hair.height - pose.middle_b - 0.112)).clamp(min=0.0)
    shape = ((x / half).square() + up.pow(2.0 + 1.5 * brimmed)).clamp(min=1e-4).sqrt()
    crown = torch.maximum((shape - 1.0) * 0.2, b - band - 0.012)
    cosine = pose.lit((x / half).clamp(-0.95, 0.95).expand_as(up) * 0.9, (-up * 0.8 + 0.15).clamp(-0.9, 0.5))
    below = smooth(0.05, -0.005, b - band - 0.02) * smooth(-0.03, 0.02, b - band)
    area.glaze(rgb(110, 84, 96, like=b), below * cover(x.abs() - half, 0.03) * on * 0.8)
    knit = torch.sin(x / half * 40.0) * (1.0 - brimmed) * 0.10
    area.blend(tints.shade(colour, cosine + knit), cover(crown, soft) * on)
    fold = cover((b - band + 0.028).abs() - 0.036, soft) * cover(x.abs() - half - 0.006, soft)
    rib = 0.18 * torch.sin(x / half * 46.0) * (1.0 - brimmed)
    trim = mix(colour * 1.18, colour * 0.5, brimmed.unsqueeze(1))
    area.blend(tints.shade(trim, cosine + rib + 0.05), fold * on)
    edge = b + 0.178 - 0.20 * x.square()
    picture = tints.shade(colour * 1.05, cosine + 0.1 - 4.0 * edge.clamp(min=0.0))
    area.blend(picture, cover(_brim(x / half, edge, half, brimmed), soft) * on * smooth(0.0, 0.25, brimmed))


def _brim(u: Tensor, edge: Tensor, half: Tensor, brimmed: Tensor) -> Tensor:
    """Signed distance [N, h, w] of a flat ellipse that grows with the hat's brim."""
    reach, drop = 1.0 + 0.42 * brimmed, 0.012 + 0.028 * brimmed
    u, v = u / reach, edge / drop
    slope = ((u / (reach * half)).square() + (v / drop).square()).sqrt().clamp(min=1.0)
    return (u.square() + v.square() - 1.0) / (2.0 * slope)
