"""How far a point is from a person's skin: a grid of signed distances that hair is kept out of.

Ears are left out and lidded, since a grid this coarse cannot hold them. Distances are in decimetres, above
zero outside; the body is the posed one, in the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba
import numpy as np
import torch
import torch.nn.functional as F

from .head_mesh import BODY, head_mesh
from .people import People

STEP = 0.115  # between the grid's nodes
SIDES, BEHIND, BEFORE = 0.85, 0.6, 0.35  # around the head: as far as hair reaches
ABOVE, BELOW = 0.3, 2.5  # above the head and below the eyes
FAR = 1e9
EAR_HEIGHT = (0.0, 7.1, 0.45)  # the middle between the ears


@dataclass(frozen=True)
class BodyField:
    """One person's body. values[i, j, k] is the distance at origin + STEP * (i, j, k)."""

    origin: np.ndarray  # [3]
    values: np.ndarray  # [I, J, K] float32


@dataclass(frozen=True)
class _Skin:
    """The vertices that the distance is measured to, and a lid over the hole that each ear leaves."""

    vertices: np.ndarray  # [n]
    lid: np.ndarray  # [L, 8] places in `vertices`, each point of a lid lies between
    weights: np.ndarray  # [L, 8, 1]

    def of(self, values: np.ndarray) -> np.ndarray:
        """Values [V, 3] of the mesh at the n + L points of the skin."""
        kept = values[self.vertices]
        return np.concatenate([kept, (kept[self.lid] * self.weights).sum(1)]).astype(np.float32)


@lru_cache(maxsize=1)
def _skin() -> _Skin:
    mesh = head_mesh()
    masks, mean = mesh.masks, mesh.mean
    hollow = (masks["ears"] > 0.02) | (masks["mouth_inside"] > 0.02) | (masks["nostrils"] > 0.3)
    # what is left behind the ears would face into them
    outward = mean - mean.new_tensor(EAR_HEIGHT)
    facing = (mesh.normals(mean[None])[0] * F.normalize(outward, dim=1)).sum(1)
    aside = (mean[:, 0].abs() > 0.5) & (outward[:, 1:].norm(dim=1) < 0.5)
    kept = (mesh.vertex_group == BODY) & ~hollow & ~(aside & (facing < 0.6))
    vertices = kept.nonzero()[:, 0]
    ears = mean[(masks["ears"] > 0.5) & (mesh.vertex_group == BODY)][::6]
    lids = ears.clone()
    lids[:, 0] = 0.68 * ears[:, 0].sign()
    near = torch.cdist(lids, mean[vertices]).topk(8, largest=False)
    weights = 1.0 / (near.values + 0.02)
    weights = weights / weights.sum(1, keepdim=True)
    return _Skin(vertices.numpy(), near.indices.numpy(), weights[..., None].numpy())


def body_field(people: People, n: int) -> BodyField:
    """The field of person n, posed, in the world."""
    skin = _skin()
    places, normals = skin.of(people.places[n].numpy()), skin.of(people.normals[n].numpy())
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return field_of(places, normals, people.eyes[n].mean(0).numpy().astype(np.float32))


def field_of(places: np.ndarray, normals: np.ndarray, eyes: np.ndarray) -> BodyField:
    """The field of a skin with points `places` [n, 3] and `normals` [n, 3]; eyes [3] is their middle."""
    low, high = _bounds(places, eyes)
    shape = tuple(np.ceil((high - low) / STEP).astype(int) + 1)
    nearest = _nearest_vertices(places, low, shape)
    return BodyField(low, _distances(nearest, places, normals, low))


def _bounds(places: np.ndarray, eyes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    head = places[places[:, 1] > eyes[1] - 1.2]
    low = head.min(0) - np.array([SIDES, 0.0, BEHIND], np.float32)
    high = head.max(0) + np.array([SIDES, ABOVE, BEFORE], np.float32)
    low[1] = eyes[1] - BELOW
    return low.astype(np.float32), high.astype(np.float32)


@numba.njit(cache=True, fastmath=True, nogil=True)
def _nearest_vertices(places, low, shape):
    """The vertex nearest to each node, by sweeping a guess from node to node: [I, J, K] int32."""
    rows, columns, slices = shape
    # one node more on each side, so that no neighbour need be checked
    across, down = (columns + 2) * (slices + 2), slices + 2
    total = (rows + 2) * across
    nearest = np.full(total, -1, np.int32)
    best = np.full(total, np.float32(FAR), np.float32)
    step = np.float32(STEP)
    for vertex in range(len(places)):
        i = int(np.rint((places[vertex, 0] - low[0]) / step))
        j = int(np.rint((places[vertex, 1] - low[1]) / step))
        k = int(np.rint((places[vertex, 2] - low[2]) / step))
        if 0 <= i < rows and 0 <= j < columns and 0 <= k < slices:
            x = low[0] + step * i - places[vertex, 0]
            y = low[1] + step * j - places[vertex, 1]
            z = low[2] + step * k - places[vertex, 2]
            far = x * x + y * y + z * z
            node = (i + 1) * across + (j + 1) * down + k + 1
            if far < best[node]:
                best[node] = far
                nearest[node] = vertex
    before = np.empty(13, np.int64)
    n = 0
    for i in range(-1, 2):
        for j in range(-1, 2):
            for k in range(-1, 2):
                if n < 13:
                    before[n] = i * across + j * down + k
                    n += 1
    for sweep in range(2):
        sign = 1 - 2 * sweep
        for a in range(rows):
            i = a if sweep == 0 else rows - 1 - a
            x = low[0] + step * i
            for b in range(columns):
                j = b if sweep == 0 else columns - 1 - b
                y = low[1] + step * j
                for c in range(slices):
                    k = c if sweep == 0 else slices - 1 - c
                    z = low[2] + step * k
                    node = (i + 1) * across + (j + 1) * down + k + 1
                    mine, least = nearest[node], best[node]
                    last = mine
                    for n in range(13):
                        vertex = nearest[node + sign * before[n]]
                        if vertex >= 0 and vertex != mine and vertex != last:
                            last = vertex
                            dx, dy = x - places[vertex, 0], y - places[vertex, 1]
                            dz = z - places[vertex, 2]
                            far = dx * dx + dy * dy + dz * dz
                            if far < least:
                                least = far
                                mine = vertex
                    nearest[node] = mine
                    best[node] = least
    return nearest.reshape(rows + 2, columns + 2, slices + 2)[1:-1, 1:-1, 1:-1].copy()


@numba.njit(cache=True, fastmath=True, nogil=True)
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
