"""What is drawn is what moving does not explain; the picture's own texture stays where only tone changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_face import known_face

from anycost.core.editing.carry.drawn import REACH, Drawing, drawn_by, moved_square, region_of
from anycost.core.editing.carry.movement import LATTICE
from anycost.core.editing.carry.surface import Surface

SIDE = 128
STILL = np.zeros((*LATTICE.points.shape[:2], 2), np.float32)
EVERYWHERE = np.ones((SIDE, SIDE), np.float32)
FAR = round(4 * REACH * SIDE) + 2  # px: a difference is drawn no further around


def soft(seed: int, side: int = SIDE) -> np.ndarray:
    """A soft portrait, like a small generator's, uint8 [side, side, 3]."""
    rng = np.random.default_rng(seed)
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / side
    waves = [
        np.sin(2 * np.pi * (rng.uniform(0.5, 2) * x + rng.uniform(0.5, 2) * y + rng.uniform()))
        for _ in range(3)
    ]
    return np.rint(128 + 45 * np.stack(waves, axis=-1)).astype(np.uint8)


def with_strokes(picture: np.ndarray, seed: int) -> np.ndarray:
    strokes = np.random.default_rng(seed).integers(-40, 40, picture.shape)
    return np.clip(picture.astype(int) + strokes, 0, 255).astype(np.uint8)


def over(drawing: Drawing, picture: np.ndarray) -> np.ndarray:
    side = len(picture)
    return drawing.over(picture, Surface.of_square(picture).unit((0, 0, side, side)))


def bulge(strength: float) -> np.ndarray:
    """A field that moves the middle of the square to the right."""
    away = np.linalg.norm(LATTICE.points - 0.5, axis=-1)
    field = np.zeros((*LATTICE.points.shape[:2], 2))
    field[..., 0] = -strength * np.clip(1 - away / 0.35, 0, 1) ** 2
    return field.astype(np.float32)


# Where


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), side=st.sampled_from([16, 64, 128, 512]))
def test_portraits_that_are_equal_draw_nothing(seed: int, side: int):
    portrait = soft(seed, side)
    picture = with_strokes(soft(seed + 1), seed)
    drawing = drawn_by(portrait, portrait, STILL, picture, EVERYWHERE)
    assert not drawing.share.any()
    assert np.array_equal(over(drawing, picture), picture)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), strength=st.floats(-0.06, 0.06))
def test_what_only_moved_is_not_drawn(seed: int, strength: float):
    before, field = soft(seed), bulge(strength)
    after = np.rint(np.clip(moved_square(before, field), 0, 255)).astype(np.uint8)
    picture = with_strokes(before, seed)
    assert np.array_equal(over(drawn_by(before, after, field, picture, EVERYWHERE), picture), picture)


def test_a_square_is_moved_as_its_field_says():
    """By a shift of whole pixels in the middle: sampling there is exact."""
    before = with_strokes(soft(1), 2)
    field = STILL + np.array([4 / SIDE, -8 / SIDE], np.float32)
    moved = moved_square(before, field)
    np.testing.assert_allclose(moved[20:-20, 20:-20], before[12:-28, 24:-16], atol=0.6)


def test_what_is_new_is_drawn_and_far_from_it_the_picture_is_untouched():
    before = soft(1)
    after = before.copy()
    after[80:100, 40:90] = 250  # a grin
    picture = with_strokes(before, 2)
    out = over(drawn_by(before, after, STILL, picture, EVERYWHERE), picture)
    np.testing.assert_array_equal(out[: 80 - FAR], picture[: 80 - FAR])
    np.testing.assert_array_equal(out[:, 90 + FAR :], picture[:, 90 + FAR :])
    assert np.abs(out[86:94, 48:82].astype(int) - 250).mean() < 12  # without the strokes that were there


