"""Where the face is: finding it, cropping it square and upright, and pasting it back.

Coordinates are those of the picture with pixel (i, j) covering [i, i + 1] x [j, j + 1], x to the right and y
down; unit coordinates run over the cropped square in the same way. A placement is a similarity, so that the
way back is exact.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from .errors import CoreError
from .networks import to_input

if TYPE_CHECKING:
    from ..models.manifest import Alignment

Point = tuple[float, float]
Heat = Callable[[np.ndarray], np.ndarray]

NO_FACE = "No face found in the picture: select the face with a rectangle and try again."
FEATHER = 0.12  # of the square's side, over which a pasted face fades out
CORNER = 0.3  # corner radius of the pasted shape, of the square's side
BAND_ROWS = 256  # rows that are warped at a time, so that a large picture needs little memory

MARGIN = 0.25  # surroundings that are looked at, of the picture's longest side: a tight selection has none
LEVELS = (64, 90, 126, 176, 246, 320)  # px of the picture's longest side on the pyramid
FAR_LEVELS = (448, 640)
# Tilt in degrees and levels, one after the other until a face is found
LOOKS = ((0.0, LEVELS), (0.0, FAR_LEVELS), (40.0, LEVELS), (-40.0, LEVELS))
PEAKS = 6  # of each kind that are combined
PEAK_HEAT = 0.2
FACE_SCORE = 0.35
CLOSE_LOOKS = 8  # different faces that are looked at closely, at most
CLOSE_SIDES = (96, 112, 128)  # px of the crops in which that is done
CLOSE_REACH = 4.4  # side of those crops over the distance from eyes to mouth
SAME = 0.5  # of that distance: points of one face seen twice are no farther apart
MOUTH_OVER_EYES = 1.1  # distance from eyes to mouth over that between the eyes, on a head seen from the front
EYE_LINE = 3.0  # weight of the eye line over the line from eyes to mouth in the roll of a head


@dataclass(frozen=True)
class Face:
    """What the finder saw, in the picture's pixels; `eyes` are image left, image right."""

    eyes: tuple[Point, Point]
    mouth: Point
    score: float  # 0..1


