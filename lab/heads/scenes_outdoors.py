"""Backdrops in the open: streets, lights at night, leaves, fields, sky and sea."""

from __future__ import annotations

import torch
from torch import Tensor

from ..smooth_step import smooth
from .scene_canvas import Scene, colours, tint


def _sky(scene: Scene, index: int) -> None:
    """A sky that pales towards the horizon, with clouds, from clear blue to grey."""
    grey = scene.pick(index).unsqueeze(1)
    blue = scene.rgb.new_tensor((0.18, 0.36, 0.78)).view(1, 3, 1, 1)
    pale = scene.mixed(0.80, 0.92, 1.08, own=0.35) * 0.95
    over = scene.mixed(0.72, 0.76, 0.82, own=0.35)
    top = blue + (over - blue) * grey
    scene.fill(top)
    scene.blend(pale, smooth(-0.2, 0.9, scene.y))
    clouds = scene.noise(0, 0.35, 0.6, index + 1) + 0.3 * scene.noise(2, 0.7, 1.2, index + 3)
    amount = smooth(scene.pick(index + 5, -0.4, 1.6), 2.2, clouds)
    scene.blend(scene.mixed(1.08, 1.05, 1.0, own=0.25) * 1.15, amount)


def sky(scene: Scene) -> None:
    _sky(scene, 1300)
    low = scene.pick(1310, 0.75, 1.4)
    hill = scene.y - low + 0.05 * scene.noise(0, 0.3, 0.01, 1311)
    scene.blend(scene.mixed(0.8, 1.0, 0.75, own=0.3) * 0.12, scene.edge(hill))


def sea(scene: Scene) -> None:
    """A horizon with water below, at times sand in front."""
    _sky(scene, 1320)
    horizon = scene.pick(1330, 0.3, 0.75)
    depth = (scene.y - horizon).clamp(min=0.0)
    waves = scene.noise(2, 0.35, 1.3, 1331) * smooth(0.0, 0.15, depth)
    water = scene.mixed(0.45, 0.85, 1.1, own=0.4) * scene.pick(1333, 0.12, 0.5).unsqueeze(1)
    scene.blend(water * torch.exp2(0.45 * waves).unsqueeze(1), scene.edge(scene.y - horizon))
    sand = (
        scene.y - horizon - scene.pick(1334, 0.05, 0.9) - 0.1 * scene.pick(1335, -1.0, 1.0) * (scene.x - 0.5)
    )
    scene.blend(scene.mixed(1.15, 1.0, 0.75, own=0.2) * 0.5, scene.edge(sand, 0.01))


def hills(scene: Scene) -> None:
    """Ranges of hills, each paler with distance, as behind many old portraits."""
    _sky(scene, 1340)
    horizon = scene.pick(1350, 0.3, 0.65)
    for k in range(4):
        ridge = horizon + 0.13 * k - (0.09 - 0.012 * k) * scene.noise(0, 0.28 + 0.08 * k, 0.01, 1351 + 3 * k)
        far = 1.0 - k / 3.0
        near_green = scene.mixed(0.62, 0.78, 0.32, own=0.3) * (0.10 + 0.16 * scene.pick(1364 + k)).unsqueeze(
            1
        )
        haze = scene.mixed(0.62, 0.74, 0.92, own=0.25) * 0.6
        rough = torch.exp2(0.45 * (1.0 - 0.6 * far) * scene.noise(2, 0.8, 1.0, 1370 + 2 * k)).unsqueeze(1)
        scene.blend((near_green + (haze - near_green) * 0.8 * far) * rough, scene.edge(scene.y - ridge))


def _leaf_colour(scene: Scene, leaves: Tensor, index: int) -> Tensor:
    """Leaves [N, 3, H, W] (brightness, hue's offset, nearness) as green, yellow or autumn colours."""
    hue = 0.27 - 0.2 * smooth(0.55, 1.0, scene.pick(index)) + 0.10 * (scene.pick(index + 1) - 0.5)
    base = tint(hue[:, 0, 0], torch.full_like(hue[:, 0, 0], 0.42))[..., None, None] * scene.own(0.35)
    other = scene.rgb.new_tensor((0.22, 0.0, -0.2)).view(1, 3, 1, 1)
    return (base + other * leaves[:, 1:2]) * leaves[:, :1]


