"""How much hair lies between a place and a lamp, the sky or the viewer.

For each direction the strands are spread over a box of cells that looks that way, and added up from its near
end. A place then asks its cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import torch
import torch.nn.functional as F
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
    before: Tensor  # [N, 1, L, C, C] how many strands a ray has crossed, from the side it comes from

    def crossed(self, picture: Tensor, places: Tensor) -> Tensor:
        """[K] strands between world places [K, 3] and the lamp."""
        across, along = _box(self.right[picture], self.up[picture], self.towards[picture], places)
        grid = torch.cat([across * 2.0 - 1.0, (along[:, None] - AHEAD / LAYERS) * 2.0 - 1.0], 1)  # [K, 3]
        if len(self.before) == 1:
            found = F.grid_sample(
                self.before, grid.view(1, -1, 1, 1, 3), align_corners=False, padding_mode="border"
            )
            return found.view(-1)
        total = torch.zeros(len(places), device=places.device)
        for n in range(len(self.before)):
            chosen = picture == n
            some = grid[chosen].view(1, -1, 1, 1, 3)
            found = F.grid_sample(self.before[n : n + 1], some, align_corners=False, padding_mode="border")
            total[chosen] = found.view(-1)
        return total


def _box(right: Tensor, up: Tensor, towards: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Places [P, 3] in the box, 0..1: across [P, 2] and along [P], which is 0 at the lamp's side."""
    away = places - places.new_tensor(CENTRE)
    x, y = (away * right).sum(-1) / WINDOW + 0.5, 0.5 - (away * up).sum(-1) / WINDOW
    return torch.stack([x, y], -1), 0.5 - (away * towards).sum(-1) / DEPTH


def hair_shade(towards: Tensor, picture: Tensor, places: Tensor, area: Tensor) -> HairShade:
    """towards: [N, 3]; places: [P, 3] world points of strands of pictures [P], each standing for `area` [P]."""
    right, up = frame_of(towards)
    across, along = _box(right[picture], up[picture], towards[picture], places)
    cells = torch.zeros(len(towards), LAYERS, CELLS, CELLS, device=places.device)
    spread(cells, picture, across * CELLS - 0.5, along * LAYERS - 0.5, area * (CELLS / WINDOW) ** 2)
    summed = cells.cumsum(1)
    return HairShade(towards, right, up, summed[:, None])


def spread(cells: Tensor, picture: Tensor, across: Tensor, along: Tensor, amount: Tensor) -> None:
    """Adds amounts [P] to cells [N, L, C, C]: to the four around `across` [P, 2], in the layer nearest `along` [P]."""
    if cells.device.type == "cpu":
        values = (picture.numpy(), across.contiguous().numpy(), along.numpy(), amount.numpy())
        _spread(cells.numpy(), *values)
    else:
        spread_torch(cells, picture, across, along, amount)


@numba.njit(cache=True, nogil=True)
def _spread(cells, picture, across, along, amount):
    layers, side = cells.shape[1], cells.shape[2]
    for p in range(len(picture)):
        x, y = int(numba.float64(across[p, 0]) // 1), int(numba.float64(across[p, 1]) // 1)
        layer = min(max(int((along[p] + 0.5) // 1), 0), layers - 1)
        if x < 0 or y < 0 or x >= side - 1 or y >= side - 1:
            continue
        u, v = across[p, 0] - x, across[p, 1] - y
        page = cells[picture[p], layer]
        page[y, x] += amount[p] * (1 - u) * (1 - v)
        page[y, x + 1] += amount[p] * u * (1 - v)
        page[y + 1, x] += amount[p] * (1 - u) * v
        page[y + 1, x + 1] += amount[p] * u * v


def spread_torch(cells: Tensor, picture: Tensor, across: Tensor, along: Tensor, amount: Tensor) -> None:
    """The loop's twin in torch."""
    layers, side = cells.shape[1], cells.shape[2]
    low = across.floor()
    layer = (along + 0.5).floor().clamp(0, layers - 1).long()
    share = across - low
    inside = ((low >= 0) & (low < side - 1)).all(1)
    for dx in (0, 1):
        for dy in (0, 1):
            weight = (share[:, 0] if dx else 1 - share[:, 0]) * (share[:, 1] if dy else 1 - share[:, 1])
            x, y = (low[:, 0] + dx).clamp(0, side - 1).long(), (low[:, 1] + dy).clamp(0, side - 1).long()
            place = ((picture * layers + layer) * side + y) * side + x
            cells.view(-1).index_add_(0, place, amount * weight * inside)
