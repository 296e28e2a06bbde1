"""What lies behind and below the head: background colours, soft lights, shoulders, clothes."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from ..smooth_step import smooth
from .canvas import Area, blank
from .pose import Pose, Tints
from .shapes import bump, chroma, cover, rgb, soft_max


def background(canvas: Area, pose: Pose) -> None:
    """Paint two related colours in a slanted gradient, a glow behind the head and out-of-focus lights."""
    p = pose.p
    red, yellow, light = p["background_red"], p["background_yellow"], p["background_lightness"]
    first = chroma(0.56 + 0.22 * light, 0.20 * red, 0.22 * yellow)
    second = chroma(0.33 + 0.18 * light, 0.17 * red - 0.09 * yellow, 0.18 * yellow + 0.09 * red)
    side = p["light_direction"]
    slant = (canvas.y * 0.9 - side * (canvas.x - 0.5) * 0.7) + 0.05 * torch.sin(5.0 * canvas.x)
    canvas.rgb.copy_(first.expand_as(canvas.rgb))
    canvas.blend(second, smooth(0.1, 1.05, slant))
    glow = bump(canvas.x - 0.5 - 0.22 * side, 0.36) * bump(canvas.y - 0.4, 0.36)
    canvas.light(first * 0.35 + 0.05, glow)
    for index in range(5):
        _soft_disc(canvas, pose, index, first)


def _soft_disc(canvas: Area, pose: Pose, index: int, colour: Tensor) -> None:
    """Light a disc that stays in place and brightens or darkens with the background's colours."""
    p = pose.p
    turn = 2.4 * index + 0.6
    x, y = 0.5 + 0.44 * math.cos(turn), 0.34 + 0.30 * math.sin(1.7 * turn)
    distance = ((canvas.x - x).square() + (canvas.y - y).square()).sqrt_() - (0.07 + 0.02 * (index % 3))
    varied = p["background_red"] * math.cos(turn) + p["background_yellow"] * math.sin(turn)
    canvas.light(colour * 0.22 + 0.03, cover(distance, 0.03) * p["bokeh"] * (0.75 + 0.35 * varied))


def neck_and_clothes(canvas: Area, pose: Pose, tints: Tints, skin: Tensor) -> None:
    area = canvas.area(0.0, 0.62, 1.0, 1.0)
    p = pose.p
    middle = 0.5 - 0.35 * pose.shift
    half = 0.104 + 0.026 * p["masculine"] + 0.008 * p["face_width"]
    x = area.x - middle  # [N, 1, w]
    _neck(area, pose, tints, skin, x, half)
    top = 0.844 - 0.014 * p["masculine"]
    spread = (x.abs() - half).clamp_(min=0.0)
    line = top + 0.40 * spread - 0.10 * torch.exp(-(spread / 0.05).square()) * 0.25
    body = (
        area.y - line - 0.25 * (spread - 0.30 - 0.04 * p["masculine"]).clamp_(min=0.0)
    )  # [N, h, w], > 0 inside
    _clothes(area, pose, tints, x, body, half)


def _neck(area: Area, pose: Pose, tints: Tints, skin: Tensor, x: Tensor, half: Tensor) -> None:
    flare = smooth(0.84, 1.0, area.y)
    width = half * (1.0 + 0.12 * smooth(0.75, 0.62, area.y)) + 0.055 * flare
    nx = (x / width).clamp(-1.0, 1.0) * (1.0 - 0.6 * flare)
    cosine = pose.lit(nx, torch.full_like(nx, 0.12))
    colour = tints.shade(skin, cosine)
    area.blend(colour, cover(x.abs() - width, 1.5 * area.pixel))
    # the shadow that the jaw casts, away from the light
    edge = (
        pose.eye_y
        + pose.chin_b
        + 0.055
        - 0.6 * (x - 0.5 * pose.shift + 0.03 * pose.p["light_direction"]).square()
    )
    shade = smooth(0.05, -0.03, area.y - edge)
    area.glaze(rgb(142, 98, 104, like=x), shade * 0.75 * cover(x.abs() - width, 1.5 * area.pixel))
    hollow = bump(x, 0.02) * bump(area.y - 0.915, 0.025)
    area.glaze(rgb(190, 150, 140, like=x), hollow * 0.6)
    cords = bump(x.abs() - 0.055 + 0.35 * (area.y - 0.80), 0.014) * smooth(0.80, 0.88, area.y)
    area.glaze(rgb(205, 165, 155, like=x), cords * 0.45)


