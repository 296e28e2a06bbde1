"""Pixels between Qt and bytes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop

from anycost.krita_plugin.pixels import scaled_mask

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
