"""Apply: what the core is asked for, what the host gets, and when there is nothing to apply."""

from __future__ import annotations

from panel_wire import PACK, PIXEL, PLACEMENT, TWO, apply, find, finish_projection, open_face, project

from anycost.bridge.answer import Fault
from anycost.bridge.messages import Layer

FAR = {**PLACEMENT, "advice": "This is a photograph.", "limited": ["age"]}


def test_apply_names_the_layer_and_places_it(state, wire, desk):
    project(state, wire)
    state.set_edit("smile", 0.6)
    state.set_edit("age", -0.3)
    state.apply()
    assert not state.can_apply
    assert state.status() == "Drawing the layer…"
    assert wire.asked("picture/apply")["edits"] == {"smile": 0.6, "age": -0.3}
    size = {"format": "rgba8", "width": 2, "height": 1}
    wire.answer("picture/apply", {"x": 5, "y": 7, "attachment": size}, PIXEL * 2)
    assert desk.layers == [("a", Layer(5, 7, 2, 1, PIXEL * 2), "Anycost: Smile +0.60, Age −0.30")]
    assert state.can_apply


def test_a_layer_that_cannot_be_written_is_a_sentence_and_the_state_is_kept(state, wire, desk):
    project(state, wire)
    state.set_edit("smile", 0.6)
    desk.refuse = "The disk is full: make room, then apply again."
    apply(state, wire)
    assert state.message == desk.refuse
    assert state.value("smile") == 0.6
    assert state.can_apply


# Nothing to apply


def test_with_every_slider_at_zero_nothing_is_sent(state, wire, desk):
    project(state, wire)
    assert not state.can_apply
    state.apply()
    state.set_edit("smile", 0.6)
    assert state.can_apply
    state.set_edit("smile", 0.0)
    state.apply()
    assert "picture/apply" not in wire.sent
    assert desk.layers == []
    assert state.message == ""


def test_an_edit_that_changes_nothing_is_a_sentence_and_no_layer(state, wire, desk):
    project(state, wire)
    state.set_edit("smile", 0.01)
    state.apply()
    wire.answer("picture/apply", fault=Fault("no-change", "The edit changes nothing: move a slider further."))
    assert state.message == "The edit changes nothing: move a slider further."
    assert desk.layers == []
    assert state.can_apply


# Pictures that are far from what the pack draws


def project_far(state, wire):
    state.project()
    wire.answer("picture/faces", {"faces": TWO["faces"][:1]})
    wire.answer("picture/open", FAR)
    finish_projection(wire)
    wire.answer("edit", {"complete": True})


def test_a_far_picture_has_advice_and_sliders_that_do_not_work(state, wire):
    assert (state.advice, state.limited) == ("", ())
    project_far(state, wire)
    assert state.advice == "This is a photograph."
    assert state.limited == ("age",)


def test_a_limited_value_is_kept_but_has_no_effect(state, wire, desk):
    project(state, wire)
    state.set_edit("age", 0.5)
    wire.answer("edit", {"complete": True})
    project_far(state, wire)
    assert state.value("age") == 0.5
    assert not state.can_apply
    state.set_edit("smile", 0.6)
    assert wire.asked("edit")["edits"] == {"smile": 0.6}
    apply(state, wire)
    assert desk.layers[0][2] == "Anycost: Smile +0.60"


def test_advice_belongs_to_the_face_and_to_the_pack(state, wire):
    find(state, wire, TWO)
    state.pick(state.faces.all[0])
    wire.answer("picture/open", FAR)
    finish_projection(wire)
    wire.answer("edit", {"complete": True})
    open_face(state, wire, 1)
    assert (state.advice, state.limited) == ("", ())
    state.pick(state.faces.all[0])
    assert state.limited == ("age",)
    state.core.use_pack("mine")
    wire.answer("pack/open", PACK)
    assert (state.advice, state.limited) == ("", ())
    state.core.use_pack("portraits")
    wire.answer("pack/open", PACK)
    assert state.limited == ("age",)


def test_advice_belongs_to_the_document_in_front(state, wire):
    project_far(state, wire)
    state.set_document("b")
    assert (state.advice, state.limited) == ("", ())
