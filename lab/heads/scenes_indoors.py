"""Backdrops inside a house: windows, rooms, shelves, corridors, people in the distance."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..smooth_step import smooth
from .scene_canvas import Scene, tint


def _wall(scene: Scene, index: int, level: float) -> None:
    """A painted wall, lit more on one side."""
    scene.fill(scene.mixed(1.05, 1.0, 0.9, own=0.6) * level)
    side = (scene.x - 0.5) * scene.pick(index, -1.3, 1.3) - (scene.y - 0.5) * scene.pick(index + 1, -0.3, 0.7)
    scene.shade(torch.exp2(side + 0.08 * scene.noise(0, 0.4, 0.4, index + 2)))


def _outside(scene: Scene, index: int) -> Tensor:
    """What a window shows: bright sky over trees or houses, [N, 3, H, W]."""
    sky = scene.rgb.new_tensor((1.7, 1.9, 2.15)).view(1, 3, 1, 1)
    green = scene.rgb.new_tensor((0.55, 0.75, 0.35)).view(1, 3, 1, 1)
    edge = scene.y - scene.pick(index, 0.25, 0.8) + 0.06 * scene.noise(2, 0.6, 0.6, index + 1)
    leaf = torch.exp2(0.7 * scene.noise(2, 1.2, 1.2, index + 3)).unsqueeze(1)
    return sky + (green * leaf - sky) * scene.edge(edge, 0.05).unsqueeze(1)


def window(scene: Scene) -> None:
    """A bright window with its frame, beside it the wall, at times a curtain."""
    _wall(scene, 200, 0.20)
    middle = scene.pick(203, -0.1, 1.1)
    half = scene.pick(204, 0.18, 0.5)
    top, bottom = scene.pick(205, -0.6, 0.1), scene.pick(206, 0.6, 1.3)
    left, right = middle - half, middle + half
    frame = scene.pick(207, 0.012, 0.035)
    white = scene.mixed(1.0, 0.98, 0.94, own=0.2) * 0.42
    scene.blend(white, scene.box(left - 2 * frame, top - 2 * frame, right + 2 * frame, bottom + 2 * frame))
    panes = scene.box(left, top, right, bottom)
    columns = scene.pick(208, 1.0, 3.9).floor()
    u = ((scene.x - left) / (right - left) * columns).clamp(min=0.0)
    bar = 0.5 - ((u - u.floor()) - 0.5).abs()  # distance to the nearest bar, in panes
    panes = panes * scene.edge(bar * (right - left) / columns - 0.5 * frame)
    crossbar = top + (bottom - top) * 0.45
    panes = panes * (1.0 - scene.between(scene.y, crossbar - 0.5 * frame, crossbar + 0.5 * frame))
    scene.blend(_outside(scene, 210), panes)
    glow = torch.exp(-(((scene.x - middle).abs() - half).clamp(min=0.0) / 0.22).square())
    scene.light(scene.mixed(1.0, 1.0, 1.0, own=0.2), 0.14 * glow)
    _side_curtain(scene, left, right, 216)


def _side_curtain(scene: Scene, left: Tensor, right: Tensor, index: int) -> None:
    hung = smooth(0.45, 0.6, scene.pick(index))
    wide = scene.pick(index + 1, 0.05, 0.16)
    waves = 0.012 * torch.sin(9.0 * scene.y + 6.0 * scene.pick(index + 2))
    shade = 0.5 + 0.5 * torch.cos(2.0 * math.pi * scene.x / wide * 3.0)
    cloth = scene.own(0.9) * (0.25 + 0.35 * shade).unsqueeze(1)
    for edge, side in ((left, 1.0), (right, -1.0)):
        inner = (edge + side * wide + waves - scene.x) * side
        outer = (scene.x - (edge - side * wide)) * side
        scene.blend(cloth, scene.edge(torch.minimum(inner, outer)) * hung)


def room(scene: Scene) -> None:
    """A wall with pictures, a door or a cupboard, a lamp, the edge of a sofa."""
    _wall(scene, 230, 0.34)
    _door(scene, 233)
    _pictures(scene, 240)
    _furniture(scene, 256)
    lamp_x, lamp_y = scene.picks(270, 1, -0.05, 1.05), scene.picks(271, 1, 0.15, 0.6)
    on = scene.picks(272, 1, -0.6, 1.0).clamp(min=0.0)
    warm = scene.rgb.new_tensor((1.5, 1.0, 0.5)).view(1, 1, 3)
    for size, power in ((0.035, 5.0), (0.16, 0.35)):
        scale = torch.full_like(lamp_x, size)
        scene.rgb.add_(scene.spots(lamp_x, lamp_y, scale, (on * power).unsqueeze(-1) * warm))


def _door(scene: Scene, index: int) -> None:
    shown = smooth(0.5, 0.62, scene.pick(index))
    left = scene.pick(index + 1, -0.2, 0.95)
    right = left + scene.pick(index + 2, 0.22, 0.4)
    top = scene.pick(index + 3, -0.1, 0.2)
    wood = scene.mixed(1.25, 0.95, 0.65, own=0.3) * scene.pick(index + 4, 0.05, 0.45).unsqueeze(1)
    far = torch.full_like(left, 2.0)
    scene.blend(wood * 0.6 + 0.08, scene.box(left - 0.022, top - 0.022, right + 0.022, far) * shown)
    scene.blend(wood, scene.box(left, top, right, far) * shown)
    gap = 0.2 * (right - left)
    for low, high in ((0.06, 0.42), (0.50, 1.2)):
        scene.blend(wood * 0.72, scene.box(left + gap, top + low, right - gap, top + high) * shown)


def _pictures(scene: Scene, index: int) -> None:
    """Two framed pictures on the wall."""
    for k in range(2):
        first = index + 8 * k
        x, y = scene.pick(first, 0.0, 0.35) + 0.65 * k, scene.pick(first + 1, 0.05, 0.45)
        wide, high = scene.pick(first + 2, 0.05, 0.14), scene.pick(first + 3, 0.06, 0.16)
        shown = smooth(0.3, 0.4, scene.pick(first + 4))
        edge = scene.pick(first + 5, 0.008, 0.022)
        rim = scene.mixed(1.2, 0.95, 0.6, own=0.2) * scene.pick(first + 6, 0.02, 0.35).unsqueeze(1)
        scene.blend(rim, scene.box(x - wide, y - high, x + wide, y + high) * shown)
        inner = scene.box(x - wide + edge, y - high + edge, x + wide - edge, y + high - edge) * shown
        scene.blend(scene.mixed(1.0, 1.0, 0.95, own=0.1) * 0.6, inner)
        mat = 0.35 * wide
        inner = scene.box(x - wide + mat, y - high + mat, x + wide - mat, y + high - mat) * shown
        scene.blend(
            scene.own(1.3, turn=0.4 + 0.2 * k) * (0.10 + 0.35 * smooth(-0.1, 0.1, scene.y - y)).unsqueeze(1),
            inner,
        )


def _furniture(scene: Scene, index: int) -> None:
    """A long low thing at the height of the shoulders: a sofa's back, a sideboard, a bed's head."""
    shown = smooth(0.35, 0.5, scene.pick(index))
    left, right = scene.pick(index + 1, -0.6, 0.5), scene.pick(index + 2, 0.5, 1.6)
    top = scene.pick(index + 3, 0.55, 0.9)
    cloth = scene.own(1.2, turn=0.5) * scene.pick(index + 4, 0.04, 0.4).unsqueeze(1)
    scene.blend(cloth, scene.box(left, top, right, torch.full_like(top, 3.0), 0.02) * shown)
    scene.blend(cloth * 1.25, scene.box(left, top, right, top + 0.03, 0.01) * shown)


def bookshelf(scene: Scene) -> None:
    """Shelves full of books, each of another width, height and colour."""
    scene.fill(scene.mixed(1.1, 0.95, 0.8, own=0.3) * 0.05)
    shelves, books = 5, 34
    high = scene.picks(300, 1, 0.24, 0.36)
    start = scene.picks(301, 1, -0.35, -0.1)
    wide = 0.62 + 0.76 * scene.picks(310, shelves * books).view(-1, shelves, books)
    ends = wide.cumsum(-1)
    ends = ends / ends[..., -1:] * 1.6 - 0.3
    left = torch.cat([torch.full_like(ends[..., :1], -0.3), ends[..., :-1]], dim=-1)
    floor = start.unsqueeze(-1) + high.unsqueeze(-1) * torch.arange(1, shelves + 1, device=ends.device).view(
        1, -1, 1
    )
    tall = 0.58 + 0.32 * scene.picks(510, shelves * books).view(-1, shelves, books)
    hue = scene.picks(710, shelves * books)
    light = 0.03 + 0.42 * scene.picks(910, shelves * books).square()
    turned = 0.5 * scene.hue.unsqueeze(1) + 0.6 * (hue - 0.5).pow(3) * 4.0 + 0.05
    ink = tint(turned, 0.15 + 0.75 * scene.colour.unsqueeze(1)) * light.unsqueeze(-1)
    top = floor - high.unsqueeze(-1) * tall
    bounds = torch.stack([t.expand_as(ends) for t in (left + 0.002, top, ends - 0.002, floor)], dim=1)
    bounds = bounds.flatten(2)  # [N, 4, books]
    scene.rgb.add_(scene.boxes(bounds[:, 0], bounds[:, 1], bounds[:, 2], bounds[:, 3], ink))
    board = scene.mixed(1.25, 0.97, 0.66, own=0.25) * scene.pick(303, 0.05, 0.3).unsqueeze(1)
    for k in range(1, shelves + 1):
        low = start.unsqueeze(-1) + k * high.unsqueeze(-1)
        scene.blend(board, scene.between(scene.y, low, low + 0.03))
    scene.shade(torch.exp2((scene.x - 0.5) * scene.pick(304, -1.2, 1.2)))


def corridor(scene: Scene) -> None:
    """An office or a hall in perspective: floor, ceiling with lamps, side walls with bright panes."""
    x0, y0 = scene.pick(1110, 0.2, 0.8), scene.pick(1111, 0.3, 0.55)
    x, y = scene.x - x0, scene.y - y0
    wide, up, down = scene.pick(1112, 0.9, 1.6), scene.pick(1113, 0.9, 1.5), 1.0
    reach = torch.maximum(torch.maximum(x.abs() / wide, -y / up), y / down).clamp(min=0.12)  # 1 / distance
    depth = 1.0 / reach
    side = scene.edge(x.abs() / wide - torch.maximum(-y / up, y / down), 0.01)
    ceiling = scene.edge(-y, 0.01) * (1.0 - side)
    scene.fill(scene.mixed(1.0, 0.99, 0.95, own=0.5) * 0.36)
    scene.blend(
        scene.mixed(1.05, 0.97, 0.85, own=0.6) * scene.pick(1114, 0.08, 0.4).unsqueeze(1),
        (1 - side) * (1 - ceiling),
    )
    along = depth * scene.pick(1115, 0.6, 1.1)
    lamp = scene.between(along - along.floor(), 0.25, 0.62, 0.08) * scene.between(
        depth * x, -0.35, 0.35, 0.05
    )
    pane = scene.between(along - along.floor(), 0.1, 0.82, 0.06) * scene.between(depth * y, -0.75, 0.45, 0.05)
    glass = scene.rgb.new_tensor((1.3, 1.55, 1.8)).view(1, 3, 1, 1)
    right = (x > 0.0).float() * scene.pick(1116, -0.8, 0.8)
    left = (x <= 0.0).float() * scene.pick(1117, -0.8, 0.8)
    scene.blend(glass, side * pane * (right + left).clamp(0.0, 1.0))
    scene.blend(scene.own(1.0, turn=0.5) * 0.2, side * pane * (-right - left).clamp(0.0, 1.0))
    scene.light(
        scene.mixed(1.1, 1.05, 0.95, own=0.2),
        2.6 * ceiling * lamp * scene.pick(1118, -0.2, 1.0).clamp(min=0.0),
    )
    end = scene.edge(0.125 - reach, 0.01)
    scene.blend(scene.mixed(1.0, 1.0, 1.0, own=0.3) * scene.pick(1119, 0.05, 1.4).unsqueeze(1), end)


def crowd(scene: Scene) -> None:
    """People far behind, as blurred shapes: round tops over wide bodies, without features."""
    _wall(scene, 1130, 0.30)
    count = 11
    xs = torch.arange(count, device=scene.rgb.device) / (count - 1) * 1.3 - 0.15
    xs = xs + scene.picks(1140, count, -0.09, 0.09)
    tops = scene.picks(1160, count, 0.12, 0.62)
    heights = tops.mean(1, keepdim=True) * 0.7 + tops * 0.3
    for k in (0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9):
        size = 0.045 + 0.03 * heights[:, k].view(-1, 1, 1)
        dx, dy = scene.x - xs[:, k].view(-1, 1, 1), scene.y - heights[:, k].view(-1, 1, 1)
        fall = 0.75 * size * torch.sqrt((dx / size).square() + 0.3)
        body = dy - 1.0 * size - fall
        body = torch.minimum(body, 2.1 * size - dx.abs())
        cloth = tint(scene.picks(1180 + k, 1)[:, 0], 0.5 * scene.colour + 0.1)[..., None, None]
        scene.blend(cloth * (0.02 + 0.5 * scene.pick(1200 + k).square()).unsqueeze(1), scene.edge(body, 0.02))
        head = size - (dx.square() + (0.8 * dy).square()).sqrt()
        tone = scene.pick(1220 + k, 0.06, 0.42).unsqueeze(1)
        skin = scene.rgb.new_tensor((1.35, 0.98, 0.75)).view(1, 3, 1, 1) * tone
        scene.blend(skin, scene.edge(head, 0.03))
        hair = torch.minimum(head, -dy - 0.1 * size)
        scene.blend(scene.rgb.new_tensor((0.06, 0.045, 0.035)).view(1, 3, 1, 1), scene.edge(hair, 0.03))