def _clothes(area: Area, pose: Pose, tints: Tints, x: Tensor, body: Tensor, half: Tensor) -> None:
    p = pose.p
    red, yellow = p["clothing_red"], p["clothing_yellow"]
    colour = chroma(0.48 + 0.20 * torch.sin(2.5 * red - 1.5 * yellow), 0.38 * red, 0.36 * yellow)
    crew = smooth(-0.15, -0.35, p["collar"])
    shirt = smooth(0.15, 0.35, p["collar"])
    opening = crew * 0.93 + (1.0 - crew) * 1.03
    slope = 0.35 * crew + (1.0 - crew) * (1.15 + 0.5 * shirt)
    inner = half * (1.05 + 0.12 * crew)
    neckline = (area.y - opening) + slope * x.abs() + crew * 0.45 * (x / inner).square() * 0.1
    neckline = soft_max(neckline, x.abs() - inner - 0.10, 0.05)  # < 0 shows skin
    distance = torch.maximum(-body, -neckline * (1.0 / (1.0 + 0.5 * slope)))
    alpha = cover(distance, 1.5 * area.pixel)
    ny = -0.75 * torch.exp(-body.clamp(min=0.0) / 0.06) + 0.15
    nx = (x * 1.7).clamp(-0.85, 0.85)
    cosine = pose.lit(nx.expand_as(ny), ny)
    folds = torch.sin(x * 26.0 + 9.0 * torch.sin(area.y * 7.0))
    cosine = cosine + 0.10 * folds * smooth(0.0, 0.10, body)
    near = torch.exp(-neckline.clamp(min=0.0) / 0.018)
    area.blend(tints.shade(colour, cosine - 0.12 * near), alpha)
    rib = crew * cover((neckline - 0.014).abs() - 0.013, 2.0 * area.pixel)
    area.glaze(rgb(205, 200, 205, like=x), rib * alpha * 0.8)
    _shirt_collar(area, pose, tints, colour, x, shirt, half)


def _shirt_collar(
    area: Area, pose: Pose, tints: Tints, colour: Tensor, x: Tensor, shirt: Tensor, half: Tensor
) -> None:
    """Paint two flaps that fall from the neck to their points, and the shadow under them."""
    side = x.abs()
    front = 0.972 - area.y - 1.25 * side  # < 0 outside the flap's front edge
    lower = area.y - 0.952 - 0.28 * side  # > 0 below the flap
    outer = side - half - 0.022 - 0.26 * (area.y - 0.84)  # > 0 beyond its outer edge
    top = 0.826 + 0.22 * side - area.y
    flap = torch.maximum(torch.maximum(front * 0.6, lower), torch.maximum(outer, top))
    area.glaze(rgb(140, 130, 150, like=x), cover(flap - 0.010, 0.03) * shirt * 0.6)
    paler = colour * 0.65 + 0.33
    cosine = pose.lit(x.clamp(-0.4, 0.4) * 2.0, torch.full_like(x, -0.35)) + 0.06 - 1.2 * (area.y - 0.90)
    fold = smooth(0.0, 0.012, -front) * 0.22 - 0.16
    area.blend(tints.shade(paler, cosine + fold), cover(flap, 1.5 * area.pixel) * shirt)


def finish(canvas: Area, pose: Pose) -> None:
    """Lay brush marks and a soft vignette over the whole picture."""
    p = pose.p
    x, y = canvas.x, canvas.y
    one, two = _brush_marks(x.numel(), str(x.device))  # [1, R, R]
    edge = ((x - 0.5).square() * 1.5 + (y - 0.48).square() * 1.3 - 0.12).clamp_(min=0.0)
    surface = 1.0 - 0.55 * edge + 0.025 * one + two * (0.03 * p["background_red"])
    canvas.rgb.mul_(surface.unsqueeze(1))


@lru_cache(maxsize=4)
def _brush_marks(resolution: int, device: str) -> "tuple[Tensor, Tensor]":
    """Two fields of strokes, a quarter wave apart, so any mixture of them is also a field of strokes."""
    canvas = blank(1, resolution, device)
    x, y, pixel = canvas.x, canvas.y, canvas.pixel
    angle = 0.7 + 0.8 * torch.sin(2.6 * x + 1.0) + 0.7 * torch.sin(3.4 * y - 2.0 * x)
    along = x * 0.8 + y * 0.6 + 0.10 * torch.cos(angle)
    across = y * 0.8 - x * 0.6 + 0.10 * torch.sin(angle)
    one, two = torch.zeros_like(across), torch.zeros_like(across)
    for share, fineness in ((0.45, 38.0), (0.35, 83.0), (0.20, 170.0)):
        share = share * min(max(2.6 - fineness * pixel, 0.0), 1.0)  # drop strokes finer than a pixel
        length = 0.6 + 0.4 * torch.sin(fineness * 0.16 * along + 2.0 * torch.sin(0.3 * fineness * across))
        phase = fineness * across + 1.5 * torch.sin(0.2 * fineness * along + 0.1 * fineness * across)
        one += share * length * torch.sin(phase)
        two += share * length * torch.cos(phase)
    return one, two
