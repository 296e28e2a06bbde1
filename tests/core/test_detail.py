"""The picture's own detail stays where nothing is edited, and leaves no ghost elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anycost.core.editing.detail import REACH, Detail
from anycost.core.rendering.engines.window import Window


def smooth(seed: int, side: int = 64) -> np.ndarray:
    """A soft picture, like a small generator's."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(60, 200, (4, 4, 3)).repeat(side // 4, 0).repeat(side // 4, 1)
    return cells.astype(np.uint8)


def with_strokes(picture: np.ndarray, seed: int) -> np.ndarray:
    strokes = np.random.default_rng(seed).integers(-40, 40, picture.shape)
    return np.clip(picture.astype(int) + strokes, 0, 255).astype(np.uint8)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), side=st.sampled_from([8, 16, 64, 128]))
def test_no_edit_gives_the_picture_itself(seed: int, side: int):
    projected = smooth(seed, side)
    original = with_strokes(projected, seed + 1)
    np.testing.assert_array_equal(Detail(projected, original).added_to(projected), original)


def test_far_from_the_edit_the_picture_is_untouched():
    projected = smooth(1, 128)
    original = with_strokes(projected, 2)
    edited = projected.copy()
    edited[80:100, 40:90] = 255  # a grin
    out = Detail(projected, original).added_to(edited)
    reach = 4 * 128 // REACH + 1
    np.testing.assert_array_equal(out[: 80 - reach], original[: 80 - reach])
    assert np.abs(out[88:92, 50:80].astype(int) - original[88:92, 50:80]).mean() > 30


def test_what_moved_leaves_no_ghost():
    """A fine line that only the picture has must vanish where the edit draws something else."""
    projected = np.full((64, 64, 3), 128, np.uint8)
    original = projected.copy()
    original[30:34, 10:54] = 20
    edited = projected.copy()
    edited[20:44] = 220
    out = Detail(projected, original).added_to(edited).astype(int)
    assert np.abs(out[30:34, 10:54] - out[26:28, 10:54].mean()).max() < 0.2 * 108  # of its old darkness


def test_the_tone_stays_even_where_the_edit_is():
    """The projection is too dark everywhere; the edited part must not become a dark patch."""
    projected = np.full((64, 64, 3), 100, np.uint8)
    original = projected + 30
    edited = projected.copy()
    edited[20:44, 20:44] = 160
    out = Detail(projected, original).added_to(edited).astype(int)
    assert out[32, 32] == pytest.approx(190, abs=4)
    assert out[2, 2] == pytest.approx(130, abs=1)


@pytest.mark.slow
@settings(max_examples=25)
@given(
    side=st.sampled_from([8, 32, 128, 512]),
    corners=st.lists(st.floats(0, 1), min_size=4, max_size=4),
    seed=st.integers(0, 1000),
)
def test_a_window_has_the_detail_of_the_whole_picture(side: int, corners: list[float], seed: int):
    left, right = sorted(round(side * x) for x in corners[:2])
    top, bottom = sorted(round(side * y) for y in corners[2:])
    window = Window(top, left, bottom + 1, right + 1).clipped(side)
    window = Window(min(top, side - 1), min(left, side - 1), window.bottom, window.right)
    rng = np.random.default_rng(seed)
    projected = smooth(seed, side)
    edited = projected.copy()
    y, x = rng.integers(0, side, 2)  # where the edit changes something
    edited[y : y + side // 8, x : x + side // 3] ^= rng.integers(0, 256, 3).astype(np.uint8)
    detail = Detail(projected, with_strokes(projected, seed + 1))
    near = detail.around(window)
    assert near.fits(side)
    assert near.top <= window.top < window.bottom <= near.bottom
    assert near.left <= window.left < window.right <= near.right
    part = detail.added_to(edited[near.top : near.bottom, near.left : near.right], window)
    whole = detail.added_to(edited)[window.top : window.bottom, window.left : window.right]
    assert np.abs(part.astype(int) - whole).max() <= 1
