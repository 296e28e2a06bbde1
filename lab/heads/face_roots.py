"""Roots of brows and beards: places of the mean face that move with the posed one, directions included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .head_mesh import BODY, head_mesh

CELL = 0.01  # of the table that finds a triangle, decimetres
LOW, HIGH = (-0.8, 6.0), (0.8, 8.1)  # of the table
FRONT = 0.5  # only the surface in front of this depth


@dataclass(frozen=True)
class FaceRoots:
    """K places of the mean face's surface."""

    corners: np.ndarray  # [K, 3] vertices
    weights: np.ndarray  # [K, 3]
    mean: np.ndarray  # [K, 3]

    def at(self, values: np.ndarray) -> np.ndarray:
        """Values [V, C] of the vertices at the places, [K, C]."""
        return np.einsum("kc,kcd->kd", self.weights, values[self.corners]).astype(np.float32)

    def carried(self, places: np.ndarray, ways: np.ndarray) -> np.ndarray:
        """Directions [K, 3] of the mean face as the surface at places [V, 3] carries them: unit vectors.

        Only what of them lies along the surface is carried.
        """
        first, second = _edges(_mean()[self.corners])
        now = _edges(places[self.corners])
        a, b, c = (first * first).sum(1), (first * second).sum(1), (second * second).sum(1)
        u, v = (ways * first).sum(1), (ways * second).sum(1)
        size = np.maximum(a * c - b * b, 1e-12)
        moved = ((c * u - b * v) / size)[:, None] * now[0] + ((a * v - b * u) / size)[:, None] * now[1]
        return (moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def _edges(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]


@lru_cache(maxsize=1)
def _mean() -> np.ndarray:
    return head_mesh().mean.numpy()


def face_roots(flat: np.ndarray) -> FaceRoots:
    """The places of the face that a front view shows at flat [K, 2], x and y of the mean head."""
    table = _triangle_table()
    cell = np.floor((flat - np.array(LOW)) / CELL).astype(int).clip(0, np.array(table.shape) - 1)
    corners = head_mesh().triangles.numpy()[table[cell[:, 0], cell[:, 1]]]
    weights = _weights(_mean()[corners][..., :2], flat)
    return _roots(corners, weights)


def triangle_roots(triangle: np.ndarray, weights: np.ndarray) -> FaceRoots:
    return _roots(head_mesh().triangles.numpy()[triangle], weights)


def _roots(corners: np.ndarray, weights: np.ndarray) -> FaceRoots:
    return FaceRoots(corners, weights, np.einsum("kc,kcd->kd", weights, _mean()[corners]))


def _weights(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Barycentric weights [K, 3] of points [K, 2] in flat triangles [K, 3, 2]."""
    first, second = _edges(corners)
    away = points - corners[:, 0]
    size = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    size = np.where(np.abs(size) < 1e-12, 1e-12, size)
    b = (away[:, 0] * second[:, 1] - away[:, 1] * second[:, 0]) / size
    c = (first[:, 0] * away[:, 1] - first[:, 1] * away[:, 0]) / size
    return np.stack([1 - b - c, b, c], axis=1)


@lru_cache(maxsize=1)
def _triangle_table() -> np.ndarray:
    """The triangle that a front view shows in each cell of x and y."""
    mesh = head_mesh()
    triangles, places = mesh.triangles.numpy(), _mean()
    shown = (mesh.group.numpy() == BODY) & (places[triangles][..., 2].min(1) > FRONT)
    shown &= np.cross(*_edges(places[triangles]))[:, 2] > 0
    index = np.flatnonzero(shown)
    flat, depth = places[triangles[index]][..., :2], places[triangles[index]][..., 2]  # [S, 3, 2], [S, 3]
    table = np.full(np.round((np.array(HIGH) - np.array(LOW)) / CELL).astype(int), -1)
    low = np.floor((flat.min(1) - LOW) / CELL).astype(int).clip(0)  # [S, 2]
    high = np.ceil((flat.max(1) - LOW) / CELL).astype(int).clip(0, table.shape)
    size = (high - low).clip(0)
    cells = size.prod(1)
    which = np.repeat(np.arange(len(index)), cells)  # [C] all triangles' cells, one triangle after the other
    number = np.arange(len(which)) - (cells.cumsum() - cells)[which]
    cell = low[which] + np.stack(np.divmod(number, size[which, 1]), axis=1)  # [C, 2]
    weights = _weights(flat[which], (cell + 0.5) * CELL + LOW)
    z = (weights * depth[which]).sum(1)
    inside = np.flatnonzero(weights.min(1) >= -0.3)
    last = inside[np.lexsort((-which[inside], z[inside]))]  # what lies in front is written last, and stays
    table[cell[last, 0], cell[last, 1]] = index[which[last]]
    return table
