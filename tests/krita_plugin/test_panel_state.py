"""The panel's state without Qt: what is sent, what is shown, what survives the core."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_wire import (
    DIRECTIONS,
    NONE,
    ONE,
    PACK,
    PIXEL,
    PLACEMENT,
    TWO,
    face_at,
    find,
    finish_projection,
    open_face,
    progress,
    project,
    show,
    show_part,
)

from anycost.bridge.answer import Fault
from anycost.bridge.messages import Frame, Placement, Progress, Slider
from anycost.bridge.protocol import MAX_ATTACHMENT, MAX_SIDE
from anycost.krita_plugin.state.document_faces import View
from anycost.krita_plugin.state.picture import (
    HostError,
    Picture,
    check_size,
    reduction,
    region_of,
    with_surroundings,
)
from anycost.krita_plugin.state.portrait import frame_words, progress_words
from anycost.krita_plugin.state.state import PanelState


def as_lists(face):
    """A face's points as they travel."""
    return {name: [list(point) for point in points] for name, points in face.items()}


def test_words_of_frame_and_projection():
    assert (
        frame_words(Frame("p", 1, 2, 3, 128, 0.5, 31.4, 1, 1, PIXEL, 128))
        == "Pass 2/3 · 128 px · ×0.5 · 31 ms"
    )
    assert frame_words(Frame("p", 1, 1, 1, 64, None, 8.6, 1, 1, PIXEL, 64)) == "Pass 1/1 · 64 px · 9 ms"
    assert (
        frame_words(Frame("p", 1, 3, 3, 256, 1.0, 120.0, 1, 1, PIXEL, 256))
        == "Pass 3/3 · 256 px · ×1 · 120 ms"
    )
    assert progress_words(Progress("p", 40, 100, 0.1834)) == "Projecting 40/100 · loss 0.18"


def test_words_of_a_part():
    part = Frame("p", 1, 2, 4, 128, 1.0, 31.4, 1, 1, PIXEL, 128, whole=False)
    assert frame_words(part) == "Pass 2/4 · selection · 128 px · ×1 · 31 ms"


def test_projecting_walks_from_reading_to_sliders(state, wire):
    assert state.can_project
    assert not state.can_edit
    state.project()
    assert state.status() == "Looking for faces…"
    assert state.busy
    assert len(wire.open[max(wire.open)][3]) == 64 * 64 * 4
    wire.answer("picture/faces", ONE)
    assert state.status() == "Opening the face…"
    points = {"eyes": [[27.0, 25.0], [37.0, 25.0]], "mouth": [[30.0, 35.0], [34.0, 35.0]]}
    assert as_lists(wire.asked("picture/open")["face"]) == points
    wire.answer("picture/open", PLACEMENT)
    assert state.portrait.placement.size == 40.0
    assert not state.can_edit
    progress(state)
    assert state.status() == "Projecting 40/100 · loss 0.18"
    assert state.can_edit  # the encoder's answer can be edited while the projection goes on
    finish_projection(wire)
    assert not state.busy
    assert wire.asked("edit")["dragging"] is False


def test_one_edit_in_flight_and_the_newest_follows(state, wire):
    project(state, wire)
    for value in (0.1, 0.2, 0.3):
        state.set_edit("smile", value, dragging=True)
    assert wire.asked("edit")["edits"] == {"smile": 0.1}
    show(state, wire.asked("edit")["stamp"])
    edits = [params for method, params, _, _ in wire.open.values() if method == "edit"]
    assert [e["edits"]["smile"] for e in edits] == [0.1, 0.3]  # seen: the newest may interrupt the refinement
    state.set_edit("smile", 0.3, dragging=False)
    wire.answer("edit", {"complete": False})
    assert wire.waiting("edit") == 1  # 0.3 was not seen yet
    wire.answer("edit", {"complete": True})
    assert wire.asked("edit")["dragging"] is False


