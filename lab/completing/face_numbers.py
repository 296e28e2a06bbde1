"""What a face does and looks like, in numbers that its mesh and its colours give.

Lengths are those of the resting head, its turn taken out, over the face's height.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ...core.editing.carry.change import Head, gaze_of
from ...core.editing.carry.expression import expression_of
from ...core.editing.carry.picture_parts import DARK, GAMMA
from ...core.editing.carry.solid_head import pose_of, rotation_vector
from ...core.editing.carry.zones import ZONES, zone_points
from ...core.faces.reading import FACE_SIDES, LEFT_EYE, RIGHT_EYE

JAW, NOSTRILS, LIPS_OUTSIDE = (172, 397), (129, 358), (0, 17)  # points of the mesh, in pairs
CHEEKS = ((50, 205, 101, 36, 118), (280, 425, 330, 266, 347))  # at image left, at image right
BLUR = 0.006  # of the square's side, before colours are compared


@dataclass(frozen=True, eq=False)
class SeenFace:
    """A face as it was read from a portrait, beside the mean head."""

    head: Head
    light: np.ndarray  # [6 + 2] logarithms of light: of ZONES, and of the cheeks at image left and right
    resting: np.ndarray  # [468, 3]
    turn: np.ndarray  # [3] rotation vector in radians

    @classmethod
    def of(cls, head: Head, light: np.ndarray, mean: np.ndarray) -> SeenFace:
        """With the mean head [468, 3] of all faces."""
        pose = pose_of(head.mesh, mean)
        return cls(head, light, pose.resting(head.mesh), rotation_vector(pose.rotation))

    @property
    def numbers(self) -> np.ndarray:
        """All `NUMBERS`, [K]."""
        return np.array([number(self) for number in NUMBERS.values()])


Number = Callable[[SeenFace], float]


def _apart(face: SeenFace, pair: tuple[int, int]) -> float:
    return float(np.linalg.norm(face.resting[pair[0]] - face.resting[pair[1]]))


def _expression(index: int) -> Number:
    return lambda face: float(expression_of(face.resting)[index])


def _light(zone: str) -> Number:
    return lambda face: float(face.light[ZONES.index(zone)])


def _width(pair: tuple[int, int]) -> Number:
    return lambda face: _apart(face, pair)


def _eyes(face: SeenFace) -> float:
    return (_apart(face, LEFT_EYE[:2]) + _apart(face, RIGHT_EYE[:2])) / 2


# by the names that the painter's sliders have for the same
NUMBERS: dict[str, Number] = {
    "smile": _expression(1),
    "mouth_open": _expression(0),
    "eye_open": _expression(2),
    "brow_raise": _expression(3),
    "turn": lambda face: float(face.turn[1]),
    "nod": lambda face: float(face.turn[0]),
    "gaze_x": lambda face: float(gaze_of(face.head)[:, 0].mean()),
    "face_width": _width(FACE_SIDES),
    "jaw": _width(JAW),
    "nose_size": _width(NOSTRILS),
    "eye_size": _eyes,
    "lips": _width(LIPS_OUTSIDE),
    "skin_tone": _light("skin"),
    "hair_lightness": _light("hair"),
    "light_direction": lambda face: float(face.light[-1] - face.light[-2]),
}


def light_of(head: Head, rgb: np.ndarray) -> np.ndarray:
    """Logarithms of light in a portrait uint8 [R, R, 3]: of the zones and of both cheeks, [8]."""
    linear = (rgb.astype(np.float32) / 255) ** GAMMA
    grey = cv2.GaussianBlur(linear.mean(axis=2), (0, 0), BLUR * len(rgb))  # [R, R]
    zones = zone_points(head.mesh, head.irises)
    cheeks = (head.mesh[list(points), :2] for points in CHEEKS)
    return np.array([_log_light(grey, points) for points in (*(zones[zone] for zone in ZONES), *cheeks)])


def _log_light(grey: np.ndarray, unit: np.ndarray) -> float:
    """Of the nearest pixels of a square [R, R] to unit coordinates [n, 2], in the median."""
    x, y = (unit * len(grey)).astype(int).clip(0, len(grey) - 1).T
    return float(np.median(np.log(grey[y, x] + DARK)))
