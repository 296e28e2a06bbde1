"""Quick crops out of halved pictures, against the exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anycost.bridge.messages import Placement
from anycost.core.faces.placement import crop
from anycost.core.faces.pyramid import Pyramid


def waves(width: int, height: int) -> np.ndarray:
    """A picture whose detail is coarse: uint8 [height, width, 4]."""
    y, x = np.mgrid[:height, :width] + 0.5
    rgb = np.stack([np.sin(x / 40 + y / 90), np.cos(x / 70 - y / 50), np.sin(x / 60) * np.cos(y / 80)], -1)
    return (
        np.concatenate([rgb * 100 + 128, np.full((height, width, 1), 255)], axis=-1).round().astype(np.uint8)
    )


placements = st.builds(
    Placement,
    x=st.floats(200, 500),
    y=st.floats(200, 300),
    size=st.floats(20, 280),
    angle=st.floats(-180, 180),
)
PICTURE = waves(700, 500)
PYRAMID = Pyramid(PICTURE)


@given(placements, st.sampled_from((48, 128, 192)))
def test_a_quick_crop_is_the_exact_one(placement: Placement, size: int):
    quick, exact = PYRAMID.crop(placement, size), crop(PICTURE, placement, size)
    apart = np.abs(quick.astype(int) - exact)
    assert apart.mean() < 1
    assert np.quantile(apart, 0.99) < 4


@pytest.mark.parametrize("size", [(700, 500), (701, 333), (1, 1), (5, 3000)])
def test_a_reduced_picture_has_the_size_that_is_asked_for(size: tuple[int, int]):
    pyramid = Pyramid(np.full((size[1], size[0], 4), 200, np.uint8))
    reduced = pyramid.reduced(3.0)
    assert reduced.size == (max(1, round(size[0] / 3)), max(1, round(size[1] / 3)))


def test_beyond_the_border_the_edge_goes_on():
    picture = np.zeros((100, 100, 4), np.uint8)
    picture[..., 3] = 255
    picture[:, 50:, 0] = 255
    far = Pyramid(picture).crop(Placement(200, 50, 60), 32)
    assert (far == [255, 0, 0]).all()


def test_transparent_pixels_are_white():
    assert (Pyramid(np.zeros((80, 80, 4), np.uint8)).crop(Placement(40, 40, 40), 16) == 255).all()