def test_what_a_slider_cannot_reach_is_no_edit(state, wire):
    directions = [{**direction, "low": 0.0} for direction in DIRECTIONS]
    project(state, wire)
    state.core.opened = replace(state.core.opened, directions=tuple(map(Slider.of, directions)))
    state.set_edit("smile", -0.4)
    assert state.portrait.edits == {}
    state.set_edit("smile", 1.7)
    assert state.portrait.edits == {"smile": DIRECTIONS[0]["high"]}


def test_frames_older_than_the_screen_are_dropped(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.5)
    newest = wire.asked("edit")["stamp"]
    show(state, newest, index=2)
    show(state, newest - 1, index=3)
    assert (state.portrait.frame.stamp, state.portrait.frame.index) == (newest, 2)
    show(state, newest, index=3)
    assert state.portrait.frame.index == 3


def test_a_frame_that_lies_about_its_size_is_refused(state, wire):
    project(state, wire)
    before = state.portrait.frame
    size = {"format": "rgba8", "width": 64, "height": 64}
    params = {
        "picture": state.portrait.name,
        "stamp": 99,
        "pass": 1,
        "passes": 1,
        "resolution": 64,
        "side": 64,
    }
    state.core.notified("frame", {**params, "ratio": 1, "ms": 1, "attachment": size}, PIXEL)
    assert state.portrait.frame is before
    assert "anycost plugin install" in state.message


# The selection, and the artist's speed


def test_the_selection_is_sent_where_it_lies_on_the_face(state, wire):
    state.set_selection((22, 20, 20, 10))  # the face's square is 12..52 x 10..50
    project(state, wire)
    state.set_edit("smile", 0.5, dragging=True)
    assert wire.asked("edit")["region"] == pytest.approx([0.25, 0.25, 0.75, 0.5])
    wire.answer("edit", {"complete": True})
    state.set_selection((0, 0, 8, 8))  # beside it
    state.set_edit("smile", 0.6)
    assert wire.asked("edit")["region"] is None
    wire.answer("edit", {"complete": True})
    state.set_selection(None)
    state.set_edit("smile", 0.7)
    assert wire.asked("edit")["region"] is None


def test_a_selection_is_that_of_the_document_in_front(state, wire, desk):
    project(state, wire)
    state.set_selection((22, 20, 20, 10))
    state.set_document("b")
    assert state.selection is None
    state.project()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    state.set_selection((22, 20, 20, 10))
    state.set_document("a")
    finish_projection(wire)  # of the document behind
    assert wire.asked("edit")["region"] is None


def test_the_speed_is_sent_with_every_edit(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.5)
    assert wire.asked("edit")["frame_ms"] == 80.0
    wire.answer("edit", {"complete": True})
    state.frame_ms = 33.0
    state.set_edit("smile", 0.6)
    assert wire.asked("edit")["frame_ms"] == 33.0


def test_a_part_lies_over_the_whole_frame_of_its_stamp_until_the_last(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.5)
    portrait = state.portrait
    stamp = portrait.stamp
    show_part(state, stamp)
    assert portrait.part is None  # what is on screen is of an older stamp
    show(state, stamp, index=1)
    show_part(state, stamp)
    shown = [portrait.frame, portrait.part]
    assert [frame and (frame.index, frame.whole) for frame in shown] == [(1, True), (2, False)]
    assert "selection" in state.status()
    show(state, stamp, index=2)  # whole, by a middle rung: the part is still the better one
    assert portrait.part is not None
    show(state, stamp, index=3)
    assert portrait.part is None
    assert "selection" not in state.status()


def test_a_newer_frame_takes_the_older_part_away(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.5, dragging=True)
    stamp = state.portrait.stamp
    show(state, stamp)
    show_part(state, stamp, passes=2)
    state.set_edit("smile", 0.6, dragging=True)
    assert state.portrait.part is not None  # until there is something newer to see
    show(state, stamp + 1)
    assert state.portrait.part is None
    show_part(state, stamp)
    assert state.portrait.part is None


