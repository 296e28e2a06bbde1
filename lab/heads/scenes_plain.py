"""Backdrops without things in them: paper, painted canvas, walls, cloth."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..smooth_step import smooth
from .scene_canvas import Scene, tint


def _distance(scene: Scene, index: int, stretch: float = 1.0) -> Tensor:
    """From a point somewhere behind the head, [N, H, W]."""
    x = scene.x - scene.pick(index, 0.25, 0.75)
    y = (scene.y - scene.pick(index + 1, 0.25, 0.7)) * stretch
    return (x.square() + y.square()).sqrt()


def _slope(scene: Scene, index: int, strength: float) -> Tensor:
    """Light that falls off from one side, about one, [N, H, W]."""
    along = (scene.x - 0.5) * scene.pick(index, -1.0, 1.0) + (scene.y - 0.5) * scene.pick(
        index + 1, -1.0, 0.6
    )
    return torch.exp2(strength * 2.0 * along)


def paper_roll(scene: Scene) -> None:
    """A studio's seamless paper: a pool of light, darker towards the edges, a floor that curves up."""
    pool = torch.exp(-(_distance(scene, 0) / scene.pick(2, 0.3, 0.9)).square())
    depth = scene.pick(3, 0.1, 1.0)
    level = 0.35 * (1.0 - depth * 0.75 + depth * 1.1 * pool)
    floor = 1.0 + scene.pick(4, -0.4, 0.5) * smooth(0.55, 1.15, scene.y)
    scene.fill(scene.own(0.9))
    scene.shade(level * floor * _slope(scene, 5, 0.35))


def white_paper(scene: Scene) -> None:
    """White, nearly even."""
    scene.fill(0.92 * scene.own(0.08))
    scene.shade(_slope(scene, 10, 0.10) * (1.0 - 0.10 * _distance(scene, 12)))


def flat_colour(scene: Scene) -> None:
    """One strong colour, as behind a poster's portrait, at times a second one beside it."""
    scene.fill(0.36 * tint(scene.hue, 0.2 + 0.6 * scene.colour)[..., None, None])
    angle = scene.pick(20, -math.pi, math.pi)
    across = (scene.x - 0.5) * torch.cos(angle) + (scene.y - 0.5) * torch.sin(angle)
    second = tint(scene.hue + 0.5 * scene.picks(21, 1)[:, 0], 0.2 + 0.5 * scene.colour)[..., None, None]
    shown = smooth(0.1, 0.2, scene.pick(22, -1.0, 1.0))
    scene.blend(
        second * scene.pick(23, 0.15, 0.55).unsqueeze(1),
        scene.edge(across - scene.pick(24, -0.4, 0.4)) * shown,
    )


def dark(scene: Scene) -> None:
    """Nearly black, with a faint glow from one side."""
    scene.fill(scene.own(0.8))
    glow = torch.exp(-(_distance(scene, 30) / scene.pick(32, 0.25, 0.7)).square())
    scene.shade(0.018 + 0.11 * scene.pick(33).square() * glow)


def old_master(scene: Scene) -> None:
    """The brown dark of old portraits, lighter on the side away from the light, brushed."""
    warm = scene.mixed(1.30, 0.96, 0.52, own=0.3)
    scene.fill(warm)
    brush = 0.55 * scene.noise(0, 0.35, 0.35, 40) + 0.45 * scene.noise(2, 0.55, 0.25, 42)
    side = (scene.x - 0.5) * scene.pick(44, -1.6, 1.6) + (scene.y - 0.45) * scene.pick(45, -0.6, 0.6)
    glow = torch.exp(-(_distance(scene, 46, 0.8) / 0.42).square())
    scene.shade(torch.exp2(-3.4 + 1.1 * side + 1.5 * glow * scene.pick(48) + 0.40 * brush))
    cool = scene.mixed(0.85, 0.92, 0.72, own=0.2)
    scene.blend(cool * 0.09, 0.45 * smooth(-0.3, 1.5, scene.noise(1, 0.3, 0.3, 49)))


def mottled(scene: Scene) -> None:
    """A photographer's hand-painted canvas: two tones in clouds, dark at the edges."""
    turn = scene.picks(60, 1, -0.12, 0.12)[:, 0]
    clouds = scene.noise(0, 0.45, 0.45, 61) + 0.35 * scene.noise(2, 0.8, 0.8, 63)
    share = smooth(-1.4, 1.4, clouds)
    scene.fill(scene.own(0.85) * 0.20)
    scene.blend(tint(scene.hue + turn, 0.7 * scene.colour)[..., None, None] * 0.48, share)
    scene.shade(1.15 - 1.25 * _distance(scene, 65).square() * scene.pick(67, 0.3, 1.2))


