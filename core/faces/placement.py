"""A face's square: crops it upright out of a picture, and pastes it back.

Picture coordinates have pixel (i, j) cover [i, i + 1] x [j, j + 1], x to the right and y down; unit
coordinates cover the cropped square in the same way. A placement is a similarity, so the way back is exact.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from ...bridge.messages import FacePoints, Placement
from ...models.manifest import Alignment
from ..errors import CoreError

FEATHER = 0.12  # of the square's side: over this length a pasted face fades out
CORNER = 0.3  # of the square's side: corner radius of the pasted shape
EYE_LINE = 3.0  # weight of the eye line against the line from eyes to mouth in a head's roll
BAND_ROWS = 256  # rows warped at a time, so that a large picture needs little memory


def to_picture(placement: Placement, unit: np.ndarray) -> np.ndarray:
    """Unit coordinates [..., 2] -> pixels [..., 2]."""
    return np.stack(placement.to_picture(unit[..., 0], unit[..., 1]), axis=-1)


def to_unit(placement: Placement, pixels: np.ndarray) -> np.ndarray:
    """Pixels [..., 2] -> unit coordinates [..., 2]."""
    return np.stack(placement.to_unit(pixels[..., 0], pixels[..., 1]), axis=-1)


def bounds(placement: Placement) -> tuple[float, float, float, float]:
    """left, top, right, bottom of the upright box around the square."""
    corners = to_picture(placement, np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]]))  # [4, 2]
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def place(face: FacePoints, alignment: Alignment) -> Placement:
    """The square that puts the eyes' midpoint and the mouth where a pack's training pictures have them.

    These two points give size and place. The angle follows the eye line more than the line from eyes to
    mouth: when a head turns aside the mouth moves sideways, and that is not roll. CoreError "no-face" when
    the points coincide.
    """
    left, right = (complex(*eye) for eye in face.eyes)
    mouth = (complex(*face.mouth[0]) + complex(*face.mouth[1])) / 2
    eyes = (left + right) / 2
    unit_eyes, unit_mouth = complex(*alignment.eyes), complex(*alignment.mouth)
    down = (mouth - eyes) / (unit_mouth - unit_eyes)  # size * e^(i angle), from eyes and mouth
    across = right - left
    if abs(down) < 1e-6 or abs(across) < 1e-6:
        raise CoreError("no-face", "Eyes and mouth lie in one place: drag the handles apart and try again.")
    heading = down / abs(down) + EYE_LINE * across / abs(across)
    turn = abs(down) * heading / abs(heading)
    centre = (eyes + mouth) / 2 + turn * (0.5 + 0.5j - (unit_eyes + unit_mouth) / 2)
    return Placement(centre.real, centre.imag, abs(turn), math.degrees(math.atan2(turn.imag, turn.real)))


def whole_square(width: int, height: int) -> Placement:
    """The largest centred square of a picture, for packs that do not draw faces."""
    return Placement(width / 2, height / 2, float(min(width, height)))


def crop(rgba: np.ndarray, placement: Placement, size: int) -> np.ndarray:
    """The square of the picture as uint8 [size, size, 3], antialiased.

    rgba is uint8 [H, W, 4], straight alpha. Transparent pixels become white, and beyond the border the edge
    pixels repeat.
    """
    height, width = rgba.shape[:2]
    ratio = placement.size / size  # picture pixels per pixel of the crop
    reach = 2 + math.ceil(2 * ratio)  # how far the widest filter below reaches
    left, top, right, bottom = bounds(placement)
    x0, x1 = _span(left - reach, right + reach, width)
    y0, y1 = _span(top - reach, bottom + reach, height)
    region = Image.fromarray(over_white(rgba[y0:y1, x0:x1]))
    reduced = region
    if ratio > 1:
        extent = (math.ceil(region.width / ratio), math.ceil(region.height / ratio))
        reduced = region.resize(extent, Image.Resampling.LANCZOS)
    grid = to_picture(placement, _pixel_grid(0, 0, size, size) / size)  # [S, S, 2]
    unit = (grid - (x0, y0)) / (region.width, region.height)
    return _sample(np.asarray(reduced), unit)


def layer_box(placement: Placement, picture_size: tuple[int, int]) -> tuple[int, int, int, int]:
    """left, top, right, bottom in whole pixels of the layer that `paste` makes."""
    left, top, right, bottom = bounds(placement)
    x0, x1 = _span(left, right, picture_size[0])
    y0, y1 = _span(top, bottom, picture_size[1])
    return x0, y0, x1, y1


def paste(
    rgb: np.ndarray, placement: Placement, picture_size: tuple[int, int], feather: float = FEATHER
) -> tuple[int, int, np.ndarray]:
    """Warps a rendered square uint8 [S, S, 3] back: the inverse of `crop` up to resampling.

    `picture_size` is (width, height), `feather` the fraction of the side over which the alpha falls to zero
    at the border of a rounded square. Returns a layer clipped to the picture, with nothing outside the
    square: x and y of its corner, and its pixels uint8 [h, w, 4] (straight alpha).
    """
    x0, y0, x1, y1 = layer_box(placement, picture_size)
    rgb = reduced(rgb, max(1, round(placement.size)))
    out = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
    for row in range(0, y1 - y0, BAND_ROWS):
        band = out[row : row + BAND_ROWS]
        unit = to_unit(placement, _pixel_grid(x0, y0 + row, band.shape[1], band.shape[0]))  # [h, w, 2]
        band[..., :3] = _sample(rgb, unit)
        band[..., 3] = np.rint(255 * _falloff(unit, placement.size, feather))
    return x0, y0, out


def reduced(rgb: np.ndarray, side: int) -> np.ndarray:
    """A square uint8 [S, S, 3] at `side` px; unchanged if it is no larger."""
    return rgb if side >= len(rgb) else resized(rgb, side)


def resized(rgb: np.ndarray, side: int) -> np.ndarray:
    """A square uint8 [S, S, 3] at `side` px, antialiased."""
    if side == len(rgb):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((side, side), Image.Resampling.LANCZOS))


def _falloff(unit: np.ndarray, side: float, feather: float) -> np.ndarray:
    """Alpha 0..1 [h, w] of a rounded square over unit coordinates [h, w, 2]: 1 inside, fading to 0 at the
    border.
    """
    q = np.abs(unit - 0.5) - (0.5 - CORNER)
    outside = np.hypot(*np.moveaxis(np.maximum(q, 0), -1, 0))
    inside = CORNER - outside - np.minimum(q.max(axis=-1), 0)  # distance to the border, > 0 within
    width = max(feather, 1 / side)  # at least a pixel, so that the border is not jagged
    t = np.clip(inside / width, 0, 1)
    return t * t * (3 - 2 * t)


def over_white(rgba: np.ndarray) -> np.ndarray:
    """uint8 [h, w, 4] -> uint8 [h, w, 3] over white."""
    if rgba[..., 3].min() == 255:
        return np.ascontiguousarray(rgba[..., :3])
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _span(low: float, high: float, length: int) -> tuple[int, int]:
    """Whole pixels [start, stop) that cover low..high within 0..length; never empty."""
    start = min(max(math.floor(low), 0), length - 1)
    return start, max(min(math.ceil(high), length), start + 1)


def _pixel_grid(x: int, y: int, width: int, height: int) -> np.ndarray:
    """Centres of the pixels of a box, [height, width, 2]."""
    ys, xs = np.mgrid[y : y + height, x : x + width]
    return np.stack([xs + 0.5, ys + 0.5], axis=-1)


def _sample(rgb: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Bicubic samples uint8 [h, w, 3] of [H, W, 3] at unit coordinates [h, w, 2]; edges repeat outside."""
    picture = torch.from_numpy(rgb.astype(np.float32)).permute(2, 0, 1)[None]  # [1, 3, H, W]
    grid = torch.from_numpy((2 * unit - 1).astype(np.float32))[None]  # [1, h, w, 2]
    out = F.grid_sample(picture, grid, mode="bicubic", padding_mode="border", align_corners=False)
    return out[0].permute(1, 2, 0).round_().clamp_(0, 255).to(torch.uint8).numpy()
