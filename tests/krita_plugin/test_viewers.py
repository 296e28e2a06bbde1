"""Two windows' panels on one conversation: what they share, and what each has for itself."""

from __future__ import annotations

import pytest
from panel_wire import DIRECTIONS, NONE, ONE, PACK, PLACEMENT, Desk, project, show

from anycost.bridge.answer import Fault
from anycost.krita_plugin.state.document_faces import View
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.state.topic import Topic


@pytest.fixture
def other(state, wire):
    """A second window, with nothing in front yet."""
    return PanelState(wire, Desk(), core=state.core)


@pytest.fixture
def both(state, wire, other):
    """Two windows that show one document, whose face is projected."""
    project(state, wire)
    other.set_document("a")
    return state, other


def test_two_views_of_a_document_share_its_face_and_sliders(both, wire):
    first, second = both
    assert second.portrait is first.portrait
    second.set_edit("smile", 0.5)
    assert first.value("smile") == second.value("smile") == 0.5
    assert wire.waiting("edit") == 1  # sent once


def test_both_panels_hear_of_what_one_does(both):
    first, second = both
    heard = []
    first.listeners.append(heard.append)
    second.set_edit("smile", 0.5)
    second.toggle_faces()
    assert {Topic.EDITS, Topic.FACES} <= set(heard)
    assert first.view is View.PICKING


def test_windows_with_different_documents_have_different_faces(state, wire, other):
    project(state, wire)
    state.set_edit("smile", 0.5)
    other.set_document("b")
    assert other.portrait is None
    assert other.value("smile") == 0.0
    other.project()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    assert other.portrait is not state.portrait
    assert state.value("smile") == 0.5


def test_what_is_wrong_with_a_document_is_said_where_it_is_shown(state, wire, other):
    other.set_document("b")
    other.project()
    wire.answer("picture/faces", fault=Fault("internal", "It is odd."))
    assert (state.message, other.message) == ("", "It is odd.")


def test_a_document_that_nobody_shows_is_spoken_of_in_every_window(state, wire, other):
    other.set_document("b")
    other.project()
    other.set_document("c")
    wire.answer("picture/faces", fault=Fault("internal", "It is odd."))
    assert (state.message, other.message) == ("It is odd.", "It is odd.")


def test_a_face_is_placed_by_hand_in_both_views(state, wire, other):
    other.set_document("a")
    other.set_selection((10, 10, 20, 20))
    other.project()
    wire.answer("picture/faces", NONE)
    assert state.view is other.view is View.PLACING
    assert state.message == other.message != ""
    state.move_handle(2, 20.0, 60.0)
    assert other.faces.handles.points[2] == (20.0, 60.0)


def test_handles_start_at_what_the_showing_window_has_selected(state, wire, other):
    state.set_selection((0, 0, 8, 8))
    other.set_document("b")
    other.set_selection((40, 40, 20, 20))
    other.project()
    wire.answer("picture/faces", NONE)
    points = other.faces.handles.points
    assert all(40 <= x <= 60 and 40 <= y <= 60 for x, y in points)


def test_the_window_in_use_says_how_the_next_frame_is_drawn(both, wire):
    first, second = both
    second.set_quality("draft")
    wire.answer("edit", {"complete": True})
    first.core.viewer.lead(second)
    first.set_edit("smile", 0.2)
    assert wire.asked("edit")["quality"] == "draft"
    wire.answer("edit", {"complete": True})
    first.core.viewer.lead(first)
    second.set_edit("smile", 0.4)
    assert wire.asked("edit")["quality"] == "auto"


def test_a_window_that_shows_another_document_has_no_say(state, wire, other):
    project(state, wire)
    other.set_document("b")
    other.set_quality("draft")
    state.core.viewer.lead(other)
    state.set_edit("smile", 0.2)
    assert wire.asked("edit")["quality"] == "auto"


def test_a_closed_window_hears_nothing_and_what_it_began_goes_on(state, wire, other):
    heard = []
    other.listeners.append(heard.append)
    other.set_document("b")
    other.project()
    state.core.viewer.leave(other)
    heard.clear()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    assert heard == []
    assert "b" in state.core.faces


def test_after_the_last_window_late_frames_fall_on_nobody(state, wire):
    project(state, wire)
    state.set_edit("smile", 0.1)
    state.set_edit("smile", 0.2)  # waits for the first
    stamp = state.portrait.stamp - 1
    state.core.viewer.leave(state)
    show(state, stamp)
    wire.answer("edit", {"complete": True})
    assert wire.waiting("edit") == 0


def test_a_core_that_comes_back_is_told_of_every_face_on_screen_once(both, wire):
    first, second = both
    wire.die(first)
    first.core.link_ready()
    wire.answer("pack/open", {**PACK, "directions": DIRECTIONS})
    assert wire.waiting("picture/open") == 1
    assert second.core is first.core
