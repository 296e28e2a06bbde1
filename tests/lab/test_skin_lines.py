"""The lines of age and of expressions, from rendered heads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_bank import random_bank

from anycost.core.editing.carry.lines import front_of
from anycost.lab.heads.skin_lines import LIGHTEST, LINED, with_lines
from anycost.models.bank import LINES, Bank
from anycost.models.pack import Pack

FOLD = (205, 425)  # points beside the folds that run from nose to mouth


@pytest.fixture(scope="module")
def lined(head_data: None) -> Bank:
    """A small one: two heads of 128 px, on the default pack's resting face."""
    own = Pack.open("portraits").bank
    assert own is not None
    bank = replace(random_bank(("age", "smile", "smile_left", "smile_right", "jaw"), 8), resting=own.resting)
    return with_lines(bank, pairs=2, side=128)


def test_age_draws_dark_folds_beside_the_mouth(lined: Bank):
    lines = lined.effects["age"].lines
    assert lines is not None
    assert lines.shape == (2, LINES, LINES)
    assert not lines[0].any()
    for point in FOLD:
        x, y = np.round(front_of(lined.resting[point]) * LINES).astype(int)
        assert lines[1, y - 20 : y + 20, x - 20 : x + 20].min() < -0.08


def test_they_swell_little_and_keep_to_the_face(lined: Bank):
    lines = lined.effects["age"].lines
    assert lines is not None
    assert lines.max() <= LIGHTEST
    assert not lines[:, :, :4].any()  # beside the head nothing is known
    lips = np.round(front_of(lined.resting[[13, 14]]) * LINES).astype(int)
    assert not lines[1, lips[:, 1], lips[:, 0]].any()


def test_a_smile_deepens_the_same_folds_less_than_age(lined: Bank):
    age, smile = (lined.effects[name].lines for name in ("age", "smile"))
    assert age is not None
    assert smile is not None
    for point in FOLD:
        x, y = np.round(front_of(lined.resting[point]) * LINES).astype(int)
        near = np.s_[1, y - 20 : y + 20, x - 20 : x + 20]
        assert age[near].min() < smile[near].min() < -0.03


def test_each_side_draws_its_half(lined: Bank):
    whole, left, right = (lined.effects[name].lines for name in ("smile", "smile_left", "smile_right"))
    assert whole is not None
    assert left is not None
    assert right is not None
    np.testing.assert_allclose(left + right, whole, atol=1e-6)
    assert not left[1, :, LINES * 2 // 3 :].any()
    assert not right[1, :, : LINES // 3].any()


def test_lashes_are_no_lines(lined: Bank):
    lids = np.round(front_of(lined.resting[[159, 386]]) * LINES).astype(int)
    lines = lined.effects["smile"].lines
    assert lines is not None
    assert not lines[1, lids[:, 1], lids[:, 0]].any()


def test_only_what_is_listed_has_them(lined: Bank):
    assert lined.effects["jaw"].lines is None
    for said in LINED[:2]:
        np.testing.assert_array_equal(lined.effects[said.name].creases, said.creases)
