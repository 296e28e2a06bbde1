"""Catmull and Clark's subdivision of a mesh of quads, as one sparse operator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse


@dataclass(frozen=True)
class Subdivision:
    """One step from n vertices and Q quads to n + E + Q vertices: old ones, edges, faces."""

    operator: sparse.csr_matrix  # [n + E + Q, n]; each row adds up to one
    triangles: np.ndarray  # [T, 3], with the quads' orientation
    quad: np.ndarray  # [T] the quad that a triangle is part of


def subdivision(quads: np.ndarray, count: int) -> Subdivision:
    """`quads` [Q, 4] of `count` vertices; a triangle repeats its last vertex. The border stays as it is."""
    real = quads != np.roll(quads, -1, axis=1)  # [Q, 4] the edge that starts at the corner
    ends = np.sort(np.stack([quads, np.roll(quads, -1, axis=1)], axis=2)[real], axis=1)  # [., 2]
    edges, which = np.unique(ends, axis=0, return_inverse=True)
    edge_of = np.full(quads.shape, -1)
    edge_of[real] = which.reshape(-1)
    number, total = len(edges), len(quads)

    owner = np.repeat(np.arange(total), 4).reshape(quads.shape)
    face = _mean(owner[real], quads[real], (total, count))  # face points
    middle = _mean(np.repeat(np.arange(number), 2), edges.reshape(-1), (number, count))
    beside = _mean(edge_of[real], owner[real], (number, total))  # an edge's faces
    inner = np.bincount(edge_of[real], minlength=number) == 2
    edge = _weighted(middle, np.where(inner, 0.5, 1.0)) + _weighted(beside @ face, np.where(inner, 0.5, 0.0))

    around = _mean(quads[real], owner[real], (count, total))  # a vertex's faces
    spokes = _mean(edges.reshape(-1), np.repeat(np.arange(number), 2), (count, number))  # and edges
    valence = np.maximum(np.bincount(edges.reshape(-1), minlength=count), 1)
    border = np.zeros(count, bool)
    border[edges[~inner]] = True
    moved = (
        _weighted(around @ face, 1 / valence)
        + _weighted(spokes @ middle, 2 / valence)
        + sparse.csr_matrix(sparse.diags((valence - 3) / valence))
    )
    vertex = _weighted(moved, ~border) + sparse.csr_matrix(sparse.diags(border.astype(float)))
    operator = sparse.csr_matrix(sparse.vstack([vertex, edge, face]))
    operator.eliminate_zeros()
    triangles, quad = _triangles(quads, edge_of, count, number)
    return Subdivision(operator, triangles, quad)


def _mean(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Each row is the mean of its columns."""
    share = 1 / np.bincount(rows, minlength=shape[0])[rows]
    return sparse.csr_matrix((share, (rows, columns)), shape)


def _weighted(matrix: sparse.csr_matrix, weights: np.ndarray) -> sparse.csr_matrix:
    return sparse.csr_matrix(sparse.diags(weights.astype(float)) @ matrix)


def _triangles(
    quads: np.ndarray, edge_of: np.ndarray, count: int, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """Two triangles for each corner of each quad."""
    triangles, owner = [], []
    centre = count + number + np.arange(len(quads))
    for corner in range(4):
        after, before = edge_of[:, corner], edge_of[:, corner - 1]
        before = np.where(before < 0, edge_of[:, corner - 2], before)  # past the side that a triangle lacks
        kept = after >= 0
        here, after, before = quads[:, corner], count + after, count + before
        for triangle in ((here, after, centre), (here, centre, before)):
            triangles.append(np.stack(triangle, axis=1)[kept])
            owner.append(np.flatnonzero(kept))
    return np.concatenate(triangles), np.concatenate(owner)