def test_a_part_that_lies_about_its_size_is_refused(state, wire):
    project(state, wire)
    show_part(state, state.portrait.stamp, side=0)
    assert state.portrait.part is None
    assert "anycost plugin install" in state.message


BOXES = st.tuples(st.integers(-50, 150), st.integers(-50, 150), st.integers(1, 200), st.integers(1, 200))


@given(
    box=BOXES,
    at=st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(20, 150), st.floats(-60, 60)),
    factor=st.integers(1, 3),
)
def test_a_region_holds_what_of_the_box_lies_on_the_face_and_little_else(box, at, factor):
    picture = Picture(100, 100, bytes(40000), left=7, top=5, factor=factor, document_size=(310, 310))
    found = region_of(box, picture, Placement(*at))
    steps = np.linspace(0, 1, 30)
    points = np.stack(np.meshgrid(steps, steps), axis=-1) * box[2:] + box[:2]  # [30, 30, 2], document
    unit = np.stack(Placement(*at).to_unit(*np.moveaxis((points - (7, 5)) / factor, -1, 0)), axis=-1)
    on_face = unit[((unit > 0) & (unit < 1)).all(axis=-1)]
    if found is None:
        assert len(on_face) == 0
        return
    left, top, right, bottom = found
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    for points, low, high in ((unit[..., 0], left, right), (unit[..., 1], top, bottom)):
        assert low == pytest.approx(max(0, points.min()), abs=1e-6)
        assert high == pytest.approx(min(1, points.max()), abs=1e-6)


def test_a_core_s_death_keeps_picture_latents_and_sliders(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.7)
    state.set_edit("age", -0.2)
    wire.die(state)
    assert not state.core.connected
    assert state.can_edit
    state.set_edit("age", -0.4)  # the artist goes on meanwhile
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    wire.answer("picture/open", PLACEMENT)
    assert [entry[3] for entry in wire.open.values()] == [b"\0" * 24]  # picture/restore's latents
    wire.answer("picture/restore")
    assert wire.asked("edit")["edits"] == {"smile": 0.7, "age": -0.4}
    assert wire.sent.count("picture/project") == 1


def test_a_core_that_dies_while_projecting_says_so(state, wire):
    state.project()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    progress(state)
    wire.die(state)
    assert "press Project" in state.message
    assert not state.busy
    assert not state.can_edit
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    assert state.can_project
    assert wire.waiting("picture/open") == 0


def test_a_picture_that_the_core_made_room_for_comes_back(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.4)
    wire.answer("edit", fault=Fault("unknown-picture", "It is no longer open."))
    wire.answer("picture/open", PLACEMENT)
    wire.answer("picture/restore")
    assert wire.asked("edit")["edits"] == {"smile": 0.4}
    assert state.message == ""


def test_cancel_keeps_the_face_of_the_last_step(state, wire):
    state.project()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    progress(state)
    state.cancel()
    assert wire.cancelled == [4]
    wire.answer("picture/project", fault=Fault("cancelled", "The projection was cancelled."))
    assert not state.busy
    assert state.message == ""
    assert wire.waiting("edit") == 1


def test_a_cancelled_projection_is_made_up_for_when_the_core_dies(state, wire):
    state.project()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    progress(state)
    state.cancel()
    wire.answer("picture/project", fault=Fault("cancelled", "The projection was cancelled."))
    state.set_edit("smile", 0.5)
    wire.die(state)
    assert state.can_edit
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    wire.answer("picture/open", PLACEMENT)
    assert wire.asked("picture/project")["seconds"] == 5.0
    progress(state)
    assert wire.asked("edit")["edits"] == {"smile": 0.5}
    wire.die(state)  # again, in the middle of it: that may be why, so it is not tried a third time
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    assert wire.waiting("picture/open") == 0
    assert "press Project" in state.message


