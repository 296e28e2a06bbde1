"""What every backdrop is painted with: coordinates, numbers from the details, noise, soft shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

LUMINANCE = (0.2126, 0.7152, 0.0722)
SIDE = 512  # of the noise tables
_NUMBERS = 4
_ROWS = 4096


def tint(hue: Tensor, saturation: Tensor | float) -> Tensor:
    """Linear colours [..., 3] of luminance one and hue 0..1 (0 red, 1/3 green, 2/3 blue)."""
    turns = hue.unsqueeze(-1) - torch.arange(3, device=hue.device) / 3.0
    if isinstance(saturation, Tensor):
        saturation = saturation.unsqueeze(-1)
    colour = (1.0 + 1.25 * saturation * torch.cos(2.0 * math.pi * turns)).clamp(min=0.03)
    return colour / (colour * colour.new_tensor(LUMINANCE)).sum(-1, keepdim=True).clamp(min=0.25)


@lru_cache(maxsize=4)
def _number_table(device: str) -> tuple[Tensor, Tensor]:
    """Directions [ROWS, 4] and phases [ROWS] that make any number of values from four."""
    source = torch.Generator().manual_seed(907)
    ways = torch.randn(_ROWS, _NUMBERS, generator=source)
    ways = functional.normalize(ways, dim=1) * (1.2 + 1.2 * torch.rand(_ROWS, 1, generator=source))
    return ways.to(device), (2.0 * math.pi * torch.rand(_ROWS, generator=source)).to(device)


@lru_cache(maxsize=4)
def _noise_table(device: str) -> Tensor:
    """Periodic noise [1, 6, SIDE + 1, SIDE + 1], deviation one: two of clouds, two rough, two of one size."""
    source = torch.Generator().manual_seed(911)
    white = torch.fft.rfft2(torch.randn(6, SIDE, SIDE, generator=source))
    row = torch.fft.fftfreq(SIDE)[:, None] * SIDE
    column = torch.fft.rfftfreq(SIDE)[None, :] * SIDE
    radius = (row.square() + column.square()).sqrt()
    steep = [1.75, 1.75, 1.15, 1.15]
    shapes = [radius.clamp(min=1.0) ** -power * (radius > 0) for power in steep]
    shapes += [torch.exp(-((radius - 14.0) / 5.0).square())] * 2
    table = torch.fft.irfft2(white * torch.stack(shapes), s=(SIDE, SIDE))
    table = (table - table.mean((1, 2), keepdim=True)) / table.std((1, 2), keepdim=True)
    return functional.pad(table[None], (0, 1, 0, 1), mode="circular").to(device)


@lru_cache(maxsize=4)
def _leaf_table(device: str) -> Tensor:
    """A periodic picture of leaves [1, 3, SIDE + 1, SIDE + 1]: brightness, hue's offset, how near."""
    source = torch.Generator().manual_seed(919)
    draw = torch.rand(900, 8, generator=source)
    place = torch.zeros(3, SIDE, SIDE)
    place[0] = 0.06
    for index, (px, py, turn, size, light, hue, slim, _) in enumerate(draw.tolist()):
        near = index / len(draw)  # later leaves lie nearer, are larger and brighter
        half = int((0.025 + 0.035 * size) * (0.6 + 0.7 * near) * SIDE)
        span = torch.arange(-half, half + 1, dtype=torch.float32) / half
        y, x = span[:, None], span[None, :]
        cos, sin = math.cos(2.0 * math.pi * turn), math.sin(2.0 * math.pi * turn)
        along, across = x * cos + y * sin, y * cos - x * sin
        outline = (0.30 + 0.35 * slim) * (1.0 - along.square()).clamp(min=0.0)
        cover = ((outline - across.abs()) * half / 1.5).clamp(0.0, 1.0)
        ridge = 1.0 - 0.35 * (across > 0).float() * light  # the halves of a leaf face the light differently
        shade = (0.12 + 0.95 * light * light) * (0.25 + 0.75 * near) * ridge
        rows = (torch.arange(-half, half + 1) + int(py * SIDE)) % SIDE
        columns = (torch.arange(-half, half + 1) + int(px * SIDE)) % SIDE
        old = place[:, rows[:, None], columns[None, :]]
        new = torch.stack([shade, torch.full_like(shade, hue - 0.5), torch.full_like(shade, near)])
        place[:, rows[:, None], columns[None, :]] = old + (new - old) * cover
    return functional.pad(place[None], (0, 1, 0, 1), mode="circular").to(device)


