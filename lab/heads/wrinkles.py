"""Folds and lines of the skin, as a picture of slopes around the mean head's face.

The picture's columns are angles around an upright axis, its rows heights. Each group of lines has its own
strength, which follows age and expression.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..smooth_step import smooth
from .people import People

AXIS = 0.25  # z of the upright axis
RADIUS = 1.15  # decimetres for a radian, about
WIDEST = 1.3  # radians to both sides
LOW, HIGH = 6.05, 8.1
COLUMNS, ROWS = 384, 256
COARSEST = 8  # texels in one
TEXEL = (HIGH - LOW) / ROWS
GROUPS = (
    "forehead", "frown", "feet_left", "feet_right", "under_eyes", "folds", "corners", "lip_lines", "chin",
    "fine",
)  # fmt: skip


def strengths(people: People) -> Tensor:
    """[N, groups] how deep each group is, 0..about 1.5."""
    c = people.controls
    more = 0.55 + 0.9 * c["wrinkles"]
    middle = smooth(22.0, 62.0, people.years) * more  # what grown people have
    late = smooth(45.0, 80.0, people.years) * more
    brows = (c["brow_left"] + c["brow_right"]).clamp(min=0.0) * 0.5 + 0.5 * (-c["brow_frown"]).clamp(min=0.0)
    smile = c["smile"].clamp(min=0.0)
    grown = 0.25 + 0.75 * smooth(14.0, 40.0, people.years)
    shut = c["eyes_shut"] * 0.2

    def feet(side: str) -> Tensor:
        narrow = c["squint"] + 0.55 * smile + (0.6 * c["wink"] if side == "right" else 0.0)
        return 0.55 * late + 0.25 * middle + (0.75 * narrow + shut).clamp(max=1.2) * grown * (0.5 + middle)

    found = {
        "forehead": 0.5 * middle + 0.25 * late + 0.9 * brows * grown * (0.45 + middle),
        "frown": 0.35 * middle + 0.25 * late + 0.85 * c["brow_frown"].clamp(min=0.0) * grown,
        "feet_left": feet("left"),
        "feet_right": feet("right"),
        "under_eyes": 0.2 + 0.5 * late + 0.3 * middle + 0.35 * c["squint"] + 0.25 * smile,
        "folds": 0.10 + 0.55 * middle + 0.35 * late + 0.55 * smile * grown + 0.4 * c["sneer"],
        "corners": 0.6 * late + 0.2 * middle + 0.4 * (-c["smile"]).clamp(min=0.0) * grown,
        "lip_lines": 0.7 * late + 0.5 * c["pucker"] * (0.3 + late),
        "chin": 0.25 + 0.25 * late + 0.3 * c["press"],
        "fine": 0.9 * late + 0.15 * middle,
    }
    return torch.stack([found[name] for name in GROUPS], 1)


def slopes(people: People, mean: Tensor, picture: Tensor, pixel: Tensor) -> tuple[Tensor, Tensor]:
    """How wrinkles bend and darken the skin at samples.

    mean: [K, 3] on the mean head; picture: [K]; pixel: [N] a sample's size at the face, decimetres: finer
    lines are left out. Gives the slope [K, 2] to the viewer's right and up, and the depth [K], 0..1.
    """
    angle = torch.atan2(mean[:, 0], mean[:, 2] - AXIS) / WIDEST
    height = (HIGH + LOW - 2.0 * mean[:, 1]) / (HIGH - LOW)
    place = torch.stack([angle, height], 1)  # [K, 2]
    deep = strengths(people)
    found = torch.zeros(len(mean), 3, device=mean.device)
    for n, size in enumerate(pixel.tolist()):
        coarse = int(min(COARSEST, max(1, round(size / TEXEL))))
        atlas = _atlas(mean.device, coarse)  # [G, 3, h, w]
        own = (deep[n] @ atlas.flatten(1)).view(1, *atlas.shape[1:])
        chosen = (picture == n).nonzero()[:, 0] if len(deep) > 1 else slice(None)
        grid = place[chosen].view(1, -1, 1, 2)
        found[chosen] = F.grid_sample(own, grid, align_corners=False, padding_mode="zeros")[0, :, :, 0].T
    front = smooth(0.35, 0.7, mean[:, 2])
    return found[:, :2] * front[:, None], found[:, 2] * front


@lru_cache(maxsize=COARSEST)
def _atlas(device: torch.device, coarse: int) -> Tensor:
    """[G, 3, h, w]: each group's slope to the right, slope upwards, and depth; `coarse` texels make one."""
    return F.avg_pool2d(_finest(), coarse).contiguous().to(device)