@pytest.mark.parametrize("method", ["picture/faces", "picture/open"])
def test_cancel_before_the_face_is_open(state, wire, method):
    state.project()
    if method == "picture/open":
        wire.answer("picture/faces", ONE)
    state.cancel()
    assert wire.cancelled == [max(wire.open)]
    wire.answer(method, fault=Fault("cancelled", "Cancelled."))
    assert state.portrait is None
    assert state.message == ""
    assert state.can_project


def test_projecting_again_keeps_the_sliders_and_closes_the_older_picture(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.6)
    older = state.portrait.name
    state.project()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    assert wire.asked("picture/close") == {"picture": older}
    assert state.portrait.name != older
    assert state.value("smile") == 0.6


def test_two_documents_have_their_own_faces(state, wire, desk):
    project(state, wire)
    state.set_edit("smile", 0.5)
    wire.answer("edit", {"complete": True})
    state.set_document("b")
    assert state.value("smile") == 0.0
    assert not state.can_edit
    assert state.can_project
    state.project()
    state.set_document("a")  # switched while it looks for the face
    assert state.value("smile") == 0.5
    assert not state.busy
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    assert set(state.core.faces) == {"a", "b"}
    assert state.portrait is state.core.faces["a"].portrait
    show(state, 1, document="b")
    assert state.core.faces["b"].portrait.frame is not None


def test_a_document_closed_while_projecting_is_cancelled_and_closed(state, wire, desk):
    state.project()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    state.forget("a")
    assert wire.cancelled == [4]
    assert wire.waiting("picture/close") == 1
    assert state.document is None
    finish_projection(wire)  # its late answer falls on nobody
    assert state.core.faces == {}
    assert not state.can_apply


def test_a_document_closed_while_its_face_is_looked_for(state, wire):
    state.project()
    wire.answer("picture/faces", ONE)
    state.forget("a")
    wire.answer("picture/open", PLACEMENT)
    assert wire.waiting("picture/close") == 1
    assert state.core.faces == {}
    assert wire.waiting("picture/project") == 0


def test_a_document_that_cannot_be_read_is_a_sentence(state, wire, desk):
    desk.refuse = "The selection is 4 × 4 px."
    state.project()
    assert state.message == desk.refuse
    assert state.can_project
    assert wire.waiting("picture/open") == 0


def test_quality_is_sent_and_draft_toggles_back(state, wire):
    project(state, wire)
    state.set_quality("full")
    wire.answer("edit", {"complete": True})
    state.toggle_draft()
    assert wire.asked("edit")["quality"] == "draft"
    state.toggle_draft()
    assert state.quality == "full"


def test_reset_all_sends_an_empty_edit(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.6)
    wire.answer("edit", {"complete": True})
    state.reset_all()
    assert wire.asked("edit")["edits"] == {}
    assert state.value("smile") == 0.0


def test_another_pack_restores_only_what_was_projected_with_it(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.6)
    state.core.use_pack("mine")
    wire.answer("pack/open", {**PACK, "directions": DIRECTIONS[1:]})
    assert not state.can_edit
    assert state.value("smile") == 0.0
    assert wire.waiting("picture/restore") == 0
    state.core.use_pack("portraits")
    wire.answer("pack/open", PACK)
    assert wire.waiting("picture/open") == 1
    assert state.can_edit


def test_a_late_frame_of_the_pack_before_is_not_shown(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.6)
    state.core.use_pack("mine")
    show(state, state.portrait.stamp)
    assert state.portrait.frame is None


def test_a_pack_that_cannot_be_opened_is_a_sentence(wire, desk):
    state = PanelState(wire, desk)
    state.core.link_ready()
    wire.answer("pack/open", fault=Fault("pack", "The pack is damaged: install it again."))
    assert state.message == "The pack is damaged: install it again."
    assert not state.core.connected


@pytest.mark.parametrize("reply", [{}, {"directions": [{}], "packs": []}, {"directions": 3, "packs": None}])
def test_a_core_that_says_something_else_is_a_sentence(wire, desk, reply):
    state = PanelState(wire, desk)
    state.core.link_ready()
    wire.answer("pack/open", reply)
    assert "anycost plugin install" in state.message
    assert not state.core.connected


