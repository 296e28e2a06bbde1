"""Searching a picture at many sizes and angles, with a detector that sees coloured dots."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from drawn_face import DOTS, portrait
from hypothesis import given
from hypothesis import strategies as st

from anycost.bridge.messages import Placement
from anycost.core.faces.blaze_face import FULL_RANGE
from anycost.core.faces.looks import MOST_PIXELS, search
from anycost.core.faces.placement import to_picture
from anycost.core.faces.pyramid import Pyramid
from anycost.core.faces.sighting import Sighting, distinct


class DotDetector:
    """Sees an upright red, a green and a blue dot, if their face is of the size that it knows."""

    kind = FULL_RANGE

    def __init__(self) -> None:
        self.largest = 0

    def sightings(self, rgb: np.ndarray) -> list[Sighting]:
        assert rgb.shape[0] % 32 == rgb.shape[1] % 32 == 0
        self.largest = max(self.largest, rgb.shape[0] * rgb.shape[1])
        dots = [self._middle(rgb.astype(float), channel) for channel in range(3)]
        if any(dot is None for dot in dots):
            return []
        left, right, mouth = cast(Any, dots)
        seen = Sighting((left, right), mouth, 0.9)
        return [seen] if abs(seen.roll) < 25 and 8 < seen.size < 60 and mouth[1] > left[1] else []

    @staticmethod
    def _middle(rgb: np.ndarray, channel: int) -> tuple[float, float] | None:
        pure = rgb[..., channel] - np.delete(rgb, channel, axis=-1).max(axis=-1)
        ys, xs = np.nonzero(pure > 100)
        return (float(xs.mean()) + 0.5, float(ys.mean()) + 0.5) if len(xs) else None


def seen(placement: Placement, width: int, height: int) -> list[Sighting]:
    return search(Pyramid(portrait(placement, width, height)), [cast(Any, DotDetector())])


@pytest.mark.parametrize("angle", [0, 45, 90, 135, 180, -135, -90, -45, 15])
def test_a_face_at_any_angle_is_where_it_was(angle: float):
    placement = Placement(230, 180, 200, angle)
    (found,) = seen(placement, 500, 400)
    points = to_picture(placement, DOTS)
    assert np.abs(np.array([*found.eyes, found.mouth]) - points).max() < 6
    assert abs((found.roll - angle + 180) % 360 - 180) < 8


@pytest.mark.parametrize("size", [90, 300, 1000])
def test_a_face_of_any_size_is_where_it_was(size: float):
    placement = Placement(820, 660, size)
    (found,) = seen(placement, 1600, 1200)
    points = to_picture(placement, DOTS)
    assert np.abs(np.array([*found.eyes, found.mouth]) - points).max() < 0.05 * size


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.floats(0, 1)), max_size=30))
def test_distinct_sightings_are_those_that_agree_with_no_clearer_one(spots: list[tuple[int, int, float]]):
    sightings = [Sighting(((x - 5, y), (x + 5, y)), (x, y + 12), score) for x, y, score in spots]
    plain: list[Sighting] = []
    for sighting in sorted(sightings, key=lambda seen: seen.score, reverse=True):
        if not any(sighting.agrees(other) for other in plain):
            plain.append(sighting)
    assert distinct(sightings) == plain


def test_no_detector_is_shown_more_pixels_at_once_than_memory_allows():
    detector = DotDetector()
    search(Pyramid(np.full((2500, 4000, 4), 255, np.uint8)), [cast(Any, detector)])
    assert 0 < detector.largest <= MOST_PIXELS


def test_a_picture_of_one_pixel_has_no_faces():
    assert search(Pyramid(np.full((1, 1, 4), 255, np.uint8)), [cast(Any, DotDetector())]) == []
