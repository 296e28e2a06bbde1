"""Apply: what the core is asked for, what the host gets, and when there is nothing to apply."""

from __future__ import annotations

import pytest
from panel_wire import PACK, PIXEL, PLACEMENT, TWO, apply, find, finish_projection, open_face, project

from anycost.bridge.answer import Fault
from anycost.bridge.messages import Layer, Placement, Selected
from anycost.krita_plugin.state.layer_place import LayerPlace
from anycost.krita_plugin.state.picture import Edge, Picture, square_box
from anycost.krita_plugin.state.state import PanelState

ONE_PIXEL = {"x": 0, "y": 0, "attachment": {"format": "rgba8", "width": 1, "height": 1}}
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


# Add a layer, or update the face's own


def test_a_layer_is_added_or_the_last_one_updated(state, wire, desk):
    project(state, wire)
    state.set_edit("smile", 0.6)
    assert not state.applying.can_update
    apply(state, wire)
    apply(state, wire)
    assert desk.replaced == []
    assert state.applying.can_update
    apply(state, wire, update=True)
    assert desk.replaced == [2]
    apply(state, wire, update=True)
    assert desk.replaced == [2, 3]  # undo may have brought an older version back
    apply(state, wire)
    assert desk.replaced == []


def test_each_face_updates_its_own_layer(state, wire, desk):
    find(state, wire, TWO)
    for index in (0, 1):
        open_face(state, wire, index)
        state.set_edit("smile", 0.6)
        wire.answer("edit", {"complete": True})
        apply(state, wire)
    state.pick(state.faces.all[0])
    apply(state, wire, update=True)
    assert desk.replaced == [1]


def test_a_refused_update_may_be_tried_again(state, wire, desk):
    project(state, wire)
    state.set_edit("smile", 0.6)
    apply(state, wire)
    desk.refuse = "The disk is full."
    apply(state, wire, update=True)
    assert state.message == "The disk is full."
    desk.refuse = ""
    apply(state, wire, update=True)
    assert desk.replaced == [1]


def test_a_picture_read_again_keeps_its_layer(state, wire, desk):
    """It does not show the layer: the sliders say all that the layer does."""
    project(state, wire)
    state.set_edit("smile", 0.6)
    wire.answer("edit", {"complete": True})
    apply(state, wire)
    project(state, wire)
    apply(state, wire, update=True)
    assert desk.replaced == [1]


def test_where_new_layers_go_is_kept(state, wire, desk):
    assert state.applying.place is LayerPlace.TOP
    state.applying.set_place(LayerPlace.ABOVE)
    project(state, wire)
    state.set_edit("smile", 0.6)
    apply(state, wire)
    assert desk.place is LayerPlace.ABOVE
    again = PanelState(wire, desk, settings=state.settings)
    assert again.applying.place is LayerPlace.ABOVE


# Only in the selection

MASK = Selected(12, 10, 2, 2, b"\0\x80\xff\xff")


@pytest.fixture
def selecting(state, wire, desk):
    """A slider is moved, a part of the document is selected, and Apply is to keep to it."""
    project(state, wire)
    state.set_edit("smile", 0.6)
    state.set_selection((20, 20, 10, 10))
    state.set_only_selected(True)
    desk.selection = MASK
    return state


def test_apply_sends_what_is_selected_of_the_face(selecting, wire, desk):
    selecting.set_edge(Edge(-3, 8))
    selecting.apply()
    assert desk.asked == [((12, 10, 40, 40), Edge(-3, 8))]  # the face's square
    asked = wire.asked("picture/apply")
    assert (asked["x"], asked["y"]) == (12, 10)
    assert asked["attachment"] == {"format": "gray8", "width": 2, "height": 2}
    assert wire.open[max(wire.open)][3] == MASK.mask


@pytest.mark.parametrize("why", ["unchecked", "deselected", "deselected a moment ago"])
def test_without_a_selection_the_whole_edit_is_applied(selecting, wire, desk, why):
    if why == "unchecked":
        selecting.set_only_selected(False)
    elif why == "deselected":
        selecting.set_selection(None)
    desk.selection = None
    selecting.apply()
    assert set(wire.asked("picture/apply")) == {"picture", "edits"}


def test_a_new_group_gets_the_selection_as_its_mask_and_the_whole_edit(selecting, wire, desk):
    selecting.applying.set_place(LayerPlace.GROUP)
    selecting.apply()
    assert "attachment" not in wire.asked("picture/apply")
    wire.answer("picture/apply", ONE_PIXEL, PIXEL)
    assert (desk.place, desk.mask) == (LayerPlace.GROUP, MASK)
    selecting.apply(update=True)  # the mask is the artist's now
    assert "attachment" not in wire.asked("picture/apply")


def test_an_update_keeps_to_what_was_selected(selecting, wire, desk):
    apply(selecting, wire)
    selecting.set_selection(None)
    selecting.apply(update=True)
    assert wire.asked("picture/apply")["attachment"] == {"format": "gray8", "width": 2, "height": 2}
    wire.answer("picture/apply", ONE_PIXEL, PIXEL)
    selecting.set_only_selected(False)
    selecting.apply(update=True)
    assert "attachment" not in wire.asked("picture/apply")


def test_a_selection_beside_the_face_is_a_sentence(selecting, wire, desk):
    desk.selection = Selected(12, 10, 2, 1, bytes(2))
    selecting.apply()
    assert selecting.message.startswith("Nothing of the face is selected")
    assert "picture/apply" not in wire.sent
    assert selecting.can_apply


def test_a_selection_that_cannot_be_read_is_a_sentence(selecting, wire, desk):
    desk.refuse = "The picture was closed: open it again and press Project."
    selecting.apply()
    assert selecting.message == desk.refuse
    assert selecting.can_apply


def test_what_is_applied_is_what_was_set_when_apply_was_pressed(selecting, wire, desk):
    answers = []
    desk.selected = lambda document, picture, box, edge, done, failed: answers.append(done)
    selecting.apply()
    assert not selecting.can_apply
    assert selecting.status() == "Drawing the layer…"
    selecting.set_edit("smile", 0.9)
    answers[0](MASK)
    assert wire.asked("picture/apply")["edits"] == {"smile": 0.6}


def test_a_core_lost_while_the_selection_is_read_is_not_asked(selecting, wire, desk):
    answers = []
    desk.selected = lambda document, picture, box, edge, done, failed: answers.append(done)
    selecting.apply()
    wire.die(selecting)
    answers[0](MASK)
    assert "picture/apply" not in wire.sent
    assert "apply again" in selecting.message


def test_the_choice_holds_for_the_next_document(selecting):
    selecting.set_edge(Edge(4, 5))
    selecting.set_document("b")
    assert (selecting.only_selected, selecting.edge) == (True, Edge(4, 5))


@pytest.mark.parametrize(
    ("placement", "box"),
    [
        (Placement(50.0, 40.0, 20.0), (40, 30, 20, 20)),
        (Placement(50.0, 40.0, 20.0, 45.0), (35, 25, 30, 30)),
        (Placement(5.0, 95.0, 30.0), (0, 80, 20, 20)),
    ],
)
def test_the_box_of_a_square_keeps_to_the_picture(placement, box):
    picture = Picture(100, 100, bytes(40_000), left=7, top=5, factor=3)
    assert square_box(picture, placement) == box
    left, top, width, height = box
    assert picture.in_document(box) == (7 + 3 * left, 5 + 3 * top, 3 * width, 3 * height)