# Several faces


def test_several_faces_are_shown_for_the_artist_to_pick_one(state, wire):
    find(state, wire, TWO)
    assert state.view is View.PICKING
    assert state.status() == "2 faces: click the one to edit"
    assert not state.busy
    assert not state.can_edit
    assert not state.can_apply
    assert wire.waiting("picture/open") == 0
    state.pick(state.faces.all[1])
    assert as_lists(wire.asked("picture/open")["face"])["eyes"] == [[43.0, 29.0], [53.0, 29.0]]
    assert state.status() == "Opening the face…"
    wire.answer("picture/open", PLACEMENT)
    assert state.view is View.FACE
    assert state.portrait is state.faces.all[1].portrait
    assert wire.asked("picture/project")["picture"] == state.portrait.name


LEFT_HALF = (5, 5, 30, 60)  # of the document: the first of TWO is in it, when the picture starts at (4, 4)


def read_around(desk, selection):
    """What the host reads from now on: a selection's box and what is around it."""
    picture = Picture(64, 64, bytes(64 * 64 * 4), 4, 4, document_size=(90, 90), selection=selection)
    desk.read = lambda document, around, done, failed, up_to_active: done(picture)


def test_faces_around_the_selection_are_left_out(state, wire, desk):
    read_around(desk, LEFT_HALF)
    find(state, wire, TWO)
    assert as_lists(wire.asked("picture/open")["face"])["eyes"] == [[11.0, 25.0], [21.0, 25.0]]


def test_a_selection_that_shows_no_whole_face_leaves_none_out(state, wire, desk):
    read_around(desk, (4, 4, 8, 8))
    find(state, wire, TWO)
    assert len(state.faces.all) == 2


def test_a_place_by_hand_around_the_selection_is_left_out(state, wire, desk):
    find(state, wire, TWO)
    state.place_by_hand()
    for handle, spot in enumerate(((50.0, 50.0), (58.0, 50.0), (54.0, 58.0))):
        state.move_handle(handle, *spot)
    state.use_place()
    wire.answer("picture/open", PLACEMENT)
    finish_projection(wire)
    wire.answer("edit", {"complete": True})
    read_around(desk, LEFT_HALF)
    find(state, wire, TWO)
    assert len(state.core.searching) == 1  # the one in the selection is opened
    wire.answer("picture/open", PLACEMENT)
    assert [face.by_hand for face in state.faces.all] == [False]


def test_the_region_is_that_of_the_selection_and_not_of_what_is_around_it(state, wire, desk):
    read_around(desk, (16, 14, 40, 40))
    state.set_selection((16, 14, 40, 20))  # the face's square is 12..52 x 10..50 of a picture at (4, 4)
    project(state, wire)
    state.set_edit("smile", 0.5)
    assert wire.asked("edit")["region"] == pytest.approx([0.0, 0.0, 1.0, 0.5])


@pytest.mark.parametrize("draws_faces", [True, False])
def test_only_for_packs_that_draw_faces_the_surroundings_are_read(state, desk, draws_faces):
    asked = []
    desk.read = lambda document, around, done, failed, up_to_active: asked.append(around)
    state.core.opened = replace(state.core.opened, draws_faces=draws_faces)
    state.project()
    assert asked == [draws_faces]


def test_a_face_s_box_is_turned_with_the_head_and_a_guess_is_known(state, wire):
    find(state, wire, {"faces": [face_at(20.0, 30.0, roll=25.0), face_at(48.0, 30.0, score=0.4)]})
    first, second = state.faces.all
    assert (first.box.x, first.box.y, first.box.angle) == (20.0, 30.0, 25.0)
    assert first.box.size == pytest.approx(28.0)
    assert (first.guess, second.guess) == (False, True)