def test_only_in_its_region():
    before, after = soft(1), 255 - soft(1)
    region = EVERYWHERE.copy()
    region[:, : SIDE // 2] = 0
    picture = with_strokes(before, 2)
    out = over(drawn_by(before, after, STILL, picture, region), picture)
    np.testing.assert_array_equal(out[:, : SIDE // 2 - 2], picture[:, : SIDE // 2 - 2])
    assert np.abs(out[:, SIDE // 2 + 2 :].astype(int) - picture[:, SIDE // 2 + 2 :]).mean() > 30


@pytest.mark.parametrize(
    ("parts", "inside", "outside"),
    [
        (("mouth",), 13, (9, 133)),
        (("glasses",), 168, (152, 13)),
        (("lips", "iris"), 14, (152, 10)),
    ],
)
def test_a_direction_draws_at_the_parts_that_it_touches(
    parts: tuple[str, ...], inside: int, outside: tuple[int, ...]
):
    head = known_face().opened().head
    assert head is not None
    region = region_of(parts, head)

    def there(point: int) -> float:
        x, y = np.floor(head.mesh[point, :2] * len(region)).astype(int)
        return float(region[y, x])

    assert there(inside) > 0.9
    assert [there(point) for point in outside] == pytest.approx([0, 0], abs=0.05)


@pytest.mark.parametrize("parts", [(), ("hair", "mouth"), ("head",)])
def test_parts_without_an_outline_may_be_drawn_anywhere(parts: tuple[str, ...]):
    head = known_face().opened().head
    assert head is not None
    assert (region_of(parts, head) == 1).all()


def test_hair_hangs_anywhere_but_over_eyes_and_mouth():
    head = known_face().opened().head
    assert head is not None
    region = region_of(("hair",), head)
    x, y = np.floor(head.mesh[[159, 386, 14, 10, 234], :2] * len(region)).astype(int).T
    assert region[y, x] == pytest.approx([0, 0, 0, 1, 1], abs=0.05)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), strength=st.floats(-0.05, 0.05))
def test_what_further_edits_move_is_not_drawn(seed: int, strength: float):
    """Portraits that do not show the others' movement leave a picture that moves by it as it is."""
    portrait, others = soft(seed), bulge(strength)
    picture = with_strokes(portrait, seed)
    drawing = drawn_by(portrait, portrait, STILL, picture, EVERYWHERE, others)
    assert not drawing.share.any()


# How


def test_what_is_drawn_over_leaves_no_ghost():
    """A fine line that only the picture has must vanish where something else is drawn."""
    before = np.full((64, 64, 3), 128, np.uint8)
    picture = before.copy()
    picture[30:34, 10:54] = 20
    after = before.copy()
    after[20:44] = 220
    out = over(drawn_by(before, after, STILL, picture, EVERYWHERE), picture).astype(int)
    assert np.abs(out[30:34, 10:54] - out[26:28, 10:54].mean()).max() < 0.2 * 108  # of its old darkness


def test_texture_stays_where_only_tone_changes():
    """Hair made lighter is still the same hair."""
    before = soft(1)
    after = np.clip(before.astype(int) + 25, 0, 255).astype(np.uint8)
    picture = with_strokes(before, 2)
    out = over(drawn_by(before, after, STILL, picture, EVERYWHERE), picture).astype(int)
    assert (out - picture)[8:-8, 8:-8].mean() == pytest.approx(25, abs=2)
    grain = (out - after)[8:-8, 8:-8].astype(float).std()
    assert grain > 0.75 * (picture.astype(int) - before)[8:-8, 8:-8].std()


def test_what_is_drawn_has_the_pictures_tone():
    """The portrait is too dark everywhere; what is drawn must not become a dark patch."""
    before = np.full((64, 64, 3), 100, np.uint8)
    picture = before + 30
    after = before.copy()
    after[20:44, 20:44] = 160
    out = over(drawn_by(before, after, STILL, picture, EVERYWHERE), picture).astype(int)
    assert out[32, 32] == pytest.approx(190, abs=4)
    assert np.array_equal(out[2, 2], picture[2, 2])


def test_a_drawing_has_soft_edges():
    before, after = np.full((SIDE, SIDE, 3), 90, np.uint8), np.full((SIDE, SIDE, 3), 90, np.uint8)
    after[40:90, 40:90] = 200
    picture = np.full((4 * SIDE, 4 * SIDE, 3), 90, np.uint8)
    out = over(drawn_by(before, after, STILL, picture, EVERYWHERE), picture).astype(int)
    assert out[260, 260] == pytest.approx(200, abs=2)
    assert np.abs(np.diff(out, axis=1)).max() <= 110 / 4 * 1.6  # of a pixel of the portrait, four are made
