"""Tints: of one part of a picture and not of its neighbours, smooth, in the light of the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_face import KnownFace, known_face, planned

from anycost.core.editing.carry.carry import carry
from anycost.core.editing.carry.change import Change
from anycost.core.editing.carry.picture_parts import DARK, GAMMA
from anycost.core.editing.carry.surface import Surface
from anycost.core.editing.carry.tint import FADE, Tint, tinted
from anycost.core.editing.carry.zones import ZONES
from anycost.core.faces.face_parts import OUTLINES

STEP = 2  # levels by which neighbours may differ and still look smooth
BORDER = 12  # px at least, of 400, over which a strong tint ends


def change(shade: np.ndarray | None = None, **zones: float | tuple[float, float, float]) -> Change:
    """A change of tints alone: logarithms of the ratio of light in zones, or at the points of the mesh."""
    tints = np.zeros((len(ZONES), 3))
    for name, value in zones.items():
        tints[ZONES.index(name)] = value
    points = np.zeros(468) if shade is None else shade
    return Change(np.zeros((468, 2)), np.zeros((2, 2)), points, tints)


@pytest.fixture(scope="module")
def face() -> KnownFace:
    return known_face(5)


def whole(size: int) -> np.ndarray:
    """Unit coordinates of the pixels of a square, float32 [size, size, 2]."""
    return Surface.of_square(np.zeros((size, size, 3), np.uint8)).unit((0, 0, size, size))


def ratio(face: KnownFace, made: Change) -> np.ndarray:
    """Logarithms of the ratio of light over the square, [h, w, 3]."""
    opened = face.opened()
    assert opened.head is not None
    assert opened.parts is not None
    rgb = opened.surface.rgb
    return Tint(opened.head, made, opened.parts).ratio(whole(len(rgb)), rgb)


# Light


@given(st.integers(0, 255), st.floats(-2, 0))
def test_darkening_multiplies_light(level: int, log: float):
    """By the definition: light is a power of the value; what is darker than twice DARK counts as lighter than
    it is, by at most DARK, and black as black."""
    light = (level / 255) ** GAMMA
    dark = DARK if light > 2 * DARK else light - light**2 / (4 * DARK)
    expected = 255 * max((light + dark) * np.exp(log) - dark, 0.0) ** (1 / GAMMA)
    found = tinted(np.full((1, 1, 3), level, np.uint8), np.full((1, 1, 3), log))
    assert found == pytest.approx(expected, abs=0.02)


@given(st.floats(0, 2))
def test_lightening_keeps_order_white_and_black(log: float):
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    found = tinted(ramp, np.full((1, 256, 3), log))[0, :, 0]
    assert (np.diff(found) > -1e-3).all()
    assert (found >= np.arange(256) - 0.01).all()
    assert found[255] == pytest.approx(255)
    assert found[0] == 0


def test_no_ratio_is_no_change():
    rgb = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    assert np.array_equal(np.rint(tinted(rgb, np.zeros((16, 16, 3)))), rgb)


# Where


def regions(face: KnownFace) -> dict[str, np.ndarray]:
    """Where zones surely are, bool [h, w] each, by the mesh and by the person that the reading has."""
    opened = face.opened()
    assert opened.head is not None
    assert face.reading.person is not None
    size = len(opened.surface.rgb)
    unit = whole(size)
    line = opened.head.mesh[list(OUTLINES["face"]), :2]
    middle, half = line.mean(axis=0), (line.max(axis=0) - line.min(axis=0)) / 2
    cheeks = opened.head.mesh[[50, 280, 205, 425], :2]
    away = np.linalg.norm(unit[:, :, None] - cheeks, axis=-1).min(axis=-1)
    lips = np.linalg.norm(unit - opened.head.mesh[[14, 17], :2].mean(axis=0), axis=-1)
    off = np.linalg.norm((unit - middle) / half, axis=-1)
    inside = np.abs(unit - 0.5).max(axis=-1) < 0.5 - FADE
    person = face.reading.person.values.repeat(2, 0).repeat(2, 1)
    reach = person.shape[0] // size
    person = person[::reach, ::reach][:size, :size] > 0
    return {
        "skin": away < 0.03,
        "lips": lips < 0.008,
        "background": ~person & (off > 2.0) & inside & (unit[..., 1] < middle[1]),
    }


@pytest.mark.parametrize("zone", ["skin", "lips"])
def test_a_tint_of_the_face_does_not_touch_the_background(face: KnownFace, zone: str):
    found = ratio(face, change(None, **{zone: 0.5}))
    where = regions(face)
    assert where["background"].mean() > 0.02
    assert np.abs(found[where["background"]]).max() == 0
    assert found[where[zone]].mean() > 0.4


def test_a_tint_of_the_background_does_not_touch_the_face(face: KnownFace):
    found = ratio(face, change(background=-0.5))
    where = regions(face)
    assert np.abs(found[where["skin"]]).max() < 0.02
    assert np.median(found[where["background"]]) == pytest.approx(-0.5, abs=0.05)


def test_zones_add_up_and_each_channel_has_its_own(face: KnownFace):
    one, other = change(skin=(0.4, 0.1, -0.2)), change(hair=0.3, iris=-0.2)
    both = replace(one, zones=one.zones + other.zones)
    np.testing.assert_allclose(ratio(face, both), ratio(face, one) + ratio(face, other), atol=1e-5)
    channels = ratio(face, one)
    np.testing.assert_allclose(channels[..., 1], 0.25 * channels[..., 0], atol=1e-5)


@pytest.mark.parametrize("tint", [{"skin": -0.8}, {"background": 0.5}, {"hair": 0.8}])
def test_at_the_squares_edge_a_tint_is_nothing(face: KnownFace, tint: dict):
    found = np.abs(ratio(face, change(**tint)))
    edge = max(found[0].max(), found[-1].max(), found[:, 0].max(), found[:, -1].max())
    assert edge < 0.02
    assert found.max() > 0.3


def test_shades_are_those_of_the_nearest_points(face: KnownFace):
    """Light from the side: one cheek lighter, the other darker, by how far each point lies to the right."""
    opened = face.opened()
    assert opened.head is not None
    across = opened.head.mesh[:, 0] - opened.head.mesh[:, 0].mean()
    found = ratio(face, change(3 * across))
    size = len(found)
    for cheek in (50, 280):
        x, y = np.floor(opened.head.mesh[cheek, :2] * size).astype(int)
        assert found[y, x] == pytest.approx(3 * across[cheek], abs=0.08)


# Smooth


def even_face(rgb: tuple[int, int, int]) -> KnownFace:
    """A face on a picture of one colour: what is seen there of a tint is the tint's own shape."""
    face = known_face(5, size=400)
    return replace(face, rgba=np.broadcast_to(np.array([*rgb, 255], np.uint8), face.rgba.shape).copy())