@lru_cache(maxsize=1)
def _finest() -> Tensor:
    """[G, 3, H, W]."""
    angle = ((torch.arange(COLUMNS) + 0.5) / COLUMNS * 2 - 1) * WIDEST
    s = (angle * RADIUS).expand(ROWS, COLUMNS)  # [H, W] decimetres to the right
    y = (HIGH - (torch.arange(ROWS) + 0.5) * TEXEL)[:, None].expand(ROWS, COLUMNS)
    # nothing in a face is straight: the place is bent a little before lines are drawn
    bent_s, bent_y = s + _wave(s, y, 1) * 0.012, y + _wave(s, y, 2) * 0.012
    groups = []
    for name in GROUPS:
        height = torch.zeros(ROWS, COLUMNS)
        for points, width, depth in _lines(name):
            height -= _crease(bent_s, bent_y, points, width, depth)
        if name == "fine":
            height += 0.0016 * _creased() * smooth(0.15, 0.4, s.abs())
        across = 2 * WIDEST * RADIUS / COLUMNS
        down, right = torch.gradient(height, spacing=[TEXEL, across])
        groups.append(torch.stack([right, -down, (-height * 60.0).clamp(-0.3, 1.0)]))
    return torch.stack(groups)


def _creased() -> Tensor:
    """Irregular small creases [H, W], deviation one, longer down and outwards than across."""
    random = torch.Generator().manual_seed(9)
    raw = F.pad(torch.randn(1, 1, ROWS, COLUMNS, generator=random), (6, 6, 6, 6), mode="circular")
    along = torch.arange(-6, 7)
    down, right = along[:, None].float(), along[None].float()
    kernel = torch.exp(-((down / 3.5).square() + (right / 1.6).square()) + 0.06 * down * right)
    smoothed = F.conv2d(raw, (kernel / kernel.sum())[None, None])[0, 0]
    return smoothed / smoothed.std()


def _wave(s: Tensor, y: Tensor, kind: int) -> Tensor:
    """A sum of waves in many directions, deviation about one."""
    total = torch.zeros_like(s)
    for k in range(9):
        turn, length = 2.4 * k + kind, 9.0 + 5.1 * k
        total = total + torch.sin(length * (s * math.cos(turn) + y * math.sin(turn)) + 1.7 * k * kind)
    return total / math.sqrt(4.5)


Line = tuple[tuple[tuple[float, float], ...], float, float]  # points (s, y), width, depth in decimetres


