"""The z-buffer of the heads: what a known triangle covers, and that both ways of filling agree."""

import pytest
import torch
from torch import Tensor

from anycost.lab.heads.raster import (
    NOTHING,
    DepthBuffer,
    fill_strands,
    fill_triangles,
    share_at,
    weights_at,
)


def random_triangles(count: int, side: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Corners [V, 2], nearness [V], triangles [T, 3] of all sizes, some of them outside."""
    random = torch.Generator().manual_seed(seed)
    middle = torch.rand(count, 1, 2, generator=random) * side * 1.2 - 0.1 * side
    size = torch.rand(count, 1, 1, generator=random) ** 3 * side * 0.5 + 0.2
    corners = middle + size * torch.randn(count, 3, 2, generator=random)
    nearness = 0.1 + 0.1 * torch.rand(count, 3, generator=random)
    return corners.reshape(-1, 2), nearness.reshape(-1), torch.arange(count * 3).view(count, 3)


def random_strands(count: int, side: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Points [S, K, 2], nearness [S, K], width [S, K]."""
    random = torch.Generator().manual_seed(seed)
    steps = torch.randn(count, 7, 2, generator=random).cumsum(1) * side * 0.05
    points = steps + torch.rand(count, 1, 2, generator=random) * side
    nearness = 0.1 + 0.1 * torch.rand(count, 7, generator=random)
    return points, nearness, torch.rand(count, 7, generator=random) * 3.0


def test_a_known_triangle_covers_the_samples_inside_it():
    buffer = DepthBuffer.empty(1, 8)
    corners = torch.tensor([[1.0, 1.0], [1.0, 6.0], [6.0, 1.0]])  # counter-clockwise in the world
    depth = torch.tensor([2.0, 4.0, 4.0])
    buffer.triangles(corners[None], 1.0 / depth[None], torch.tensor([[0, 2, 1]]), first=7)
    assert (buffer.surface == NOTHING).all()  # seen from behind
    buffer.triangles(corners[None], 1.0 / depth[None], torch.tensor([[0, 1, 2]]), first=7)
    row, column = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    inside = (row >= 1) & (column >= 1) & (row + column + 1 <= 7)
    assert ((buffer.surface[0] == 7) == inside).all()
    # nearness is straight on the screen: 1/2 at the right angle, 1/4 at the others
    expected = 0.5 - 0.25 * ((column - 0.5) / 5 + (row - 0.5) / 5)
    torch.testing.assert_close(buffer.nearness[0][inside], expected[inside])


def test_weights_are_right_in_the_world():
    """A line from depth 1 to depth 3: its middle on the screen is a quarter of the way in the world."""
    corner = torch.tensor([[[0.0, 0.0], [0.0, 4.0], [4.0, 0.0]]])
    weights = weights_at(corner, 1.0 / torch.tensor([[1.0, 3.0, 3.0]]), torch.tensor([[2.0, 0.0]]))
    torch.testing.assert_close(weights, torch.tensor([[0.75, 0.0, 0.25]]))
    ends, near = torch.tensor([[[0.0, 0.0], [4.0, 0.0]]]), 1.0 / torch.tensor([[1.0, 3.0]])
    torch.testing.assert_close(share_at(ends, near, torch.tensor([[2.0, 0.5]])), torch.tensor([0.25]))


def test_the_nearer_wins_in_any_order():
    corners = torch.tensor([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0]]).repeat(2, 1)
    nearness = torch.tensor([0.5, 0.5, 0.5, 0.25, 0.25, 0.25])
    triangles = torch.arange(6).view(2, 3)
    for order, winner in (([0, 1], 0), ([1, 0], 1)):
        buffer = DepthBuffer.empty(1, 8)
        buffer.triangles(corners[None], nearness[None], triangles[order], first=0, both_sides=True)
        assert (buffer.surface[buffer.surface >= 0] == winner).all()


def test_neighbours_leave_no_gap():
    """A fan around a point covers its square whole."""
    around = torch.linspace(0, 2 * torch.pi, 24)[:-1]
    corners = torch.stack([around.cos(), -around.sin()], 1) * 40 + 16.3
    corners = torch.cat([corners, torch.tensor([[16.3, 16.3]])])
    ring = torch.arange(23)
    fan = torch.stack([ring, ring.roll(-1), torch.full_like(ring, 23)], 1)
    buffer = DepthBuffer.empty(1, 32)
    buffer.triangles(corners[None], torch.full((1, 24), 0.1), fan, first=0)
    assert (buffer.surface >= 0).all()


@pytest.mark.parametrize("both_sides", [False, True])
def test_torch_fills_triangles_as_the_loops_do(both_sides: bool):
    corners, nearness, triangles = random_triangles(400, 48, seed=1)
    loops, twin = DepthBuffer.empty(2, 48), DepthBuffer.empty(2, 48)
    picture, number = torch.ones(400, dtype=torch.long), torch.arange(5, 405)
    loops.triangles_of(picture, corners, nearness, triangles, number, both_sides)
    fill_triangles(twin, picture, corners[triangles], nearness[triangles], number, both_sides)
    assert (loops.surface[0] == NOTHING).all()
    assert (loops.surface != twin.surface).float().mean() < 1e-3
    torch.testing.assert_close(loops.nearness, twin.nearness, atol=1e-5, rtol=1e-4)


def test_torch_fills_strands_as_the_loops_do():
    """Also where sets of several pictures are filled together."""
    sets = [random_strands(count, 48, seed=count) for count in (70, 30, 20)]
    points, nearness, width = (
        torch.cat([some.flatten(0, 1) for some in of]) for of in zip(*sets, strict=True)
    )
    shapes = [(1, 70, 7), (0, 30, 7), (1, 20, 7)]
    loops, twin = DepthBuffer.empty(2, 48), DepthBuffer.empty(2, 48)
    loops.strands_of(shapes, points, nearness, width, 9)
    fill_strands(twin, shapes, points, nearness, width, 9)
    assert (loops.surface >= 0).float().mean((1, 2)).min() > 0.15
    assert loops.surface.max() > 9 + 100 * 6
    assert (loops.surface != twin.surface).float().mean() < 3e-3


@pytest.mark.parametrize("width", [0.25, 0.7, 1.0, 2.5])
def test_a_strand_covers_its_width(width: float):
    buffer = DepthBuffer.empty(1, 256)
    ends = torch.stack([torch.full((24,), 4.0), torch.arange(24) * 10.0 + 5.5], 1)  # [24, 2]
    points = torch.stack([ends, ends + torch.tensor([240.0, 3.0])], 1)  # [24, 2, 2]
    buffer.strands_of([(0, 24, 2)], points.flatten(0, 1), torch.ones(48), torch.full((48,), width), first=0)
    covered = (buffer.surface >= 0).sum().item()
    assert covered == pytest.approx(24 * 240 * width, rel=0.06)
