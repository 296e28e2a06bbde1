"""Finding the face of a picture with a pack's finder network, and the square that it asks for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...models.manifest import Alignment
from ..errors import CoreError
from .onnx_network import to_input
from .placement import Placement, crop, reduced

Point = tuple[float, float]
Heat = Callable[[np.ndarray], np.ndarray]

NO_FACE = "No face found in the picture: select the face with a rectangle and try again."
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
