"""How much hair lies between a place and a lamp, the sky or the viewer.

For each direction the strands are spread over a box of cells that looks that way, and added up from its near
end. A place then asks its cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import torch
from torch import Tensor

from .lights import CENTRE, WINDOW, frame_of

CELLS = 72  # a side, across
LAYERS = 36  # along
DEPTH = 5.4  # decimetres along
AHEAD = 0.6  # layers: hair shades what lies behind it, not itself


@dataclass(frozen=True)
class HairShade:
    """For N pictures and one direction each."""

    towards: Tensor  # [N, 3] unit
    right: Tensor  # [N, 3]
    up: Tensor  # [N, 3]
    before: Tensor  # [N, L, C, C] how many strands a ray has crossed, from the side it comes from

    def crossed(self, picture: Tensor, places: Tensor) -> Tensor:
        """[K] strands between world places [K, 3] and the lamp."""
        box = box_of(self.right, self.up, self.towards)  # [N, 3, 3]
        if places.device.type != "cpu":
            return crossed_torch(self.before, box, picture, places)
        found = np.empty(len(places), np.float32)
        _crossed(self.before.numpy(), box.numpy(), picture.numpy(), places.contiguous().numpy(), found)
        return torch.from_numpy(found)


def box_of(right: Tensor, up: Tensor, towards: Tensor) -> Tensor:
    """[N, 3, 3]: times a place's distance from the middle gives cells across, down and along."""
    scale = right.new_tensor([CELLS / WINDOW, -CELLS / WINDOW, -LAYERS / DEPTH])
    return torch.stack([right, up, towards], 1) * scale[:, None]


def hair_shades(towards: Tensor, picture: Tensor, places: Tensor, area: Tensor) -> list[HairShade]:
    """One for each of D directions, towards [N, D, 3].

    places: [P, 3] world points of strands of pictures [P], each standing for `area` [P] of hair.
    """
    count, ways = towards.shape[:2]
    right, up = (axis.view(count, ways, 3) for axis in frame_of(towards.reshape(-1, 3)))
    boxes = torch.stack([box_of(right[:, d], up[:, d], towards[:, d]) for d in range(ways)])  # [D, N, 3, 3]
    if places.device.type == "cpu":
        cells = torch.zeros(ways, count, LAYERS, CELLS, CELLS)
        amount = area * (CELLS / WINDOW) ** 2
        values = (picture.numpy(), places.contiguous().numpy(), amount.numpy())
        _spread(cells.numpy(), boxes.numpy(), *values)
    else:
        cells = torch.stack([cells_of(box, picture, places, area) for box in boxes])
    cells.cumsum_(2)
    return [HairShade(towards[:, d], right[:, d], up[:, d], cells[d]) for d in range(ways)]


@numba.njit(cache=True, nogil=True)
def _in_box(box, place):
    a, b, c = place[0] - CENTRE[0], place[1] - CENTRE[1], place[2] - CENTRE[2]
    x = box[0, 0] * a + box[0, 1] * b + box[0, 2] * c + (CELLS - 1) * 0.5
    y = box[1, 0] * a + box[1, 1] * b + box[1, 2] * c + (CELLS - 1) * 0.5
    return x, y, box[2, 0] * a + box[2, 1] * b + box[2, 2] * c + LAYERS * 0.5


@numba.njit(cache=True, nogil=True)
def _spread(cells, box, picture, places, amount):
    for way in range(len(cells)):
        for p in range(len(picture)):
            x, y, z = _in_box(box[way, picture[p]], places[p])
            if x < 0 or y < 0 or x >= CELLS - 1 or y >= CELLS - 1:
                continue
            column, row, layer = int(x), int(y), min(max(int(z), 0), LAYERS - 1)
            u, v = x - column, y - row
            page = cells[way, picture[p], layer]
            page[row, column] += amount[p] * (1 - u) * (1 - v)
            page[row, column + 1] += amount[p] * u * (1 - v)
            page[row + 1, column] += amount[p] * (1 - u) * v
            page[row + 1, column + 1] += amount[p] * u * v


