"""The panel's widgets, offscreen, over the real core process."""

from __future__ import annotations

import os
import re
import signal

import numpy as np
import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from drawn_face import portrait, with_colour_finder
from panel_wire import Keeping
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QColor, QImage, QMouseEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QWidget
from qt_loop import until

from anycost.bridge.messages import FoundFace, Frame, OpenedPack, OpenedPicture, Placement, Slider
from anycost.bridge.qt_client import WATCH_EVERY_MS, CoreKeeper
from anycost.core.faces.placement import crop as core_crop
from anycost.krita_plugin.panel.panel import Panel
from anycost.krita_plugin.panel.preview import Preview, face_crop
from anycost.krita_plugin.pixels import rgba_bytes
from anycost.krita_plugin.state.document_faces import Face, Faces, View
from anycost.krita_plugin.state.kept_edit import without_key
from anycost.krita_plugin.state.picture import Picture
from anycost.krita_plugin.state.portrait import CoreKnows
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.state.topic import Topic
from anycost.krita_plugin.wiring import connect

qt_loop.application()
PLACE = Placement(100.0, 80.0, 90.0, 8.0)


def click(widget, where=None):
    """Press and release the left button at a point of the widget, by default its centre."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    where = widget.rect().center() if where is None else where
    QTest.mouseClick(widget, left, none, where)  # pyright: ignore[reportCallIssue, reportArgumentType]


def drag_handle(shown, handle, spot):
    """Drag a handle of the face map to a pixel of the picture, with the mouse."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    start = shown.to_screen(*shown.handles.points[handle]).toPoint()
    end = shown.to_screen(*spot).toPoint()
    QTest.mousePress(shown, left, none, start)  # pyright: ignore[reportCallIssue, reportArgumentType]
    for share in (0.3, 0.7, 1.0):
        there = start + (end - start) * share
        move = QMouseEvent(QEvent.Type.MouseMove, QPointF(there), left, left, none)
        QApplication.sendEvent(shown, move)
    QTest.mouseRelease(shown, left, none, end)  # pyright: ignore[reportCallIssue, reportArgumentType]


def click_face(bench, index):
    face = bench.state.faces.all[index]
    shown = bench.widget("face_map")
    click(shown, shown.to_screen(face.box.x, face.box.y).toPoint())


class Easel(Keeping):
    """A host whose documents are arrays."""

    selects = True

    def __init__(self):
        super().__init__()
        self.pictures = {"a": portrait(PLACE, 200, 160)}
        self.layers = []

    def read(self, document, around, done, failed, up_to_active=False):
        rgba = self.pictures[document]  # [H, W, 4]
        size = (rgba.shape[1], rgba.shape[0])
        done(Picture(*size, rgba.tobytes(), document_size=size))

    def add_layer(self, document, picture, layer, name, done, failed, replaced=(), place=None, mask=None):
        self.layers.append((document, layer, without_key(name)))
        done(len(self.layers))

    def selected(self, document, picture, box, edge, done, failed):
        done(None)


class Bench:
    """A panel on screen (offscreen) with its state, host and keeper."""

    def __init__(self):
        self.easel = Easel()
        self.keeper = CoreKeeper("tests", "0")
        self.state = PanelState(self.keeper.client, self.easel)
        connect(self.keeper, self.state.core)
        self.panel = Panel(self.state, self.keeper.restart, self.keeper.report)
        self.panel.resize(260, 700)
        self.panel.show()

    def widget(self, name):
        found = self.panel.findChild(QWidget, f"anycost_{name}")
        assert found is not None, name
        return found

    def click(self, name):
        click(self.widget(name))

    def settled(self):
        face = self.state.portrait
        frame = face.frame if face else None
        return face and frame and frame.stamp == face.stamp and frame.index == frame.passes

    def project(self):
        self.state.projection_seconds = 0.2
        self.click("project")
        assert until(lambda: self.state.portrait and not self.state.busy), self.state.message
        assert until(self.settled)


@pytest.fixture(scope="module")
def first(tmp_path_factory, tiny_pack):
    """The panel that starts the core, whose finder sees drawn portraits, and starts it again when it dies."""
    folder = tmp_path_factory.mktemp("panel")
    pack = with_colour_finder(tiny_pack, folder / "pack")
    with pytest.MonkeyPatch.context() as patch, qt_loop.core_home(folder / "home", patch, pack):
        first = Bench()
        first.panel.hide()  # it would take the mouse of tests' own panels
        first.keeper.start()
        yield first
        process = first.keeper.process
        first.keeper.stop()
        assert until(lambda: qt_loop.gone(process))
        first.panel.deleteLater()
        qt_loop.settle()


