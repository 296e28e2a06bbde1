"""Selecting a layer that Apply added brings its sliders back, without a projection."""

from __future__ import annotations

from dataclasses import replace

import pytest
from panel_wire import (
    ONE,
    PACK,
    PIXEL,
    PLACEMENT,
    TWO,
    apply,
    find,
    finish_projection,
    open_face,
    progress,
    project,
    show,
)

from anycost.bridge.answer import Fault
from anycost.bridge.messages import Mix, Selected
from anycost.krita_plugin.state.edit_layers import OF_EDIT, LayerName
from anycost.krita_plugin.state.history import Adjustment
from anycost.krita_plugin.state.kept_edit import packed, unpacked, with_key
from anycost.krita_plugin.state.state import PanelState

LAYER = LayerName("1", "the artist's name")
PAINT = LayerName("99", "paint")


def settled(state, wire):
    show(state, state.portrait.stamp)
    while wire.waiting("edit"):
        wire.answer("edit", {"complete": True})


@pytest.fixture
def applied(state, wire, desk):
    """A smile was applied to the one face of "a"; its layer's number is 1."""
    project(state, wire)
    state.set_edit("smile", 0.6)
    settled(state, wire)
    apply(state, wire)
    return state


@pytest.fixture
def later(applied, wire, desk):
    """Krita was started anew and has the same document open; the core is ready."""
    wire.open.clear()
    wire.sent.clear()
    state = PanelState(wire, desk)
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    state.set_document("a")
    return state


def kept_edit(desk):
    (name,) = [name for _, name in desk.kept_bytes if name.startswith(OF_EDIT)]
    return name, unpacked(desk.kept_bytes["a", name])


def take_up(state, wire):
    """Select the layer, and let the core open its face."""
    state.taken_up.look([LAYER])
    wire.answer("picture/open", PLACEMENT)
    wire.answer("picture/restore")
    settled(state, wire)


def test_its_face_and_sliders_come_back_without_a_projection(later, wire, desk):
    assert later.portrait is None
    later.taken_up.look([PAINT])
    later.taken_up.look([LAYER, PAINT])
    assert desk.under == [("a", "1")]
    asked = wire.asked("picture/open")["face"]
    assert list(map(list, asked["eyes"])) == ONE["faces"][0]["eyes"]
    wire.answer("picture/open", PLACEMENT)
    assert wire.asked("picture/restore")["attachment"] == {"format": "f32", "shape": [2, 3]}
    wire.answer("picture/restore")
    assert wire.asked("edit")["edits"] == {"smile": 0.6}
    assert "picture/project" not in wire.sent
    assert later.value("smile") == 0.6
    assert later.portrait is not None
    assert later.portrait.layer.name == "the artist's name"
    later.set_edit("smile", 0.9)
    settled(later, wire)
    apply(later, wire, update=True)
    assert desk.replaced == ["1"]


def test_a_layer_that_apply_put_in_use_does_not_take_the_panel_over(state, wire, desk):
    find(state, wire, TWO)
    for index in (1, 0):
        open_face(state, wire, index)
        state.set_edit("smile", 0.2 + 0.1 * index)
        settled(state, wire)
    front = state.portrait
    state.several.apply_all()
    for layer in ("1", "2"):
        size = {"format": "rgba8", "width": 1, "height": 1}
        wire.answer("picture/apply", {"x": 0, "y": 0, "attachment": size}, PIXEL)
        state.taken_up.look([LayerName(layer, "added")])
        settled(state, wire)
    assert state.portrait is front
    state.taken_up.look([PAINT])
    state.taken_up.look([LayerName("2", "added")])
    assert state.portrait is not front


def test_a_copied_document_whose_layers_have_the_same_ids_brings_the_edit_along(applied, wire, desk):
    """The docker looks now and then: it may not have seen the layer that Apply added in use."""
    for (document, name), data in list(desk.kept_bytes.items()):
        assert document == "a"
        desk.kept_bytes["a copy", name] = data
    applied.set_document("a copy")
    applied.taken_up.look([LAYER])
    assert desk.under == [("a copy", "1")]


def test_copies_inside_a_copied_group_are_known_when_they_are_renamed(later, wire, desk):
    _document, layer, name = desk.layers[0]
    key = kept_edit(desk)[0][len(OF_EDIT) :]
    desk.layers.append(("a", layer, with_key(f"Copy of {name}", key)))
    desk.changed.clear()
    later.taken_up.look([PAINT])
    desk.layers[1] = ("a", layer, "renamed")
    later.taken_up.look([LayerName("2", "renamed")])
    assert desk.under == [("a", "2")]
    assert not desk.changed