@dataclass
class Scene:
    """The backdrops of N pictures of one kind, being painted, in linear radiance: 1 is white paper."""

    rgb: Tensor  # [N, 3, H, W]
    x: Tensor  # [1, 1, W], 0..1 across the frame, beyond it in the margins
    y: Tensor  # [1, H, 1], down
    pixel: float
    numbers: Tensor  # [N, 4] about -2..2: what varies the composition
    hue: Tensor  # [N] 0..1
    colour: Tensor  # [N] 0..1, how colourful
    tone: Tensor  # [N] 0..1

    @property
    def count(self) -> int:
        return self.rgb.shape[0]

    def picks(self, first: int, count: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Numbers [N, count] spread evenly over low..high that move smoothly with the details."""
        ways, phases = _number_table(str(self.rgb.device))
        wave = torch.sin(self.numbers @ ways[first : first + count].T + phases[first : first + count])
        return low + (high - low) * (0.5 + 0.35 * torch.asin(0.985 * wave))

    def pick(self, index: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One such number, [N, 1, 1]."""
        return self.picks(index, 1, low, high).unsqueeze(-1)

    def own(self, saturation: float = 1.0, turn: Tensor | float = 0.0) -> Tensor:
        """The picture's background colour of luminance one, [N, 3, 1, 1]."""
        return tint(self.hue + turn, self.colour * saturation)[..., None, None]

    def mixed(self, red: float, green: float, blue: float, own: float = 0.5) -> Tensor:
        """A natural colour, drawn towards the picture's own, [N, 3, 1, 1]."""
        natural = self.rgb.new_tensor((red, green, blue)).view(1, 3, 1, 1)
        return natural * self.own(own)

    def fill(self, colour: Tensor) -> None:
        self.rgb.copy_(colour.expand_as(self.rgb))

    def blend(self, colour: Tensor, alpha: Tensor) -> None:
        """Paint colour [N, 3, 1, 1] or [N, 3, H, W] with opacity alpha [N, H, W]."""
        self.rgb.lerp_(colour.expand_as(self.rgb), alpha.expand(self.rgb[:, 0].shape).unsqueeze(1))

    def shade(self, factor: Tensor) -> None:
        """Multiply by factor [N, H, W]."""
        self.rgb.mul_(factor.unsqueeze(1))

    def light(self, colour: Tensor, amount: Tensor) -> None:
        """Add colour times amount [N, H, W]."""
        self.rgb.add_(colour * amount.unsqueeze(1))

    def edge(self, inside: Tensor, soft: float = 0.0) -> Tensor:
        """Coverage 0..1 where `inside`, a distance in frame units, is above zero."""
        return (inside / max(self.pixel, soft) + 0.5).clamp(0.0, 1.0)

    def between(self, place: Tensor, low: Tensor | float, high: Tensor | float, soft: float = 0.0) -> Tensor:
        """Coverage of the band low..high along one axis."""
        width = max(self.pixel, soft)
        return ((place - low) / width + 0.5).clamp(0.0, 1.0) * ((high - place) / width + 0.5).clamp(0.0, 1.0)

    def box(self, left: Tensor, top: Tensor, right: Tensor, bottom: Tensor, soft: float = 0.0) -> Tensor:
        """Coverage [N, H, W] of an upright rectangle with bounds [N, 1, 1]."""
        return self.between(self.x, left, right, soft) * self.between(self.y, top, bottom, soft)

    def boxes(self, left: Tensor, top: Tensor, right: Tensor, bottom: Tensor, colour: Tensor) -> Tensor:
        """The sum [N, 3, H, W] of rectangles with bounds [N, L] and colours [N, L, 3]."""
        across = self.between(self.x, left.unsqueeze(-1), right.unsqueeze(-1))  # [N, L, W]
        down = self.between(self.y.transpose(1, 2), top.unsqueeze(-1), bottom.unsqueeze(-1))  # [N, L, H]
        return _outer(down, across, colour)

    def spots(self, x: Tensor, y: Tensor, size: Tensor, colour: Tensor) -> Tensor:
        """The sum [N, 3, H, W] of small round lights: x, y and deviations [N, L], colours [N, L, 3]."""
        wide = size.clamp(min=0.6 * self.pixel).unsqueeze(-1)
        across = torch.exp(-0.5 * ((self.x - x.unsqueeze(-1)) / wide).square())
        down = torch.exp(-0.5 * ((self.y.transpose(1, 2) - y.unsqueeze(-1)) / wide).square())
        power = (size.unsqueeze(-1) / wide).square() * colour  # the same light however wide the pixels
        return _outer(down, across, power)

    def noise(self, channel: int, across: Tensor | float, down: Tensor | float, index: int) -> Tensor:
        """Noise [N, H, W], deviation one; channels 0, 1 clouds, 2, 3 rough, 4, 5 of one size.

        across and down say how much of the table the frame's width and height show. `index` picks the place.
        """
        u = self.x * across + self.pick(index, 0.0, 3.0)
        v = self.y * down + self.pick(index + 1, 0.0, 3.0)
        return self.table(_noise_table(str(self.rgb.device))[:, channel : channel + 1], u, v)[:, 0]

    def leaves(self, size: Tensor | float, index: int) -> Tensor:
        """Brightness, hue's offset and nearness of leaves, [N, 3, H, W]."""
        turn = self.pick(index + 2, -0.6, 0.6)
        u = (self.x * torch.cos(turn) + self.y * torch.sin(turn)) * size + self.pick(index, 0.0, 3.0)
        v = (self.y * torch.cos(turn) - self.x * torch.sin(turn)) * size + self.pick(index + 1, 0.0, 3.0)
        return self.table(_leaf_table(str(self.rgb.device)), u, v)

    def table(self, values: Tensor, u: Tensor, v: Tensor) -> Tensor:
        """Read a periodic table [1, C, SIDE + 1, SIDE + 1] at u, v (one is a whole period): [N, C, H, W]."""
        shape = (self.count, *self.rgb.shape[2:])
        grid = torch.stack([u.expand(shape), v.expand(shape)], dim=-1)  # [N, H, W, 2]
        grid = (grid - grid.floor()) * 2.0 - 1.0
        values = values.expand(self.count, -1, -1, -1)
        return functional.grid_sample(values, grid, mode="bilinear", align_corners=True)


def _outer(down: Tensor, across: Tensor, colour: Tensor) -> Tensor:
    """The sum over L of down [N, L, H] x across [N, L, W] x colour [N, L, 3]: [N, 3, H, W]."""
    rows = down.transpose(1, 2).unsqueeze(1) * colour.transpose(1, 2).unsqueeze(2)  # [N, 3, H, L]
    return rows @ across.unsqueeze(1)


def colours(*values: tuple[float, float, float], like: Tensor) -> Tensor:
    """Linear colours [1, L, 3]."""
    return like.new_tensor(values).unsqueeze(0)
