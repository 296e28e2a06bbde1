"""Frames of pictures that are not square: what is cut, what is padded, and that both undo each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from anycost.lab.data.downsample import downsample
from anycost.lab.data.frame import PictureFrame, check_shape, covered, fitted, uncovered
from anycost.lab.measuring.frechet import Extractor, frechet_distances
from anycost.lab.measuring.reals import of_folder, of_world
from anycost.lab.measuring.subject import Subject
from anycost.lab.worlds import CARS
from anycost.models.generator import Generator
from anycost.models.manifest import FLATTEST
from anycost.models.widths import WidthRule

SIDES = range(1, 17)
shapes = st.sampled_from([(w, h) for w in SIDES for h in SIDES if max(w, h) <= FLATTEST * min(w, h)])


@settings(max_examples=20)
@given(shapes, st.sampled_from([4, 8, 16, 64, 100]))
def test_black_rows_and_columns_are_added_and_cut_away_again(shape: tuple[int, int], resolution: int):
    width, height = PictureFrame(resolution, shape).size
    pictures = torch.rand(2, 3, height, width)
    squares = covered(pictures)
    assert squares.shape == (2, 3, resolution, resolution)
    assert torch.equal(uncovered(squares, shape), pictures)
    torch.testing.assert_close((squares + 1).sum(), (pictures + 1).sum())  # all else is black


@settings(max_examples=60)
@given(shapes, st.integers(1, 300), st.integers(1, 300))
def test_the_largest_middle_part_of_a_shape_is_cut_out(shape: tuple[int, int], width: int, height: int):
    left, top, right, bottom = PictureFrame(64, shape).box(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert abs(left - (width - right)) <= 1
    assert abs(top - (height - bottom)) <= 1
    wide, high = right - left, bottom - top
    assert wide == width or high == height
    across, down = shape  # one px more or less would be nearer to no other ratio
    assert abs(wide * down - high * across) <= max(across, down)


def test_reduced_squares_of_4_to_3_have_whole_black_rows_down_to_8_px():
    squares = covered(torch.ones(1, 3, 384, 512))
    for side in (256, 64, 8):
        reduced = downsample(squares, side)
        assert torch.equal(uncovered(reduced, (4, 3)), torch.ones(1, 3, 3 * side // 4, side))
        assert (reduced == 1).sum() == 3 * side * 3 * side // 4


@settings(max_examples=20)
@given(st.sampled_from([(4, 3), (3, 4), (1, 1), (2, 1)]), st.integers(40, 120), st.integers(40, 120))
def test_pictures_are_cut_and_not_stretched(shape: tuple[int, int], width: int, height: int):
    """A ramp along each axis keeps its slope: a pixel of the result is as many of the picture's both ways."""
    frame = PictureFrame(16, shape)
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.stack([columns, rows, 0 * rows], axis=-1).astype(np.uint8)
    got = fitted(Image.fromarray(picture), frame).astype(float)  # [h, w, 3]
    assert got.shape == (*frame.size[::-1], 3)
    left, top, right, bottom = frame.box(width, height)
    scale = (right - left) / frame.size[0], (bottom - top) / frame.size[1]
    assert scale[0] == pytest.approx(scale[1], rel=0.06)
    inner = slice(3, -3)
    wanted = left + (np.arange(frame.size[0]) + 0.5) * scale[0] - 0.5
    assert np.abs(got[:, inner, 0] - wanted[inner]).max(initial=0) < 1.2
    wanted = top + (np.arange(frame.size[1]) + 0.5) * scale[1] - 0.5
    assert np.abs(got[inner, :, 1] - wanted[inner, None]).max(initial=0) < 1.2


@pytest.mark.parametrize("shape", [(0, 1), (4, -3), (5, 1)])
def test_shapes_that_no_picture_has_are_refused(shape: tuple[int, int]):
    with pytest.raises(ValueError, match="width to height"):
        check_shape(shape)


class Colours(nn.Module):
    """A picture's mean and greatest values as its features."""

    num_features = 6

    def forward(self, picture: Tensor) -> Tensor:
        return torch.cat([picture.mean((2, 3)), picture.amax((2, 3))], dim=1)


@dataclass(frozen=True, eq=False)
class Shown(Subject):
    """Draws given pictures."""

    drawn: Tensor

    def pictures(self, w: Tensor, ratio: float = 1.0) -> dict[int, Tensor]:
        return {16: self.drawn}


@pytest.mark.slow
def test_frechet_distances_do_not_see_what_lies_around_the_pictures():
    torch.manual_seed(0)
    reals = covered(torch.rand(16, 3, 12, 16))
    drawn = reals.clone()
    drawn[:, :, [0, 1, 14, 15]] = torch.rand(16, 3, 4, 16)  # a generator's rows are not quite black
    generator = Generator(4, (1, 1), 4, n_mlp=1)
    subject = Shown(generator, WidthRule(), torch.zeros(4), (16,), (1.0,), drawn)
    extractor = Extractor("colours", Colours())  # type: ignore[arg-type]
    assert frechet_distances(subject, extractor, [reals], 16, (4, 3))[16, 1.0] < 1e-6
    assert frechet_distances(subject, extractor, [reals], 16)[16, 1.0] > 0.1


def test_real_cars_and_folders_say_their_shape(tmp_path):
    reals = of_world(CARS, 32, 2)
    assert reals.shape == (4, 3)
    assert (reals.read(torch.arange(2))[:, :, :4] == -1).all()
    Image.new("RGB", (64, 48), (255, 255, 255)).save(tmp_path / "a.png")
    own = of_folder(tmp_path, 32, 10, (4, 3))
    assert own.shape == (4, 3)
    picture = own.read(torch.arange(1))
    assert (uncovered(picture, (4, 3)) == 1).all()
    assert (picture[:, :, :4] == -1).all()