def test_each_face_keeps_its_own_sliders_and_needs_no_new_projection(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 1)
    state.set_edit("smile", 0.6)
    wire.answer("edit", {"complete": True})
    second, frame = state.portrait, state.portrait.frame
    state.toggle_faces()
    assert state.status() == "2 faces: click the one to edit"
    open_face(state, wire, 0)
    assert state.value("smile") == 0.0
    assert state.portrait.name != second.name
    state.set_edit("age", -0.3)
    wire.answer("edit", {"complete": True})
    state.toggle_faces()
    state.pick(state.faces.all[1])
    assert state.portrait is second
    assert second.frame is frame
    assert (state.value("smile"), state.value("age")) == (0.6, 0.0)
    assert wire.waiting("picture/open") == wire.waiting("picture/project") == 0
    assert wire.asked("edit")["edits"] == {"smile": 0.6}
    assert wire.waiting("picture/close") == 0
    state.apply()
    assert wire.asked("picture/apply")["picture"] == second.name


def test_a_face_that_the_core_made_room_for_comes_back_at_its_place(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 0)
    open_face(state, wire, 1)
    state.pick(state.faces.all[0])
    wire.answer("edit", fault=Fault("unknown-picture", "It is no longer open."))
    asked = wire.asked("picture/open")
    assert asked["picture"] == state.faces.all[0].portrait.name
    assert as_lists(asked["face"])["eyes"] == [[11.0, 25.0], [21.0, 25.0]]
    wire.answer("picture/open", PLACEMENT)
    wire.answer("picture/restore")
    assert state.portrait.drawable
    assert state.message == ""


def test_the_newest_pick_wins(state, wire):
    find(state, wire, TWO)
    state.pick(state.faces.all[0])
    first = max(wire.open)
    state.pick(state.faces.all[1])
    assert wire.cancelled == [first]
    wire.answer("picture/open", PLACEMENT)  # the first one's, too late
    assert state.portrait is None
    assert wire.waiting("picture/close") == 1
    wire.answer("picture/open", PLACEMENT)
    assert state.portrait is state.faces.all[1].portrait


def test_an_opened_face_is_picked_while_another_is_being_opened(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 0)
    state.toggle_faces()
    state.pick(state.faces.all[1])
    state.pick(state.faces.all[0])
    wire.answer("picture/open", fault=Fault("cancelled", "Cancelled."))
    assert state.portrait is state.faces.all[0].portrait
    assert state.view is View.FACE
    assert not state.busy


def test_a_moving_slider_brings_the_chosen_face_back_into_view(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 0)
    state.toggle_faces()
    state.set_edit("smile", 0.5)
    assert state.view is View.FACE


def test_a_core_that_dies_while_the_artist_picks_is_not_asked_again(state, wire):
    find(state, wire, TWO)
    wire.die(state)
    assert state.message == ""
    state.pick(state.faces.all[1])
    assert "not ready" in state.message
    assert not state.busy
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    state.pick(state.faces.all[1])
    assert state.message == ""
    wire.answer("picture/open", PLACEMENT)
    assert wire.sent.count("picture/faces") == 1
    assert state.portrait.projecting


def test_a_core_that_dies_while_faces_are_looked_for(state, wire):
    state.project()
    wire.die(state)
    assert "press Project" in state.message
    assert not state.busy
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    assert state.can_project


def test_both_faces_survive_the_core(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 0)
    state.set_edit("smile", 0.2)
    open_face(state, wire, 1)
    state.set_edit("smile", 0.9)
    wire.die(state)
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    for index, value in ((1, 0.9), (0, 0.2)):
        state.pick(state.faces.all[index])
        wire.answer("picture/open", PLACEMENT)
        wire.answer("picture/restore")
        assert wire.asked("edit")["edits"] == {"smile": value}
        wire.answer("edit", {"complete": True})
    assert wire.sent.count("picture/project") == 2


def test_closing_a_document_closes_all_its_faces(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 0)
    open_face(state, wire, 1)
    state.pick(state.faces.all[0])
    state.forget("a")
    assert wire.waiting("picture/close") == 2
    assert state.core.faces == {}


