"""The picture being painted, and rectangular areas of it for painting small things."""

import torch
from torch import Tensor


class Area:
    """A rectangle of the canvas: its pixels (a view) and their centres in the unit square."""

    def __init__(self, rgb: Tensor, x: Tensor, y: Tensor, pixel: float, corner: "tuple[int, int]") -> None:
        self.rgb = rgb  # [N, 3, h, w], 0..1
        self.x = x  # [1, 1, w]
        self.y = y  # [1, h, 1]
        self.pixel = pixel
        self.corner = corner  # column and row of the first pixel in the whole canvas

    def area(self, left: float, top: float, right: float, bottom: float) -> "Area":
        """The part within these unit-square bounds."""
        columns = slice(self._index(left, 0, self.x), self._index(right, 0, self.x))
        rows = slice(self._index(top, 1, self.y), self._index(bottom, 1, self.y))
        corner = (self.corner[0] + columns.start, self.corner[1] + rows.start)
        view = self.rgb[:, :, rows, columns]
        return Area(view, self.x[:, :, columns], self.y[:, rows], self.pixel, corner)

    def crop(self, field: Tensor, of: "Area") -> Tensor:
        """This area's part [N, h, w] of a field [N, H, W] that covers the area `of`."""
        column, row = self.corner[0] - of.corner[0], self.corner[1] - of.corner[1]
        return field[:, row : row + self.y.numel(), column : column + self.x.numel()]

    def _index(self, place: float, axis: int, centres: Tensor) -> int:
        index = round(place / self.pixel) - self.corner[axis]
        return min(max(index, 0), centres.numel())

    def blend(self, colour: Tensor, alpha: Tensor) -> None:
        """Paint colour [N, 3, 1, 1] or [N, 3, h, w] with opacity alpha [N, h, w]."""
        self.rgb.lerp_(colour.expand_as(self.rgb), alpha.unsqueeze(1))

    def glaze(self, colour: Tensor, alpha: Tensor) -> None:
        """Multiply by colour (1 = unchanged) with strength alpha [N, h, w]."""
        self.rgb.mul_(1.0 + (colour - 1.0) * alpha.unsqueeze(1))

    def light(self, colour: Tensor, alpha: Tensor) -> None:
        """Add colour times alpha [N, h, w]."""
        self.rgb.addcmul_(colour.expand_as(self.rgb), alpha.unsqueeze(1).expand_as(self.rgb))


def blank(count: int, resolution: int, device: "torch.device | str | None") -> Area:
    """An empty canvas for `count` square pictures."""
    centres = (torch.arange(resolution, device=device, dtype=torch.float32) + 0.5) / resolution
    rgb = torch.zeros(count, 3, resolution, resolution, device=device)
    return Area(rgb, centres.view(1, 1, -1), centres.view(1, -1, 1), 1.0 / resolution, (0, 0))
