"""How other hands and presses would show a picture: painted, drawn, engraved, printed, faded, badly copied.

Stronger and of more kinds than `augment.py`: for networks that must read faces in any picture. Everything
stays in place. All randomness comes from a step's `Draws`, see there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..running.draws import Draws
from ..running.layout import sent

LIGHTNESS = (0.299, 0.587, 0.114)
FAINT = 0.3  # of a look's effect, at least
KNOBS = 8  # uniform numbers that each look may use

Look = Callable[[Tensor, Tensor, Tensor], Tensor]
"""pictures [n, 3, R, R] in -1..1, knobs [n, KNOBS] in 0..1, grain [n, 3, R, R] normal -> pictures alike"""


def stylised(picture: Tensor, draws: Draws, strength: float = 1.0) -> Tensor:
    """Shows [N, 3, R, R] in -1..1 in media, colours, lights and copies of all kinds, each separately.

    `strength` 0 leaves the pictures as they are; with 1 a fifth keeps its medium and colours.
    """
    count, grain = len(picture), draws.normal(*picture.shape)
    chances = [
        (draws.uniform(count * KNOBS).view(count, KNOBS), draws.uniform(count), draws.uniform(count))
        for _ in STAGES
    ]
    kinds = torch.stack([kind for _, kind, _ in chances]).tolist()  # at once: a GPU is waited for each time
    for (looks, share), (knobs, _, much), kind in zip(STAGES, chances, kinds, strict=True):
        much = FAINT + (1 - FAINT) * much**0.5
        picture = _one_of(picture, grain, knobs, much, _chosen(kind, looks, share * strength))
    return picture.clamp(-1, 1)


def occluded(picture: Tensor, draws: Draws, share: float) -> tuple[Tensor, Tensor]:
    """Puts something in front of a share of [N, 3, R, R]: an ellipse or a bar with a piece of another picture
    or of one colour. Also gives where it is: bool [N, R, R]."""
    count, side = len(picture), picture.shape[-1]
    knobs = draws.uniform(count * 9).view(count, 9, 1, 1)
    x, y = _steps(side, picture)  # [R], [R, 1] in -1..1
    turn = knobs[:, 0] * math.pi
    dx, dy = x - (2 * knobs[:, 1] - 1), y - (2 * knobs[:, 2] - 1)  # [N, R, R]
    u, v = dx * turn.cos() + dy * turn.sin(), dy * turn.cos() - dx * turn.sin()
    long, thin = 0.15 + 0.6 * knobs[:, 3], 0.04 + 0.25 * knobs[:, 4] ** 2
    ellipse = (u / long) ** 2 + (v / thin) ** 2 < 1
    bar = (u.abs() < long) & (v.abs() < thin)
    there = torch.where(knobs[:, 5] < 0.5, ellipse, bar) & (knobs[:, 6] < share)
    flat = draws.normal(count, 3, 1, 1).clamp(-1, 1)
    piece = torch.where(knobs[:, 7:8] < 0.6, picture.roll(1, 0).flip(2), flat)
    return torch.where(there[:, None], piece, picture), there


def _chosen(
    kind: Sequence[float], looks: Sequence[tuple[float, Look]], share: float
) -> list[tuple[Look, list[int]]]:
    """Which pictures get which of the looks: those whose numbers `kind` (0..1) are in its part of `share`."""
    total, below, chosen = sum(weight for weight, _ in looks), 0.0, []
    for weight, look in looks:
        above = below + share * weight / total
        some = [place for place, number in enumerate(kind) if below <= number < above]
        if some:
            chosen.append((look, some))
        below = above
    return chosen


def _one_of(
    picture: Tensor, grain: Tensor, knobs: Tensor, much: Tensor, chosen: list[tuple[Look, list[int]]]
) -> Tensor:
    """Gives the chosen pictures their look, faintly or wholly."""
    shown = picture.clone()
    for look, some in chosen:
        here = sent(some, picture.device)
        changed = look(picture[here], knobs[here], grain[here]).clamp(-1, 1)
        shown[here] = torch.lerp(picture[here], changed, _each(much[here]))
    return shown


# Media


def kuwahara(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """Smooth patches with sharp borders, as of a broad brush."""
    return _by_number(picture, (2 + 1.5 * knobs[:, 0]).long(), _patches)  # 2 or 3 px


def brushed(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Smears along edges, with the marks of a brush's hairs."""
    along = _flow(picture, grain)  # [n, 2, R, R] unit
    reach = _each(0.8 + 0.9 * knobs[:, 0])  # px of a step
    hairs = _blurred(grain[:, :1], 1)
    smeared = _smeared(torch.cat([picture, hairs], dim=1), along * reach, 3)
    colour, marks = smeared[:, :3], smeared[:, 3:]
    marks = marks / marks.std(dim=(2, 3), keepdim=True).clamp_min(1e-4)
    return colour + marks * _each(0.12 * knobs[:, 1] ** 2)


