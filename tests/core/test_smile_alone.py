"""On pictures far from the pack's world a smile opens no mouth; what opens one still does."""

from __future__ import annotations

import numpy as np
import pytest
from known_face import bank, carrying, known_face, portraits

from anycost.core.editing.carry.change import change_of
from anycost.core.editing.carry.smile_alone import BROADER, with_smiles_alone
from anycost.core.editing.carry.solid_head import unit_height
from anycost.core.faces.reading import LIPS_INSIDE, MOUTH_CORNERS
from anycost.models.bank import Bank
from anycost.models.pack import Direction

UPPER, LOWER = LIPS_INSIDE
DIRECTIONS: dict[str, Direction] = {direction.name: direction for direction in portraits().directions}


def moved(edits: dict[str, float], of: Bank, number: int = 3) -> np.ndarray:
    """Where the points of a known head go, [468, 2] over the face's height."""
    opened = known_face(number).opened()
    assert opened.head is not None
    assert opened.parts is not None
    made = change_of(opened.head, edits, of, DIRECTIONS, opened.parts.colour)
    return made.moved / unit_height(opened.head.mesh)


def parted(points: np.ndarray) -> float:
    return float(points[LOWER, 1] - points[UPPER, 1])


@pytest.mark.parametrize("value", [0.3, 1.0])
def test_a_smile_lifts_the_corners_and_parts_no_lips(value: float):
    edits = {"smile": value}
    plain, alone = moved(edits, bank()), moved(edits, with_smiles_alone(bank(), edits, DIRECTIONS))
    assert parted(plain) > 0.04 * value
    assert abs(parted(alone)) < 0.004
    corners = list(MOUTH_CORNERS)
    assert alone[corners, 1].mean() < min(plain[corners, 1].mean(), 0)
    outwards = alone[corners[1], 0] - alone[corners[0], 0]
    assert outwards > plain[corners[1], 0] - plain[corners[0], 0]
    assert abs(alone[152, 1]) < 0.6 * abs(plain[152, 1])  # the chin does not go down either


def test_a_smile_shows_no_teeth_and_opening_the_mouth_does():
    edits = {"smile": 1.0, "mouth_open": 1.0}
    made = with_smiles_alone(bank(), edits, DIRECTIONS)
    assert made.effects["smile"].teeth[1] == 0
    np.testing.assert_array_equal(made.effects["mouth_open"].moves, bank().effects["mouth_open"].moves)
    assert made.effects["mouth_open"].teeth[1] > 0
    assert parted(moved(edits, made)) > 0.04


def test_corners_that_go_down_are_the_packs_own():
    edits = {"smile": -0.8}
    alone = with_smiles_alone(bank(), edits, DIRECTIONS)
    np.testing.assert_array_equal(moved(edits, alone), moved(edits, bank()))


def test_a_pack_that_opens_no_mouth_keeps_its_smiles():
    without = {name: direction for name, direction in DIRECTIONS.items() if name != "mouth_open"}
    assert with_smiles_alone(bank(), {"smile": 1.0}, without) is bank()


def test_it_is_the_smile_less_the_opening():
    """By the definition, in the mean: point by point where no lips are tied together."""
    smile, opening = bank().effects["smile"].moves[1, 0], bank().effects["mouth_open"].moves[1, 0]
    made = with_smiles_alone(bank(), {"smile": 1.0}, DIRECTIONS).effects["smile"].moves[1, 0]
    share = (smile[LOWER, 1] - smile[UPPER, 1]) / (opening[LOWER, 1] - opening[UPPER, 1])
    cheek = [50, 280, 205, 425, 152]
    np.testing.assert_allclose(made[cheek], BROADER * (smile - share * opening)[cheek], atol=1e-6)


@pytest.mark.parametrize("far", [False, True])
def test_only_far_pictures_smile_alone(far: bool):
    """Of near ones the generator knows the teeth."""
    opened = known_face(3).opened()
    opened.far = far
    made = carrying().planned(opened, {"smile": 1.0})
    assert made.moves is not None
    assert (made.moves.inside is None) == far
    assert (parted(made.change.moved) < 0.002) == far
