"""Sliders that move any head: their file beside heads as it was measured on, and halves of the pack's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_bank import random_bank

from anycost.core.editing.carry.change import TYPICAL
from anycost.core.editing.carry.smile_alone import with_smiles_alone
from anycost.core.faces.reading import CHIN, LEFT_EYE, MOUTH_CORNERS, RIGHT_EYE
from anycost.lab.directions.head_sliders import MEASURED, NAMES, OPEN_EYES, is_head_slider, with_head_sliders
from anycost.lab.heads.moved_heads import slider_tensors
from anycost.models.bank import Bank
from anycost.models.pack import Direction, Pack

NOSTRILS, LIPS_OUTSIDE = (129, 358), (0, 17)  # beside the nose; middle of the upper and the lower lip
# two points that a slider takes apart, across (0) or down (1)
APART = {
    "eye_spacing": (LEFT_EYE[1], RIGHT_EYE[0], 0),
    "nose_width": (*NOSTRILS, 0),
    "mouth_width": (*MOUTH_CORNERS, 0),
    "chin_height": (LIPS_OUTSIDE[1], CHIN, 1),
    "face_length": (LEFT_EYE[0], CHIN, 1),
    "upper_lip": (LIPS_OUTSIDE[0], 13, 1),
}


@pytest.fixture(scope="module")
def own() -> Pack:
    return Pack.open("portraits")


@pytest.fixture(scope="module")
def bank(own: Pack) -> Bank:
    assert own.bank is not None
    return own.bank


def at_end(bank: Bank, name: str, end: int) -> np.ndarray:
    """What a slider moves in the mean at an end, [468, 3]."""
    return bank.effects[name].moves[end, 0]


def test_the_file_says_how_rendered_heads_move(head_data: None, bank: Bank):
    found = slider_tensors(bank.resting, heads=6)
    for slider in MEASURED:
        for end in () if slider.lids else (0, 1):
            measured, kept = found[f"{slider.name}/moves"][end], at_end(bank, slider.name, end)
            apart = np.linalg.norm(measured - kept, axis=1).max()
            assert apart <= 0.25 * np.linalg.norm(measured, axis=1).max(), slider.name


@pytest.mark.parametrize("name", APART)
def test_what_becomes_wider_or_longer_goes_apart(bank: Bank, name: str):
    a, b, axis = APART[name]
    low, high = (at_end(bank, name, end)[:, axis] for end in (0, 1))
    assert high[b] - high[a] > 0.008
    assert low[b] - low[a] < -0.008


def test_looking_up_takes_irises_and_lids_up(bank: Bank):
    gaze = bank.effects["gaze_y"].gaze
    assert (gaze[1, :, 1] < -0.1).all()
    assert (gaze[0, :, 1] > 0.1).all()
    assert at_end(bank, "gaze_y", 1)[159, 1] < -0.005  # the upper lid


def test_each_eye_shuts_alone_however_wide_it_is(bank: Bank):
    """`expression` is in deviations: two to both sides are the narrowest and the widest eyes that count."""
    upper, lower = (159, 386), (145, 374)
    mean, deviation = bank.expression[:, OPEN_EYES]
    for side, name in enumerate(("eye_left", "eye_right")):
        for wide in (-TYPICAL, 0.0, TYPICAL):
            moves = bank.effects[name].moves[0]
            down = (moves[0] + wide * moves[1 + OPEN_EYES])[:, 1]
            closing = [down[a] - down[b] for a, b in zip(upper, lower, strict=True)]
            assert closing[side] == pytest.approx(mean + wide * deviation, rel=0.1)
            assert abs(closing[1 - side]) < 0.001


def test_a_pucker_makes_the_mouth_narrow(bank: Bank):
    left, right = at_end(bank, "pucker", 1)[list(MOUTH_CORNERS)]
    assert right[0] - left[0] < -0.03


@pytest.mark.parametrize(("stem", "of"), [("smile", "smile"), ("brow", "brow_raise")])
def test_both_halves_are_the_whole(own: Pack, bank: Bank, stem: str, of: str):
    whole = with_smiles_alone(bank, {of: 1.0}, {d.name: d for d in own.directions}).effects[of]
    left, right = (bank.effects[f"{stem}_{side}"] for side in ("left", "right"))
    np.testing.assert_allclose(left.moves + right.moves, whole.moves, atol=1e-3)  # half precision
    np.testing.assert_allclose(left.gaze + right.gaze, whole.gaze, atol=1e-3)
    far = np.abs(bank.resting[:, 0]) > 0.12
    sides = np.sign(bank.resting[:, 0])
    assert not left.moves[:, :, far & (sides > 0)].any()
    assert not right.moves[:, :, far & (sides < 0)].any()


def direction(name: str, value: float) -> Direction:
    return Direction(name, name, "Own", -1.0, 1.0, np.full((4, 8), value, np.float32), ("head",), ("moved",))


def test_a_pack_keeps_its_own_and_gets_them_once():
    own = [direction("smile", 1.0), direction("cheeks", 2.0)]
    bank = random_bank(("smile", "cheeks"), 8)
    directions, more = with_head_sliders(own, bank)
    assert directions[:2] == tuple(own)
    without = {"cheeks", "brow_left", "brow_right"}  # there is no slider for both brows to take them from
    assert {d.name for d in directions[2:]} == NAMES - without
    assert all(is_head_slider(d) and d.how == ("moved",) for d in directions[2:])
    assert more.effects["cheeks"] is bank.effects["cheeks"]
    assert set(more.effects) == {d.name for d in directions}
    again, _ = with_head_sliders(directions, replace(more))
    assert [d.name for d in again] == [d.name for d in directions]