def drawn(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Pencil or chalk: lines where a picture is darker than its surroundings, some shade, paper."""
    light = _light(picture)
    around = _by_number(light, 1 + (3 * knobs[:, 0]).long(), _blurred)
    lines = (around - _blurred(light, 0)).clamp_min(0)  # [n, 1, R, R]
    shade = (1 - light) * 0.5 * _each(knobs[:, 1] ** 2 * 0.7)
    rough = 1 + 0.35 * _blurred(grain[:, :1], 0)
    ink = (_each(2 + 4 * knobs[:, 2]) * lines + shade) * rough
    return _inked(ink.clamp(0, 1), knobs)


def inked(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Pen and ink: black where a picture is dark or has an edge, else white."""
    light = _light(picture)
    fine, coarse = _blurred(light, 0), _blurred(light, 2)
    edge = fine - 0.95 * coarse
    edge = edge - edge.mean(dim=(2, 3), keepdim=True)
    level = light.mean(dim=(2, 3), keepdim=True) * _each(0.3 + 0.7 * knobs[:, 0])
    ink = torch.sigmoid(-40 * edge - 1.5) + torch.sigmoid(-14 * (fine - level)) * _each(knobs[:, 1])
    return _inked((ink + 0.05 * grain[:, :1]).clamp(0, 1), knobs)


def hatched(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Layers of parallel lines, more and thicker where it is darker; they may follow the forms."""
    side = picture.shape[-1]
    light = _stretched(_light(_blurred(picture, 1)))
    wobble = _blurred(grain[:, :1], 4) * 2
    x, y = _steps(side, picture)
    gap = _each(1.8 + 2.2 * knobs[:, 0] ** 2) * 2 / side  # in the units of x and y
    first, bend = knobs[:, 1] * math.pi, _each(4.0 * knobs[:, 2] ** 2)
    ink = torch.zeros_like(light)
    for layer, (darker, turn) in enumerate(((0.92, 0.0), (0.6, 0.9), (0.38, 1.9))):
        angle = _each(first + turn)
        phase = (x * angle.cos() + y * angle.sin()) / gap + bend * light + 0.35 * wobble
        wave = 0.5 + 0.5 * torch.cos(2 * math.pi * phase)
        thick = (darker - light).clamp_min(0) * (1.3 - 0.25 * layer)
        ink = torch.maximum(ink, torch.sigmoid(9 * (wave - 1 + thick)) * (light < darker))
    edge = (_blurred(light, 2) - light).clamp_min(0) * 3
    return _inked((ink + edge).clamp(0, 1), knobs)


def engraved(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """One family of lines that swell where it is darker and bend with the forms."""
    side = picture.shape[-1]
    light = _stretched(_light(picture))
    x, y = _steps(side, picture)
    gap = _each(1.8 + 1.4 * knobs[:, 0] ** 2) * 2 / side
    angle = _each((knobs[:, 1] - 0.5) * 1.6)
    form = _blurred(light, 2) + 0.1 * _blurred(grain[:, :1], 6)
    phase = (y * angle.cos() + x * angle.sin()) / gap + _each(2 + 3 * knobs[:, 2]) * form
    wave = 0.5 + 0.5 * torch.cos(2 * math.pi * phase)
    return _inked(torch.sigmoid(10 * (wave - light)), knobs)


def halftone(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """Dots of a press, of one ink or of three."""
    side = picture.shape[-1]
    x, y = _steps(side, picture)
    gap = _each(2.0 + 2.0 * knobs[:, 0] ** 2) * 2 / side
    tone = (picture + 1) / 2
    tone = torch.where(_each(knobs[:, 1]) < 0.5, _light(picture).expand_as(tone), tone)
    waves = []
    for ink in range(3):
        angle = _each(knobs[:, 2] * math.pi + 0.4 * ink * (knobs[:, 1] >= 0.5))
        u, v = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
        waves.append(torch.cos(2 * math.pi * u / gap) + torch.cos(2 * math.pi * v / gap))
    wave = torch.cat(waves, dim=1) / 2  # [n, 3, R, R]
    return 2 * torch.sigmoid(_each(3 + 4 * knobs[:, 3]) * (2.2 * tone - 1.1 + 0.8 * wave)) - 1


def posterised(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Few tones."""
    steps = _each(torch.floor(2 + 5 * knobs[:, 0]))
    smooth = torch.where(_each(knobs[:, 1]) < 0.5, _blurred(picture, 1), picture)
    return torch.round((smooth + 1) / 2 * steps + 0.1 * grain[:, :1]) / steps * 2 - 1


def flat(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """Flat colours inside dark outlines, as in woodcuts and comics."""
    smooth = _patches(_patches(picture, 2), 1)
    steps = _each(torch.floor(3 + 5 * knobs[:, 0]))
    colours = torch.round((smooth + 1) / 2 * steps) / steps * 2 - 1
    colours = torch.lerp(colours, colours.mean(dim=(2, 3), keepdim=True), _each(0.4 * knobs[:, 1]))
    edge = (_blurred(_light(smooth), 2) - _light(smooth)).clamp_min(0)
    ink = (edge * _each(4 + 8 * knobs[:, 2]) - 0.1).clamp(0, 1)
    return torch.lerp(colours, torch.full_like(colours, -0.8), ink)


def carved(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """A relief in one material: forms only, no colours."""
    light = _blurred(_light(picture), 0)
    x, y = _each(2 * knobs[:, 0] - 1), _each(0.4 + 0.6 * knobs[:, 1])
    across, down = _slopes(light)
    relief = _each(1.5 + 3 * knobs[:, 2]) * (across * x + down * y)
    tone = 0.25 + 0.5 * light + relief
    return _duotone(tone.clamp(0, 1), knobs[:, 3:])


def mixed(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Colours and textures that no medium has: every picture has a random small convolution of its own."""
    count = len(picture)
    kernel = grain[:, :, :3, :9].reshape(count, 3, 27)
    around = F.unfold(F.pad(picture, (1, 1, 1, 1), mode="reflect"), 3)  # [n, 27, R * R]
    other = (kernel @ around).view_as(picture)
    return torch.lerp(picture, _like(other, picture), _each(0.3 + 0.7 * knobs[:, 0]))


# Colours


def grey(picture: Tensor, _knobs: Tensor, _grain: Tensor) -> Tensor:
    return (2 * _light(picture) - 1).expand_as(picture)


def duotone(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """Sepia, cyanotype, chalk on coloured paper..."""
    return _duotone(_light(picture), knobs)


def recoloured(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """All hues turned, and more or less of them."""
    turn = _each((2 * knobs[:, 0] - 1) * math.pi * knobs[:, 1])
    light = 2 * _light(picture) - 1
    red, blue = picture[:, :1] - light, picture[:, 2:] - light  # [n, 1, R, R]
    strong = _each(0.3 + 1.6 * knobs[:, 2])
    red, blue = (
        strong * (red * turn.cos() - blue * turn.sin()),
        strong * (red * turn.sin() + blue * turn.cos()),
    )
    green = -(LIGHTNESS[0] * red + LIGHTNESS[2] * blue) / LIGHTNESS[1]
    return light + torch.cat([red, green, blue], dim=1)


def cast(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """A colour cast: every channel has a middle and a contrast of its own."""
    middle = (2 * knobs[:, :3] - 1) * 0.35
    contrast = 0.55 + 0.9 * knobs[:, 3:6]
    return picture * contrast[:, :, None, None] + middle[:, :, None, None]


def faded(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Pale and brownish, unevenly."""
    paper = 0.75 - torch.stack([0.1 * knobs[:, 0], 0.3 * knobs[:, 0], 0.8 * knobs[:, 0]], dim=1)
    stained = torch.sigmoid(3 * _clouds(grain, 8) + 4 * (_each(knobs[:, 1]) - 0.5))
    away = _each(0.25 + 0.4 * knobs[:, 2]) * (0.6 + 0.4 * stained)
    return torch.lerp(picture * 0.85, paper[:, :, None, None].expand_as(picture), away)


# What it is on


def papered(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    rough = _blurred(grain[:, :1], 0) + _clouds(grain[:, 1:], 6)
    return picture + _each(0.03 + 0.1 * knobs[:, 0]) * rough


def on_canvas(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    side = picture.shape[-1]
    x, y = _steps(side, picture)
    threads = math.pi * side / _each(2.2 + 3 * knobs[:, 0])
    weave = torch.cos(threads * x) * torch.cos(threads * y) + 0.5 * _blurred(grain[:, :1], 0)
    return picture + _each(0.04 + 0.14 * knobs[:, 1]) * weave


def cracked(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Craquelure: a net of thin lines, dark or light."""
    net = torch.full_like(picture[:, :1], 9.0)
    for channel, grains in ((0, 14), (1, 9), (2, 22)):
        field = _clouds(grain[:, channel : channel + 1], grains, sharp=True)
        across, down = _slopes(field)
        net = torch.minimum(net, field.abs() / (across.square() + down.square()).sqrt().clamp_min(1e-3))
    crack = torch.sigmoid(6 * (0.55 - net)) * _each(0.2 + 0.6 * knobs[:, 0])
    tone = torch.where(_each(knobs[:, 1]) < 0.7, -0.7, 0.6)
    return torch.lerp(picture, tone.expand_as(picture), crack)


def stroked(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Thick paint: light falls on the relief of the strokes."""
    strokes = _smeared(_blurred(grain[:, :1], 1), _flow(picture, grain) * 1.5, 3)
    strokes = strokes / strokes.std(dim=(2, 3), keepdim=True).clamp_min(1e-4)
    across, down = _slopes(strokes)
    return picture + _each(0.05 + 0.2 * knobs[:, 0]) * (across * _each(2 * knobs[:, 1] - 1) + down)


# Light


def exposed(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """Too dark or too light, too soft or too hard."""
    power = torch.exp(_each(2 * knobs[:, 0] - 1) * 0.7)
    contrast = torch.exp(_each(2 * knobs[:, 1] - 1) * 0.6)
    return (2 * ((picture + 1) / 2).clamp(1e-4, 1) ** power - 1) * contrast


def shaded(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """One side lies in shadow, softly or with a border."""
    x, y = _steps(picture.shape[-1], picture)
    angle = _each(2 * math.pi * knobs[:, 0])
    along = x * angle.cos() + y * angle.sin() - _each(1.2 * knobs[:, 1] - 0.6)
    lit = torch.sigmoid(along * _each(1.5 + 10 * knobs[:, 2] ** 2))
    low = _each(0.15 + 0.5 * knobs[:, 3])
    return (picture + 1) * (low + (1 - low) * lit) - 1


def dim_corners(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    x, y = _steps(picture.shape[-1], picture)
    away = (x.square() + y.square()) * _each(0.2 + 0.5 * knobs[:, 0])
    return (picture + 1) * (1 - away).clamp_min(0.05) - 1


# Copies


def small(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """Enlarged from few px."""
    side, smooth = picture.shape[-1], _each(knobs[:, 1]) >= 0.25

    def reduced(some: Tensor, tenths: int) -> Tensor:
        few = 10 * side // tenths
        return F.interpolate(some, (few, few), mode="area")

    def blocks(some: Tensor, tenths: int) -> Tensor:
        return F.interpolate(reduced(some, tenths), (side, side), mode="nearest")

    def soft(some: Tensor, tenths: int) -> Tensor:
        return F.interpolate(reduced(some, tenths), (side, side), mode="bicubic")

    tenths = 13 + 4 * (5.5 * knobs[:, 0]).long()
    return torch.where(smooth, _by_number(picture, tenths, soft), _by_number(picture, tenths, blocks))


def unsharp(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """Out of focus, or sharpened too much."""
    soft = _blurred(picture, 1)
    amount = torch.where(knobs[:, 0] < 0.5, knobs[:, 1], -2.5 * knobs[:, 1])
    return torch.lerp(picture, torch.where(_each(knobs[:, 2]) < 0.3, _blurred(soft, 1), soft), _each(amount))


def shaken(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """Blurred along a line."""
    angle = _each(math.pi * knobs[:, 0])
    step = torch.cat([angle.cos(), angle.sin()], dim=1) * _each(0.3 + 0.6 * knobs[:, 1])  # [n, 2, 1, 1] px
    return _smeared(picture, step.expand(-1, -1, *picture.shape[2:]), 3)


def blocky(picture: Tensor, knobs: Tensor, _grain: Tensor) -> Tensor:
    """Compressed as JPEG does, by blocks of 8 px."""
    count, _, height, width = picture.shape
    if height % 8 or width % 8:
        return picture
    cells = torch.arange(8, device=picture.device, dtype=picture.dtype)
    basis = torch.cos((2 * cells + 1) * cells[:, None] * math.pi / 16) / 2  # [8, 8]
    basis[0] /= math.sqrt(2)
    blocks = picture.view(count, 3, height // 8, 8, width // 8, 8).transpose(3, 4)  # [n, 3, h, w, 8, 8]
    found = basis @ blocks @ basis.T
    step = (0.04 + 0.035 * (cells + cells[:, None])) * (0.5 + 3.5 * knobs[:, 0] ** 2).view(-1, 1, 1, 1, 1, 1)
    kept = torch.round(found / step) * step
    return (basis.T @ kept @ basis).transpose(3, 4).reshape(picture.shape)


def grained(picture: Tensor, knobs: Tensor, grain: Tensor) -> Tensor:
    """Film or sensor noise, fine or coarse, with or without colours."""
    noise = torch.where(_each(knobs[:, 0]) < 0.5, grain[:, :1], grain)
    noise = torch.where(_each(knobs[:, 1]) < 0.5, noise, 2 * _blurred(noise, 0))
    return picture + noise * _each(0.03 + 0.17 * knobs[:, 2] ** 2)


MEDIA = (
    (3, kuwahara),
    (3, brushed),
    (2, drawn),
    (1, inked),
    (2, hatched),
    (1.5, engraved),
    (1, halftone),
    (1, posterised),
    (1.5, flat),
    (0.7, carved),
    (2, mixed),
)
COLOURS = ((2, grey), (2, duotone), (2, recoloured), (2, cast), (1, faded))
SUPPORTS = ((1, papered), (1.5, on_canvas), (1, cracked), (1.5, stroked))
LIGHTS = ((2, exposed), (2, shaded), (1, dim_corners))
LENSES = ((2, small), (2, unsharp), (1, shaken))
COPIES = ((1, blocky), (1.5, grained))
# the looks that a picture may have one of, and the share of the pictures that have one
STAGES = ((MEDIA, 0.6), (COLOURS, 0.6), (SUPPORTS, 0.35), (LIGHTS, 0.5), (LENSES, 0.4), (COPIES, 0.4))


# Tools


def _each(values: Tensor) -> Tensor:
    """[n] -> [n, 1, 1, 1]."""
    return values.view(-1, 1, 1, 1)


def _by_number(maps: Tensor, numbers: Tensor, work: Callable[[Tensor, int], Tensor]) -> Tensor:
    """`work` on each of [n, C, R, R] with its own whole number."""
    changed, known = torch.empty_like(maps), numbers.tolist()
    for number in set(known):
        chosen = sent([k for k, own in enumerate(known) if own == number], maps.device)
        changed[chosen] = work(maps[chosen], number)
    return changed


def _steps(side: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """x [R] and y [R, 1] in -1..1."""
    steps = (torch.arange(side, device=like.device, dtype=like.dtype) + 0.5) / side * 2 - 1
    return steps, steps[:, None]


def _light(picture: Tensor) -> Tensor:
    """[n, 3, R, R] in -1..1 -> [n, 1, R, R] in 0..1."""
    weights = sent(LIGHTNESS, picture.device).view(1, 3, 1, 1)
    return ((picture * weights).sum(1, keepdim=True) + 1) / 2


def _blurred(maps: Tensor, reach: int) -> Tensor:
    """[n, C, R, R], softened twice over 2 `reach` + 3 px: nearly a bell."""
    bell = _bell(maps.shape[-1], reach, maps.device)
    return bell @ maps @ bell.T


@lru_cache(maxsize=64)
def _bell(side: int, reach: int, device: torch.device) -> Tensor:
    """[R, R]: how much of each pixel of a row is in each softened one. A product with it is the quickest."""
    steps = torch.arange(side)
    box = ((steps[:, None] - steps).abs() <= reach + 1).float()
    box = box / box.sum(1, keepdim=True)
    return (box @ box).to(device)


@lru_cache(maxsize=16)
def _window(side: int, size: int, device: torch.device) -> Tensor:
    """[side, side + size - 1]: means over `size` pixels that begin at each."""
    apart = torch.arange(side + size - 1) - torch.arange(side)[:, None]
    return ((apart >= 0) & (apart < size)).float().to(device) / size


def _clouds(grain: Tensor, cells: int, sharp: bool = False) -> Tensor:
    """A smooth field [n, 1, R, R] of about `cells` x `cells` bumps, from its normals."""
    side = grain.shape[-1]
    way = "bilinear" if sharp else "bicubic"
    few = grain[:, :1, : cells + 1, : cells + 1]
    return F.interpolate(few, (side, side), mode=way, align_corners=True)


def _slopes(maps: Tensor) -> tuple[Tensor, Tensor]:
    """How [n, 1, R, R] rises to the right and down, per px."""
    padded = F.pad(maps, (1, 1, 1, 1), mode="replicate")
    across = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    return across, down


def _flow(picture: Tensor, grain: Tensor) -> Tensor:
    """The direction in which a picture changes least: unit vectors [n, 2, R, R] (right, down)."""
    across, down = _slopes(_blurred(_light(picture), 0))
    noise = 0.0006 * _blurred(grain[:, 1:], 3)  # where nothing is to be followed, some direction
    xx, yy, xy = across.square(), down.square(), across * down
    tensor = _blurred(torch.cat([xx - yy, 2 * xy], dim=1), 2) + noise  # twice the steepest angle
    angle = torch.atan2(tensor[:, 1], tensor[:, 0]) / 2 + math.pi / 2
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def _smeared(maps: Tensor, step: Tensor, steps: int) -> Tensor:
    """The mean of [n, C, R, R] along a path of `steps` steps [n, 2, R, R] (px) to either side."""
    side = maps.shape[-1]
    x, y = _steps(side, maps)
    here = torch.stack([x.expand(side, side), y.expand(side, side)], dim=2)  # [R, R, 2]
    move = step.permute(0, 2, 3, 1) * (2 / side)  # [n, R, R, 2]
    total = maps.clone()
    for number in range(1, steps + 1):
        for way in (-number, number):
            total += F.grid_sample(maps, here + way * move, align_corners=False, padding_mode="border")
    return total / (2 * steps + 1)


def _patches(picture: Tensor, reach: int) -> Tensor:
    """Kuwahara's filter: of the four squares that touch a pixel, the mean of the most even."""
    padded = F.pad(picture, (reach, reach, reach, reach), mode="reflect")
    window = _window(picture.shape[-1] + reach, reach + 1, picture.device)
    mean = window @ padded @ window.T  # [n, 3, R + reach, R + reach]
    light = _light(padded)
    uneven = window @ light.square() @ window.T - _light(mean).square()
    side = picture.shape[-1]
    corners = ((0, 0), (0, reach), (reach, 0), (reach, reach))
    best, least = mean[..., :side, :side], uneven[..., :side, :side]
    for down, right in corners[1:]:
        here = uneven[..., down : down + side, right : right + side]
        best = torch.where(here < least, mean[..., down : down + side, right : right + side], best)
        least = torch.minimum(here, least)
    return best


def _stretched(light: Tensor) -> Tensor:
    """[n, 1, R, R] with its whole range used."""
    low, high = light.amin(dim=(2, 3), keepdim=True), light.amax(dim=(2, 3), keepdim=True)
    return (light - low) / (high - low).clamp_min(1e-3)


def _like(other: Tensor, picture: Tensor) -> Tensor:
    """`other` with the mean and contrast of `picture`."""
    middle, spread = other.mean(dim=(2, 3), keepdim=True), other.std(dim=(2, 3), keepdim=True)
    wanted, width = picture.mean(dim=(2, 3), keepdim=True), picture.std(dim=(2, 3), keepdim=True)
    return (other - middle) / spread.clamp_min(1e-3) * width + wanted


def _duotone(tone: Tensor, knobs: Tensor) -> Tensor:
    """tone [n, 1, R, R] in 0..1 between a dark and a light colour, of which knobs [n, 5...] tell."""
    dark = -1 + 0.9 * knobs[:, :3] * knobs[:, 3:4]
    light = 1 - 0.9 * (1 - knobs[:, 1:4].flip(1)) * knobs[:, 4:5]
    return torch.lerp(dark[:, :, None, None].expand(-1, -1, *tone.shape[2:]), light[:, :, None, None], tone)


def _inked(ink: Tensor, knobs: Tensor) -> Tensor:
    """ink [n, 1, R, R] in 0..1 on paper; sometimes light on dark."""
    warm = knobs[:, 5:6]
    paper = torch.cat([0.95 - 0.1 * warm, 0.93 - 0.2 * warm, 0.9 - 0.5 * warm], dim=1)
    colour = torch.cat([-0.9 + 0.9 * warm * knobs[:, 6:7], -0.9 + 0.3 * warm, -0.85 + 0.2 * warm], dim=1)
    dark = (knobs[:, 7:8] < 0.08).float()
    paper, colour = torch.lerp(paper, colour, dark), torch.lerp(colour, paper, dark)
    return torch.lerp(paper[:, :, None, None].expand(-1, -1, *ink.shape[2:]), colour[:, :, None, None], ink)