@dataclass(frozen=True)
class Placement:
    """A square of the picture: centre and side in its pixels, angle in degrees clockwise on the screen."""

    x: float
    y: float
    size: float
    angle: float = 0.0

    def _turn(self) -> tuple[float, float]:
        radians = math.radians(self.angle)
        return self.size * math.cos(radians), self.size * math.sin(radians)

    def to_picture(self, unit: np.ndarray) -> np.ndarray:
        """Unit coordinates [..., 2] -> pixels [..., 2]."""
        c, s = self._turn()
        u, v = unit[..., 0] - 0.5, unit[..., 1] - 0.5
        return np.stack([self.x + c * u - s * v, self.y + s * u + c * v], axis=-1)

    def to_unit(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels [..., 2] -> unit coordinates [..., 2]."""
        c, s = self._turn()
        dx, dy = pixels[..., 0] - self.x, pixels[..., 1] - self.y
        scale = self.size**2
        return np.stack([(c * dx + s * dy) / scale + 0.5, (c * dy - s * dx) / scale + 0.5], axis=-1)

    def bounds(self) -> tuple[float, float, float, float]:
        """left, top, right, bottom of the upright box around the square."""
        corners = self.to_picture(np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]]))  # [4, 2]
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


@dataclass(frozen=True)
class Layer:
    """Pixels for the host: `rgba` uint8 [h, w, 4] (straight alpha), its corner at (x, y) of the picture."""

    x: int
    y: int
    rgba: np.ndarray


def place(face: Face, alignment: Alignment) -> Placement:
    """The square that brings the eyes' midpoint and the mouth to where the training pictures have them.

    Those two points give size and place. The angle follows the eye line more than the line from eyes to
    mouth: on a head that is turned aside the mouth moves sideways, which is no roll.
    """
    left, right, mouth = complex(*face.eyes[0]), complex(*face.eyes[1]), complex(*face.mouth)
    eyes = (left + right) / 2
    unit_eyes, unit_mouth = complex(*alignment.eyes), complex(*alignment.mouth)
    down = (mouth - eyes) / (unit_mouth - unit_eyes)  # size * e^(i angle), by eyes to mouth
    across = right - left
    if abs(down) < 1e-6 or abs(across) < 1e-6:
        raise CoreError("no-face", NO_FACE)
    heading = down / abs(down) + EYE_LINE * across / abs(across)
    turn = abs(down) * heading / abs(heading)
    centre = (eyes + mouth) / 2 + turn * (0.5 + 0.5j - (unit_eyes + unit_mouth) / 2)
    return Placement(centre.real, centre.imag, abs(turn), math.degrees(math.atan2(turn.imag, turn.real)))


def whole_square(width: int, height: int) -> Placement:
    """The largest centred square of a picture: what a pack that knows no faces works on."""
    return Placement(width / 2, height / 2, float(min(width, height)))


# Cropping and pasting


def crop(rgba: np.ndarray, placement: Placement, size: int) -> np.ndarray:
    """The square of the picture as uint8 [size, size, 3], antialiased.

    rgba is uint8 [H, W, 4], straight alpha; what is transparent becomes white, and beyond the border the
    picture goes on with its edge pixels.
    """
    height, width = rgba.shape[:2]
    ratio = placement.size / size  # picture pixels per pixel of the crop
    reach = 2 + math.ceil(2 * ratio)  # the widest filter below looks this far
    left, top, right, bottom = placement.bounds()
    x0, x1 = _span(left - reach, right + reach, width)
    y0, y1 = _span(top - reach, bottom + reach, height)
    region = Image.fromarray(_on_white(rgba[y0:y1, x0:x1]))
    reduced = region
    if ratio > 1:
        extent = (math.ceil(region.width / ratio), math.ceil(region.height / ratio))
        reduced = region.resize(extent, Image.Resampling.LANCZOS)
    grid = placement.to_picture(_pixel_grid(0, 0, size, size) / size)  # [S, S, 2]
    unit = (grid - (x0, y0)) / (region.width, region.height)
    return _sample(np.asarray(reduced), unit)


def layer_box(placement: Placement, picture_size: tuple[int, int]) -> tuple[int, int, int, int]:
    """left, top, right, bottom in whole pixels of the layer that `paste` makes."""
    left, top, right, bottom = placement.bounds()
    x0, x1 = _span(left, right, picture_size[0])
    y0, y1 = _span(top, bottom, picture_size[1])
    return x0, y0, x1, y1


def paste(
    rgb: np.ndarray, placement: Placement, picture_size: tuple[int, int], feather: float = FEATHER
) -> Layer:
    """Warps a rendered square uint8 [S, S, 3] back: the inverse of `crop` up to resampling.

    `picture_size` is (width, height), `feather` the fraction of the square's side over which the alpha falls
    to zero at the border of a rounded square. Nothing lies outside the square, and the layer is clipped to
    the picture.
    """
    x0, y0, x1, y1 = layer_box(placement, picture_size)
    rgb = reduced(rgb, max(1, round(placement.size)))
    out = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
    for row in range(0, y1 - y0, BAND_ROWS):
        band = out[row : row + BAND_ROWS]
        unit = placement.to_unit(_pixel_grid(x0, y0 + row, band.shape[1], band.shape[0]))  # [h, w, 2]
        band[..., :3] = _sample(rgb, unit)
        band[..., 3] = np.rint(255 * _falloff(unit, placement.size, feather))
    return Layer(x0, y0, out)


def reduced(rgb: np.ndarray, side: int) -> np.ndarray:
    """A square uint8 [S, S, 3] at `side` px, or as it is when that is larger."""
    return rgb if side >= len(rgb) else resized(rgb, side)


def resized(rgb: np.ndarray, side: int) -> np.ndarray:
    """A square uint8 [S, S, 3] at `side` px, antialiased."""
    if side == len(rgb):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((side, side), Image.Resampling.LANCZOS))


def _falloff(unit: np.ndarray, side: float, feather: float) -> np.ndarray:
    """Alpha 0..1 [h, w] of a rounded square over unit coordinates [h, w, 2]: 1 inside, smoothly 0 at its
    border.
    """
    q = np.abs(unit - 0.5) - (0.5 - CORNER)
    outside = np.hypot(*np.moveaxis(np.maximum(q, 0), -1, 0))
    inside = CORNER - outside - np.minimum(q.max(axis=-1), 0)  # distance to the border, > 0 within
    t = np.clip(
        inside / max(feather, 1 / side), 0, 1
    )  # at least a pixel wide, so that the border is not jagged
    return t * t * (3 - 2 * t)


def _on_white(rgba: np.ndarray) -> np.ndarray:
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
    """Bicubic samples uint8 [h, w, 3] of [H, W, 3] at unit coordinates [h, w, 2]; edges go on outside."""
    picture = torch.from_numpy(rgb.astype(np.float32)).permute(2, 0, 1)[None]  # [1, 3, H, W]
    grid = torch.from_numpy((2 * unit - 1).astype(np.float32))[None]  # [1, h, w, 2]
    out = F.grid_sample(picture, grid, mode="bicubic", padding_mode="border", align_corners=False)
    return out[0].permute(1, 2, 0).round_().clamp_(0, 255).to(torch.uint8).numpy()


# Finding


def find_face(rgba: np.ndarray, heat: Heat) -> Face:
    """The clearest face of a picture uint8 [H, W, 4]; CoreError "no-face" when there is none.

    `heat` is the pack's finder network: picture float32 [1, 3, S, S] in -1..1 (S a multiple of 8) -> heat [3,
    S/4, S/4] in 0..1 for left eye, right eye (as the viewer sees them) and mouth centre, highest in the cell
    that covers the point (cell i covers pixels 4i..4i+4).

    Looks at the picture with some surroundings at several sizes, upright and near first, and closely at what
    that finds.
    """
    height, width = rgba.shape[:2]
    longest = max(width, height)
    whole = Placement(width / 2, height / 2, longest * (1 + 2 * MARGIN))
    for tilt, levels in LOOKS:
        view = replace(whole, angle=tilt)
        sides = [8 * round(level * (1 + 2 * MARGIN) / 8) for level in levels]
        pixels = crop(rgba, view, sides[-1])
        faces = [face for side in sides for face in _faces_in(reduced(pixels, side), view, heat)]
        face = _confirmed(rgba, faces, heat)
        if face:
            return face
    raise CoreError("no-face", NO_FACE)


def _eyes_to_mouth(face: Face) -> float:
    (lx, ly), (rx, ry) = face.eyes
    return math.dist(((lx + rx) / 2, (ly + ry) / 2), face.mouth)


def _confirmed(rgba: np.ndarray, faces: list[Face], heat: Heat) -> Face | None:
    """The first of the faces that a closer look confirms.

    The larger ones of those that score nearly as well as the best come first: who is in front is meant.
    """
    best = max((face.score for face in faces), default=0.0)
    near = [face for face in faces if face.score >= 0.8 * best]
    far = [face for face in faces if face.score < 0.8 * best]
    near.sort(key=_eyes_to_mouth, reverse=True)
    far.sort(key=lambda face: face.score, reverse=True)
    tried: list[Face] = []
    for face in near + far:
        if not any(_agree(face, other) for other in tried):
            tried.append(face)
            seen = _closely(rgba, face, heat)
            if seen or len(tried) == CLOSE_LOOKS:
                return seen
    return None


def _closely(rgba: np.ndarray, face: Face, heat: Heat) -> Face | None:
    """The same face turned upright and at the sizes that the finder knows best; None unless it stays the
    same.
    """
    (lx, ly), (rx, ry) = face.eyes
    centre_x, centre_y = (lx + rx) / 4 + face.mouth[0] / 2, (ly + ry) / 4 + face.mouth[1] / 2
    roll = math.degrees(math.atan2(ry - ly, rx - lx))
    view = Placement(centre_x, centre_y, CLOSE_REACH * _eyes_to_mouth(face), roll)
    pixels = crop(rgba, view, CLOSE_SIDES[-1])
    seen = []
    for side in CLOSE_SIDES:
        found = [f for f in _faces_in(reduced(pixels, side), view, heat) if _agree(f, face)]
        if not found:
            return None
        seen.append(max(found, key=lambda f: f.score))
    points = np.mean([[*f.eyes, f.mouth] for f in seen], axis=0)  # [3, 2]
    (lx, ly), (rx, ry), (mx, my) = points.tolist()
    return Face(((lx, ly), (rx, ry)), (mx, my), min(f.score for f in seen))


def _agree(a: Face, b: Face) -> bool:
    apart = max(math.dist(p, q) for p, q in zip((*a.eyes, a.mouth), (*b.eyes, b.mouth), strict=True))
    return apart < SAME * _eyes_to_mouth(b)


def _faces_in(pixels: np.ndarray, view: Placement, heat: Heat) -> Iterator[Face]:
    """Plausible faces in a crop uint8 [S, S, 3] that was taken at `view`."""
    maps = heat(to_input(pixels))  # [3, S/4, S/4]
    if maps.shape != (3, len(pixels) // 4, len(pixels) // 4):
        raise CoreError(
            "pack", "The face finder of the pack answers in a wrong shape: install the pack again."
        )
    for left, right, mouth in itertools.product(*(_peaks(m) for m in maps)):
        likeness = _plausibility(left[:2], right[:2], mouth[:2])
        score = likeness * (left[2] * right[2] * mouth[2]) ** (1 / 3)
        if score >= FACE_SCORE:
            points = view.to_picture(np.array([left[:2], right[:2], mouth[:2]]))  # [3, 2]
            (lx, ly), (rx, ry), (mx, my) = points.tolist()
            yield Face(((lx, ly), (rx, ry)), (mx, my), min(score, 1.0))


def _peaks(heat: np.ndarray) -> list[tuple[float, float, float]]:
    """The highest local maxima (u, v, heat) of one map [h, w], placed more finely than its cells."""
    h, w = heat.shape
    padded = np.pad(np.maximum(heat, 1e-6), 1, constant_values=1e-6)
    around = np.stack([padded[dy : dy + h, dx : dx + w] for dy in range(3) for dx in range(3)])  # [9, h, w]
    ys, xs = np.nonzero((heat >= around.max(axis=0)) & (heat >= PEAK_HEAT))
    order = np.argsort(-heat[ys, xs], kind="stable")[:PEAKS]
    peaks = []
    for y, x in zip(ys[order].tolist(), xs[order].tolist(), strict=True):
        cells = around[:, y, x].reshape(3, 3)
        u, v = x + 0.5 + _summit(*cells[1]), y + 0.5 + _summit(*cells[:, 1])
        peaks.append((u / w, v / h, float(min(heat[y, x], 1.0))))
    return peaks


def _summit(before: float, at: float, after: float) -> float:
    """Where between three cells a bell-shaped hump is highest, seen from the middle one."""
    a, b, c = math.log(before), math.log(at), math.log(after)  # of a bell, these lie on a parabola
    return 0.0 if 2 * b - a - c < 1e-6 else min(max((c - a) / (2 * (2 * b - a - c)), -0.5), 0.5)


def _plausibility(left: Point, right: Point, mouth: Point) -> float:
    """How much three points look like eyes and a mouth, 0..1; a turned or tilted head costs a little."""
    across = complex(right[0] - left[0], right[1] - left[1])
    down = complex(mouth[0] - (left[0] + right[0]) / 2, mouth[1] - (left[1] + right[1]) / 2)
    if abs(across) < 1e-3 or abs(down) < 1e-3:
        return 0.0
    relation = (
        down / across
    )  # its argument is the angle from eye line to mouth, 90 degrees on a straight head
    stretch = math.log(abs(relation) / MOUTH_OVER_EYES) / 0.7
    skew = (math.degrees(math.atan2(relation.imag, relation.real)) - 90) / 35
    roll = math.degrees(math.atan2(across.imag, across.real)) / 60
    return math.exp(-(stretch**2 + skew**2 + roll**2) / 2)