@pytest.mark.parametrize("slider", [{"skin_tone": 0.2}, {"skin_tone": 1.0}, {"skin_tone": -0.9}])
def test_the_border_of_a_tint_is_smooth(slider: dict[str, float]):
    """The skin's tint fades into what is not skin. (Eyes and lips have lines of their own, by the mesh.)"""
    opened = even_face((190, 150, 130)).opened()
    assert opened.head is not None
    carried = carry(opened.surface, planned(opened, slider)).rgb.astype(int)
    depth = np.abs(carried - opened.surface.rgb).max()
    assert depth > 15
    unit = whole(len(carried))
    own = np.zeros(carried.shape[:2], bool)  # near what has a line of its own
    for name in ("left eye", "right eye", "lips"):
        for point in opened.head.mesh[list(OUTLINES[name]), :2]:
            own |= np.linalg.norm(unit - point, axis=-1) < 0.04
    for axis in (0, 1):
        step = np.abs(np.diff(carried, axis=axis)).max(axis=2)
        assert step[~own[: step.shape[0], : step.shape[1]]].max() <= max(STEP, depth / BORDER + 1)  # rounded


def test_texture_stays_under_a_tint(face: KnownFace):
    """A tint multiplies light: the grain of the skin changes with it, and is not blurred."""
    opened = face.opened()
    plan = planned(opened, {"skin_tone": 1.0})
    carried = carry(opened.surface, plan).rgb.astype(float)
    skin = regions(face)["skin"]

    def grain(rgb: np.ndarray) -> float:
        fine = 4 * rgb - sum(np.roll(rgb, way, axis) for axis in (0, 1) for way in (1, -1))
        return float((fine[skin] / rgb[skin].mean()).std())

    before = opened.surface.rgb.astype(float)
    assert before[skin].mean() - carried[skin].mean() > 20
    assert grain(carried) > 0.8 * grain(before)
