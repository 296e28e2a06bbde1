"""Comparing with the original, with a state, and the faces of a picture one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from panel_wire import PLACEMENT, TWO, find, open_face, project, show
from PyQt5.QtCore import QEvent, QPointF, Qt
from PyQt5.QtGui import QImage, QKeyEvent, QMouseEvent

from anycost.bridge.answer import Fault
from anycost.krita_plugin.panel.compared_view import FAINT, ComparedView, heat_map
from anycost.krita_plugin.panel.preview import Preview
from anycost.krita_plugin.panel.shelf import keeps_undo
from anycost.krita_plugin.pixels import rgba_bytes
from anycost.krita_plugin.state.comparing import Manner
from anycost.krita_plugin.state.history import Adjustment, PastState

qt_loop.application()
DRAWN = {"attachment": {"format": "rgba8", "width": 2, "height": 2}}
LAYER = {"x": 0, "y": 0, "attachment": {"format": "rgba8", "width": 1, "height": 1}}


def plain(side, *rgb):
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(int.from_bytes(bytes(rgb), "big") | 0xFF000000)
    return image


def array(image):
    return np.frombuffer(rgba_bytes(image), np.uint8).reshape(image.height(), image.width(), 4)


def test_the_heat_map_is_empty_where_nothing_differs_and_hotter_where_more_does():
    a, b = plain(8, 100, 100, 100), plain(8, 100, 100, 100)
    for x, level in ((0, 100 + FAINT // 2), (1, 110), (2, 140), (3, 255)):
        for y in range(8):
            b.setPixel(x, y, 0xFF000000 | level << 16 | level << 8 | level)
    heat = array(heat_map(a, b))
    assert heat[:, 4:, 3].max() == heat[:, 0, 3].max() == 0
    light = heat[0, 1:4, :3].astype(int).sum(axis=1)
    assert (np.diff(light) > 0).all()
    assert heat[:, 1:4, 3].min() > 200
    assert np.array_equal(heat, array(heat_map(b, a)))


def test_beside_the_picture_nothing_differs():
    a = plain(4, 0, 0, 0).convertToFormat(QImage.Format.Format_ARGB32)
    a.fill(0)
    assert array(heat_map(a, plain(4, 255, 255, 255)))[..., 3].max() == 0


@pytest.fixture
def view(state, wire):
    project(state, wire)
    preview = Preview()
    preview.resize(100, 100)
    preview.image, preview.original = plain(50, 200, 0, 0), plain(50, 0, 0, 200)
    return ComparedView(state.comparing, preview)


def shown(view):
    """The preview's pixels without the words in the corner: red, blue or both, [100, 100, 3]."""
    return array(view._preview.grab().toImage())[40:, :, :3]


def test_a_is_shown_until_it_is_pressed_again(state, view):
    assert (shown(view)[..., 0] > 150).all()
    state.comparing.set_manner(Manner.A)
    assert (shown(view)[..., 2] > 150).all()
    state.comparing.set_manner(Manner.A)
    assert state.comparing.manner is Manner.NOW
    assert (shown(view)[..., 0] > 150).all()


def test_the_line_follows_the_mouse_with_a_to_its_left(state, view):
    state.comparing.set_manner(Manner.WIPE)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    held = []
    view._preview.comparing.connect(held.append)
    for kind, x in ((QEvent.Type.MouseButtonPress, 60), (QEvent.Type.MouseMove, 30)):
        qt_loop.application().sendEvent(view._preview, QMouseEvent(kind, QPointF(x, 50), left, left, none))
    assert state.comparing.line == pytest.approx(0.3)
    assert held == []  # the mouse holds the line, not the preview
    row = shown(view)[-5]
    assert (row[:24, 2] > 150).all()
    assert (row[36:, 0] > 150).all()


def test_a_state_is_drawn_to_be_compared_with(state, wire, view):
    past = PastState(Adjustment({"smile": 0.5}))
    state.comparing.take_state(past)
    asked = wire.asked("picture/thumbnail")
    assert (asked["edits"], asked["quality"]) == ({"smile": 0.5}, "preview")
    assert state.comparing.is_original  # until it comes
    wire.answer("picture/thumbnail", DRAWN, bytes([0, 255, 0, 255]) * 4)
    state.comparing.set_manner(Manner.A)
    assert (shown(view)[..., 1] > 150).all()
    state.comparing.take_original()
    assert (shown(view)[..., 2] > 150).all()


def test_the_difference_is_from_the_state_taken_last(state, wire, view):
    state.comparing.set_manner(Manner.DIFFERENCE)
    for smile, drawn in ((0.5, bytes([200, 0, 0, 255])), (0.7, bytes([0, 255, 0, 255]))):
        state.comparing.take_state(PastState(Adjustment({"smile": smile})))
        wire.answer("picture/thumbnail", DRAWN, drawn * 4)
        differs = (shown(view) != [200, 0, 0]).any()
        assert differs == (smile == 0.7)


