"""The preview on the canvas: where its pictures lie, and when there are any. Without Krita."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from panel_wire import PIXEL, apply, project, show, show_part
from PyQt5.QtCore import QPointF
from PyQt5.QtGui import QColor, QImage, QTransform
from PyQt5.QtWidgets import QAbstractScrollArea, QMainWindow, QMdiArea, QWidget

from anycost.bridge.messages import Frame, Placement
from anycost.krita_plugin.canvas.canvas_overlay import CanvasOverlay, Laid, Spread
from anycost.krita_plugin.canvas.canvas_preview import CanvasPreview, on_document
from anycost.krita_plugin.pixels import changed_image, face_image
from anycost.krita_plugin.state.picture import Picture
from anycost.krita_plugin.state.portrait import Portrait
from anycost.krita_plugin.state.topic import Topic

qt_loop.application()
SIZE = (300, 200)


class KisCanvasController(QAbstractScrollArea):
    """As Krita's is called: a scroll area with the canvas in it."""

    def __init__(self, parent):
        super().__init__(parent)
        self.canvas = QWidget(self.viewport())
        self.canvas.resize(400, 300)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.setRange(-1000, 1000)  # pyright: ignore[reportOptionalMemberAccess]


class View:
    """A view of a document of `SIZE` px, and its canvas."""

    xRes = staticmethod(lambda: 72.0)
    width, height = (staticmethod(lambda side=side: side) for side in SIZE)
    zoomLevel, rotation, mirror = (staticmethod(lambda value=value: value) for value in (1.0, 0.0, False))

    def __init__(self):
        self.open = True

    def document(self):
        return self if self.open else None

    canvas = document


class Window(QMainWindow):
    """One of Krita's windows with one view."""

    def __init__(self):
        super().__init__()
        area = QMdiArea(self)
        self.setCentralWidget(area)
        inside = QWidget()
        self.controller = KisCanvasController(inside)
        area.addSubWindow(inside)
        self.resize(500, 400)
        self.show()


@pytest.fixture
def window():
    made = Window()
    yield made
    made.close()


@pytest.fixture
def preview(state, wire, window):
    """A projected face whose document is followed in a window."""
    made = CanvasPreview(state)
    made.set_active(True)
    project(state, wire)
    made.follow(window, View())
    return made


def laid(preview):
    (followed,) = preview.followed
    return followed.overlay.laid if followed.overlay.isVisibleTo(followed.overlay.parentWidget()) else []


def drawn(state, *row):
    """A frame in its last pass whose rows are these pixels, the newest edit."""
    side = len(row)
    rgba = np.broadcast_to(np.array(row, np.uint8), (side, side, 4)).tobytes()
    state.portrait.show(Frame("p", state.portrait.stamp, 1, 1, side, 1.0, 1.0, side, side, rgba, side))
    state.tell(Topic.FRAME)


# Where


@given(
    st.floats(0.05, 20), st.floats(-180, 180), st.booleans(), st.integers(-999, 999), st.integers(-999, 999)
)
def test_a_document_lies_where_the_scroll_bars_say(zoom, angle, mirrored, left, top):
    place = Spread(SIZE, zoom, angle, mirrored).on_canvas(left, top)
    corners = np.array([(x, y) for x in (0, SIZE[0]) for y in (0, SIZE[1])], float)
    found = np.array([_xy(place.map(QPointF(*corner))) for corner in corners])
    turn = math.radians(angle)
    flipped = corners * (-1 if mirrored else 1, 1)
    expected = (
        zoom * flipped @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    )
    expected += (-left, -top) - expected.min(axis=0)
    assert np.abs(found - expected).max() < 1e-6 * (1 + np.abs(expected).max())


@given(
    st.floats(0, 200),
    st.floats(0, 200),
    st.floats(1, 400),
    st.floats(-180, 180),
    st.integers(1, 3),
    st.tuples(st.floats(0, 64), st.floats(0, 64)),
)
def test_a_frame_lies_where_its_face_was_read(x, y, size, angle, factor, point):
    placement = Placement(x, y, size, angle)
    portrait = Portrait(Picture(1, 1, bytes(4), 17, -5, factor))
    portrait.placement = placement
    frame = Frame("p", 1, 1, 1, 64, 1.0, 1.0, 8, 8, bytes(256), 64, whole=False, x=20, y=30)
    found = _xy(on_document(portrait, frame).map(QPointF(point[0] - 20, point[1] - 30)))
    across, down = placement.to_picture(point[0] / 64, point[1] / 64)
    assert found == pytest.approx((17 + factor * across, -5 + factor * down), abs=1e-6)


def test_images_are_painted_where_they_lie(window):
    canvas = window.controller.canvas
    overlay = CanvasOverlay(window.controller, canvas, lambda: Spread(SIZE, 2.0, 0.0, False))
    image = QImage(10, 5, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(255, 0, 0))
    window.controller.horizontalScrollBar().setValue(-30)
    window.controller.verticalScrollBar().setValue(-40)
    before = _rgb(canvas)
    overlay.lay([Laid(image, QTransform.fromTranslate(20, 10), SIZE)])
    red = (_rgb(canvas) == (255, 0, 0)).all(axis=2)
    expected = np.zeros_like(red)
    expected[60:70, 70:90] = True
    assert np.array_equal(red, expected)
    overlay.lay([])
    assert np.array_equal(_rgb(canvas), before)
    overlay.lay([Laid(image, QTransform.fromTranslate(20, 10), (SIZE[0] + 1, SIZE[1]))])
    assert np.array_equal(_rgb(canvas), before)  # the document was resized since


