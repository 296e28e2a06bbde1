"""Lines of the skin that come or go with age: new ones as a resting face has them, and the picture's own.

A line is a ratio of light like all tints, so the skin's texture stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ....models.bank import LINES, LINES_SPAN
from ...faces.face_parts import OUTLINES
from .change import Head, Lines
from .field import sampled, smooth, smooth_field
from .picture_parts import TO_LOG, Parts
from .solid_head import facing, pose_of, unit_height

SIDE = 512  # px of the map of lines over the square
PLACES = 64  # lines across the square at which places on the resting face are found
TURNED = (0.1, 0.45)  # of a surface that faces the viewer: lines fade where the head turns away
FINEST, BROADEST = 0.004, 0.025  # of the face's height: creases lie between
DEEPEST = 0.5  # logarithm of light: what is darker than this is no crease
ROUNDED = (0.04, 0.12)  # of the face's height: between them lie the shades of cheeks, nose and brow
MODELLED = (0.15, 0.3)  # logarithm of light between these shades: of a flat face, and of a rounded one
SURE = np.setdiff1d(np.arange(468), [p for name in ("lips", "mouth inside") for p in OUTLINES[name]])


def lines_on(parts: Parts, head: Head, asked: Sequence[Lines]) -> np.ndarray:
    """Logarithms of the ratio of light over the square of a head, float32 [SIDE, SIDE]."""
    total = np.zeros((SIDE, SIDE), np.float32)
    for lines in asked:
        total += np.float32(lines.share) * _known(parts, head, lines)
    return total


def _known(parts: Parts, head: Head, lines: Lines) -> np.ndarray:
    """The whole of some lines, kept with the parts: while a slider is dragged only their share changes."""
    key = id(lines.ends), lines.end
    if key not in parts.lines:
        parts.lines[key] = lines.ends, whole(parts.picture, head, lines)
    return parts.lines[key][1]


def whole(picture: np.ndarray, head: Head, lines: Lines) -> np.ndarray:
    """Lines at the end of their direction on the square's picture uint8 [S, S, 3]: float32 [SIDE, SIDE]."""
    front, seen = _places(head, lines.resting)
    drawn = sampled(lines.ends[lines.end].astype(np.float32), front, cv2.INTER_LINEAR)
    drawn *= modelled(picture, head)
    if lines.creases:
        there = sampled(envelope(lines.ends), front, cv2.INTER_LINEAR)
        drawn = drawn + lines.creases * there * creases(picture, unit_height(head.mesh))
    return (seen * drawn).astype(np.float32)


def front_of(resting: np.ndarray) -> np.ndarray:
    """Where points of a resting head [..., 3] lie on the map of its lines, in unit coordinates [..., 2]."""
    return 0.5 + resting[..., :2] / LINES_SPAN


def envelope(lines: np.ndarray) -> np.ndarray:
    """Where on a face lines [2, LINES, LINES] lie, 0..1 [LINES, LINES]: there own creases are such lines."""
    strength = cv2.GaussianBlur(np.abs(lines).max(axis=0).astype(np.float32), (0, 0), LINES / 60)
    return smooth(strength, 0.0, 0.5 * float(np.quantile(strength, 0.98)) or 1.0)


def creases(picture: np.ndarray, height: float) -> np.ndarray:
    """The creases of a square uint8 [S, S, 3] in which a face is `height` high: how much darker they are than
    the skin beside them, a logarithm of light below 0, float32 [SIDE, SIDE]."""
    light = _light(picture)
    fine, broad = (cv2.GaussianBlur(light, (0, 0), max(0.5, x * height * SIDE)) for x in (FINEST, BROADEST))
    return np.clip(fine - broad, -DEEPEST, 0)


def modelled(picture: np.ndarray, head: Head) -> float:
    """How far a square's picture uint8 [S, S, 3] models a face in light and shade, 0..1: a print of flat
    colours has no soft lines either."""
    height, light = unit_height(head.mesh), _light(picture)
    narrow, wide = (cv2.GaussianBlur(light, (0, 0), x * height * SIDE) for x in ROUNDED)
    shades = sampled(narrow - wide, head.mesh[None, SURE, :2].astype(np.float32), cv2.INTER_LINEAR)
    low, high = np.quantile(shades, (0.2, 0.8))
    return float(smooth(high - low, *MODELLED))


def _light(picture: np.ndarray) -> np.ndarray:
    """Logarithms of light of a square uint8 [S, S, 3], float32 [SIDE, SIDE]."""
    way = cv2.INTER_AREA if len(picture) > SIDE else cv2.INTER_LINEAR
    gray = cv2.cvtColor(cv2.resize(picture, (SIDE, SIDE), interpolation=way), cv2.COLOR_RGB2GRAY)
    return cv2.LUT(gray, TO_LOG)


def _places(head: Head, resting: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where on the map of lines each place of the square lies, float32 [SIDE, SIDE, 2], and how far it faces
    the viewer, 0..1 [SIDE, SIDE]."""
    faces = facing(resting, pose_of(head.mesh, resting).rotation)
    kept = SURE[faces[SURE] > TURNED[0]]
    values = np.column_stack([front_of(resting), faces])[kept]
    along = (np.arange(PLACES) + 0.5) / PLACES
    field = smooth_field(head.mesh[kept, :2], values, along, along).astype(np.float32)  # [PLACES, PLACES, 3]
    field = cv2.resize(field, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(field[..., :2]), smooth(field[..., 2], *TURNED)