@pytest.fixture
def mixed_later(state, wire, desk):
    """A layer takes something of the second face of "a"; Krita was started anew since."""
    find(state, wire, TWO)
    open_face(state, wire, 1)
    other = state.portrait
    open_face(state, wire, 0)
    state.adjust(Adjustment({"smile": 0.6}, Mix(other.key, None, 0.5)))
    settled(state, wire)
    apply(state, wire)
    wire.open.clear()
    later = PanelState(wire, desk)
    later.core.link_ready()
    wire.answer("pack/open", PACK)
    later.set_document("a")
    return later


def test_the_other_face_of_a_mix_comes_back_with_it(mixed_later, wire):
    mixed_later.taken_up.look([LAYER])
    first, second = (face.portrait for face in mixed_later.faces.all)
    assert mixed_later.portrait is first
    assert first.mix.picture == second.key
    asked = []
    for _face in range(2):
        wire.answer("picture/open", PLACEMENT)
        wire.answer("picture/restore")
        asked += [params for method, params, _, _ in wire.open.values() if method == "edit"]
        settled(mixed_later, wire)
    last = [params for params in asked if params["picture"] == first.name][-1]
    assert (last["edits"], last["mix"]["picture"]) == ({"smile": 0.6}, second.name)
    assert not first.unapplied
    assert "picture/project" not in wire.sent[-8:]


def test_a_face_that_is_there_already_is_the_other_one(mixed_later, wire):
    find(mixed_later, wire, TWO)
    open_face(mixed_later, wire, 1)
    other = mixed_later.portrait
    mixed_later.taken_up.look([LAYER])
    assert mixed_later.portrait.mix == Mix(other.key, None, 0.5)
    assert [face.portrait for face in mixed_later.faces.all][1] is other


def test_a_face_of_another_document_does_not_come_along(state, wire, desk):
    project(state, wire)
    other = state.portrait
    state.set_document("b")
    project(state, wire)
    other.picture = replace(other.picture, left=5)
    state.adjust(Adjustment({"smile": 0.6}, Mix(other.key, None, 0.5)))
    settled(state, wire)
    apply(state, wire)
    (kept,) = [unpacked(data) for (_, name), data in desk.kept_bytes.items() if name.startswith(OF_EDIT)]
    assert (kept.mix, kept.other) == (None, None)


def test_the_layer_that_was_just_added_is_the_face_s_already(applied, wire, desk):
    sent = list(wire.sent)
    applied.set_edit("smile", 0.9)
    settled(applied, wire)
    applied.taken_up.look([LAYER])
    assert applied.value("smile") == 0.9
    assert wire.sent == [*sent, "edit"]
    assert desk.under == []


def test_an_older_version_that_an_undo_brought_back_is_not_read_again(applied, wire, desk):
    applied.set_edit("smile", -0.5)
    settled(applied, wire)
    apply(applied, wire, update=True)
    applied.taken_up.look([LayerName("2", "new")])
    assert applied.value("smile") == -0.5
    applied.taken_up.look([LAYER])
    assert applied.value("smile") == 0.6
    assert desk.under == []
    assert applied.portrait.layer.ids == ("1",)


def test_what_the_sliders_said_before_comes_back_with_an_undo(applied, wire):
    applied.set_edit("smile", -0.5)
    settled(applied, wire)
    apply(applied, wire)
    applied.set_edit("age", 0.25)
    applied.taken_up.look([LAYER])
    assert applied.portrait.edits == {"smile": 0.6}
    applied.undo()
    assert applied.portrait.edits == {"smile": -0.5, "age": 0.25}


def test_it_waits_for_the_core(later, wire, desk):
    wire.die(later)
    later.taken_up.look([LAYER])
    assert desk.under == []
    later.core.link_ready()
    wire.answer("pack/open", PACK)
    take_up(later, wire)
    assert later.value("smile") == 0.6


def test_it_waits_for_a_projection(later, wire, desk):
    later.project()
    later.taken_up.look([LAYER])
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    progress(later)
    later.taken_up.look([LAYER])
    assert desk.under == []
    finish_projection(wire)
    settled(later, wire)
    later.taken_up.look([LAYER])
    assert later.value("smile") == 0.6


