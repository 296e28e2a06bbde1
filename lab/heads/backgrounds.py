"""What stands behind a head: a list of scenes, out of focus as a lens shows them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from . import scenes_indoors, scenes_outdoors, scenes_plain
from .scene_canvas import LUMINANCE, Scene

DETAILS = slice(26, 29)  # of the unnamed coordinates
MARGIN = 0.125  # of the frame's width on every side, so that light from outside the frame is blurred in
SHARPEST, BLURRIEST = 0.0025, 0.055  # radius of the lens's disc over the frame's width
DRAWN = (128, 256)  # pixels across that a scene is drawn with, at least and at most
CROSSING = 0.04  # of a kind's share on either side: there it fades into its neighbour


class BackdropKind(NamedTuple):
    """One kind of scene: how it is painted and how often, its mean brightness over the tone, its focus."""

    paint: Callable[[Scene], None]
    often: float
    darkest: float
    brightest: float
    sharpest: float  # how far out of focus, 0..1, where the controls ask for none
    softest: float  # and for all; paper and canvas stand close
    open_air: bool


KINDS = (
    BackdropKind(scenes_plain.white_paper, 0.5, 0.55, 1.25, 0.0, 0.3, False),
    BackdropKind(scenes_plain.paper_roll, 1.6, 0.03, 0.9, 0.0, 0.4, False),
    BackdropKind(scenes_plain.flat_colour, 0.5, 0.05, 0.8, 0.0, 0.1, False),
    BackdropKind(scenes_plain.dark, 0.7, 0.004, 0.04, 0.0, 0.5, False),
    BackdropKind(scenes_plain.old_master, 1.2, 0.008, 0.09, 0.0, 0.15, False),
    BackdropKind(scenes_plain.mottled, 1.0, 0.03, 0.55, 0.0, 0.25, False),
    BackdropKind(scenes_plain.plaster, 1.1, 0.08, 0.8, 0.0, 0.45, False),
    BackdropKind(scenes_plain.wallpaper, 0.7, 0.06, 0.65, 0.0, 0.35, False),
    BackdropKind(scenes_plain.bricks, 0.6, 0.05, 0.5, 0.0, 0.6, True),
    BackdropKind(scenes_plain.curtain, 0.9, 0.03, 0.5, 0.0, 0.35, False),
    BackdropKind(scenes_indoors.window, 1.0, 0.2, 0.9, 0.05, 0.8, False),
    BackdropKind(scenes_indoors.room, 1.3, 0.08, 0.6, 0.05, 0.8, False),
    BackdropKind(scenes_indoors.bookshelf, 0.7, 0.05, 0.35, 0.0, 0.8, False),
    BackdropKind(scenes_indoors.corridor, 0.9, 0.10, 0.7, 0.1, 0.95, False),
    BackdropKind(scenes_indoors.crowd, 0.8, 0.06, 0.5, 0.45, 1.0, False),
    BackdropKind(scenes_outdoors.fairy_lights, 0.6, 0.05, 0.35, 0.15, 1.0, False),
    BackdropKind(scenes_outdoors.night_street, 0.8, 0.03, 0.25, 0.1, 1.0, True),
    BackdropKind(scenes_outdoors.street, 1.2, 0.2, 0.8, 0.1, 1.0, True),
    BackdropKind(scenes_outdoors.park, 1.2, 0.12, 0.6, 0.1, 1.0, True),
    BackdropKind(scenes_outdoors.foliage, 1.3, 0.06, 0.5, 0.1, 1.0, True),
    BackdropKind(scenes_outdoors.hills, 0.8, 0.15, 0.7, 0.05, 0.6, True),
    BackdropKind(scenes_outdoors.sea, 0.7, 0.25, 0.9, 0.05, 0.8, True),
    BackdropKind(scenes_outdoors.sky, 0.8, 0.25, 1.0, 0.05, 0.7, True),
)


@lru_cache(maxsize=4)
def _bounds(device: str) -> Tensor:
    """Where each kind's share begins, and one, [K + 1]."""
    often = torch.tensor([0.0] + [kind.often for kind in KINDS], device=device)
    return (often / often.sum()).cumsum(0)


def shares_of_kinds(share: Tensor) -> tuple[Tensor, Tensor]:
    """How much of each kind a picture shows, [N, K] (sums to one), and the place within the kind, [N, K]."""
    bounds = _bounds(str(share.device))
    low, wide = bounds[:-1], bounds[1:] - bounds[:-1]
    place = (share.clamp(0.0, 1.0).unsqueeze(1) - low) / wide  # [N, K], 0..1 inside a kind
    begin = ((place + CROSSING) / (2.0 * CROSSING)).clamp(0.0, 1.0)
    end = ((1.0 + CROSSING - place) / (2.0 * CROSSING)).clamp(0.0, 1.0)
    begin[:, 0], end[:, -1] = 1.0, 1.0  # the list does not turn round
    weight = begin * end
    return weight / weight.sum(1, keepdim=True), place


