"""Which inputs a window needs, compared with what changing each input really reaches."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from anycost.core.rendering.engines.window import Window

SIDE = 16


@st.composite
def windows(draw, side: int = SIDE) -> Window:
    top, left = (draw(st.integers(0, side - 1)) for _ in range(2))
    return Window(top, left, draw(st.integers(top + 1, side)), draw(st.integers(left + 1, side)))


def reach(layer, side: int, window: Window) -> Window:
    """Bounding box of the inputs [side, side] on which a window of the layer's output depends."""
    x = torch.zeros(1, 1, side, side, requires_grad=True)
    y = layer(x)[0, 0, window.top : window.bottom, window.left : window.right]
    (gradient,) = torch.autograd.grad(y.sum(), x)
    rows, columns = (gradient[0, 0].abs().sum(dim).nonzero() for dim in (1, 0))
    return Window(int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1)


def holds(outer: Window, inner: Window) -> bool:
    """Whether one window contains all of another."""
    rows = outer.top <= inner.top and inner.bottom <= outer.bottom
    return rows and outer.left <= inner.left and inner.right <= outer.right


def convolved(x: torch.Tensor) -> torch.Tensor:
    return F.conv2d(x, torch.rand(1, 1, 3, 3) + 0.1, padding=1)


def doubled(x: torch.Tensor) -> torch.Tensor:
    """The transposed convolution and its 4-tap filter, as in the plain generator."""
    x = F.conv_transpose2d(x, torch.rand(1, 1, 3, 3) + 0.1, stride=2)
    return F.conv2d(x, torch.rand(1, 1, 4, 4) + 0.1, padding=1)


@given(windows())
def test_a_convolution_sees_one_pixel_more_on_every_side(window: Window):
    assert window.grown(1, 1).clipped(SIDE) == reach(convolved, SIDE, window)


@given(windows())
def test_halved_is_what_a_layer_that_doubles_sees_or_one_pixel_more(window: Window):
    read, seen = window.halved().clipped(SIDE // 2), reach(doubled, SIDE // 2, window)
    assert holds(read, seen)
    assert holds(seen.grown(1, 1), read)


@given(windows(), st.integers(1, 20))
def test_strips_are_the_window_once(window: Window, rows: int):
    strips = window.strips(rows)
    assert [s.top for s in strips] == [window.top, *(s.bottom for s in strips[:-1])]
    assert strips[-1].bottom == window.bottom
    assert all(s.height <= rows and (s.left, s.right) == (window.left, window.right) for s in strips)


@given(windows(), st.integers(0, 3), st.integers(0, 3))
def test_what_lies_beyond_a_map_is_what_clipping_takes(window: Window, before: int, after: int):
    grown = window.grown(before, after)
    inside, (top, left, bottom, right) = grown.clipped(SIDE), grown.beyond(SIDE)
    assert inside.fits(SIDE)
    assert Window(inside.top - top, inside.left - left, inside.bottom + bottom, inside.right + right) == grown


def test_a_window_within_another():
    inner, outer = Window(3, 5, 7, 6), Window(2, 4, 9, 9)
    assert inner.within(outer) == Window(1, 1, 5, 2)
    assert not Window(0, 0, 0, 4).fits(8)
    assert not Window(0, 0, 4, 9).fits(8)
