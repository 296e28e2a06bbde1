"""What the panel does when packs and directions change under it."""

from __future__ import annotations

from panel_wire import DIRECTIONS, ONE, PACK, PLACEMENT

from anycost.bridge.answer import Fault
from anycost.krita_plugin.state.state import PanelState

SMILE, AGE = DIRECTIONS
WINK = {"name": "wink", "label": "Wink", "group": "Added", "low": -1.0, "high": 1.0, "default": 0.5}
PROBLEM = 'The direction "bad.safetensors" is left out, since it is damaged: ask its author for another.'


def change(state: PanelState, wire, **pack) -> None:
    state.core.notified("packs/changed", {}, b"")
    wire.answer("pack/open", {**PACK, **pack})


def face(state: PanelState, wire):
    """Project; the face that is open then."""
    state.project()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    assert state.portrait is not None
    return state.portrait


def test_a_direction_that_comes_shows_and_one_that_goes_takes_its_edit(state: PanelState, wire):
    portrait = face(state, wire)
    change(state, wire, directions=[SMILE, WINK, AGE], packs=["portraits", "new"])
    assert [slider.name for slider in state.core.opened.directions] == ["smile", "wink", "age"]
    assert state.core.opened.packs == ("portraits", "new")
    assert state.portrait is portrait
    state.set_edit("wink", 0.25)
    state.set_edit("age", 0.5)
    change(state, wire, directions=[SMILE, {**AGE, "high": 0.3}])
    assert portrait.edits == {"age": 0.3}


def test_a_face_starts_at_the_defaults_once(state: PanelState, wire):
    change(state, wire, directions=[SMILE, WINK])
    assert face(state, wire).edits == {"wink": 0.5}
    state.reset_all()
    assert state.portrait is not None
    assert state.portrait.edits == {}
    wire.answer("picture/project", fault=Fault("cancelled", "It was cancelled."))
    assert face(state, wire).edits == {}


def test_a_problem_is_told_once_and_the_pack_stays(state: PanelState, wire):
    change(state, wire, problems=[PROBLEM])
    assert state.message == PROBLEM
    state.say("")
    change(state, wire, problems=[PROBLEM])
    assert state.message == ""
    state.core.notified("packs/changed", {}, b"")
    wire.answer("pack/open", fault=Fault("pack", "The pack is gone: get it again."))
    assert state.message == "The pack is gone: get it again."
    assert state.core.connected
    assert state.core.words == "Ready"


def test_without_a_connection_nothing_is_asked(state: PanelState, wire):
    wire.die(state)
    state.core.notified("packs/changed", {}, b"")
    assert wire.waiting("pack/open") == 0