@pytest.fixture
def lasting(first, request):
    """The panel that starts the core, a document of the test's own in front, nothing projected.

    For tests that end the core. It takes seconds to start one, which would leave with a test's own panel.
    """
    name = request.node.name
    first.easel.pictures[name] = first.easel.pictures["a"]
    first.state.set_document(name)
    assert until(lambda: first.state.core.connected), (first.state.message, first.keeper.report())
    first.state.say("")
    first.panel.show()
    yield first
    first.panel.hide()
    first.keeper._watch.setInterval(WATCH_EVERY_MS)


@pytest.fixture
def bench(first):
    """A panel that finds the core running, "a" in front, nothing projected."""
    assert until(lambda: first.state.core.connected), (first.state.message, first.keeper.report())
    bench = Bench()
    bench.state.set_document("a")
    bench.keeper.start()
    assert until(lambda: bench.state.core.connected), (bench.state.message, bench.keeper.report())
    assert bench.keeper.process is None
    yield bench
    bench.keeper.stop()
    bench.panel.deleteLater()
    qt_loop.settle()


def test_from_project_to_layer(bench):
    bench.project()
    state = bench.state
    assert abs(state.portrait.placement.x - PLACE.x) < 4
    slider = bench.widget("slider_smile")
    click(slider, QPoint(round(slider.position_x(40)), slider.height() // 2))
    assert state.value("smile") > 0
    assert bench.widget("value_smile").value() == state.value("smile")
    assert until(bench.settled)
    status = bench.widget("status").text()
    assert re.fullmatch(r"Pass (\d)/\1 · 32 px · ×1 · \d+ ms", status)
    assert bench.widget("preview").shown().width() == state.portrait.frame.side >= 32
    bench.click("apply")
    assert until(lambda: bench.easel.layers), state.message
    document, layer, name = bench.easel.layers[0]
    pixels = np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4)
    assert document == "a"
    assert name.startswith("Anycost: Smile +")
    assert pixels[..., 3].max() == 255
    assert 0 <= layer.x < 200
    assert 0 <= layer.y < 160


@pytest.mark.slow
def test_a_killed_core_comes_back_with_the_sliders(lasting):
    lasting.project()
    lasting.state.set_edit("age", -0.5)
    assert until(lasting.settled)
    before = lasting.state.portrait.frame
    os.kill(lasting.keeper.hello_answer["pid"], signal.SIGKILL)
    assert until(lambda: not lasting.state.core.connected)
    assert lasting.widget("connection").text() == "The core stopped: restarting…"
    assert not lasting.widget("apply").isEnabled()
    assert lasting.widget("slider_age").isEnabled()
    assert until(
        lambda: lasting.state.core.connected and lasting.state.portrait.drawable and lasting.settled()
    )
    assert lasting.widget("slider_age").value() == -50
    assert lasting.state.message == ""
    assert lasting.state.portrait.frame.rgba == before.rgba  # the same latents, edits and weights


@pytest.mark.slow
def test_a_core_that_hangs_is_replaced_and_the_sliders_stay(lasting, monkeypatch):
    lasting.project()
    lasting.state.set_edit("age", -0.5)
    assert until(lasting.settled)
    before, hung = lasting.state.portrait.frame, lasting.keeper.hello_answer["pid"]
    for name, seconds in (("ASK_AFTER_S", 1), ("TELL_AFTER_S", 3)):  # turns of the watch
        monkeypatch.setattr(f"anycost.bridge.qt_client.{name}", seconds)
    lasting.keeper._watch.setInterval(50)
    os.kill(hung, signal.SIGSTOP)
    lasting.state.set_edit("age", -0.25)  # while nobody answers
    assert until(lambda: lasting.widget("start").isVisible())
    assert "does not answer" in lasting.widget("connection").text()
    monkeypatch.setattr(
        "anycost.bridge.qt_client.TELL_AFTER_S", 1000
    )  # a busy machine is not taken for another
    lasting.click("start")
    assert until(lambda: not lasting.state.core.connected)
    assert until(
        lambda: lasting.state.core.connected and lasting.state.portrait.drawable and lasting.settled()
    )
    assert lasting.keeper.hello_answer["pid"] != hung
    assert not lasting.widget("start").isVisible()
    assert lasting.widget("slider_age").value() == -25
    lasting.state.set_edit("age", -0.5)
    assert until(lambda: lasting.settled() and lasting.state.portrait.frame.rgba == before.rgba)


@pytest.mark.slow
def test_a_core_killed_in_the_middle_of_a_projection(lasting):
    lasting.click("project")
    assert until(lambda: lasting.state.portrait and lasting.state.portrait.drawable)
    os.kill(lasting.keeper.hello_answer["pid"], signal.SIGKILL)
    assert until(lambda: lasting.state.message)
    assert "press Project" in lasting.widget("error").text()
    assert until(lambda: lasting.state.core.connected)
    lasting.project()
    assert lasting.state.message == ""


def test_cancel_ends_the_projection_and_keeps_the_face(bench):
    bench.click("project")
    assert until(lambda: bench.state.portrait and bench.state.portrait.drawable)
    assert bench.widget("cancel").isVisible()
    assert bench.widget("progress").isVisible()
    bench.click("cancel")
    assert until(lambda: not bench.state.busy and bench.settled())
    assert bench.state.portrait.drawable
    assert bench.state.message == ""
    assert not bench.widget("cancel").isVisible()


def test_no_face_is_a_sentence_and_three_handles(bench):
    bench.easel.pictures["a"] = np.full((160, 200, 4), 255, np.uint8)
    bench.click("project")
    assert until(lambda: bench.state.message)
    assert bench.widget("error").isVisible()
    assert bench.state.can_project
    assert bench.widget("face_map").isVisible()
    assert not bench.widget("preview").isVisible()
    assert not bench.widget("leave_placing").isVisible()
    bench.click("copy")
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == bench.state.message


def test_a_face_placed_with_the_mouse_is_projected(bench):
    bench.easel.pictures["a"] = np.full((160, 200, 4), 255, np.uint8)
    bench.click("project")
    assert until(lambda: bench.state.message)
    for handle, spot in enumerate([(80.0, 70.0), (120.0, 70.0), (100.0, 110.0)]):
        drag_handle(bench.widget("face_map"), handle, spot)
    bench.state.projection_seconds = 0.2
    bench.click("use_place")
    assert until(lambda: bench.state.portrait and not bench.state.busy and bench.settled())
    assert abs(bench.state.portrait.placement.x - 100.0) < 2
    assert bench.widget("preview").isVisible()
    assert bench.state.message == ""


def test_two_faces_are_picked_with_the_mouse_and_keep_their_sliders(bench):
    left, right = portrait(PLACE, 200, 160), portrait(Placement(90.0, 84.0, 80.0, -6.0), 200, 160)
    bench.easel.pictures["a"] = np.hstack([left, right])
    bench.state.projection_seconds = 0.2
    bench.click("project")
    assert until(lambda: bench.state.faces is not None), bench.state.message
    assert bench.widget("status").text() == "2 faces: click the one to edit"
    for face, value in ((1, 0.5), (0, -0.25)):
        click_face(bench, face)
        assert until(lambda: bench.state.portrait and not bench.state.busy and bench.settled())
        assert bench.widget("slider_smile").value() == 0
        bench.state.set_edit("smile", value)
        assert until(bench.settled)
        bench.click("faces")
    click_face(bench, 1)
    assert bench.widget("slider_smile").value() == 50
    assert not bench.state.busy
    assert abs(bench.state.portrait.placement.x - 290.0) < 4
    assert until(bench.settled)


def test_unload_then_edit(bench):
    bench.project()
    bench.state.unload()
    assert until(lambda: "unloaded" in bench.widget("connection").text())
    bench.state.set_edit("smile", 0.3)
    assert until(bench.settled)
    assert bench.state.message == ""


def test_projection_goes_on_while_another_document_is_edited(bench):
    bench.project()
    bench.easel.pictures["b"] = portrait(Placement(70.0, 90.0, 80.0, -5.0), 160, 170)
    bench.state.set_document("b")
    bench.state.projection_seconds = 1.0
    bench.click("project")
    bench.state.set_document("a")
    bench.state.set_edit("smile", 0.4)
    assert until(bench.settled)
    other = bench.state.core.faces
    assert until(lambda: "b" in other and other["b"].portrait and not other["b"].portrait.projecting)
    assert other["b"].portrait.edits == {}


def test_a_selected_region_is_refined_first_and_laid_over_the_whole(bench):
    bench.state.set_quality("full")
    bench.project()
    bench.state.set_edit("smile", 0.4)  # a part comes only from a rung whose unedited portrait is known
    assert until(bench.settled)
    shown = []
    bench.state.listeners.append(lambda topic: shown.append(bench.state.portrait.newest))
    bench.state.set_selection((80, 60, 24, 16))
    bench.state.set_edit("smile", 0.8)
    assert until(bench.settled)
    stamp = bench.state.portrait.stamp
    passes = [frame for frame in dict.fromkeys(shown) if frame.stamp == stamp]
    assert [frame.whole for frame in passes] in ([True, False, True], [True])  # a fast machine needs one
    assert bench.state.portrait.part is None


# Without a core


class NoLink:
    """A core that never answers."""

    def request(self, method, params, done, data=b""):
        return 1

    def cancel(self, request_id):
        pass


@pytest.fixture
def quiet():
    """A panel with two sliders and a projected face, talking to nobody."""
    state = PanelState(NoLink(), Easel())
    started = []
    panel = Panel(state, lambda: started.append(1), lambda: "the core's last words")
    state.set_document("a")
    smile = Slider("smile", "Smile", "Expression", -1.0, 1.0)
    age = Slider("age", "Age", "Face", -2.0, 0.5)
    state.core.opened = OpenedPack(directions=(smile, age))
    panel.started = started  # pyright: ignore[reportAttributeAccessIssue]
    panel._changed(Topic.PACK)
    panel.show()
    qt_loop.settle(0)  # Qt 6 lays it out then
    yield panel
    panel.deleteLater()
    qt_loop.settle()


def test_short_message_and_full_text_on_hover(quiet):
    text = "The thing failed " + "because of many words " * 20 + "so restart it."
    quiet.state.say(text)
    label = quiet.findChild(QWidget, "anycost_error")
    assert len(label.text()) < 140
    assert label.text().endswith("…")
    assert quiet.message_box.toolTip() == text


def test_giving_up_offers_start_and_the_report_has_the_last_words(quiet):
    quiet.state.core.link_gave_up("The core stopped again and again.")
    button = quiet.findChild(QWidget, "anycost_start")
    assert button.isVisible()
    click(button)
    assert quiet.started == [1]
    quiet.menu.maker.copy()
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert "the core's last words" in clipboard.text()


def test_sliders_keep_to_their_ranges_and_stay_usable_at_260_px(quiet):
    quiet.resize(260, 500)
    qt_loop.settle()
    slider = quiet.findChild(QWidget, "anycost_slider_age")
    assert (slider.minimum(), slider.maximum()) == (-200, 50)
    assert slider.width() >= 80
    right = quiet.findChild(QWidget, "anycost_value_age")
    assert right.mapTo(quiet, QPoint(right.width(), 0)).x() <= 260
    assert quiet.minimumSizeHint().width() <= 260


NEAR = OpenedPicture(PLACE)
ADVICE = "This picture is far from what the pack draws: some edits do not work, others look painted."


def project_quietly(panel, opened=NEAR):
    """Give the document "a" a face that was projected, and the core that never answers a connection."""
    state = panel.state
    picture = Picture(200, 160, portrait(PLACE, 200, 160).tobytes(), document_size=(200, 160))
    faces = state.core.faces["a"] = Faces(picture)
    face = Face.found(picture, found(100.0, 80.0))
    face.portrait.opened[state.core.pack], face.portrait.placement = opened, opened.placement
    face.portrait.known = CoreKnows.LATENTS
    faces.choose(face)
    state.core.connected = True
    state.tell(Topic.DOCUMENT)
    qt_loop.settle()


def test_apply_waits_for_a_slider(quiet):
    project_quietly(quiet)
    apply = quiet.findChild(QWidget, "anycost_apply")
    assert not apply.isEnabled()
    assert apply.toolTip() == "Move a slider first: with all at 0 the picture stays as it is"
    quiet.state.set_edit("smile", 0.5)
    assert apply.isEnabled()
    assert apply.toolTip().startswith("Draw the edit in full")
    quiet.state.reset_all()
    assert not apply.isEnabled()


def test_advice_is_a_note_that_neither_widens_nor_moves_the_panel(quiet):
    quiet.resize(220, 800)
    project_quietly(quiet)
    note = quiet.findChild(QWidget, "anycost_advice")
    assert not note.isVisible()
    widest, size = quiet.minimumSizeHint().width(), quiet.size()
    project_quietly(quiet, OpenedPicture(PLACE, ADVICE + " <b>bold</b> Unabbreviatedcompoundwords" * 9))
    assert note.isVisible()
    assert note.text().startswith(ADVICE[:80])
    assert note.text().endswith("…")
    assert "Unabbreviated" in note.parentWidget().toolTip()
    assert quiet.minimumSizeHint().width() == widest <= 220
    assert quiet.size() == size
    quiet.state.toggle_faces()  # the faces are shown: the note is about one of them
    assert not note.isVisible()
    quiet.state.set_document("b")
    assert not note.isVisible()


def test_sliders_that_do_not_work_on_a_picture_are_grey_and_say_why(quiet):
    project_quietly(quiet)
    quiet.state.set_edit("age", -1.0)
    edits = dict(quiet.state.portrait.edits)
    project_quietly(quiet, OpenedPicture(PLACE, ADVICE, ("age",)))
    quiet.state.portrait.edits = edits
    quiet.state.tell(Topic.DOCUMENT)
    smile, age = (quiet.findChild(QWidget, f"anycost_slider_{name}") for name in ("smile", "age"))
    assert smile.isEnabled()
    assert not age.isEnabled()
    assert age.value() == -100
    assert age.toolTip() == "This edit does not work on this picture"
    assert not quiet.findChild(QWidget, "anycost_value_age").isEnabled()
    project_quietly(quiet)
    assert age.isEnabled()
    assert "double-click" in age.toolTip()


def found(x, y, score=0.9, roll=0.0):
    eyes, mouth = ((x - 9, y - 9), (x + 9, y - 9)), ((x, y + 9), (x, y + 9))
    return FoundFace(eyes, mouth, (x, y), (x, y), (0, 0, roll), score)


@pytest.fixture
def picking(quiet):
    """The panel with two faces to pick from, the second one a guess."""
    picture = Picture(200, 100, portrait(PLACE, 200, 100).tobytes())
    faces = Faces(picture)
    for face in (found(50.0, 50.0), found(150.0, 50.0, 0.3, 20.0)):
        faces.add(Face.found(picture, face))
    quiet.state.core.faces["a"] = faces
    quiet.resize(220, 640)
    quiet.state.tell(Topic.DOCUMENT)
    qt_loop.settle()
    return quiet, quiet.findChild(QWidget, "anycost_face_map"), faces


def test_boxes_are_drawn_and_marked_under_the_mouse(picking):
    panel, shown, faces = picking
    before = shown.grab().toImage()
    corner = shown.to_screen(*faces.all[0].box.to_picture(0.5, 0.0)).toPoint()
    around = [before.pixelColor(corner.x(), corner.y() + step).lightness() for step in range(-2, 3)]
    assert max(around) > 200
    QTest.mouseMove(shown, shown.to_screen(150.0, 50.0).toPoint())  # pyright: ignore[reportCallIssue]
    assert until(lambda: shown.at == 1, 10)
    assert shown.grab().toImage() != before
    assert shown.toolTip() == "Face 2 of 2, a guess"
    assert panel.minimumSizeHint().width() <= 220


def test_a_click_beside_the_faces_picks_none(picking):
    _, shown, faces = picking
    picked = []
    shown.picked.connect(picked.append)
    click(shown, shown.to_screen(100.0, 95.0).toPoint())
    assert picked == []
    click(shown, shown.to_screen(52.0, 48.0).toPoint())
    assert picked == [faces.all[0]]


def test_faces_are_picked_and_handles_moved_with_the_keyboard(picking):
    panel, shown, faces = picking
    picked = []
    shown.picked.connect(picked.append)
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(shown, Qt.Key.Key_Tab)  # pyright: ignore[reportCallIssue]
    QTest.keyClick(shown, Qt.Key.Key_Return)  # pyright: ignore[reportCallIssue]
    assert picked == [faces.all[1]]
    click(panel.findChild(QWidget, "anycost_place_by_hand"))
    assert panel.state.view is View.PLACING
    before = list(faces.handles.points)
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(shown, Qt.Key.Key_Tab)  # pyright: ignore[reportCallIssue]
    QTest.keyClick(shown, Qt.Key.Key_Tab)  # pyright: ignore[reportCallIssue]
    assert shown.toolTip() == "Mouth"
    QTest.keyClick(shown, Qt.Key.Key_Down)  # pyright: ignore[reportCallIssue]
    assert faces.handles.points == [*before[:2], (before[2][0], before[2][1] + 1.0)]
    click(panel.findChild(QWidget, "anycost_leave_placing"))
    assert panel.state.view is View.PICKING


def test_the_faces_button_shows_them_and_the_chosen_one(picking):
    panel, shown, faces = picking
    button = panel.findChild(QWidget, "anycost_faces")
    assert button.isChecked()
    click(button)  # nothing is chosen yet: there is nothing else to show
    assert button.isChecked()
    assert shown.isVisible()
    faces.choose(faces.all[0])
    panel.state.tell(Topic.DOCUMENT)
    assert not button.isChecked()
    assert not shown.isVisible()
    click(button)
    assert button.isChecked()
    assert shown.isVisible()
    panel.state.set_document("b")
    assert not button.isEnabled()
    assert panel.findChild(QWidget, "anycost_preview").isVisible()


def test_a_large_picture_is_scaled_once(picking):
    panel, shown, _ = picking
    picture = Picture(2000, 1000, bytes(2000 * 1000 * 4))
    panel.state.core.faces["a"] = Faces(picture)
    panel.state.tell(Topic.DOCUMENT)
    copy = shown._copy
    assert copy.width() == 768
    for _ in range(3):
        panel.state.tell(Topic.FACES)
        shown.grab()
    assert shown._copy is copy


def test_a_part_is_painted_where_it_lies():
    preview = Preview()
    preview.resize(128, 128)
    blue, red = bytes([0, 0, 255, 255]), bytes([255, 0, 0, 255])
    whole = Frame("p", 1, 1, 3, 8, 1.0, 1.0, 8, 8, blue * 64, 8)
    preview.show_frame(whole, Frame("p", 1, 2, 3, 64, 1.0, 1.0, 16, 8, red * 128, 64, False, 32, 8))
    grab = preview.grab().toImage()

    def colour(x, y):
        shown = grab.pixelColor(x, y)
        return shown.red(), shown.green(), shown.blue()

    assert {colour(x, y) for x in (67, 92) for y in (19, 28)} == {(255, 0, 0)}
    assert {colour(x, y) for x in (60, 100) for y in (19, 28)} == {(0, 0, 255)}
    assert {colour(x, y) for x in (67, 92) for y in (12, 36)} == {(0, 0, 255)}
    preview.show_frame(whole)
    grab = preview.grab().toImage()
    assert colour(80, 24) == (0, 0, 255)


def test_what_lies_beside_a_shape_is_not_painted():
    preview = Preview()
    preview.resize(128, 128)
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor(255, 0, 0))
    preview.show_original(image, Placement(4, 4, 8, 0, (4, 3)))
    grab = preview.grab().toImage()
    rows = [grab.pixelColor(100, y).getRgb()[:3] == (255, 0, 0) for y in range(128)]
    assert rows == [False] * 16 + [True] * 96 + [False] * 16
    preview.show_original(image, Placement(4, 4, 8))
    assert preview.grab().toImage().pixelColor(100, 4).getRgb()[:3] == (255, 0, 0)


def test_a_group_folds_away_and_keeps_its_values(quiet):
    slider, heading = (quiet.findChild(QWidget, f"anycost_{name}") for name in ("slider_age", "heading_Face"))
    slider.setValue(-70)
    click(heading)
    assert not slider.isVisible()
    assert quiet.findChild(QWidget, "anycost_slider_smile").isVisible()
    click(heading)
    assert slider.isVisible()
    assert slider.value() == -70


def test_the_crop_of_the_original_is_the_core_s(tmp_path):
    rgba = portrait(PLACE, 200, 160)
    picture = Picture(200, 160, rgba.tobytes())
    shown = face_crop(picture, Placement(PLACE.x, PLACE.y, PLACE.size, PLACE.angle), 128)
    ours = np.frombuffer(rgba_bytes(shown), np.uint8).reshape(128, 128, 4)[..., :3].astype(float)
    cores = core_crop(rgba, PLACE, 128).astype(float)[..., :3]
    assert np.abs(ours - cores)[4:-4, 4:-4].mean() < 4
