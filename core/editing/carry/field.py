"""A smooth field over the face's square: given at scattered points, wanted everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal

import cv2
import numpy as np
import torch

from ...rendering.cores import one_thread

# of the square's side: between the lattice's lines, at eyes and mouth and elsewhere
FINE, COARSE = 0.005, 0.02
FEATURES = ((0.30, 0.70), (0.36, 0.74))  # x and y of the square where lines lie close
LIDS = (0.43, 0.49)  # y of the square where they lie twice as close: lids meet there
SOFT = 1e-6  # how far the field may miss a point: readings are not exact
EDGE = 9  # anchors along each side of the square
FEW = 1 << 15  # numbers of a lattice that are worked on at a time: torch takes no threads for so few


class Lattice:
    """Lines across the unit square, closer where eyes and mouth are; fields are known where they cross."""

    def __init__(self, fine: float = FINE) -> None:
        (left, right), (top, bottom) = FEATURES
        self.x = _lines((0, left, COARSE), (left, right, fine), (right, 1, COARSE))
        self.y = _lines(
            (0, top, COARSE),
            (top, LIDS[0], fine),
            (*LIDS, fine / 2),
            (LIDS[1], bottom, fine),
            (bottom, 1, COARSE),
        )
        self.points = np.stack(np.meshgrid(self.x, self.y), axis=-1)  # [h, w, 2]

    def place(self, unit: np.ndarray) -> np.ndarray:
        """Where unit coordinates [..., 2] lie between the lines, float32 [..., 2]: 1.5 is halfway from the
        second line to the third."""
        x = np.interp(unit[..., 0], self.x, np.arange(len(self.x)))
        y = np.interp(unit[..., 1], self.y, np.arange(len(self.y)))
        return np.stack([x, y], axis=-1).astype(np.float32)

    def even(self, field: np.ndarray, lines: int, reach: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """A field float32 [h, w, 2] where as many evenly spaced lines cross each way, [lines, lines, 2].

        Beyond the corners `reach` in unit coordinates it is 0.
        """
        made = np.zeros((lines, lines, 2), np.float32)
        along = (np.arange(lines) + 0.5) / lines
        columns, rows = (slice(*np.searchsorted(along, ends)) for ends in np.transpose(reach))
        x = np.interp(along[columns], self.x, np.arange(len(self.x)))
        y = np.interp(along[rows], self.y, np.arange(len(self.y)))
        if x.size and y.size:
            made[rows, columns] = self.at(field, np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32))
        return made

    @staticmethod
    def at(field: np.ndarray, place: np.ndarray) -> np.ndarray:
        """A field float32 [h, w, C] (C up to 4) at places [H, W, 2] of the lattice: [H, W, C]."""
        found = cv2.remap(
            field, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return found if found.ndim == 3 else found[..., None]


def _lines(*stretches: tuple[float, float, float]) -> np.ndarray:
    """Lines from 0 to 1: from, to and about how far apart in each stretch."""
    counts = [round((high - low) / apart) for low, high, apart in stretches]
    parts = [
        np.linspace(low, high, count, endpoint=False)
        for (low, high, _), count in zip(stretches, counts, strict=True)
    ]
    return np.append(np.concatenate(parts), 1.0)


def cubic_between(lines: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights [m, n] of the values on lines [n], unevenly spaced, for those at wanted places [m]: the cubic
    through the four nearest lines."""
    first = np.clip(np.searchsorted(lines, wanted, side="right") - 2, 0, len(lines) - 4)
    near = first[:, None] + np.arange(4)  # [m, 4]
    at = lines[near]
    weights = np.zeros((len(wanted), len(lines)))
    for own in range(4):
        others = [other for other in range(4) if other != own]
        away = (wanted[:, None] - at[:, others]) / (at[:, [own]] - at[:, others])  # [m, 3]
        weights[np.arange(len(wanted)), near[:, own]] = away.prod(axis=1)
    return weights


def sampled(values: np.ndarray, unit: np.ndarray, way: int = cv2.INTER_CUBIC) -> np.ndarray:
    """A map over the square [S, S] or [S, S, C] at unit coordinates [h, w, 2] (float32); its edge repeats."""
    at = unit * len(values) - np.float32(0.5)
    return cv2.remap(values, at[..., 0], at[..., 1], way, borderMode=cv2.BORDER_REPLICATE)


def smooth(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@cache
def square_edge() -> np.ndarray:
    """Points around the unit square, [n, 2]: nothing there ever moves."""
    along = np.linspace(0, 1, EDGE)
    sides = [np.stack([along, np.full(EDGE, end)], axis=1) for end in (0.0, 1.0)]
    return np.unique(np.concatenate([*sides, *(side[:, ::-1] for side in sides)]), axis=0)


@one_thread()
def smooth_field(
    points: np.ndarray, values: np.ndarray, x: np.ndarray, y: np.ndarray, power: Literal[1, 3] = 3
) -> np.ndarray:
    """The smoothest field through values [n, C] at points [n, 2], where lines x [w] and y [h] cross:
    [h, w, C].

    A polyharmonic spline with the kernel r^power and a linear part. With r^3 it is round at the points, and
    between them it may go beyond their values; with r it has corners there, and hardly goes beyond.
    """
    count, kind = len(points), torch.float64
    at = torch.from_numpy(np.ascontiguousarray(points)).to(kind)  # [n, 2]
    affine = torch.cat([torch.ones(count, 1, dtype=kind), at], dim=1)  # [n, 3]
    system = torch.zeros(count + 3, count + 3, dtype=kind)
    soft = SOFT if power == 3 else -SOFT  # r^3 and -r are the positive ones
    system[:count, :count] = torch.cdist(at, at) ** power + soft * torch.eye(count, dtype=kind)
    system[:count, count:], system[count:, :count] = affine, affine.T
    wanted = torch.zeros(count + 3, values.shape[1], dtype=kind)
    wanted[:count] = torch.from_numpy(np.ascontiguousarray(values))
    weights = torch.linalg.solve(system, wanted)  # [n + 3, C]
    rest, across, down = weights[count:].numpy()
    field = rest + x[:, None] * across + y[:, None, None] * down  # [h, w, C]
    for rows, squared in _squared_distances(points, x, y):
        far = squared.sqrt()
        kernel = far if power == 1 else squared * far  # far**power is slow
        field[rows] += (kernel @ weights[:count]).numpy()
    return field


def distance(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far the nearest of points [n, 2] is from where lines x [w] and y [h] cross: [h, w]."""
    found = np.empty((len(y), len(x)))
    for rows, squared in _squared_distances(points, x, y):
        found[rows] = squared.amin(dim=2).sqrt().numpy()
    return found


def _squared_distances(
    points: np.ndarray, x: np.ndarray, y: np.ndarray
) -> Iterator[tuple[slice, torch.Tensor]]:
    """Rows and [rows, w, n], few rows at a time: they stay in the processor's cache.

    In double precision: large weights of points that lie close nearly cancel each other.
    """
    across = torch.from_numpy((x[:, None] - points[:, 0]) ** 2)  # [w, n]
    down = torch.from_numpy((y[:, None] - points[:, 1]) ** 2)  # [h, n]
    count = max(1, FEW // max(1, across.numel()))
    for start in range(0, len(y), count):
        rows = slice(start, start + count)
        yield rows, down[rows, None] + across
