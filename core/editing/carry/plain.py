"""The carry, plainly: the reference that tests hold carry.py against, and the one to read first.

Every pixel is worked out on its own, in double precision: nothing is kept, cut into bands or left out, and
places between pixels are exact. It takes seconds where carry.py takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...faces.placement import to_picture, to_unit
from .carry import CRISP, FAINT, SOFT, Plan, draw_shapes
from .drawn import Drawing
from .lines import whole
from .movement import LATTICE
from .picture_parts import DARK, GAMMA, NOTHING, TOE, Guided, Parts
from .surface import Surface
from .tint import FADE, NEARNESS, SIDE, SKIN, Tint
from .zones import ZONES

Kernel = Callable[[np.ndarray], np.ndarray]  # how much a pixel counts at a distance
GRAY = np.array([0.299, 0.587, 0.114])
SMOOTHED = 1.5  # px of the field of shades
SEEN = 0.004  # share of a drawing below which a pixel is the picture's


def carry_plainly(surface: Surface, plan: Plan, only: np.ndarray | None = None) -> np.ndarray:
    """What `carry` makes of the same surface and plan: pixels uint8 [h, w, 3]."""
    picture = surface.rgb.astype(float)
    height, width = picture.shape[:2]
    corner = np.array([surface.x, surface.y])
    y, x = np.mgrid[0:height, 0:width] + 0.5
    unit = to_unit(surface.placement, np.stack([x, y], axis=-1) + corner)  # [h, w, 2]
    chosen = np.ones((height, width, 1)) if only is None else only[..., None] / 255
    out, source = picture, unit
    if plan.moves is not None:
        field = chosen * _field(plan.moves.field, unit)
        source = unit + field
        found = sampled(picture, to_picture(surface.placement, source) - corner - 0.5, lanczos, 4)
        length = np.linalg.norm(field, axis=2, keepdims=True) * surface.placement.size
        out = np.where(length > 0, _crisp(np.clip(found, 0, 255), length), picture)
    if plan.tint is not None:
        out = _tinted(out, chosen * _ratio(plan.tint, source, out))
    if plan.drawn is not None:
        out = out + chosen * (_drawn(plan.drawn, unit, out) - out)
    rgb = np.rint(out).astype(np.uint8)
    draw_shapes(rgb, surface, plan, only)
    if (surface.rgb == surface.rgb[..., :1]).all():
        rgb = np.rint(rgb @ GRAY).astype(np.uint8)[..., None].repeat(3, axis=2)
    return rgb


def _field(field: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """A field on LATTICE [h, w, 2] at unit coordinates [H, W, 2]: linear between the lines."""
    places = [
        np.interp(unit[..., axis], line, np.arange(len(line)))
        for axis, line in enumerate((LATTICE.x, LATTICE.y))
    ]
    return sampled(field, np.stack(places, axis=-1), linear, 1)


def _crisp(rgb: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Colours [h, w, 3] with the fine texture that moving by `length` [h, w, 1] pixels takes."""
    apart = np.arange(-3, 4)
    blur = np.exp(-((apart / SOFT) ** 2) / 2)
    padded = np.pad(rgb, ((3, 3), (3, 3), (0, 0)), mode="reflect")
    rows = np.stack([padded[k : k + len(rgb)] for k in range(7)], axis=-1) @ (blur / blur.sum())
    soft = np.stack([rows[:, k : k + rgb.shape[1]] for k in range(7)], axis=-1) @ (blur / blur.sum())
    return np.clip(rgb + CRISP * np.minimum(2 * length, 1) * (rgb - soft), 0, 255)


