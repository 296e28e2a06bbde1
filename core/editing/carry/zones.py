"""The zones of a portrait whose colours change together, and where each is looked for."""

from __future__ import annotations

import numpy as np

from ...faces.face_parts import OUTLINES

ZONES = ("skin", "lips", "hair", "neck", "background", "iris")
CHEEKS = (50, 280, 205, 425, 101, 330, 36, 266, 118, 347, 151, 108, 337, 199, 4)
LIPS = (17, 84, 314, 85, 315, 37, 267, 16, 72, 302)
OVER = (1.12, 1.2, 1.28)  # of the way from the face's middle to its outline: there hair begins
SPOTS = ((0.04, 0.08), (0.04, 0.4), (0.96, 0.08), (0.96, 0.4), (0.12, 0.04), (0.88, 0.04))  # of the square
TOP = (0, 1, 2, 3, 4, 32, 33, 34, 35)  # of the face's outline: over the forehead


def zone_points(mesh: np.ndarray, irises: np.ndarray) -> dict[str, np.ndarray]:
    """Points [n, 2] of each zone, for a mesh [468, 3] and irises [2, 5, 2] in the unit square."""
    outline = mesh[list(OUTLINES["face"]), :2]
    middle = outline.mean(axis=0)
    above = outline[list(TOP)]
    chin, height = outline[18], outline[18] - outline[0]
    across = np.array([-height[1], height[0]])
    return {
        "skin": mesh[list(CHEEKS), :2],
        "lips": mesh[list(LIPS), :2],
        "hair": np.concatenate([middle + (above - middle) * over for over in OVER]),
        "neck": np.array([chin + 0.16 * height + step * across for step in (-0.15, 0.0, 0.15)]),
        "background": np.array(SPOTS),
        "iris": irises.mean(axis=1, keepdims=True).repeat(4, axis=1).reshape(-1, 2) * 0.4
        + irises[:, 1:].reshape(-1, 2) * 0.6,
    }