def test_late_answers_about_a_closed_face_bring_nothing_back(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 0)
    state.pick(state.faces.all[1])
    wire.answer("picture/open", PLACEMENT)
    progress(state)
    state.set_edit("smile", 0.5)
    state.forget("a")
    wire.answer("picture/project", fault=Fault("cancelled", "The projection was cancelled."))
    wire.answer("edit", fault=Fault("unknown-picture", "It is no longer open."))
    assert wire.waiting("picture/open") == wire.waiting("edit") == 0
    assert state.message == ""


def test_faces_of_a_document_that_was_closed_meanwhile_are_dropped(state, wire):
    state.project()
    state.forget("a")
    wire.answer("picture/faces", TWO)
    assert state.core.faces == {}
    assert wire.waiting("picture/open") == 0


def test_faces_found_for_a_document_behind_wait_there(state, wire, desk):
    state.project()
    state.set_document("b")
    wire.answer("picture/faces", NONE)
    assert state.message == ""
    assert state.view is View.FACE
    state.set_document("a")
    assert state.view is View.PLACING
    assert "Use this place" in state.message


def test_another_pack_projects_a_picked_face_anew_with_its_sliders(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 0)
    state.set_edit("age", 0.5)
    wire.answer("edit", {"complete": True})
    open_face(state, wire, 1)
    state.core.use_pack("mine")
    wire.answer("pack/open", PACK)
    assert not state.can_edit
    state.pick(state.faces.all[0])
    wire.answer("picture/open", PLACEMENT)
    assert state.portrait.projecting
    assert state.value("age") == 0.5


def test_a_new_projection_keeps_the_edits_of_faces_that_lie_where_they_lay(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 1)
    state.set_edit("smile", 0.6)
    wire.answer("edit", {"complete": True})
    find(state, wire, {"faces": [face_at(20.0, 12.0), face_at(50.0, 30.0), face_at(60.0, 60.0)]})
    assert state.view is View.PICKING
    assert state.portrait is None
    assert wire.waiting("picture/close") == 1
    assert [face.portrait.edits for face in state.faces.all] == [{}, {"smile": 0.6}, {}]


def test_a_wrong_answer_about_faces_is_a_sentence(state, wire):
    find(state, wire, {"faces": [{"eyes": 3}]})
    assert "anycost plugin install" in state.message
    assert state.can_project


# Placing a face by hand


def find_none(state, wire):
    find(state, wire, NONE)


def test_without_a_face_the_artist_places_one(state, wire):
    find_none(state, wire)
    assert state.view is View.PLACING
    assert state.message.startswith("No face was found: drag the three handles")
    assert state.message.endswith("More are found with the weights of others.")
    assert state.status() == "Place the eyes and the mouth"
    assert not state.faces.can_leave
    state.move_handle(0, 20.0, 22.0)
    state.move_handle(1, 44.0, 22.0)
    state.move_handle(2, 32.0, 46.0)
    state.use_place()
    assert state.message == ""
    face = as_lists(wire.asked("picture/open")["face"])
    assert face == {"eyes": [[20.0, 22.0], [44.0, 22.0]], "mouth": [[32.0, 46.0], [32.0, 46.0]]}
    wire.answer("picture/open", PLACEMENT)
    assert state.view is View.FACE
    assert state.portrait.projecting
    state.toggle_faces()
    assert state.status() == "1 face: click it to edit"
    assert state.faces.all[0].by_hand


def test_handles_start_in_the_selection(state, wire):
    state.set_selection((40, 40, 24, 20))
    find_none(state, wire)
    left, right, mouth = state.faces.handles.points
    assert (left[0] + right[0]) / 2 == mouth[0] == 52.0
    assert (left[1] + mouth[1]) / 2 == 50.0


