"""A batch between a core and a source that are in the test's hands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_wire import NONE, ONE, PACK, PIXEL, PLACEMENT, Desk, Wire, face_at, project

from anycost.bridge.answer import Fault
from anycost.krita_plugin.state.batch import EditBatch, edited_face
from anycost.krita_plugin.state.batch_host import Item, Put
from anycost.krita_plugin.state.edit_layers import LayerName
from anycost.krita_plugin.state.picture import Picture
from anycost.krita_plugin.state.state import PanelState

ITEMS = [Item(f"layer {n}", n) for n in range(3)]


class Shelf:
    """A source whose pictures are all alike."""

    def __init__(self):
        self.put_there = []
        self.finished = 0
        self.missing = set()
        self.refuse = None  # a sentence
        self.full = ""  # why a picture has no place
        self.layer = None  # that each edit gets for itself

    def read(self, item, done, failed):
        if item.key in self.missing:
            failed("there is nothing on it")
        else:
            done(Picture(64, 64, bytes(64 * 64 * 4), document_size=(64, 64)))

    def put(self, item, picture, layer, done, failed):
        if self.refuse is not None:
            failed(self.refuse)
            return
        if not self.full:
            self.put_there.append(item)
        done(Put(self.full, self.layer))

    def finish(self, done, failed):
        self.finished += 1
        done(None)


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def begun(state, wire, shelf):
    """A batch at its first picture; the face in front smiles."""
    return begin(state, wire, shelf)


def begin(state, wire, shelf):
    project(state, wire)
    state.set_edit("smile", 0.5)
    wire.answer("edit", {"complete": True})
    face = edited_face(state)
    assert face is not None
    batch = EditBatch(state, face, shelf, ITEMS, 2.0, lambda: None)
    batch.start()
    return batch


def finish_one(wire, opened=PLACEMENT):
    """Let the core take the picture at work from its faces to its layer."""
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", opened)
    latents = {"stopped": "done", "attachment": {"format": "f32", "shape": [2, 3]}}
    wire.answer("picture/project", latents, b"\0" * 24)
    wire.answer(
        "picture/apply", {"x": 0, "y": 0, "attachment": {"format": "rgba8", "width": 1, "height": 1}}, PIXEL
    )


def come_back(state, wire):
    """Another core, which is told of the face in front first."""
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    wire.answer("picture/open", PLACEMENT)
    wire.answer("picture/restore")
    wire.answer("edit", {"complete": True})


def test_a_layer_that_has_an_edit_to_itself_can_be_taken_up_again(begun, state, wire, shelf):
    shelf.layer = LayerName("own", "Anycost: Smile +0.50 #abcde")
    finish_one(wire)
    layers = state.core.edit_layers
    assert layers.key_of(state.document, shelf.layer) == "abcde"
    kept = layers.edit_of(state.document, "abcde")
    assert kept.edits == {"smile": 0.5}
    assert kept.latents.shape == (2, 3)
    assert (kept.box, kept.placement.x, kept.place, kept.size) == ((0, 0, 64, 64), 32.0, (0, 0), (1, 1))


def test_an_edit_in_a_group_with_others_is_not_kept(begun, state, wire):
    finish_one(wire)
    assert state.core.edit_layers.keys(state.document) == {}


def test_every_picture_is_found_projected_drawn_and_closed_in_turn(begun, wire, shelf):
    for n, item in enumerate(ITEMS):
        assert begun.words() == f"{n + 1} of 3: {item.name}"
        wire.answer("picture/faces", ONE)
        name = wire.asked("picture/open")["picture"]
        wire.answer("picture/open", PLACEMENT)
        assert wire.asked("picture/project") == {"picture": name, "seconds": 2.0, "steps": None}
        wire.answer("picture/project", {"attachment": {"format": "f32", "shape": [2, 3]}}, b"\0" * 24)
        assert wire.asked("picture/apply") == {"picture": name, "edits": {"smile": 0.5}}
        size = {"format": "rgba8", "width": 1, "height": 1}
        wire.answer("picture/apply", {"x": 0, "y": 0, "attachment": size}, PIXEL)
        assert wire.asked("picture/close") == {"picture": name}
        wire.answer("picture/close")
    assert shelf.put_there == ITEMS == begun.done
    assert (begun.over, shelf.finished) == (True, 1)
    assert begun.words() == "3 edits were added."


def test_a_picture_without_a_face_is_left_out_and_told(begun, wire, shelf):
    finish_one(wire)
    wire.answer("picture/faces", NONE)
    finish_one(wire)
    assert shelf.put_there == [ITEMS[0], ITEMS[2]]
    assert begun.words() == "2 edits were added.\nlayer 1: no face was found"


def test_what_cannot_be_read_is_left_out(state, wire, shelf):
    shelf.missing = {0, 1, 2}
    batch = begin(state, wire, shelf)
    assert [item for item, _ in batch.left_out] == ITEMS
    assert batch.over


def test_a_fault_of_one_picture_leaves_that_out(begun, wire, shelf):
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", fault=Fault("bad-value", "This picture is odd."))
    assert begun.left_out == [(ITEMS[0], "This picture is odd.")]
    assert begun.current == ITEMS[1]


def test_sliders_that_do_not_work_on_it(begun, wire):
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", {**PLACEMENT, "limited": ["smile"]})
    assert begun.left_out == [(ITEMS[0], "the sliders do not work on it")]
    assert wire.waiting("picture/close") == 1


def test_of_several_faces_the_nearest_is_taken(begun, wire):
    near = face_at(34.0, 31.0)
    wire.answer("picture/faces", {"faces": [face_at(10.0, 10.0), near, face_at(60.0, 60.0)], "advice": ""})
    assert [list(eye) for eye in wire.asked("picture/open")["face"]["eyes"]] == near["eyes"]


def test_a_place_given_by_hand_serves_where_no_face_is_found(state, wire, shelf):
    project(state, wire)
    face = state.faces.chosen
    face.by_hand = True
    state.set_edit("smile", 0.5)
    EditBatch(state, face, shelf, ITEMS, 2.0, lambda: None).start()
    wire.answer("picture/faces", NONE)
    assert wire.asked("picture/open")["face"] == face.portrait.face.data()


@pytest.mark.parametrize("done", [0, 1, 2])
def test_cancel_keeps_what_is_done(begun, wire, shelf, done):
    for _ in range(done):
        finish_one(wire)
    number = max(wire.open)
    begun.cancel()
    assert wire.cancelled[-1] == number
    assert shelf.put_there == ITEMS[:done]
    assert (begun.over, shelf.finished) == (True, 1)
    wire.answer("picture/faces", ONE)  # too late
    assert wire.waiting("picture/open") == 0
    begun.cancel()
    assert shelf.finished == 1


def test_the_core_s_death_costs_nothing_but_time(state, begun, wire, shelf):
    finish_one(wire)
    wire.answer("picture/faces", ONE)
    wire.die(state)
    assert begun.words() == "Waiting for the core…"
    come_back(state, wire)
    finish_one(wire)
    finish_one(wire)
    assert shelf.put_there == ITEMS


def test_a_picture_at_which_the_core_dies_twice_is_left_out(state, begun, wire):
    for _ in range(2):
        wire.die(state)
        come_back(state, wire)
    assert begun.left_out == [(ITEMS[0], "the core stopped at it")]
    assert begun.current == ITEMS[1]


def test_without_a_core_it_ends_and_keeps_what_is_done(state, begun, wire, shelf):
    finish_one(wire)
    wire.die(state)
    state.core.link_gave_up("No core can be started.")
    assert (begun.over, shelf.put_there, shelf.finished) == (True, ITEMS[:1], 1)
    assert begun.words().startswith("1 edit was added.\nThe core is not running")


def test_what_cannot_be_written_ends_it(begun, wire, shelf):
    shelf.refuse = "The disk is full."
    finish_one(wire)
    assert (begun.over, begun.message, shelf.finished) == (True, "The disk is full.", 1)


def test_a_layer_that_is_gone_is_left_out(begun, wire, shelf):
    shelf.full = "the layer is no longer there"
    finish_one(wire)
    assert begun.left_out == [(ITEMS[0], "the layer is no longer there")]
    assert not begun.over


def test_until_all_is_shown_it_is_not_over(state, begun, wire, shelf):
    waiting = []
    shelf.finish = lambda done, failed: waiting.append((done, failed))
    begun.cancel()
    begun.cancel()
    assert (len(waiting), begun.over, begun.words()) == (1, False, "Adding the edits…")
    waiting[0][1]("The picture was closed.")
    assert (begun.over, begun.done) == (True, [])
    assert begun.words() == "0 edits were added.\nThe picture was closed."


@given(st.lists(st.sampled_from(["done", "no face", "fault", "death"]), max_size=12))
def test_whatever_comes_each_picture_is_done_or_told(course):
    wire, shelf = Wire(), Shelf()
    state = PanelState(wire, Desk())
    state.set_document("a")
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    batch = begin(state, wire, shelf)
    for step in course:
        if batch.over:
            break
        if step == "done":
            finish_one(wire)
        elif step == "no face":
            wire.answer("picture/faces", NONE)
        elif step == "fault":
            wire.answer("picture/faces", fault=Fault("internal", "odd"))
        else:
            wire.die(state)
            come_back(state, wire)
    seen = {item.key for item in batch.done} | {item.key for item, _ in batch.left_out}
    assert len(seen) == len(batch.done) + len(batch.left_out)
    assert seen == set(range(len(seen)))  # in order, none twice, none lost
    assert batch.over == (len(seen) == len(ITEMS))
    batch.cancel()
    assert (batch.over, shelf.finished, shelf.put_there) == (True, 1, batch.done)
