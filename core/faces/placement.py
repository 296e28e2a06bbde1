"""A face's square: where it lies, and what is in it, upright.

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
from ...models.picture_shape import shown_box
from ..errors import CoreError

EYE_LINE = 3.0  # weight of the eye line against the line from eyes to mouth in a head's roll


def to_picture(placement: Placement, unit: np.ndarray) -> np.ndarray:
    """Unit coordinates [..., 2] -> pixels [..., 2]."""
    return np.stack(placement.to_picture(unit[..., 0], unit[..., 1]), axis=-1)


def to_unit(placement: Placement, pixels: np.ndarray) -> np.ndarray:
    """Pixels [..., 2] -> unit coordinates [..., 2]."""
    return np.stack(placement.to_unit(pixels[..., 0], pixels[..., 1]), axis=-1)


def bounds(
    placement: Placement, part: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
) -> tuple[float, float, float, float]:
    """left, top, right, bottom of the upright box around a part of the square."""
    left, top, right, bottom = part
    corners = to_picture(placement, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))
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


def middle(width: int, height: int, shape: tuple[int, int] = (1, 1)) -> Placement:
    """Around the largest centred part of a picture with a `shape`, for packs that do not draw faces."""
    across, down = shape
    side = max(shape) * min(width / across, height / down)
    return Placement(width / 2, height / 2, float(side), shape=shape)


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
    """left, top, right, bottom of the whole pixels around what is shown of the square, within the picture."""
    left, top, right, bottom = bounds(placement, placement.shown)
    x0, x1 = _span(left, right, picture_size[0])
    y0, y1 = _span(top, bottom, picture_size[1])
    return x0, y0, x1, y1


def shown_alpha(side: int, shape: tuple[int, int]) -> np.ndarray:
    """255 where a square of `side` px is shown and 0 beside that, uint8 [side, side]."""
    left, top, right, bottom = shown_box(side, shape)
    alpha = np.zeros((side, side), np.uint8)
    alpha[top:bottom, left:right] = 255
    return alpha


def blackened(rgb: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A square uint8 [S, S, 3], black beside what is shown of it, as a generator draws it."""
    return rgb if shape[0] == shape[1] else np.where(shown_alpha(len(rgb), shape)[..., None] > 0, rgb, 0)


def rimless(rgb: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A square uint8 [S, S, 3] that goes on beside what is shown of it, where it was black."""
    if shape[0] == shape[1]:
        return rgb
    left, top, right, bottom = shown_box(len(rgb), shape)
    beside = ((top, len(rgb) - bottom), (left, len(rgb) - right), (0, 0))
    return np.pad(rgb[top:bottom, left:right], beside, mode="edge")


def reduced(rgb: np.ndarray, side: int) -> np.ndarray:
    """A square uint8 [S, S, 3] at `side` px; unchanged if it is no larger."""
    return rgb if side >= len(rgb) else resized(rgb, side)


def resized(rgb: np.ndarray, side: int) -> np.ndarray:
    """A square uint8 [S, S, 3] at `side` px, antialiased."""
    if side == len(rgb):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((side, side), Image.Resampling.LANCZOS))


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