def foliage(scene: Scene) -> None:
    """A hedge or a tree close behind, with gaps of light."""
    size = scene.pick(1400, 0.7, 1.7)
    leaves = scene.leaves(size, 1401)
    scene.fill(_leaf_colour(scene, leaves, 1405) * 0.55)
    patches = scene.noise(0, 0.4, 0.4, 1407)
    scene.shade(torch.exp2(0.8 * patches))
    gaps = smooth(1.0, 1.5, scene.noise(3, 1.0, 1.0, 1409) + 0.7 * patches + scene.pick(1411, -0.9, 0.5))
    scene.blend(scene.mixed(1.0, 1.1, 1.0, own=0.2) * 2.0, gaps * (1.0 - leaves[:, 2]))


def park(scene: Scene) -> None:
    """Trees over grass: crowns, trunks, sunny and shady patches."""
    _sky(scene, 1420)
    horizon = scene.pick(1430, 0.55, 0.85)
    crown = horizon - scene.pick(1431, 0.2, 0.8) + 0.10 * scene.noise(2, 0.5, 0.05, 1432)
    leaves = scene.leaves(2.6, 1434)
    shade = torch.exp2(0.7 * scene.noise(0, 0.5, 0.5, 1437)).unsqueeze(1)
    holes = smooth(0.9, 1.3, scene.noise(3, 1.0, 1.0, 1439)) * smooth(0.2, -0.2, scene.y - crown)
    scene.blend(_leaf_colour(scene, leaves, 1441) * 0.5 * shade, scene.edge(scene.y - crown) * (1.0 - holes))
    places, widths = scene.picks(1443, 4, -0.1, 1.1), scene.picks(1447, 4, 0.008, 0.035)
    for k in range(4):
        bend = (
            scene.x - places[:, k].view(-1, 1, 1) - 0.03 * (scene.y - 0.5) * scene.pick(1451 + k, -1.0, 1.0)
        )
        trunk = torch.minimum(widths[:, k].view(-1, 1, 1) - bend.abs(), scene.y - crown - 0.1)
        scene.blend(scene.mixed(1.1, 0.95, 0.75, own=0.2) * 0.07, scene.edge(trunk))
    grass = scene.mixed(0.75, 1.05, 0.32, own=0.25) * 0.28
    light = torch.exp2(0.8 * scene.noise(0, 0.4, 1.2, 1456) + 0.25 * scene.noise(2, 1.0, 2.0, 1458))
    scene.blend(grass * light.unsqueeze(1), scene.edge(scene.y - horizon, 0.02))


def street(scene: Scene) -> None:
    """Houses by day with rows of windows, a strip of sky, shop fronts, something parked."""
    _sky(scene, 1500)
    count = 5
    bounds = (
        torch.arange(count + 1, device=scene.rgb.device) / count * 1.5
        - 0.25
        + scene.picks(1510, count + 1, -0.1, 0.1)
    )
    tops = scene.picks(1520, count, -0.7, 0.45)
    floor = scene.pick(1530, 0.75, 1.0)
    for k in range(count):
        left, right, top = (t.view(-1, 1, 1) for t in (bounds[:, k], bounds[:, k + 1], tops[:, k]))
        stone = tint(0.07 + 0.10 * scene.picks(1531 + k, 1)[:, 0], 0.5 * scene.picks(1540 + k, 1)[:, 0])[
            ..., None, None
        ]
        stone = stone * scene.own(0.3) * scene.pick(1550 + k, 0.08, 0.6).unsqueeze(1)
        house = scene.box(left, top, right, floor)
        scene.blend(stone, house)
        u = (scene.x - left) / (right - left).clamp(min=0.05) * scene.pick(1560 + k, 3.0, 5.9).floor()
        v = (scene.y - top) * scene.pick(1570 + k, 5.0, 9.0)
        panes = scene.between(u - u.floor(), 0.25, 0.75, 0.08) * scene.between(v - v.floor(), 0.25, 0.8, 0.08)
        glass = scene.mixed(0.7, 0.9, 1.1, own=0.2) * scene.pick(1580 + k, 0.02, 0.7).unsqueeze(1)
        scene.blend(glass, house * panes)
    shops = scene.between(scene.y, floor - 0.16, floor - 0.02, 0.01)
    across = scene.x * scene.pick(1590, 2.0, 4.0)
    scene.blend(
        scene.own(1.2, turn=0.4) * 0.3, shops * scene.between(across - across.floor(), 0.1, 0.9, 0.05) * 0.85
    )
    scene.blend(
        scene.mixed(1.0, 0.98, 0.95, own=0.1) * scene.pick(1591, 0.12, 0.4).unsqueeze(1),
        scene.edge(scene.y - floor),
    )
    car_x, car = scene.pick(1592, -0.4, 1.4), scene.pick(1593, 0.14, 0.3)
    body = car - ((scene.x - car_x).abs().pow(3) + (1.9 * (scene.y - floor)).abs().pow(3)).pow(1.0 / 3.0)
    scene.blend(scene.own(1.5, turn=0.3) * scene.pick(1594, 0.03, 0.5).unsqueeze(1), scene.edge(body, 0.02))