def open_air(controls: dict[str, Tensor]) -> Tensor:
    """How much of the backdrop stands under the sky, [N] 0..1."""
    weights, _ = shares_of_kinds(controls["background"])
    return weights @ weights.new_tensor([float(kind.open_air) for kind in KINDS])


def background_of(controls: dict[str, Tensor], details: Tensor, resolution: int, wide: float = 1.0) -> Tensor:
    """The backdrops [N, 3, R, R] in linear radiance; 1 is a white sheet in full light.

    The same controls and details give the same composition at every resolution. `wide` shows so much more.
    """
    across = min(max(resolution, DRAWN[0]), DRAWN[1])
    border = math.ceil(MARGIN * across)
    inner = _drawn(controls, details, across, border, wide)[:, :, border:-border, border:-border]
    if resolution == across:
        return inner.contiguous()
    mode = "area" if resolution < across else "bicubic"
    return functional.interpolate(inner, size=(resolution, resolution), mode=mode).clamp(min=0.0)


def glance(controls: dict[str, Tensor], details: Tensor, wide: float) -> Tensor:
    """The backdrops in 4 x 4 patches, [N, 3, 4, 4]: what light they throw."""
    small = _drawn(controls, details, 24, 0, wide)
    return functional.adaptive_avg_pool2d(small, 4)


def _drawn(controls: dict[str, Tensor], details: Tensor, across: int, border: int, wide: float) -> Tensor:
    """The scenes with a border on every side, [N, 3, H, H]; out of focus only where there is a border."""
    weights, places = shares_of_kinds(controls["background"])
    size = across + 2 * border
    drawn = torch.zeros(len(weights), 3, size, size, device=weights.device)
    for index, kind in enumerate(KINDS):
        rows = (weights[:, index] > 1e-4).nonzero()[:, 0]
        if len(rows) == 0:
            continue
        chosen = {name: controls[name][rows] for name in _USED}
        scene = _blank(chosen, details[rows], places[rows, index], size, across, wide)
        kind.paint(scene)
        picture = scene.rgb.clamp(min=0.0) * _gain(scene, kind)
        if border:
            blur = kind.sharpest + (kind.softest - kind.sharpest) * chosen["background_blur"]
            picture = lens_blur(picture, _radius(blur) / wide * across)
        drawn.index_add_(0, rows, picture * weights[rows, index].view(-1, 1, 1, 1))
    return drawn


_USED = ("background_tone", "background_hue", "background_colour", "background_blur")


def _blank(
    controls: dict[str, Tensor], details: Tensor, place: Tensor, size: int, across: int, wide: float
) -> Scene:
    line = (torch.arange(size, device=place.device, dtype=torch.float32) + 0.5 - size / 2) / across
    line = 0.5 + line * wide
    numbers = torch.cat([details[:, DETAILS], 2.0 * place.unsqueeze(1) - 1.0], dim=1)
    return Scene(
        rgb=torch.empty(len(place), 3, size, size, device=place.device),
        x=line.view(1, 1, -1),
        y=line.view(1, -1, 1),
        pixel=wide / across,
        numbers=numbers,
        hue=controls["background_hue"],
        colour=controls["background_colour"],
        tone=controls["background_tone"],
    )


def _gain(scene: Scene, kind: BackdropKind) -> Tensor:
    """What brings a scene's mean to the brightness that its tone asks for, [N, 1, 1, 1]."""
    # few very bright lights must not darken the rest: they count as white
    middle = scene.rgb[:, :, ::4, ::4].clamp(0.0, 1.0).mean((2, 3)) @ scene.rgb.new_tensor(LUMINANCE)  # [N]
    wanted = kind.darkest * (kind.brightest / kind.darkest) ** scene.tone
    return (wanted / middle.clamp(min=1e-3)).view(-1, 1, 1, 1)


def _radius(blur: Tensor) -> Tensor:
    """The lens's disc over the frame's width, [N]."""
    return SHARPEST + (BLURRIEST - SHARPEST) * blur.pow(1.4)


def lens_blur(picture: Tensor, radius: Tensor) -> Tensor:
    """Spread each pixel of [N, 3, H, W] over a disc of the radius [N] in pixels, with a slightly soft edge.

    The picture is taken as periodic, so its margins must be wider than twice the radius.
    """
    height, width = picture.shape[2:]
    row = torch.fft.fftfreq(height, device=picture.device)[:, None]
    column = torch.fft.rfftfreq(width, device=picture.device)[None, :]
    frequency = (row.square() + column.square()).sqrt()
    turns = 2.0 * math.pi * radius.view(-1, 1, 1) * frequency + 1e-4
    soft = 0.35 + 0.08 * radius.view(-1, 1, 1)  # deviation of the edge, in pixels
    spread = (
        2.0 * torch.special.bessel_j1(turns) / turns * torch.exp(-2.0 * (math.pi * soft * frequency).square())
    )
    blurred = torch.fft.irfft2(torch.fft.rfft2(picture) * spread.unsqueeze(1), s=(height, width))
    return blurred.clamp(min=0.0)
