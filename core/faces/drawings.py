"""Finds faces with a pack's own finder network: in drawings that no other knows, and for its head reader."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ...bridge.messages import Placement
from ..errors import CoreError
from .onnx_network import to_input
from .placement import crop, reduced, to_picture
from .reading import Reading, guessed
from .sighting import Point, Sighting

Heat = Callable[[np.ndarray], np.ndarray]

MARGIN = 0.25  # surroundings to look at, over the picture's longest side: a tight selection has none
LEVELS = (64, 90, 126, 176, 246, 320)  # px of the picture's longest side, at which it is searched
FAR_LEVELS = (448, 640)
# tilt in degrees and levels: all looks of a row together, and the next row only where it shows no face
LOOKS = (((0.0, LEVELS), (0.0, FAR_LEVELS)), ((40.0, LEVELS),), ((-40.0, LEVELS),))
PEAKS = 6  # of each kind to combine
PEAK_HEAT = 0.2
FACE_SCORE = 0.35
CLOSE_LOOKS = 8  # different faces to look at closely, at most
CLOSE_SIDES = (96, 112, 128)  # px of the crops for a close look
CLOSE_REACH = 4.4  # side of these crops over the distance from eyes to mouth
TRUST = 0.8  # of the finder's score: only three points are known
MOUTH_OVER_EYES = 1.1  # distance from eyes to mouth over the one between the eyes, on a head seen straight on


def drawn_face(seen: Sighting) -> Reading:
    """A reading of a drawing: its nose, the corners of its mouth and its chin are guessed."""
    return guessed(seen, TRUST * seen.score)


def find_faces(rgba: np.ndarray, heat: Heat) -> list[Sighting]:
    """The clear faces in a picture uint8 [H, W, 4], those in front first.

    `heat` is the pack's finder network: picture float32 [1, 3, S, S] in -1..1 (S a multiple of 8) -> heat [3,
    S/4, S/4] in 0..1 for left eye, right eye (as the viewer sees them) and mouth centre, highest in the cell
    that covers the point (cell i covers pixels 4i..4i+4).

    It searches the picture and some surroundings at several sizes, upright and near first, and takes a close
    look at what it finds.
    """
    height, width = rgba.shape[:2]
    longest = max(width, height)
    whole = Placement(width / 2, height / 2, longest * (1 + 2 * MARGIN))
    confirmed: list[Sighting] = []
    for row in LOOKS:
        for tilt, levels in row:
            view = replace(whole, angle=tilt)
            sides = [8 * round(level * (1 + 2 * MARGIN) / 8) for level in levels]
            pixels = crop(rgba, view, sides[-1])
            faces = [face for side in sides for face in _faces_in(reduced(pixels, side), view, heat)]
            _confirm(rgba, faces, heat, confirmed)
        if confirmed:
            break
    return confirmed


def _confirm(rgba: np.ndarray, faces: list[Sighting], heat: Heat, confirmed: list[Sighting]) -> None:
    """Adds the faces that a close look confirms.

    Faces that score nearly as well as the best come first, larger ones before smaller: the artist means
    whoever is in front.
    """
    best = max((face.score for face in faces), default=0.0)
    near = [face for face in faces if face.score >= 0.8 * best]
    far = [face for face in faces if face.score < 0.8 * best]
    near.sort(key=lambda face: face.eyes_to_mouth, reverse=True)
    far.sort(key=lambda face: face.score, reverse=True)
    tried: list[Sighting] = []
    for face in near + far:
        if len(tried) == CLOSE_LOOKS:
            break
        if any(face.agrees(other) for other in tried) or any(face.overlaps(other) for other in confirmed):
            continue
        tried.append(face)
        seen = _closely(rgba, face, heat)
        if seen is not None and not any(seen.overlaps(other) for other in confirmed):
            confirmed.append(seen)


def _closely(rgba: np.ndarray, face: Sighting, heat: Heat) -> Sighting | None:
    """The face, found again upright and at the sizes the finder knows best; None if one of them lacks it."""
    view = Placement(*face.centre, CLOSE_REACH * face.eyes_to_mouth, face.roll)
    pixels = crop(rgba, view, CLOSE_SIDES[-1])
    seen = []
    for side in CLOSE_SIDES:
        found = [f for f in _faces_in(reduced(pixels, side), view, heat) if f.agrees(face)]
        if not found:
            return None
        seen.append(max(found, key=lambda f: f.score))
    points = np.mean([[*f.eyes, f.mouth] for f in seen], axis=0)  # [3, 2]
    (lx, ly), (rx, ry), (mx, my) = points.tolist()
    return Sighting(((lx, ly), (rx, ry)), (mx, my), min(f.score for f in seen))


def _faces_in(pixels: np.ndarray, view: Placement, heat: Heat) -> Iterator[Sighting]:
    """The plausible faces in a crop uint8 [S, S, 3] taken at `view`."""
    maps = heat(to_input(pixels))  # [3, S/4, S/4]
    if maps.shape != (3, len(pixels) // 4, len(pixels) // 4):
        raise CoreError("pack", "The pack's face finder gives a wrong shape: install the pack again.")
    for left, right, mouth in itertools.product(*(_peaks(m) for m in maps)):
        likeness = _plausibility(left[:2], right[:2], mouth[:2])
        score = likeness * (left[2] * right[2] * mouth[2]) ** (1 / 3)
        if score >= FACE_SCORE:
            points = to_picture(view, np.array([left[:2], right[:2], mouth[:2]]))  # [3, 2]
            (lx, ly), (rx, ry), (mx, my) = points.tolist()
            yield Sighting(((lx, ly), (rx, ry)), (mx, my), min(score, 1.0))


def _peaks(heat: np.ndarray) -> list[tuple[float, float, float]]:
    """The highest local maxima (u, v, heat) of one map [h, w], placed more precisely than its cells."""
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
    """Where a bell-shaped hump over three cells is highest, from the middle one."""
    a, b, c = math.log(before), math.log(at), math.log(after)  # the logarithm of a bell is a parabola
    return 0.0 if 2 * b - a - c < 1e-6 else min(max((c - a) / (2 * (2 * b - a - c)), -0.5), 0.5)


def _plausibility(left: Point, right: Point, mouth: Point) -> float:
    """How much three points look like eyes and a mouth, 0..1; a turned or tilted head costs a little."""
    across = complex(right[0] - left[0], right[1] - left[1])
    down = complex(mouth[0] - (left[0] + right[0]) / 2, mouth[1] - (left[1] + right[1]) / 2)
    if abs(across) < 1e-3 or abs(down) < 1e-3:
        return 0.0
    relation = down / across  # its argument, from eye line to mouth, is 90 degrees on a straight head
    stretch = math.log(abs(relation) / MOUTH_OVER_EYES) / 0.7
    skew = (math.degrees(math.atan2(relation.imag, relation.real)) - 90) / 35
    roll = math.degrees(math.atan2(across.imag, across.real)) / 60
    return math.exp(-(stretch**2 + skew**2 + roll**2) / 2)