def _ratio(tint: Tint, unit: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Logarithms of the ratio of light [h, w, 3] of pixels that lay at unit coordinates [h, w, 2]."""
    share = _shares(tint.parts, unit, colour)
    total = np.zeros_like(colour) + share["skin"] * (_shade(tint, unit) + _lines(tint, unit))
    logarithms = np.log((colour / 255) ** GAMMA + DARK)
    hues = logarithms - logarithms.mean(axis=2, keepdims=True)
    for zone, name in enumerate(ZONES):
        if name != "neck":
            own = tint.parts.colour(name)
            faded = tint.change.faded[zone] * (hues - (own - own.mean()))
            total += share[name] * (tint.change.zones[zone] - faded)
    inside = np.clip((0.5 - np.abs(unit - 0.5).max(axis=2, keepdims=True)) / FADE, 0, 1)
    return total * inside**2 * (3 - 2 * inside)


def _shares(parts: Parts, unit: np.ndarray, colour: np.ndarray) -> dict[str, np.ndarray]:
    """How far each pixel belongs to the zones, [h, w, 1] each. The neck counts as skin."""

    def follows(mask: Guided) -> np.ndarray:
        found = _over_square(mask.slope_rest, unit, linear, 1)
        value = (found[..., :3] * colour / 255).sum(axis=2, keepdims=True) + found[..., 3:]
        value = np.clip((value - NOTHING) / (1 - NOTHING), 0, 1)
        return np.where(value < TOE, value**2 / TOE / 2, value - TOE / 2) / (1 - TOE / 2)

    def drawn(mask: np.ndarray) -> np.ndarray:
        return _over_square(mask[..., None], unit, linear, 1)

    bare = 1 - drawn(parts.bare)
    wide = {"skin": parts.skin, "hair": parts.hair, "background": parts.background}
    return {
        **{name: bare * follows(mask) for name, mask in wide.items()},
        "lips": drawn(parts.lips),
        "iris": drawn(parts.irises),
    }


def _shade(tint: Tint, unit: np.ndarray) -> np.ndarray:
    """How much lighter than its zone each place of the skin becomes, [h, w, 1]: a mean over the points of the
    mesh, the nearest of which count most."""
    y, x = (np.mgrid[0:SIDE, 0:SIDE] + 0.5) / SIDE
    away = (np.stack([x, y], axis=-1)[:, :, None] - tint.head.mesh[SKIN, :2]) ** 2  # [SIDE, SIDE, n, 2]
    near = (away.sum(axis=-1) + NEARNESS**2) ** -2.0
    mean = near @ tint.change.shade[SKIN] / near.sum(axis=-1)  # [SIDE, SIDE]
    apart = np.subtract.outer(np.arange(SIDE), np.arange(SIDE))
    blur = np.exp(-((apart / SMOOTHED) ** 2) / 2)
    blur /= blur.sum(axis=1, keepdims=True)
    return _over_square((blur @ mean @ blur.T)[..., None], unit, cubic, 2)


def _lines(tint: Tint, unit: np.ndarray) -> np.ndarray:
    """How much lighter each place of the skin becomes by lines, [h, w, 1]."""
    total = np.zeros((*unit.shape[:2], 1))
    for lines in tint.change.lines:
        made = whole(tint.parts.picture, tint.head, lines)
        total += lines.share * _over_square(made[..., None].astype(float), unit, linear, 1)
    return total


def _tinted(rgb: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Colours [h, w, 3] of 255 in another light, where it is another."""
    light, times = (rgb / 255) ** GAMMA, np.exp(ratio)
    dark = DARK * (1 - np.maximum(1 - light.mean(axis=2, keepdims=True) / (2 * DARK), 0) ** 2)
    lit = ((light + dark) * times - dark) / (1 + np.maximum(times - 1, 0) * light**2)
    touched = (np.abs(ratio) > FAINT).any(axis=2, keepdims=True)
    return np.where(touched, 255 * np.clip(lit, 0, 1) ** (1 / GAMMA), rgb)


def _drawn(drawing: Drawing, unit: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Colours [h, w, 3] of 255 with the drawing over them; of their fine detail stays what is kept."""

    def at(values: np.ndarray) -> np.ndarray:
        return _over_square(values, unit, cubic, 2)

    share, kept = at(drawing.share[..., None]), at(drawing.kept[..., None])
    fine = rgb - at(drawing.moved) - at(drawing.tone)
    out = np.clip(rgb + np.clip(share, 0, 1) * (at(drawing.change) - (1 - kept) * fine), 0, 255)
    return np.where(share > SEEN, out, rgb)


def _over_square(values: np.ndarray, unit: np.ndarray, kernel: Kernel, reach: int) -> np.ndarray:
    """A map over the square [S, S, C] at unit coordinates [h, w, 2]."""
    return sampled(values, unit * len(values) - 0.5, kernel, reach)


def sampled(values: np.ndarray, at: np.ndarray, kernel: Kernel, reach: int) -> np.ndarray:
    """Values [H, W, C] at places [..., 2] between their pixels, which lie at whole numbers; the edge repeats.

    The kernel weighs the `reach` nearest pixels on every side.
    """
    height, width = values.shape[:2]
    first = np.floor(at).astype(int) - reach + 1
    total, weight = 0.0, 0.0
    for down in range(2 * reach):
        for across in range(2 * reach):
            x, y = first[..., 0] + across, first[..., 1] + down
            counts = (kernel(at[..., 0] - x) * kernel(at[..., 1] - y))[..., None]
            total = total + counts * values[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
            weight = weight + counts
    return np.asarray(total / weight)


def linear(away: np.ndarray) -> np.ndarray:
    return np.maximum(1 - np.abs(away), 0)


def cubic(away: np.ndarray) -> np.ndarray:
    """Keys 1981 with a = -0.75, as OpenCV has it."""
    d, a = np.abs(away), -0.75
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * (d**3 - 5 * d**2 + 8 * d - 4)
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def lanczos(away: np.ndarray) -> np.ndarray:
    """Four lobes."""
    return np.where(np.abs(away) < 4, np.sinc(away) * np.sinc(away / 4), 0)
