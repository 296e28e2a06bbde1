"""Another program opens another model in the same core: nobody edits with one that he did not choose."""

from __future__ import annotations

import pytest
from panel_wire import ONE, PACK, PLACEMENT, Desk, Wire, finish_projection, project, show

from anycost.bridge.answer import Fault
from anycost.krita_plugin.state.state import PanelState

OTHER = {"title": "Mine", "pack_hash": "other"}
REFUSED = Fault("other-pack", "Another program has opened the model.")


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def state(wire):
    """A panel with a projected face whose smile is moved."""
    state = PanelState(wire, Desk())
    state.core.link_ready()
    wire.answer("pack/open", {**PACK, "pack_hash": "own"})
    state.set_document(1)
    project(state, wire)
    state.set_edit("smile", 0.5)
    drawn(state, wire)
    wire.sent.clear()
    return state


def drawn(state, wire):
    """The core draws the edit that waits."""
    show(state, state.portrait.stamp)
    wire.answer("edit", {"complete": True})


def brought_back(wire):
    """The core answers all that a panel asks to have its face again."""
    wire.answer("pack/open", {**PACK, "pack_hash": "own"})
    wire.answer("picture/open", PLACEMENT)
    wire.answer("picture/restore")


def test_requests_name_the_pack_as_it_was_opened(state, wire):
    state.set_edit("smile", 0.75)
    assert wire.asked("edit")["pack_hash"] == "own"
    state.project()
    assert wire.asked("picture/faces")["pack_hash"] == "own"


def test_the_artist_is_told_at_once_and_nothing_is_asked(state, wire):
    state.core.notified("pack/opened", OTHER, b"")
    assert "“Mine”" in state.core.words
    assert wire.sent == []
    assert not state.can_apply
    assert state.can_edit


def test_the_next_edit_opens_the_own_pack_first(state, wire):
    state.core.notified("pack/opened", OTHER, b"")
    state.set_edit("age", 0.25)
    assert wire.sent == ["pack/open", "picture/open"]
    assert wire.asked("pack/open")["pack"] == state.core.pack
    brought_back(wire)
    assert wire.asked("edit")["edits"] == {"smile": 0.5, "age": 0.25}
    assert state.core.words == "Ready"
    assert wire.sent.count("pack/open") == 1


def test_an_edit_that_came_too_late_is_drawn_by_the_own_pack(state, wire):
    """The core refused it before the panel heard of the other pack."""
    state.set_edit("age", 0.25)
    wire.answer("edit", fault=REFUSED)
    assert wire.sent == ["edit", "pack/open", "picture/open"]
    brought_back(wire)
    assert wire.asked("edit")["edits"] == {"smile": 0.5, "age": 0.25}


def test_a_layer_that_was_refused_is_told_of(state, wire):
    state.apply()
    wire.answer("picture/apply", fault=REFUSED)
    assert state.message == REFUSED.message
    assert not state.portrait.applying
    state.set_edit("smile", 0.5)
    brought_back(wire)
    drawn(state, wire)
    assert state.can_apply


def test_a_new_projection_opens_the_own_pack_first(state, wire):
    state.core.notified("pack/opened", OTHER, b"")
    state.project()
    assert wire.sent == ["pack/open", "picture/faces"]
    wire.answer("pack/open", {**PACK, "pack_hash": "own"})
    wire.answer("picture/faces", ONE)
    while wire.waiting("picture/open"):
        wire.answer("picture/open", PLACEMENT)
    finish_projection(wire)


def test_two_panels_do_not_take_turns_by_themselves(state, wire):
    """A refused request brings the own pack back once; what is refused again waits for the artist."""
    state.set_edit("age", 0.25)
    wire.answer("edit", fault=REFUSED)
    wire.answer("pack/open", {**PACK, "pack_hash": "own"})
    state.core.notified("pack/opened", OTHER, b"")
    wire.answer("picture/open", fault=REFUSED)
    assert not wire.open
    assert state.message == REFUSED.message


def test_the_own_pack_is_no_other(state, wire):
    state.core.notified("pack/opened", {"title": "Portraits", "pack_hash": "own"}, b"")
    assert state.core.words == "Ready"
    assert state.can_apply


def test_many_changes_ask_for_the_pack_once_more(state, wire):
    for _ in range(100):
        state.core.notified("packs/changed", {}, b"")
    assert wire.sent == ["pack/open"]
    wire.answer("pack/open", {**PACK, "pack_hash": "own"})
    assert wire.sent == ["pack/open"] * 2
    wire.answer("pack/open", {**PACK, "pack_hash": "own"})
    assert not wire.open


def test_latents_of_weights_that_are_no_more_are_not_used(state, wire):
    """The pack was replaced by another version of the same name."""
    state.core.notified("packs/changed", {}, b"")
    wire.answer("pack/open", {**PACK, "pack_hash": "newer", "generator": "newer"})
    wire.answer("picture/open", PLACEMENT)
    assert wire.waiting("picture/project") == 1
    assert not wire.waiting("picture/restore")
    assert wire.asked("picture/project")["pack_hash"] == "newer"