def test_a_is_made_once_however_often_it_is_painted(state, wire, view):
    state.comparing.take_state(PastState(Adjustment({"smile": 0.5})))
    wire.answer("picture/thumbnail", DRAWN, bytes([0, 255, 0, 255]) * 4)
    assert view.a is view.a


def test_a_may_be_the_face_as_it_is_and_belongs_to_that_face(state, wire):
    find(state, wire, TWO)
    open_face(state, wire, 0)
    state.comparing.take_now()
    assert state.comparing.frame is state.portrait.frame
    open_face(state, wire, 1)
    assert state.comparing.is_original


# Ctrl+Z


def press(state, key, modifiers):
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    keys = {"": Qt.KeyboardModifier.NoModifier, "c": control, "cs": control | shift}[modifiers]
    kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
    return [keeps_undo(QKeyEvent(kind, key, keys), state) for kind in kinds]


def test_undo_is_the_panel_s_while_the_sliders_were_moved_last(state, wire):
    z = Qt.Key.Key_Z
    assert press(state, z, "c") == [False, False]
    project(state, wire)
    assert press(state, z, "c") == [False, False]  # nothing to undo: the program's
    state.set_edit("smile", 0.5)
    assert press(state, z, "") == [False, False]
    assert press(state, Qt.Key.Key_A, "c") == [False, False]
    assert press(state, z, "c") == [True, True]
    assert state.portrait.edits == {}
    assert press(state, z, "cs") == [True, True]
    assert state.portrait.edits == {"smile": 0.5}
    assert press(state, z, "cs") == [False, False]
    state.apply()
    wire.answer("picture/apply", LAYER, bytes(4))
    assert press(state, z, "c") == [False, False]  # the layer is undone, by the program
    state.set_edit("smile", 0.7)
    assert press(state, z, "c") == [True, True]


# Several faces


def both_edited(state, wire):
    find(state, wire, TWO)
    for face in (0, 1):
        open_face(state, wire, face)
        state.set_edit("smile", 0.5)
        show(state, state.portrait.stamp, index=3)
        wire.answer("edit", {"complete": True})


def test_a_key_goes_from_face_to_face(state, wire):
    both_edited(state, wire)
    first, second = state.faces.all
    state.several.next_face()
    assert state.faces.chosen is first
    state.several.next_face()
    assert state.faces.chosen is second
    state.several.next_face(-1)
    assert state.faces.chosen is first


def test_all_edited_faces_are_applied_each_with_its_layer(state, wire, desk):
    both_edited(state, wire)
    second = state.faces.chosen
    assert len(state.several.edited) == 2
    state.several.apply_all()
    for count in (1, 2):
        assert wire.waiting("picture/apply") == 1
        assert state.several.applying
        wire.answer("picture/apply", LAYER, bytes(4))
        assert len(desk.layers) == count
    assert not state.several.applying
    assert state.faces.chosen is second
    assert [bool(face.portrait.past.states) for face in state.faces.all] == [True, True]


def test_the_first_face_that_fails_ends_it(state, wire, desk):
    both_edited(state, wire)
    desk.refuse = "No room."
    state.several.apply_all()
    wire.answer("picture/apply", LAYER, bytes(4))
    assert not state.several.applying
    assert state.message == "No room."
    assert wire.waiting("picture/apply") == 0


def test_a_face_that_the_core_forgot_is_told_again_before_its_layer(state, wire, desk):
    both_edited(state, wire)
    state.faces.all[0].portrait.forget_core()
    state.several.apply_all()
    assert wire.waiting("picture/apply") == 0
    wire.answer("picture/open", PLACEMENT)
    wire.answer("picture/restore")
    assert wire.waiting("picture/apply") == 1


def test_a_face_on_which_no_slider_works_gets_no_layer_and_the_next_one_does(state, wire, desk):
    both_edited(state, wire)
    first = state.faces.all[0].portrait
    first.opened["portraits"] = replace(first.opened["portraits"], limited=("smile",))
    state.several.apply_all()
    wire.answer("picture/apply", LAYER, bytes(4))
    assert not state.several.applying
    assert len(desk.layers) == 1


def test_a_cancelled_projection_ends_it(state, wire):
    both_edited(state, wire)
    find(state, wire, TWO)  # read again: both have to be projected
    state.several.apply_all()
    state.cancel()
    wire.answer("picture/open", fault=Fault("cancelled", ""))
    assert not state.several.applying
    open_face(state, wire, 0)
    assert wire.waiting("picture/apply") == 0


def test_the_artist_may_look_at_another_face_meanwhile(state, wire, desk):
    both_edited(state, wire)
    state.say("An old sentence.")
    state.several.apply_all()
    state.pick(state.faces.all[1])
    wire.answer("picture/apply", LAYER, bytes(4))
    wire.answer("picture/apply", LAYER, bytes(4))
    assert not state.several.applying
    assert len(desk.layers) == 2
