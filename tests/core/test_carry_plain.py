"""The fast carry is held against the plain one, and the plain one's sampling against closed formulas."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_face import KnownFace, known_face, planned

from anycost.core.editing.carry.carry import Plan, carry
from anycost.core.editing.carry.plain import Kernel, carry_plainly, cubic, lanczos, linear, sampled
from anycost.core.editing.opened_face import OpenedFace

EDITS = {
    "moved": {"turn": 1.0, "smile": 0.5},
    "opened": {"mouth_open": 1.0, "eye_open": -0.9},
    "tinted": {"skin_tone": 1.0, "hair_lightness": 0.7, "light_direction": 1.0, "lipstick": 1.0},
    "bleached and lined": {"grey": 1.0, "age": 1.0},
    "moved and tinted": {"face_width": -1.6, "smile": 1.0, "skin_tone": 1.0, "lipstick": 1.0},
    "drawn": {"beard": 1.0},
    "all": {"smile": 0.7, "light_warmth": 1.0, "hair_length": 1.0, "glasses": 1.0},
}
KERNELS = [(linear, 1), (cubic, 2), (lanczos, 4)]
SIDE = 160  # px of a face: the plain carry takes its time over every pixel


@cache
def opened(number: int, angle: float, gray: bool) -> tuple[KnownFace, OpenedFace]:
    face = known_face(number, SIDE, angle, margin=12, gray=gray)
    return face, face.opened()


@cache
def plan_of(edits: str, number: int, angle: float, gray: bool) -> Plan:
    face, its = opened(number, angle, gray)
    return planned(its, EDITS[edits], face)


def slope(height: int, width: int) -> np.ndarray:
    """A soft selection: nothing at the left border, all of it from the middle on."""
    return np.clip(np.arange(width) * 510 / width, 0, 255).astype(np.uint8)[None].repeat(height, axis=0)


def hold(edits: str, number: int = 3, angle: float = 0.0, gray: bool = False, selected: bool = False) -> None:
    """Asserts that both carries agree: in the mean to far less than a level, at edges to a few."""
    surface, plan = opened(number, angle, gray)[1].surface, plan_of(edits, number, angle, gray)
    only = slope(*surface.rgb.shape[:2]) if selected else None
    fast, plain = carry(surface, plan, only), carry_plainly(surface, plan, only)
    assert fast.changed.mean() > 0.05
    apart = np.abs(fast.rgb.astype(int) - plain)
    assert apart[fast.changed].mean() < 0.35
    assert np.quantile(apart, 0.999) <= 3
    assert apart.max() <= 12


@pytest.mark.parametrize("edits", EDITS)
def test_the_fast_carry_is_the_plain_one(edits: str):
    hold(edits)


@pytest.mark.parametrize("edits", EDITS)
def test_with_a_selection(edits: str):
    hold(edits, selected=True)


@pytest.mark.parametrize(("angle", "gray"), [(17.0, False), (-120.0, False), (0.0, True)])
def test_on_a_turned_square_and_on_a_gray_picture(angle: float, gray: bool):
    hold("all", 5, angle, gray)


@pytest.mark.parametrize(("kernel", "reach"), KERNELS)
def test_on_its_pixels_a_picture_is_itself(kernel: Kernel, reach: int):
    picture = np.random.default_rng(0).normal(size=(9, 7, 2))
    y, x = np.mgrid[0:9, 0:7]
    np.testing.assert_allclose(sampled(picture, np.stack([x, y], axis=-1), kernel, reach), picture)


@given(x=st.floats(-20, 40), y=st.floats(-20, 40))
@pytest.mark.parametrize(("kernel", "reach"), KERNELS)
def test_an_even_picture_stays_even_and_its_edge_repeats(kernel: Kernel, reach: int, x: float, y: float):
    rows = np.broadcast_to(np.arange(12.0)[:, None, None], (12, 10, 1))
    at = np.array([[x, y]])
    assert sampled(np.full((12, 10, 1), 7.0), at, kernel, reach) == pytest.approx(7)
    if y < -4 or y > 15:
        assert sampled(rows, at, kernel, reach) == pytest.approx(0 if y < 0 else 11)


@given(st.floats(5, 20), st.floats(0.02, 0.12), st.floats(0, 2 * np.pi))
def test_between_the_pixels_a_slow_wave_goes_on(x: float, cycles: float, phase: float):
    """The finer the kernel, the nearer to the wave: a straight line is off by (pi cycles)^2 / 2 at most."""
    places = np.arange(26)
    wave = np.cos(2 * np.pi * cycles * places + phase)[None, :, None]
    at = np.array([[x, 0.0]])
    expected = np.cos(2 * np.pi * cycles * x + phase)
    assert abs(float(sampled(wave, at, linear, 1)[0, 0]) - expected) <= (np.pi * cycles) ** 2 / 2 + 1e-9
    assert sampled(wave, at, lanczos, 4) == pytest.approx(expected, abs=0.01)
