"""Variations and mixing: what they make of sliders, and what the core is asked for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_wire import (
    DIRECTIONS,
    PACK,
    PLACEMENT,
    TWO,
    face_at,
    find,
    finish_projection,
    open_face,
    project,
    show,
)

from anycost.bridge.answer import Answer, Fault
from anycost.bridge.messages import Mix, Slider
from anycost.krita_plugin.state.history import Adjustment, PastState
from anycost.krita_plugin.state.mixing import BANDS, Mixing, MixSource, band_of, toward
from anycost.krita_plugin.state.variations import MADE_UP, REACH, SMALL, Variations, varied

SLIDERS = [
    Slider(f"s{n}", f"S{n}", group, -0.5, 1.0)
    for n, group in enumerate(["Pose", "Shape", "Shape", "Expression", "Hair", "Hair", "Light", "Person"] * 3)
]
SEEDS = st.integers(0, 2**32 - 1)
PICTURE = bytes(4 * SMALL * SMALL)
SIZE = {"attachment": {"format": "rgba8", "width": SMALL, "height": SMALL}}


@settings(max_examples=40)
@given(SEEDS, st.floats(0, 1), st.sets(st.sampled_from(["Pose", "Shape", "Hair", MADE_UP])), st.booleans())
def test_a_variation_stays_in_the_ranges_and_leaves_locked_groups(seed, strength, locked, draws):
    base = Adjustment({"s0": 0.9, "s1": -0.5, "s4": 0.25})
    made = varied(base, seed, strength, SLIDERS, locked, draws)
    assert made == varied(base, seed, strength, SLIDERS, locked, draws)
    steps = []
    for slider in SLIDERS:
        before, now = base.edits.get(slider.name, 0.0), made.edits.get(slider.name, 0.0)
        assert slider.low <= now <= slider.high
        if slider.group in locked:
            assert now == before
        steps.append((now - before) / (slider.high if now > before else -slider.low))
    assert math.hypot(*steps) <= strength * REACH + 0.1  # rounded to two digits
    mixes = draws and strength > 0 and MADE_UP not in locked
    assert (made.mix is not None) == mixes
    assert made.mix is None or made.mix.seed == seed


def test_seeds_differ_and_strength_goes_further_the_same_way():
    base = Adjustment()
    near, far = (varied(base, 7, strength, SLIDERS) for strength in (0.2, 0.4))
    assert near.edits.keys() == far.edits.keys()
    assert near.edits
    for name, value in near.edits.items():
        assert far.edits[name] == pytest.approx(2 * value, abs=0.011)
    assert varied(base, 8, 0.4, SLIDERS) != far


def test_the_same_seeds_in_every_version():
    """A seed is written into histories: it must bring the same face next year."""
    assert varied(Adjustment(), 1, 1.0, SLIDERS[:6]).edits == {"s2": 0.47, "s3": 1.0}


def test_a_face_that_is_made_up_already_stays():
    mix = Mix(None, 3, 0.5, 0.0, 0.0)
    assert varied(Adjustment({}, mix), 9, 1.0, SLIDERS, (), True).mix == mix


@pytest.fixture
def variations(state, wire):
    project(state, wire)
    return Variations(state)


def test_pictures_are_asked_for_one_at_a_time_and_disturb_nothing(state, wire, variations):
    state.set_edit("age", 0.5)
    sent = wire.sent.count("edit")
    variations.make([1, 2, 3, 4])
    assert len(variations.all) == variations.count == 6
    for number in range(6):
        assert wire.waiting("picture/thumbnail") == 1
        asked = wire.asked("picture/thumbnail")
        assert asked["edits"] == variations.all[number].adjustment.edits
        wire.answer("picture/thumbnail", SIZE, PICTURE)
    assert wire.waiting("picture/thumbnail") == 0
    assert all(one.picture is not None for one in variations.all)
    assert [one.seed for one in variations.all][:4] == [1, 2, 3, 4]
    assert state.portrait.edits == {"age": 0.5}
    assert wire.sent.count("edit") == sent
    variations.take(variations.all[1])
    assert state.portrait.edits == variations.all[1].adjustment.edits
    assert state.history.states[0].adjustment == variations.all[1].adjustment
    state.undo()
    assert state.portrait.edits == {"age": 0.5}


def test_seeds_come_again(state, wire, variations):
    variations.make()
    seeds = [one.seed for one in variations.all]
    assert len(set(seeds)) == 6
    variations.set_strength(0.1)
    assert [one.seed for one in variations.all] == seeds
    variations.make()
    assert [one.seed for one in variations.all] != seeds
    assert variations.can_go_back
    variations.back()
    assert [one.seed for one in variations.all] == seeds
    variations.set_count(9)
    assert [one.seed for one in variations.all][:6] == seeds
    variations.set_count(4)
    assert [one.seed for one in variations.all] == seeds[:4]


def test_new_variations_cancel_the_picture_that_is_awaited(state, wire, variations):
    variations.make()
    first = next(number for number, entry in wire.open.items() if entry[0] == "picture/thumbnail")
    variations.make()
    assert wire.cancelled == [first]
    wire.open.pop(first)[2](Answer({}, b"", Fault("cancelled", "")))
    assert wire.waiting("picture/thumbnail") == 1
    variations.clear()
    assert variations.all == []


def test_a_locked_group_stays_and_another_face_clears_them(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 0)
    variations = Variations(state)
    variations.make()
    variations.lock("Face", True)
    assert all("age" not in one.adjustment.edits for one in variations.all)
    assert variations.groups == ["Expression", "Face", MADE_UP]
    open_face(state, wire, 1)
    assert variations.all == []


# Mixing


def test_sliders_of_each_band_go_toward_a_state():
    amounts = {"coarse": 1.0, "middle": 0.5, "fine": 0.0}
    here, there = {"s0": 0.2, "s3": 0.4, "s4": 0.6}, {"s1": 0.5, "s3": -0.2, "s4": 0.1}
    assert toward(here, there, amounts, SLIDERS) == {"s1": 0.5, "s3": pytest.approx(0.1), "s4": 0.6}
    assert {band_of(slider) for slider in SLIDERS} == set(BANDS)


@settings(max_examples=30)
@given(
    st.dictionaries(st.sampled_from([s.name for s in SLIDERS]), st.integers(-50, 100).map(lambda x: x / 100))
)
def test_all_of_a_state_is_the_state(there):
    whole, nothing = dict.fromkeys(BANDS, 1.0), dict.fromkeys(BANDS, 0.0)
    nonzero = {name: value for name, value in there.items() if value}
    assert toward({"s0": 0.5}, there, whole, SLIDERS) == nonzero
    assert toward(nonzero, {"s0": 0.5}, nothing, SLIDERS) == nonzero


def test_a_state_is_mixed_in_by_its_sliders(state, wire):
    project(state, wire)
    mixing = Mixing(state)
    state.set_edit("smile", 0.4)
    mixing.choose(MixSource(state=PastState(Adjustment({"smile": 1.0, "age": 0.5}))))
    assert state.portrait.edits == {"smile": 0.4}
    mixing.set_amount("middle", 0.25, dragging=True)
    mixing.set_amount("middle", 0.5)
    assert state.portrait.edits == {"smile": pytest.approx(0.7), "age": 0.25}
    assert mixing.amount("middle") == 0.5
    state.set_edit("age", 0.9)
    mixing.set_amount("middle", 1.0)  # from how it is now
    assert state.portrait.edits == {"smile": 1.0, "age": 0.5}
    mixing.choose(None)
    assert state.portrait.edits == {"smile": pytest.approx(0.7), "age": 0.9}
    assert mixing.source is None


def test_another_face_is_named_as_the_core_knows_it(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 1)
    other = state.portrait
    open_face(state, wire, 0)
    mixing = Mixing(state)
    assert mixing.faces == [other]
    mixing.choose(MixSource(face=other))
    show(state, state.portrait.stamp)
    wire.answer("edit", {"complete": True})
    mixing.set_amount("fine", 0.75)
    assert wire.asked("edit")["mix"] == {
        "picture": other.name,
        "seed": None,
        "coarse": 0.0,
        "middle": 0.0,
        "fine": 0.75,
    }
    assert state.changes
    assert state.layer_name(state.portrait) == "Anycost: Mixed"
    state.apply()
    assert wire.asked("picture/apply")["mix"]["picture"] == other.name
    state.undo()
    assert state.portrait.mix.fine == 0.0
    mixing.choose(None)
    assert state.portrait.mix is None


def test_a_mix_outlives_the_core_and_a_new_projection_of_the_other_face(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 1)
    other = state.portrait
    open_face(state, wire, 0)
    Mixing(state).choose(MixSource(face=other))
    Mixing(state).set_amount("coarse", 1.0)
    wire.die(state)
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    wire.answer("picture/open", PLACEMENT)  # the face in front...
    wire.answer("picture/restore")
    assert wire.asked("edit")["mix"] is None  # ...cannot have it before the other one is back
    wire.answer("picture/open", PLACEMENT)
    wire.answer("picture/restore")
    wire.answer("edit", {"complete": True})
    edits = [params for method, params, _, _ in wire.open.values() if method == "edit"]
    assert any(edit["mix"] and edit["mix"]["picture"] == other.name for edit in edits)
    again = other.again()
    assert again.name != other.name
    assert again.key == other.key == state.portrait.mix.picture


def test_a_made_up_face_is_not_mixed_into_a_picture_that_is_far(state, wire):
    state.project()
    wire.answer("picture/faces", {"faces": [face_at(32.0, 30.0)], "advice": ""})
    wire.answer("picture/open", {**PLACEMENT, "advice": "Far.", "drawn": False})
    finish_projection(wire)
    show(state, state.portrait.stamp)
    wire.answer("edit", {"complete": True})
    mixing = Mixing(state)
    assert not mixing.can_make_up
    assert MADE_UP not in Variations(state).groups
    state.adjust(Adjustment({}, Mix(None, 5, 1.0, 1.0, 1.0)))  # from a preset of another picture
    assert not state.changes
    assert wire.asked("edit")["mix"] is None


def test_the_directions_of_the_wire_have_bands():
    assert {band_of(Slider.of(one)) for one in DIRECTIONS} == {"middle"}