@numba.njit(cache=True, nogil=True)
def _crossed(before, box, picture, places, found):
    for p in range(len(picture)):
        x, y, z = _in_box(box[picture[p]], places[p])
        x, y = min(max(x, 0.0), CELLS - 1.001), min(max(y, 0.0), CELLS - 1.001)
        z = min(z - AHEAD - 0.5, LAYERS - 1.001)
        if z < 0.0:
            found[p] = 0.0
            continue
        column, row, layer = int(x), int(y), int(z)
        u, v, w = x - column, y - row, z - layer
        near, far = before[picture[p], layer], before[picture[p], layer + 1]
        first = (near[row, column] * (1 - u) + near[row, column + 1] * u) * (1 - v)
        first += (near[row + 1, column] * (1 - u) + near[row + 1, column + 1] * u) * v
        second = (far[row, column] * (1 - u) + far[row, column + 1] * u) * (1 - v)
        second += (far[row + 1, column] * (1 - u) + far[row + 1, column + 1] * u) * v
        found[p] = first * (1 - w) + second * w


def _in_box_torch(box: Tensor, picture: Tensor, places: Tensor) -> Tensor:
    """Places [P, 3] in cells."""
    away = places - places.new_tensor(CENTRE)
    half = places.new_tensor([(CELLS - 1) * 0.5, (CELLS - 1) * 0.5, LAYERS * 0.5])
    return (box[picture] @ away[:, :, None])[:, :, 0] + half


def cells_of(box: Tensor, picture: Tensor, places: Tensor, area: Tensor) -> Tensor:
    """The loop's twin in torch, for one direction: the hair in each cell, [N, L, C, C]."""
    cells = torch.zeros(len(box), LAYERS, CELLS, CELLS, device=places.device)
    amount = area * (CELLS / WINDOW) ** 2
    across, along = _in_box_torch(box, picture, places).split([2, 1], 1)
    low, layer = across.floor(), along[:, 0].long().clamp(0, LAYERS - 1)
    share = across - low
    inside = ((across >= 0) & (across < CELLS - 1)).all(1)
    for dx in (0, 1):
        for dy in (0, 1):
            weight = (share[:, 0] if dx else 1 - share[:, 0]) * (share[:, 1] if dy else 1 - share[:, 1])
            x, y = ((low[:, 0] + dx).clamp(0, CELLS - 1).long(), (low[:, 1] + dy).clamp(0, CELLS - 1).long())
            place = ((picture * LAYERS + layer) * CELLS + y) * CELLS + x
            cells.view(-1).index_add_(0, place, amount * weight * inside)
    return cells


def crossed_torch(before: Tensor, box: Tensor, picture: Tensor, places: Tensor) -> Tensor:
    """The loop's twin in torch."""
    place = _in_box_torch(box, picture, places)
    x, y = place[:, 0].clamp(0.0, CELLS - 1.001), place[:, 1].clamp(0.0, CELLS - 1.001)
    z = (place[:, 2] - AHEAD - 0.5).clamp(max=LAYERS - 1.001)
    inside = z >= 0
    z = z.clamp(min=0.0)
    column, row, layer = x.long(), y.long(), z.long()
    across, down, along = ((1.0 - share, share) for share in (x.frac(), y.frac(), z.frac()))
    first = ((picture * LAYERS + layer) * CELLS + row) * CELLS + column
    flat, total = before.reshape(-1), torch.zeros_like(z)
    for dz in (0, 1):
        for dy in (0, 1):
            edge = along[dz] * down[dy]
            for dx in (0, 1):
                corner = first + ((dz * CELLS + dy) * CELLS + dx)
                total = total + flat[corner] * edge * across[dx]
    return total * inside
