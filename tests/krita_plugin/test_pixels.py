"""Pixels between Qt and bytes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from PyQt5.QtCore import QRect

from anycost.krita_plugin.pixels import image_over, rgba_bytes, scaled_mask, scaled_part

qt_loop.application()


def test_a_mask_of_the_right_size_is_itself():
    mask = bytes(range(15))
    assert scaled_mask(mask, (5, 3), (5, 3)) is mask


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8])
def test_a_mask_is_averaged_and_its_rows_are_not_padded(width):
    cells = np.random.default_rng(0).integers(0, 256, (4, width), dtype=np.uint8)
    large = cells.repeat(3, axis=0).repeat(3, axis=1)
    small = scaled_mask(large.tobytes(), (3 * width, 12), (width, 4))
    assert np.abs(np.frombuffer(small, np.uint8).reshape(4, width).astype(int) - cells).max() <= 1


def test_a_mask_that_its_bytes_do_not_fill_is_refused():
    with pytest.raises(ValueError, match="7 bytes"):
        scaled_mask(bytes(7), (4, 2), (2, 1))


@pytest.mark.parametrize("size", [(60, 40), (30, 20), (6, 4), (2, 3)])
def test_a_part_keeps_its_colours_in_any_size(size):
    y, x = np.mgrid[0:400, 0:600]
    rgba = np.stack([x // 3, y // 2, (x + y) // 5, 255 - x // 4], axis=-1).astype(np.uint8)  # [400, 600, 4]
    left, top, width, height = 120, 80, 240, 200
    part = scaled_part(image_over(rgba.tobytes(), 600, 400), QRect(left, top, width, height), *size)
    found = np.frombuffer(rgba_bytes(part), np.uint8).reshape(size[1], size[0], 4).astype(float)
    columns = left + (np.arange(size[0]) + 0.5) * width / size[0]
    rows = top + (np.arange(size[1]) + 0.5) * height / size[1]
    across, down = np.meshgrid(columns, rows)
    expected = np.stack([across / 3, down / 2, (across + down) / 5, 255 - across / 4], axis=-1)
    assert np.abs(found - expected).max() < 6