def _lines(name: str) -> list[Line]:
    def both(points: list[tuple[float, float]], width: float, depth: float) -> list[Line]:
        return [(tuple((side * s, y) for s, y in points), width, depth) for side in (-1, 1)]

    def feet(side: int) -> list[Line]:
        lines = []
        for turn, long in ((0.75, 0.12), (0.35, 0.17), (-0.02, 0.19), (-0.42, 0.18), (-0.85, 0.15)):
            ways = [0.015 + long * t for t in (0.0, 0.5, 1.0)]
            bend = [turn * (1.0 - 0.25 * t) for t in (0.0, 0.5, 1.0)]
            path = zip(ways, bend, strict=True)
            points = [(side * (0.475 + w * math.cos(b)), 7.275 + w * math.sin(b)) for w, b in path]
            lines.append((tuple(points), 0.011, 0.0085))
        return lines

    if name == "forehead":
        rows = (
            (7.585, 0.36, 0.7),
            (7.66, 0.46, 1.0),
            (7.735, 0.50, 1.0),
            (7.81, 0.46, 0.8),
            (7.88, 0.36, 0.5),
        )
        return [
            (((-w, h - 0.02), (-w / 2, h + 0.012), (0.0, h - 0.012), (w / 2, h + 0.012), (w, h - 0.02)),
             0.017, 0.011 * deep)
            for h, w, deep in rows
        ]  # fmt: skip
    if name == "frown":
        lines = both([(0.035, 7.34), (0.05, 7.42), (0.055, 7.53)], 0.016, 0.014)
        lines += both([(0.10, 7.37), (0.115, 7.43), (0.11, 7.50)], 0.014, 0.006)
        return [*lines, (((-0.06, 7.275), (0.0, 7.268), (0.06, 7.275)), 0.012, 0.008)]
    if name in ("feet_left", "feet_right"):
        return feet(-1 if name == "feet_left" else 1)
    if name == "under_eyes":
        lines = both([(0.16, 7.20), (0.24, 7.155), (0.34, 7.15), (0.44, 7.19)], 0.020, 0.008)
        lines += both([(0.17, 7.17), (0.22, 7.115), (0.29, 7.085)], 0.022, 0.008)
        return lines + both([(0.22, 7.185), (0.30, 7.17), (0.40, 7.195)], 0.009, 0.003)
    if name == "folds":
        return both([(0.155, 6.95), (0.20, 6.885), (0.27, 6.76), (0.315, 6.62), (0.32, 6.54)], 0.024, 0.017)
    if name == "corners":
        lines = both([(0.245, 6.60), (0.275, 6.52), (0.285, 6.40)], 0.019, 0.012)
        return lines + both([(0.36, 6.62), (0.39, 6.50), (0.37, 6.36)], 0.018, 0.006)
    if name == "lip_lines":
        places = [(-0.17 + 0.034 * k, 0.055 + 0.015 * math.sin(2.3 * k)) for k in range(11)]
        upper = [(((s, 6.705), (s * 1.08, 6.715 + long)), 0.0075, 0.0045) for s, long in places]
        return upper + [(((s * 0.9, 6.50), (s, 6.49 - 0.5 * long)), 0.0075, 0.003) for s, long in places]
    if name == "chin":
        return [(((-0.16, 6.43), (-0.07, 6.445), (0.0, 6.447), (0.07, 6.445), (0.16, 6.43)), 0.026, 0.010)]
    lines = both([(0.42, 7.05), (0.50, 6.92), (0.53, 6.76)], 0.016, 0.004)
    lines += both([(0.52, 7.0), (0.58, 6.86), (0.58, 6.7)], 0.014, 0.004)
    return lines + both([(0.36, 6.98), (0.43, 6.86), (0.45, 6.7)], 0.016, 0.004)


def _crease(
    s: Tensor, y: Tensor, points: tuple[tuple[float, float], ...], width: float, depth: float
) -> Tensor:
    """The depth [H, W] of a groove along a smooth line through the points, shallow at its ends."""
    path = torch.tensor(points)  # [P, 2]
    steps = 40
    share = torch.linspace(0, 1, steps)
    knots = torch.linspace(0, 1, len(path))
    basis = torch.stack(
        [
            torch.stack(
                [(share - knots[j]) / (knots[i] - knots[j]) for j in range(len(path)) if j != i]
            ).prod(0)
            for i in range(len(path))
        ],
        1,
    )  # Lagrange's [steps, P]
    line = basis @ path
    low, high = line.amin(0) - 5 * width, line.amax(0) + 5 * width
    near = (s > low[0]) & (s < high[0]) & (y > low[1]) & (y < high[1])
    apart = torch.stack([s[near], y[near]], -1)[:, None] - line  # [K, steps, 2]
    distance, nearest = apart.square().sum(-1).min(1)
    along = share[nearest]
    ends = (4.0 * along * (1.0 - along)).clamp(max=1.0).sqrt()
    uneven = 0.8 + 0.2 * torch.sin(19.0 * along + 7.0 * points[0][1])
    groove = depth * ends * uneven * torch.exp(-distance / width**2)
    # the skin swells beside a fold
    swell = 0.35 * depth * ends * torch.exp(-((distance.sqrt() - 2.2 * width) / (1.1 * width)).square())
    found = torch.zeros_like(s)
    found[near] = groove - swell
    return found