def plaster(scene: Scene) -> None:
    """A plastered wall in slanting light, at times with a window's bars of sun across it."""
    scene.fill(scene.mixed(1.03, 1.0, 0.93, own=0.6) * 0.40)
    rough = 0.05 * scene.noise(2, 0.9, 0.9, 80) + 0.10 * scene.noise(0, 0.4, 0.4, 82)
    scene.shade(_slope(scene, 84, 0.8) * torch.exp2(rough * scene.pick(86, 0.4, 2.2)))
    sun = smooth(0.35, 0.6, scene.pick(87))
    skew = scene.x * scene.pick(88, -0.6, 0.6)
    top = scene.pick(89, -0.3, 0.5)
    bars = (scene.y + skew - top) / scene.pick(90, 0.5, 1.1)
    across = (scene.x - scene.pick(91, -0.3, 0.7)) / scene.pick(92, 0.35, 0.8)
    soft = 0.03
    pane = scene.between(bars, 0.0, 1.0, soft) * scene.between(across, 0.0, 1.0, soft)
    frame = 1.0 - scene.between(across, 0.46, 0.54, soft) - 0.8 * scene.between(bars, 0.47, 0.53, soft)
    scene.light(
        scene.rgb * scene.rgb.new_tensor((1.25, 1.0, 0.68)).view(1, 3, 1, 1),
        1.5 * sun * pane * frame.clamp(min=0.0),
    )


def wallpaper(scene: Scene) -> None:
    """A pattern that repeats: stripes, dots, lozenges or flowers."""
    scene.fill(scene.mixed(1.0, 0.97, 0.9, own=0.6) * 0.42)
    size = scene.pick(100, 7.0, 18.0)
    x = scene.x * size
    y = scene.y * size * scene.pick(101, 0.6, 1.1)
    kind = scene.pick(102, 0.0, 4.0)
    wave_x, wave_y = torch.cos(2.0 * math.pi * x), torch.cos(2.0 * math.pi * y)
    stripes = wave_x + 0.4 * torch.cos(4.0 * math.pi * x + 1.0)
    lozenges = torch.cos(math.pi * (x + y)) * torch.cos(math.pi * (x - y)) * 1.6
    petals = torch.cos(3.0 * torch.atan2(wave_y - 0.1, wave_x + 0.2)) * 0.6 + wave_x + wave_y - 0.5
    forms = (stripes, wave_x + wave_y - 0.9, lozenges, petals)
    contrast = scene.pick(103, 0.2, 0.85)
    second = tint(scene.hue + scene.picks(104, 1, -0.3, 0.3)[:, 0], 0.8 * scene.colour)[..., None, None]
    ink = sum(
        smooth(-0.25, 0.25, form) * (1.0 - (kind - 0.5 - i).abs()).clamp(0.0, 1.0)
        for i, form in enumerate(forms)
    )
    scene.blend(second * scene.pick(105, 0.06, 0.7).unsqueeze(1), ink * contrast)
    scene.shade(_slope(scene, 106, 0.7))


def bricks(scene: Scene) -> None:
    """Courses of bricks, or tiles, each of another tone."""
    rows = scene.pick(120, 7.0, 20.0)
    long = scene.pick(121, 0.9, 2.6)
    row = scene.y * rows
    odd = torch.remainder(row.floor(), 2.0)
    column = scene.x * rows / long + 0.5 * odd
    varied = _cell(row.floor(), column.floor())
    red = scene.mixed(1.35, 0.92, 0.70, own=0.5)
    stone = scene.mixed(1.05, 1.0, 0.9, own=0.4)
    pale = scene.pick(122).unsqueeze(1)
    scene.fill(red + (stone - red) * pale)
    scene.shade(0.30 * (1.0 + 0.55 * (varied - 0.5)) * torch.exp2(0.10 * scene.noise(2, 0.9, 0.9, 123)))
    gap = 0.07
    u, v = column - column.floor(), row - row.floor()
    width = (scene.pixel * rows / long).clamp(min=0.02)
    height = (scene.pixel * rows).clamp(min=0.02)
    inside = ((u - gap / long) / width).clamp(0, 1) * ((1 - u) / width).clamp(0, 1)
    inside = inside * ((v - gap) / height).clamp(0, 1) * ((1 - v) / height).clamp(0, 1)
    scene.blend(stone * scene.pick(125, 0.12, 0.5).unsqueeze(1), 1.0 - inside)
    scene.shade(_slope(scene, 126, 0.8))


def _cell(row: Tensor, column: Tensor) -> Tensor:
    """A number 0..1 of each cell of a grid."""
    value = torch.sin(row * 12.9898 + column * 78.233) * 437.585
    return value - value.floor()


def curtain(scene: Scene) -> None:
    """Cloth that hangs in folds."""
    bend = 0.06 * scene.noise(0, 0.2, 0.25, 140)
    place = scene.x + bend * scene.pick(142, 0.3, 1.6) + scene.y * scene.pick(143, -0.12, 0.12)
    folds = scene.pick(144, 4.0, 11.0)
    phase = (
        2.0 * math.pi * (folds * place + 0.35 * torch.sin(2.0 * math.pi * (1.7 * place + scene.pick(145))))
    )
    slope = torch.cos(phase) + 0.35 * torch.cos(2.3 * phase + 1.0)  # which way the fold faces
    hollow = torch.sin(phase) + 0.35 / 2.3 * torch.sin(2.3 * phase + 1.0)
    scene.fill(scene.own(1.0))
    side = scene.pick(146, -1.0, 1.0)
    light = 0.30 * (1.0 + 0.45 * side * slope) * (0.62 + 0.38 * smooth(-1.1, 0.9, hollow))
    weave = torch.exp2(0.06 * scene.noise(2, 0.9, 0.35, 147))
    scene.shade(light * weave * _slope(scene, 149, 0.5))