def test_a_frame_s_colours_are_whole_and_its_alpha_says_what_changed():
    rgba = np.random.default_rng(0).integers(0, 256, (4, 4, 4), dtype=np.uint8)
    frame = Frame("p", 1, 1, 1, 4, 1.0, 1.0, 4, 4, rgba.tobytes(), 4)
    whole, changed = face_image(frame), changed_image(frame)
    for y in range(4):
        for x in range(4):
            assert QColor(whole.pixel(x, y)).getRgb()[:3] == tuple(rgba[y, x, :3])
            assert whole.pixelColor(x, y).alpha() == 255
            assert changed.pixelColor(x, y).alpha() == rgba[y, x, 3]


# When


def test_an_edit_shows_until_the_sliders_are_back(preview, state):
    assert laid(preview) == []
    state.set_edit("smile", 0.5)
    show(state, state.portrait.stamp)
    assert [one.image.width() for one in laid(preview)] == [2]
    state.reset_all()
    assert laid(preview) == []
    show(state, state.portrait.stamp)
    assert laid(preview) == []


def test_a_part_lies_over_the_whole(preview, state):
    state.set_edit("smile", 0.5)
    show(state, state.portrait.stamp, side=3)
    show_part(state, state.portrait.stamp, side=1)
    assert [one.image.width() for one in laid(preview)] == [3, 1]


def test_what_was_applied_shows_no_more(preview, state, wire):
    state.set_edit("smile", 0.5)
    apply(state, wire)
    assert laid(preview) == []
    show(state, state.portrait.stamp)  # a later pass
    assert laid(preview) == []
    state.set_edit("smile", 0.6)
    assert laid(preview)
    state.set_edit("smile", 0.5)
    assert laid(preview) == []


def test_a_later_edit_covers_what_the_layer_shows(preview, state, wire):
    state.set_edit("smile", 0.5)
    drawn(state, (1, 2, 3, 255), (4, 5, 6, 0))
    apply(state, wire)
    state.set_edit("smile", 0.2)
    drawn(state, (7, 8, 9, 0), (10, 11, 12, 0), (13, 14, 15, 0), (16, 17, 18, 255))
    image = laid(preview)[0].image
    assert [image.pixelColor(x, 0).getRgb() for x in range(4)][::3] == [(7, 8, 9, 255), (16, 17, 18, 255)]
    assert image.pixelColor(2, 0).alpha() < 128 < image.pixelColor(1, 0).alpha()
    show_part(state, state.portrait.stamp, side=1)
    assert laid(preview)[1].image.pixelColor(0, 0).alpha() == PIXEL[3]


def test_without_a_layer_only_what_changes_is_covered(preview, state):
    state.set_edit("smile", 0.5)
    drawn(state, (1, 2, 3, 255), (4, 5, 6, 0))
    state.set_edit("smile", 0.2)
    drawn(state, (7, 8, 9, 0), (10, 11, 12, 255))
    image = laid(preview)[0].image
    assert [image.pixelColor(x, 0).alpha() for x in range(2)] == [0, 255]


def test_a_refused_layer_leaves_it(preview, state, wire, desk):
    state.set_edit("smile", 0.5)
    desk.refuse = "The disk is full."
    apply(state, wire)
    assert laid(preview)


def test_what_hides_it(preview, state):
    state.set_edit("smile", 0.5)
    for hide, bring in (
        (lambda: preview.compare(True), lambda: preview.compare(False)),
        (lambda: preview.set_active(False), lambda: preview.set_active(True)),
        (
            lambda: state.settings.set("canvas_preview", False),
            lambda: state.settings.set("canvas_preview", True),
        ),
    ):
        assert laid(preview)
        hide()
        assert laid(preview) == []
        bring()
    assert laid(preview)


def test_another_document_s_faces_do_not_show(preview, state, window):
    state.set_edit("smile", 0.5)
    state.set_document("b")
    assert laid(preview)  # the canvas still shows the first one
    preview.follow(window, View())
    assert laid(preview) == []
    state.set_document("a")
    preview.follow(window, View())
    assert laid(preview)


def test_the_same_view_is_not_looked_for_again(preview, state, window, monkeypatch):
    view, looked = View(), []
    preview.follow(window, view)
    find = window.findChild
    monkeypatch.setattr(window, "findChild", lambda kind: looked.append(kind) or find(kind))
    preview.follow(window, view)
    assert looked == []
    state.set_document("b")
    preview.follow(window, view)
    assert len(looked) == 1


def test_a_closed_view_shows_nothing(preview, state, window):
    view = View()
    overlay = CanvasOverlay(window.controller, window.controller.canvas, lambda: None)
    view.open = False
    assert overlay.on_canvas() is None
    overlay.lay([Laid(QImage(2, 2, QImage.Format.Format_ARGB32_Premultiplied), QTransform(), SIZE)])
    window.controller.canvas.grab()


def test_a_canvas_that_goes_is_followed_no_more(preview, state, window):
    state.set_edit("smile", 0.5)
    window.controller.canvas.setParent(None)
    window.controller.canvas = None  # the last reference: Qt's object goes
    assert preview.followed == []
    state.set_edit("smile", 0.6)
    preview.follow(window, View())
    assert preview.followed == []
    window.controller.canvas = QWidget(window.controller.viewport())  # Krita makes a new one
    preview.follow(window, View())
    assert laid(preview)


def test_a_closed_window_s_preview_hears_nothing(preview, state):
    state.set_edit("smile", 0.5)
    preview.leave()
    state.settings.set("canvas_preview", False)
    state.set_edit("smile", 0.6)
    assert preview.followed == []


def _xy(point):
    return point.x(), point.y()


def _rgb(widget):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    return rows.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()].reshape(
        image.height(), image.width(), 3
    )
