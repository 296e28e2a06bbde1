"""How far a point is from a person's skin: a grid of signed distances that hair is kept out of.

Ears are left out, since a grid this coarse cannot hold them: hair that lies over an ear is kept off it by
`EarBulge`. Distances are in decimetres, above zero outside; the body is the posed one, in the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba
import numpy as np
import torch
from torch import Tensor

from .head_mesh import BODY, head_mesh

STEP = 0.1  # between the grid's nodes
MARGIN = 0.9  # around the head: as far as voluminous hair reaches
ABOVE, BELOW = 0.3, 1.9  # below the eyes: where long hair ends to matter
FAR = 1e9
ROUNDS = 1  # of two sweeps: the second round changes almost nothing
_AROUND = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)])
_BEFORE = _AROUND[:13].copy()  # neighbours that a forward sweep has passed


@dataclass(frozen=True)
class BodyField:
    """One person's body. values[i, j, k] is the distance at origin + STEP * (i, j, k)."""

    origin: np.ndarray  # [3]
    values: np.ndarray  # [I, J, K] float32


@lru_cache(maxsize=1)
def skin_vertices() -> np.ndarray:
    """The vertices [n] that the distance is measured to."""
    mesh = head_mesh()
    inside = (mesh.masks["ears"] > 0.25) | (mesh.masks["mouth_inside"] > 0.4)
    return ((mesh.vertex_group == BODY) & ~inside).nonzero()[:, 0].numpy()


def body_field(places: np.ndarray, normals: np.ndarray, eyes: np.ndarray) -> BodyField:
    """The field of a skin with vertices `places` [n, 3] and `normals` [n, 3]; eyes [3] is their middle."""
    low, high = _bounds(places, eyes)
    shape = tuple(np.ceil((high - low) / STEP).astype(int) + 1)
    nearest = _nearest_vertices(places, low, shape)
    return BodyField(low, _distances(nearest, places, normals, low))