def test_it_takes_the_place_of_the_face_that_lies_there_and_leaves_others(later, wire, desk):
    find(later, wire, {**TWO, "faces": [*ONE["faces"], TWO["faces"][1]]})
    open_face(later, wire, 1)
    take_up(later, wire)
    assert [face.portrait.edits for face in later.faces.all] == [{"smile": 0.6}, {}]
    assert later.faces.chosen is later.faces.all[0]


def test_another_pack_is_opened_first(later, wire, desk):
    later.core.use_pack("mine")
    wire.answer("pack/open", {**PACK, "name": "mine"})
    name, edit = kept_edit(desk)
    desk.kept_bytes["a", name] = packed(replace(edit, pack="portraits"))
    later.taken_up.look([LAYER])
    assert wire.asked("pack/open") == {"pack": "portraits", "language": "en"}
    later.taken_up.look([LAYER])
    assert desk.under == []
    wire.answer("pack/open", {**PACK, "name": "portraits"})
    take_up(later, wire)
    assert later.value("smile") == 0.6


def test_a_pack_that_is_not_there_is_a_sentence(later, desk):
    name, edit = kept_edit(desk)
    desk.kept_bytes["a", name] = packed(replace(edit, pack="gone"))
    later.taken_up.look([LAYER])
    assert "“gone”" in later.message
    assert later.portrait is None


def test_latents_of_another_model_are_not_used(later, wire, desk):
    name, edit = kept_edit(desk)
    desk.kept_bytes["a", name] = packed(replace(edit, generator="ab12"))
    later.taken_up.look([LAYER])
    assert "another version" in later.message
    assert "picture/open" not in wire.sent
    assert later.value("smile") == 0.6
    assert not later.can_edit
    find(later, wire, ONE)
    wire.answer("picture/open", PLACEMENT)
    finish_projection(wire)
    assert wire.asked("edit")["edits"] == {"smile": 0.6}


@pytest.mark.parametrize("kept", [b"", b"ACKE", b"\0" * 5000])
def test_what_cannot_be_read_is_a_sentence(later, wire, desk, kept):
    name, _ = kept_edit(desk)
    desk.kept_bytes["a", name] = kept
    later.taken_up.look([LAYER])
    assert later.message.startswith("What is kept with this layer cannot be read")
    assert later.portrait is None


def test_latents_that_do_not_fit_are_the_core_s_sentence(later, wire, desk):
    later.taken_up.look([LAYER])
    wire.answer("picture/open", PLACEMENT)
    wire.answer("picture/restore", fault=Fault("bad-value", "These latents do not fit the pack."))
    assert later.message == "These latents do not fit the pack."
    assert not later.can_apply


def test_a_cancelled_projection_is_repeated_shortly(state, wire, desk):
    find(state, wire, ONE)
    wire.answer("picture/open", PLACEMENT)
    progress(state)
    state.cancel()
    wire.answer("picture/project", fault=Fault("cancelled", "Cancelled."))
    state.set_edit("smile", 0.6)
    settled(state, wire)
    apply(state, wire)
    assert kept_edit(desk)[1].latents is None
    wire.open.clear()
    later = PanelState(wire, desk)
    later.core.link_ready()
    wire.answer("pack/open", PACK)
    later.set_document("a")
    later.taken_up.look([LAYER])
    wire.answer("picture/open", PLACEMENT)
    assert wire.asked("picture/project")["seconds"] == 5.0
    assert later.value("smile") == 0.6


def test_a_picture_that_cannot_be_read_is_a_sentence_and_may_be_tried_again(later, wire, desk):
    desk.refuse = "The picture was closed."
    later.taken_up.look([LAYER])
    assert later.message == "The picture was closed."
    assert later.reading is None
    desk.refuse = ""
    later.taken_up.look([PAINT])
    take_up(later, wire)
    assert later.value("smile") == 0.6


def test_a_layer_of_another_document_is_none_here(applied, desk):
    applied.set_document("b")
    applied.taken_up.look([LAYER])
    assert desk.under == []


def test_what_was_selected_comes_back(state, wire, desk):
    project(state, wire)
    state.set_edit("smile", 0.6)
    settled(state, wire)
    state.set_selection((20, 20, 10, 10))
    state.set_only_selected(True)
    desk.selection = Selected(12, 10, 2, 2, b"\0\x80\xff\xff")
    apply(state, wire)
    wire.open.clear()
    later = PanelState(wire, desk)
    later.core.link_ready()
    wire.answer("pack/open", PACK)
    later.set_document("a")
    take_up(later, wire)
    assert later.only_selected
    later.apply(update=True)
    assert wire.asked("picture/apply")["attachment"] == {"format": "gray8", "width": 2, "height": 2}