def _lamps(scene: Scene, first: int, count: int, top: float, bottom: float, warm: float) -> None:
    """Many small bright lights, which the lens turns into discs."""
    x, y = scene.picks(first, count, -0.15, 1.15), scene.picks(first + count, count, top, bottom)
    size = 0.0035 + 0.005 * scene.picks(first + 2 * count, count)
    power = 3.0 + 42.0 * scene.picks(first + 3 * count, count).pow(3)
    kind = scene.picks(first + 4 * count, count).unsqueeze(-1)
    table = colours(
        (1.5, 0.9, 0.35),
        (1.1, 1.0, 0.85),
        (0.7, 1.0, 1.5),
        (1.8, 0.35, 0.25),
        (0.4, 1.3, 0.8),
        like=scene.rgb,
    )
    place = kind * (4.99 - 3.6 * warm)
    near = (1.0 - (place - torch.arange(5, device=kind.device) - 0.2).abs()).clamp(min=0.0)  # [N, L, 5]
    light = (near / near.sum(-1, keepdim=True)) @ table[0]
    light = light * (1.0 + 0.8 * (scene.own(1.0)[:, :, 0, 0].unsqueeze(1) - 1.0))
    scene.rgb.add_(scene.spots(x, y, size, power.unsqueeze(-1) * light.clamp(min=0.05)))


def night_street(scene: Scene) -> None:
    """A street after dark: dim houses, lit windows, lamps and signs."""
    scene.fill(scene.mixed(0.55, 0.7, 1.15, own=0.5) * 0.03)
    scene.shade(torch.exp2(0.8 * scene.noise(0, 0.4, 0.25, 1700)))
    count = 26
    x, y = scene.picks(1710, count, -0.15, 1.15), scene.picks(1740, count, -0.1, 0.8)
    wide, high = scene.picks(1770, count, 0.01, 0.05), scene.picks(1800, count, 0.015, 0.05)
    warm = tint(0.02 + 0.14 * scene.picks(1830, count), 0.6) * (
        1.4 * scene.picks(1860, count).pow(2)
    ).unsqueeze(-1)
    scene.rgb.add_(scene.boxes(x - wide, y - high, x + wide, y + high, warm))
    _lamps(scene, 1900, 34, -0.1, 0.95, 0.0)
    ground = smooth(0.75, 1.1, scene.y)
    scene.light(
        scene.mixed(1.2, 0.9, 0.6, own=0.5), 0.05 * ground * torch.exp2(scene.noise(0, 0.8, 0.2, 2080))
    )


def fairy_lights(scene: Scene) -> None:
    """Strings of warm lights before a dark or dusky ground."""
    scene.fill(scene.mixed(1.0, 0.75, 0.6, own=0.8) * 0.05)
    scene.shade(torch.exp2(0.9 * scene.noise(0, 0.35, 0.35, 2100)))
    _lamps(scene, 2110, 60, -0.15, 1.15, 1.0)