def _bounds(places: np.ndarray, eyes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    head = places[places[:, 1] > eyes[1] - 1.2]
    low, high = head.min(0) - MARGIN, head.max(0) + MARGIN
    low[1] = eyes[1] - BELOW - 1.2
    high[1] = head[:, 1].max() + ABOVE
    return low.astype(np.float32), high.astype(np.float32)


@numba.njit(cache=True, fastmath=True)
def _nearest_vertices(places, low, shape):
    """The vertex nearest to each node, by sweeping a guess from node to node: [I, J, K] int32."""
    rows, columns, slices = shape
    nearest = np.full((rows, columns, slices), -1, np.int32)
    best = np.full((rows, columns, slices), np.float32(FAR), np.float32)
    for vertex in range(len(places)):
        i = int(np.rint((places[vertex, 0] - low[0]) / STEP))
        j = int(np.rint((places[vertex, 1] - low[1]) / STEP))
        k = int(np.rint((places[vertex, 2] - low[2]) / STEP))
        if 0 <= i < rows and 0 <= j < columns and 0 <= k < slices:
            far = _squared(places, vertex, low, i, j, k)
            if far < best[i, j, k]:
                best[i, j, k] = far
                nearest[i, j, k] = vertex
    for _ in range(ROUNDS):
        for i in range(rows):
            for j in range(columns):
                for k in range(slices):
                    _take_from(nearest, best, places, low, i, j, k, 1)
        for i in range(rows - 1, -1, -1):
            for j in range(columns - 1, -1, -1):
                for k in range(slices - 1, -1, -1):
                    _take_from(nearest, best, places, low, i, j, k, -1)
    return nearest


@numba.njit(cache=True, fastmath=True, inline="always")
def _squared(places, vertex, low, i, j, k):
    x = low[0] + STEP * i - places[vertex, 0]
    y = low[1] + STEP * j - places[vertex, 1]
    z = low[2] + STEP * k - places[vertex, 2]
    return x * x + y * y + z * z


@numba.njit(cache=True, fastmath=True)
def _take_from(nearest, best, places, low, i, j, k, sign):
    """Tries the vertices of the 13 neighbours that this sweep has passed."""
    rows, columns, slices = nearest.shape
    mine = nearest[i, j, k]
    least = best[i, j, k]
    for n in range(13):
        a, b, c = i + sign * _BEFORE[n, 0], j + sign * _BEFORE[n, 1], k + sign * _BEFORE[n, 2]
        if 0 <= a < rows and 0 <= b < columns and 0 <= c < slices:
            vertex = nearest[a, b, c]
            if vertex >= 0 and vertex != mine:
                far = _squared(places, vertex, low, i, j, k)
                if far < least:
                    least = far
                    mine = vertex
    nearest[i, j, k] = mine
    best[i, j, k] = least


@numba.njit(cache=True, fastmath=True)
def _distances(nearest, places, normals, low):
    values = np.empty(nearest.shape, np.float32)
    for i in range(nearest.shape[0]):
        for j in range(nearest.shape[1]):
            for k in range(nearest.shape[2]):
                vertex = nearest[i, j, k]
                x = low[0] + STEP * i - places[vertex, 0]
                y = low[1] + STEP * j - places[vertex, 1]
                z = low[2] + STEP * k - places[vertex, 2]
                plane = x * normals[vertex, 0] + y * normals[vertex, 1] + z * normals[vertex, 2]
                values[i, j, k] = _signed(plane, np.sqrt(x * x + y * y + z * z))
    return values


@numba.njit(cache=True, fastmath=True, inline="always")
def _signed(plane, far):
    """Near the skin the distance to its plane, which is smoother; further out the distance to its vertex."""
    share = min(max(far / STEP - 1.0, 0.0), 1.0)
    return plane * (1.0 - share) + (far if plane > 0 else -far) * share


def plain_field(places: Tensor, normals: Tensor, low: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """The same distances [I, J, K] without loops, for a GPU and for tests."""
    axes = [low[axis] + STEP * torch.arange(shape[axis], device=low.device) for axis in range(3)]
    nodes = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, 3)  # [I * J * K, 3]
    nearest = torch.cat([torch.cdist(part, places).argmin(1) for part in nodes.split(4096)])
    offset = nodes - places[nearest]
    plane = (offset * normals[nearest]).sum(-1)
    far = offset.norm(dim=-1)
    share = (far / STEP - 1.0).clamp(0.0, 1.0)
    return (plane * (1.0 - share) + torch.where(plane > 0, far, -far) * share).view(shape)


@numba.njit(cache=True, fastmath=True)
def distance(values, origin, x, y, z):
    """Distance and its slope (d, dx, dy, dz) at a point; outside the grid its edge's values are taken."""
    rows, columns, slices = values.shape
    fx = min(max((x - origin[0]) / STEP, 0.0), rows - 1.001)
    fy = min(max((y - origin[1]) / STEP, 0.0), columns - 1.001)
    fz = min(max((z - origin[2]) / STEP, 0.0), slices - 1.001)
    i, j, k = int(fx), int(fy), int(fz)
    u, v, w = fx - i, fy - j, fz - k
    a = values[i, j, k]
    b = values[i, j, k + 1]
    c = values[i, j + 1, k]
    d = values[i, j + 1, k + 1]
    e = values[i + 1, j, k]
    f = values[i + 1, j, k + 1]
    g = values[i + 1, j + 1, k]
    h = values[i + 1, j + 1, k + 1]
    ac = a + (c - a) * v
    bd = b + (d - b) * v
    eg = e + (g - e) * v
    fh = f + (h - f) * v
    near = ac + (bd - ac) * w
    next_ = eg + (fh - eg) * w
    dx = (next_ - near) / STEP
    dz = ((bd - ac) * (1 - u) + (fh - eg) * u) / STEP
    low = (c - a) * (1 - w) + (d - b) * w
    high = (g - e) * (1 - w) + (h - f) * w
    dy = (low * (1 - u) + high * u) / STEP
    return near + (next_ - near) * u, dx, dy, dz


def plain_distance(field: BodyField, points: Tensor) -> tuple[Tensor, Tensor]:
    """`distance` at points [..., 3]: distances [...] and slopes [..., 3]."""
    values = torch.as_tensor(field.values, device=points.device)
    origin = torch.as_tensor(field.origin, device=points.device)
    last = torch.tensor(values.shape, device=points.device) - 1.001
    place = torch.minimum(((points - origin) / STEP).clamp(min=0.0), last)
    low = place.long()
    share = place - low  # [..., 3]
    total, slope = 0.0, torch.zeros_like(points)
    for corner in _CORNERS:
        i, j, k = (low[..., axis] + corner[axis] for axis in range(3))
        value = values[i, j, k]
        weight = [share[..., axis] if corner[axis] else 1 - share[..., axis] for axis in range(3)]
        total = total + value * weight[0] * weight[1] * weight[2]
        for axis in range(3):
            others = weight[(axis + 1) % 3] * weight[(axis + 2) % 3]
            slope[..., axis] += value * others * (1 if corner[axis] else -1) / STEP
    return torch.as_tensor(total), slope


_CORNERS = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