def test_a_face_by_hand_joins_those_that_were_found(state, wire):
    find(state, wire, TWO)
    state.place_by_hand()
    assert state.faces.can_leave
    state.toggle_faces()
    assert state.view is View.PICKING
    state.place_by_hand()
    state.use_place()
    wire.answer("picture/open", PLACEMENT)
    assert [face.by_hand for face in state.faces.all] == [False, True, False]
    finish_projection(wire)
    state.set_edit("smile", 0.4)
    state.toggle_faces()
    state.place_by_hand()  # again: the same face is moved
    state.move_handle(2, 33.0, 40.0)
    state.use_place()
    wire.answer("picture/open", PLACEMENT)
    assert [face.by_hand for face in state.faces.all] == [False, True, False]
    assert state.value("smile") == 0.4
    assert wire.waiting("picture/close") == 1


def test_a_place_by_hand_is_still_known_when_the_picture_is_read_again(state, wire):
    find_none(state, wire)
    state.use_place()
    wire.answer("picture/open", PLACEMENT)
    finish_projection(wire)
    state.set_edit("smile", 0.4)
    face = as_lists(state.portrait.face.data())
    find(state, wire, NONE)
    assert as_lists(wire.asked("picture/open")["face"]) == face
    wire.answer("picture/open", PLACEMENT)
    assert state.value("smile") == 0.4


def test_a_place_that_the_core_refuses_stays_to_be_changed(state, wire):
    find_none(state, wire)
    state.use_place()
    assert not state.can_use_place
    wire.answer("picture/open", fault=Fault("no-face", "The face is outside the picture."))
    assert state.message == "The face is outside the picture."
    assert state.view is View.PLACING
    assert state.can_use_place


def test_no_face_keeps_the_older_projection_behind_the_handles(state, wire):
    project(state, wire)
    older = state.portrait
    find_none(state, wire)
    assert state.portrait is older
    assert wire.waiting("picture/close") == 0
    assert state.faces.can_leave
    state.toggle_faces()
    assert state.view is View.FACE
    assert state.message == ""


def test_a_pack_that_draws_no_faces_takes_the_picture(state, wire):
    state.core.opened = replace(state.core.opened, draws_faces=False)
    state.project()
    assert wire.waiting("picture/faces") == 0
    assert wire.asked("picture/open")["face"] is None
    wire.answer("picture/open", PLACEMENT)
    assert state.portrait.projecting
    assert state.faces.all[0].box.size == 40.0
    assert state.message == ""


# Limits


def test_small_boxes_are_refused_with_advice():
    check_size(32, 32, "selection")
    with pytest.raises(HostError, match=r"12 × 8 px.*select a larger area"):
        check_size(12, 8, "selection")
    with pytest.raises(HostError, match="empty"):
        check_size(0, 0, "selection")
    with pytest.raises(HostError, match="open a larger picture"):
        check_size(31, 500, "picture")


@pytest.mark.parametrize(
    ("size", "factor"),
    [
        ((1, 1), 1),
        ((8192, 8192), 1),
        ((16384, 4096), 1),
        ((8193, 8192), 2),
        ((16385, 10), 2),
        ((16384, 16384), 2),
        ((30000, 20000), 3),
    ],
)
def test_only_pictures_that_are_too_large_to_send_are_reduced_by_a_whole_factor(size, factor):
    assert reduction(*size) == factor
    width, height = (side // factor for side in size)
    assert width * height * 4 <= MAX_ATTACHMENT
    assert max(width, height) <= MAX_SIDE


@pytest.mark.parametrize(
    ("box", "grown"),
    [
        ((40, 30, 20, 10), (30, 25, 40, 20)),
        ((0, 0, 20, 10), (0, 0, 30, 15)),
        ((90, 70, 10, 10), (85, 65, 15, 15)),
        ((0, 0, 100, 80), (0, 0, 100, 80)),
    ],
)
def test_half_a_selection_s_size_is_read_around_it_within_the_document(box, grown):
    assert with_surroundings(box, 100, 80) == grown
