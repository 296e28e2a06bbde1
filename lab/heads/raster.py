"""One z-buffer for the surfaces and strands of a picture.

Samples are square and lie in rows; sample (row i, column j) is seen through the point (j + 0.5, i + 0.5).
Corners are given in samples, x right and y down. Nearness is one over depth: it is straight on the screen,
and zero is infinitely far. On the CPU the loops are numba's; elsewhere torch scatters the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numba
import numpy as np
import torch
from torch import Tensor

NOTHING = -1
SLACK = 1e-5  # of a triangle's weights, so that no sample falls between two neighbours
SIZES = (2, 4, 8, 16, 32, 64, 256, 1024, 4096)  # torch: things of one size are filled together
MOST_AT_ONCE = 1 << 24  # torch: samples visited together
MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class DepthBuffer:
    """The nearest thing at each sample of N pictures."""

    nearness: Tensor  # [N, S, S] float32, 0 where nothing is
    surface: Tensor  # [N, S, S] int32: the number of a triangle or a strand's segment; NOTHING

    @classmethod
    def empty(cls, count: int, side: int, device: torch.device | str = "cpu") -> DepthBuffer:
        nearness = torch.zeros(count, side, side, device=device)
        surface = torch.full((count, side, side), NOTHING, dtype=torch.int32, device=device)
        return cls(nearness, surface)

    @property
    def side(self) -> int:
        return self.nearness.shape[1]

    def triangles(
        self, corners: Tensor, nearness: Tensor, triangles: Tensor, first: int, both_sides: bool = False
    ) -> None:
        """Draws the same triangles [T, 3] in all pictures; their numbers begin with `first`.

        corners: [N, V, 2] in samples; nearness: [N, V]. A face is seen where its corners run clockwise on the
        screen (y down), which is counter-clockwise in the world; both_sides shows the others too.
        """
        count, vertices = nearness.shape
        index = torch.arange(count, device=corners.device)
        every = (triangles + index[:, None, None] * vertices).view(-1, 3)  # [N * T, 3]
        picture = index.repeat_interleave(len(triangles), output_size=len(every))
        number = torch.arange(first, first + len(triangles), device=corners.device).repeat(count)
        self.triangles_of(picture, corners.reshape(-1, 2), nearness.reshape(-1), every, number, both_sides)

    def triangles_of(
        self,
        picture: Tensor,
        corners: Tensor,
        nearness: Tensor,
        triangles: Tensor,
        number: Tensor,
        both_sides: bool = True,
    ) -> None:
        """Draws triangles [T, 3], each in its picture [T] and with its number [T]. corners: [V, 2];
        nearness: [V]."""
        if self.nearness.device.type == "cpu":
            near, surface = self.nearness.numpy(), self.surface.numpy()
            faces, where, which = (values.contiguous().numpy() for values in (triangles, picture, number))
            _fill_triangles(near, surface, _array(corners), _array(nearness), faces, where, which, both_sides)
            return
        fill_triangles(self, picture, corners[triangles], nearness[triangles], number, both_sides)

    def strands_of(
        self,
        shapes: Sequence[tuple[int, int, int]],
        points: Tensor,
        nearness: Tensor,
        width: Tensor,
        first: int,
    ) -> None:
        """Draws sets of strands: `shapes` are their pictures, their numbers S of strands and K of a strand's
        points. Segments are numbered from `first`, strand by strand.

        points: [P, 2] in samples, of one set after the other; nearness: [P]; width: [P] in samples. A strand
        thinner than a sample covers as many samples as its width says, chosen by a fixed dither.
        """
        if not points.numel():
            return
        if self.nearness.device.type != "cpu":
            fill_strands(self, shapes, points, nearness, width, first)
            return
        point, arrays = 0, [_array(values) for values in (points, nearness, width)]
        for picture, count, length in shapes:
            some = slice(point, point + count * length)
            ends, near, wide = (values[some].reshape(count, length, *values.shape[1:]) for values in arrays)
            _fill_strands(
                self.nearness[picture].numpy(), self.surface[picture].numpy(), ends, near, wide, first
            )
            point, first = point + count * length, first + count * (length - 1)


def _array(values: Tensor) -> np.ndarray:
    return values.detach().to(torch.float32).contiguous().numpy()


@numba.njit(cache=True, nogil=True)
def _fill_triangles(nears, surfaces, corners, nearness, triangles, picture, number, both_sides):
    side = nears.shape[1]
    slack = np.float32(SLACK)
    one = np.float32(1.0)
    half = np.float32(0.5)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = corners[a, 0], corners[a, 1]
        e1x, e1y = corners[b, 0] - ax, corners[b, 1] - ay
        e2x, e2y = corners[c, 0] - ax, corners[c, 1] - ay
        area = e1x * e2y - e1y * e2x
        na, nb, nc = nearness[a], nearness[b], nearness[c]
        seen = area < 0.0 or (area > 0.0 and both_sides)  # false for what is no number, too
        if not (seen and na > 0.0 and nb > 0.0 and nc > 0.0):
            continue
        left = max(int(np.ceil(ax + min(np.float32(0.0), e1x, e2x) - half)), 0)
        right = min(int(np.floor(ax + max(np.float32(0.0), e1x, e2x) - half)), side - 1)
        top = max(int(np.ceil(ay + min(np.float32(0.0), e1y, e2y) - half)), 0)
        bottom = min(int(np.floor(ay + max(np.float32(0.0), e1y, e2y) - half)), side - 1)
        scale = one / area
        nb, nc = nb - na, nc - na
        near, surface = nears[picture[t]], surfaces[picture[t]]
        for i in range(top, bottom + 1):
            y = np.float32(i) + half - ay
            for j in range(left, right + 1):
                x = np.float32(j) + half - ax
                wb = (x * e2y - y * e2x) * scale
                wc = (e1x * y - e1y * x) * scale
                if wb >= -slack and wc >= -slack and wb + wc <= one + slack:
                    n = na + wb * nb + wc * nc
                    if n > near[i, j]:
                        near[i, j] = n
                        surface[i, j] = number[t]


@numba.njit(cache=True, nogil=True)
def _dither(strand, column):
    """A fixed number in 0..1 for a strand and a column."""
    value = (strand * 0x9E3779B1 + column * 0x85EBCA77) & 0xFFFFFFFF
    value = ((value ^ (value >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    value = ((value ^ (value >> 12)) * 0x297A2D39) & 0xFFFFFFFF
    return np.float32((value ^ (value >> 15)) >> 8) * np.float32(1.0 / (1 << 24))


@numba.njit(cache=True, nogil=True)
def _fill_strands(near, surface, points, nearness, width, first):
    side = near.shape[0]
    half = np.float32(0.5)
    segments = points.shape[1] - 1
    for s in range(points.shape[0]):
        for k in range(segments):
            px, py, qx, qy = points[s, k, 0], points[s, k, 1], points[s, k + 1, 0], points[s, k + 1, 1]
            dx, dy = qx - px, qy - py
            flat = abs(dx) >= abs(dy)
            if not flat:  # columns are rows
                px, py, qx, qy, dx, dy = py, px, qy, qx, dy, dx
            if dx == 0.0:
                continue
            start = max(int(np.ceil(min(px, qx) - half)), 0)
            end = min(int(np.ceil(max(px, qx) - half)), side)  # not included
            slope = dy / dx
            stretch = half * np.sqrt(np.float32(1.0) + slope * slope)
            n, dn = nearness[s, k], nearness[s, k + 1] - nearness[s, k]
            w, dw = width[s, k], width[s, k + 1] - width[s, k]
            if n <= 0.0 or nearness[s, k + 1] <= 0.0:
                continue
            for column in range(start, end):
                t = (np.float32(column) + half - px) / dx
                reach = (w + t * dw) * stretch
                middle = py + t * dy + _dither(s, column) - half
                low = max(int(np.ceil(middle - reach - half)), 0)
                high = min(int(np.ceil(middle + reach - half)), side)  # not included
                here = n + t * dn
                for row in range(low, high):
                    i, j = (row, column) if flat else (column, row)
                    if here > near[i, j]:
                        near[i, j] = here
                        surface[i, j] = first + s * segments + k


def _keys(buffer: DepthBuffer) -> Tensor:
    """[N * S * S] int64 that sort by nearness, then by the smaller number."""
    near = buffer.nearness.reshape(-1).view(torch.int32).long()
    return (near << 32) | (MASK - (buffer.surface.reshape(-1).long() & MASK))


def _put(inside: Tensor, place: Tensor, nearness: Tensor, number: Tensor, keys: Tensor) -> None:
    """Samples `inside` [P, size, size] at their places; number: [P, 1, 1]."""
    chosen = inside.reshape(-1).nonzero()[:, 0]
    nearness, place = nearness.reshape(-1)[chosen], place.reshape(-1)[chosen]
    number = number.expand_as(inside).reshape(-1)[chosen]
    keys.scatter_reduce_(0, place, (nearness.view(torch.int32).long() << 32) | (MASK - number), "amax")


def _take(buffer: DepthBuffer, keys: Tensor) -> None:
    shape = buffer.nearness.shape
    buffer.nearness.copy_((keys >> 32).to(torch.int32).view(torch.float32).view(shape))
    number = MASK - (keys & MASK)
    buffer.surface.copy_(torch.where(number == MASK, NOTHING, number).to(torch.int32).view(shape))


def _by_size(shown: Tensor, extent: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Indices [P] of what is shown, so many at once that their squares of samples fit the memory, and the
    steps [size] across such a square. shown, extent: [T]; the extents in samples."""
    smaller = 0
    for size in SIZES:
        chosen = (shown & (extent > smaller) & (extent <= size)).nonzero()[:, 0]
        smaller = size
        for part in chosen.split(max(1, MOST_AT_ONCE // size**2)):
            yield part, torch.arange(size, device=shown.device)


def fill_triangles(
    buffer: DepthBuffer, picture: Tensor, corner: Tensor, nearness: Tensor, number: Tensor, both_sides: bool
) -> None:
    """The loops' twin in torch. picture, number: [T]; corner: [T, 3, 2]; nearness: [T, 3]."""
    side = buffer.side
    origin = corner[:, 0]  # [T, 2]
    e1, e2 = corner[:, 1] - origin, corner[:, 2] - origin
    area = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]  # [T]
    nothing = torch.zeros_like(e1)
    low = (origin + torch.minimum(torch.minimum(nothing, e1), e2) - 0.5).ceil().clamp(min=0)
    high = (origin + torch.maximum(torch.maximum(nothing, e1), e2) - 0.5).floor().clamp(max=side - 1)
    shown = (area != 0 if both_sides else area < 0) & (nearness > 0).all(1) & (high >= low).all(1)
    extent = (high - low).amax(1) + 1
    keys = _keys(buffer)
    for part, steps in _by_size(shown, extent):
        column = low[part, 0, None, None] + steps  # [P, 1, size]
        row = low[part, 1, None, None] + steps[:, None]  # [P, size, 1]
        x = column + 0.5 - origin[part, 0, None, None]
        y = row + 0.5 - origin[part, 1, None, None]
        scale = (1.0 / area[part])[:, None, None]
        f1, f2 = e1[part, :, None, None], e2[part, :, None, None]
        wb = (x * f2[:, 1] - y * f2[:, 0]) * scale  # [P, size, size]
        wc = (f1[:, 0] * y - f1[:, 1] * x) * scale
        inside = (wb >= -SLACK) & (wc >= -SLACK) & (wb + wc <= 1.0 + SLACK)
        inside &= (column <= high[part, 0, None, None]) & (row <= high[part, 1, None, None])
        near = nearness[part, :, None, None]
        here = near[:, 0] + wb * (near[:, 1] - near[:, 0]) + wc * (near[:, 2] - near[:, 0])
        place = (picture[part, None, None] * side + row.long()) * side + column.long()
        _put(inside, place, here, number[part, None, None], keys)
    _take(buffer, keys)


def _dither_torch(strand: Tensor, column: Tensor) -> Tensor:
    value = (strand * 0x9E3779B1 + column * 0x85EBCA77) & MASK
    value = ((value ^ (value >> 15)) * 0x2C1B3C6D) & MASK
    value = ((value ^ (value >> 12)) * 0x297A2D39) & MASK
    return ((value ^ (value >> 15)) >> 8).float() * (1.0 / (1 << 24))


def fill_strands(
    buffer: DepthBuffer,
    shapes: Sequence[tuple[int, int, int]],
    points: Tensor,
    nearness: Tensor,
    width: Tensor,
    first: int,
) -> None:
    """The loops' twin in torch, for all sets together; as DepthBuffer.strands_of."""
    side, device = buffer.side, points.device
    picture, strand, start = segments_of(shapes, device)  # [G]
    number = torch.arange(first, first + len(start), device=device)
    p, q, n, m = points[start], points[start + 1], nearness[start], nearness[start + 1]
    w, dw = width[start], width[start + 1] - width[start]
    flat = (q - p).abs()[:, 0] >= (q - p).abs()[:, 1]
    p, q = torch.where(flat[:, None], p, p.flip(1)), torch.where(flat[:, None], q, q.flip(1))
    dx, dy = (q - p).unbind(1)
    slope = dy / dx
    stretch = 0.5 * (1.0 + slope * slope).sqrt()
    start = (torch.minimum(p[:, 0], q[:, 0]) - 0.5).ceil().clamp(min=0)
    end = (torch.maximum(p[:, 0], q[:, 0]) - 0.5).ceil().clamp(max=side)
    rows = (torch.maximum(w, w + dw) * 2 * stretch).ceil() + 1
    shown = (dx != 0) & (n > 0) & (m > 0) & (end > start)
    extent = torch.maximum(end - start, rows)
    keys = _keys(buffer)
    for part, steps in _by_size(shown, extent):
        column = start[part, None] + steps  # [P, size]
        t = (column + 0.5 - p[part, 0, None]) / dx[part, None]
        reach = (w[part, None] + t * dw[part, None]) * stretch[part, None]
        shift = _dither_torch(strand[part, None], column.long()) - 0.5
        middle = p[part, 1, None] + t * dy[part, None] + shift
        low = (middle - reach - 0.5).ceil().clamp(min=0)
        high = (middle + reach - 0.5).ceil().clamp(max=side)
        row = low[:, :, None] + steps  # [P, size, size]
        inside = (row < high[:, :, None]) & (column < end[part, None])[:, :, None]
        here = (n[part, None] + t * (m - n)[part, None])[:, :, None].expand_as(row)
        column = column[:, :, None].expand_as(row)
        level = flat[part, None, None]
        i, j = torch.where(level, row, column).long(), torch.where(level, column, row).long()
        place = (picture[part, None, None] * side + i) * side + j
        _put(inside, place, here, number[part, None, None], keys)
    _take(buffer, keys)


def segments_of(
    shapes: Sequence[tuple[int, int, int]], device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Of all segments of sets of strands [G]: the picture, the strand within its set, the first point.

    `shapes` are the sets' pictures, numbers of strands, and points of a strand.
    """
    table = torch.tensor(shapes, dtype=torch.long).view(-1, 3)
    segments, points = table[:, 1] * (table[:, 2] - 1), table[:, 1] * table[:, 2]
    before = [(values.cumsum(0) - values)[:, None] for values in (segments, points)]
    whole = int(segments.sum())
    table, of_each = torch.cat([table, *before], 1).to(device), segments.to(device)
    rows = table.repeat_interleave(of_each, dim=0, output_size=whole)  # [G, 5]
    picture, _, length, segment, point = rows.unbind(1)
    own = torch.arange(whole, device=device) - segment  # within the set
    strand = own // (length - 1)
    return picture, strand, point + own + strand


def weights_at(corner: Tensor, nearness: Tensor, point: Tensor) -> Tensor:
    """[K, 3] perspective-correct weights of a triangle's corners.

    corner: [K, 3, 2] in samples; nearness: [K, 3]; point: [K, 2] in samples.
    """
    e1, e2 = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    x, y = (point - corner[:, 0]).unbind(1)
    scale = 1.0 / (e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0])
    wb = (x * e2[:, 1] - y * e2[:, 0]) * scale
    wc = (e1[:, 0] * y - e1[:, 1] * x) * scale
    weights = torch.stack([1.0 - wb - wc, wb, wc], 1).clamp(0.0, 1.0) * nearness
    return weights / weights.sum(1, keepdim=True)


def share_at(ends: Tensor, nearness: Tensor, point: Tensor) -> Tensor:
    """[K] how far along a strand's segment a sample lies, 0 at its first end, in the world.

    ends: [K, 2, 2] in samples; nearness: [K, 2]; point: [K, 2] in samples.
    """
    along = ends[:, 1] - ends[:, 0]
    share = ((point - ends[:, 0]) * along).sum(1) / along.square().sum(1).clamp(min=1e-12)
    share = share.clamp(0.0, 1.0)
    near, far = nearness[:, 0] * (1.0 - share), nearness[:, 1] * share
    return far / (near + far)
