"""What all samples of some pictures show, and the pixels that they add up to."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LIGHT, SOFT_LIGHT, SOFT_ALBEDO, CLEAR, SOFT, MAP, NORMAL = (
    slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 12), slice(12, 13), slice(13, 16), slice(16, 19)
)  # fmt: skip
CHANNELS = 19


@dataclass(frozen=True)
class SampleSheet:
    """Flat lists of all N * S * S samples, filled kind by kind."""

    values: Tensor  # [N * S * S, CHANNELS]: light; light that falls on skin, skin's albedo; how much of the
    # backdrop is seen; 1 on skin; face map; normal
    part: Tensor  # [N * S * S] uint8
    shape: tuple[int, int, int]  # N, S, S

    @classmethod
    def empty(cls, surface: Tensor) -> SampleSheet:
        """Where the z-buffer's surface [N, S, S] shows nothing, the backdrop is seen."""
        values = torch.zeros(surface.numel(), CHANNELS, device=surface.device)
        values[:, CLEAR] = (surface.reshape(-1, 1) < 0).float()
        part = torch.zeros(surface.numel(), dtype=torch.uint8, device=surface.device)
        return cls(values, part, (surface.shape[0], surface.shape[1], surface.shape[2]))

    def fill(self, where: Tensor, part: Tensor, **columns: Tensor) -> None:
        """Writes samples [K] or [K, E], E of which share one value; part: [K]; columns by name, [K, C]."""
        row = torch.zeros(len(where), CHANNELS, device=where.device)
        for name, value in columns.items():
            row[:, _COLUMNS[name]] = value
        if where.ndim == 2:
            row, part = row[:, None], part[:, None]
        self.values[where] = row
        self.part[where] = part.to(torch.uint8)


_COLUMNS = {
    "light": LIGHT,
    "soft_light": SOFT_LIGHT,
    "soft_albedo": SOFT_ALBEDO,
    "soft": SOFT,
    "face_map": MAP,
    "normal": NORMAL,
}


def pooled(values: Tensor, each: int) -> Tensor:
    """The mean of each x each neighbours: [N, S, S, C] -> [N, R, R, C]."""
    rows = values.unflatten(1, (-1, each))
    total = sum((rows[:, :, k] for k in range(1, each)), rows[:, :, 0])  # [N, R, S, C]
    columns = total.unflatten(2, (-1, each))
    total = sum((columns[:, :, :, k] for k in range(1, each)), columns[:, :, :, 0])
    return total / each**2


@dataclass(frozen=True)
class Shares:
    """Which of K samples are lit alone, and which by one place for a whole pixel."""

    alone: Tensor  # [A] of the K
    whole: Tensor  # [M, each * each] samples of M pixels
    first: Tensor  # [M] of the K: a pixel's first sample, and its last; its middle lies between them
    last: Tensor  # [M]


def shares(shape: tuple[int, int, int], where: Tensor, kind: Tensor, each: int) -> Shares:
    """Pixels whose samples are all of the same kind above 0 are lit as a whole. where, kind: [K]."""
    device, total = where.device, shape[0] * shape[1] * shape[2]
    if each == 1:
        none = where[:0]
        return Shares(torch.arange(len(where), device=device), none[:, None], none, none)
    kinds = torch.zeros(total, dtype=torch.long, device=device)
    kinds[where] = kind
    whole = whole_pixels(kinds.view(shape), each)
    row = torch.zeros(total, dtype=torch.long, device=device)
    row[where] = torch.arange(len(where), device=device)
    kinds[whole.reshape(-1)] = -1
    return Shares((kinds[where] >= 0).nonzero()[:, 0], whole, row[whole[:, 0]], row[whole[:, -1]])


def whole_pixels(kinds: Tensor, each: int) -> Tensor:
    """The samples [M, each * each] of the pixels whose kinds [N, S, S] are all the same, and above 0."""
    index = torch.arange(kinds.numel(), device=kinds.device).view(kinds.shape)

    def tiles(values: Tensor) -> Tensor:  # [N * R * R, each * each]
        return values.unflatten(2, (-1, each)).unflatten(1, (-1, each)).transpose(2, 3).reshape(-1, each**2)

    kind = tiles(kinds)
    return tiles(index)[(kind[:, 0] > 0) & (kind == kind[:, :1]).all(1)]
