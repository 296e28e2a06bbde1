"""The panel's sizes, keys, colours and words, offscreen, without a core."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields

import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from drawn_face import portrait
from panel_wire import Keeping
from PyQt5 import sip
from PyQt5.QtCore import QEvent, QLocale, QPoint, QPointF, Qt
from PyQt5.QtGui import QColor, QKeyEvent, QPalette, QWheelEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import (
    QApplication,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QMainWindow,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from anycost.bridge.messages import OpenedPack, OpenedPicture, Placement, Progress, Slider
from anycost.krita_plugin.panel.docker_size import give_room
from anycost.krita_plugin.panel.number_box import NumberBox
from anycost.krita_plugin.panel.panel import Panel
from anycost.krita_plugin.panel.settings_dialog import WORDS, SettingsDialog
from anycost.krita_plugin.settings import Kept, Settings, Unstored
from anycost.krita_plugin.state.document_faces import Face, Faces
from anycost.krita_plugin.state.picture import Picture
from anycost.krita_plugin.state.portrait import CoreKnows
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.state.topic import Topic
from anycost.krita_plugin.studio import dark_palette

qt_loop.application()
PLACE = Placement(100.0, 80.0, 90.0, 0.0)
LOWEST, NARROWEST = 250, 220  # pixels that a docker must make do with
NAMES = ("smile", "age", "nod", "turn")


class NoLink:
    """A core that never answers."""

    def request(self, method, params, done, data=b""):
        return 1

    def cancel(self, request_id):
        pass


class Host(Keeping):
    selects = True


_made = []  # panels of the test that runs


@pytest.fixture(autouse=True)
def no_panel_left():
    """A window that stays open takes the mouse's moves in later tests."""
    yield
    while _made:
        _made.pop().deleteLater()
    qt_loop.settle(0.01)


def make_panel(store=None):
    """A panel with four sliders in two groups, "a" in front, nothing projected."""
    state = PanelState(NoLink(), Host(), settings=Kept(store or Unstored()))  # pyright: ignore
    panel = Panel(state, lambda: None, lambda: "the core's last words")
    _made.append(panel)
    state.set_document("a")
    groups = ("Expression", "Expression", "Pose", "Pose")
    sliders = (
        Slider(name, name.title(), group, -1.0, 1.0) for name, group in zip(NAMES, groups, strict=True)
    )
    state.core.opened = OpenedPack(directions=tuple(sliders))
    state.core.connected = True
    state.tell(Topic.PACK)
    state.tell(Topic.CONNECTION)
    return panel


def project(panel):
    """Give "a" a face, as if it had been projected."""
    state = panel.state
    picture = Picture(200, 160, portrait(PLACE, 200, 160).tobytes(), document_size=(200, 160))
    faces = state.core.faces["a"] = Faces(picture)
    face = Face.whole(picture)
    face.portrait.opened[state.core.pack], face.portrait.placement = OpenedPicture(PLACE), PLACE
    face.portrait.known = CoreKnows.LATENTS
    faces.choose(face)
    state.tell(Topic.DOCUMENT)


@pytest.fixture
def panel():
    panel = make_panel()
    project(panel)
    panel.resize(260, 700)
    panel.show()
    QApplication.setActiveWindow(panel)
    qt_loop.settle()
    return panel


def widget(panel, name):
    found = panel.findChild(QWidget, f"anycost_{name}")
    assert found is not None, name
    return found


def press(focus, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(focus, key, modifiers)  # pyright: ignore[reportCallIssue, reportArgumentType]


def write(focus, text):
    QTest.keyClicks(focus, text)  # pyright: ignore[reportCallIssue]


# Sizes


def test_a_low_narrow_docker_is_enough_in_every_view(panel):
    def least():
        return panel.minimumSizeHint()

    panel.state.say("Many words about what went wrong. " * 20)
    assert least().height() <= LOWEST
    panel.resize(NARROWEST, LOWEST)
    qt_loop.settle()
    assert widget(panel, "label_smile").width() > widget(panel, "slider_smile").width() >= 60
    right = widget(panel, "value_smile")
    assert right.mapTo(panel, QPoint(right.width(), 0)).x() <= NARROWEST
    panel.state.toggle_faces()
    assert max(least().width() - NARROWEST, 0) == 0
    for fold in range(2):
        panel.split.toggle_fold()
        assert least().height() <= LOWEST + 50, fold


def test_a_panel_may_go_while_its_original_is_on_the_way():
    panel = make_panel()
    project(panel)
    sip.delete(panel)
    _made.remove(panel)
    qt_loop.settle(0.1)  # raises what a timer raised
    assert panel._portrait_shown is None


def test_the_preview_folds_grows_and_lasts():
    store = Unstored()
    panel = make_panel(store)
    project(panel)
    panel.resize(260, 900)
    panel.show()
    qt_loop.settle()
    preview, fold = widget(panel, "preview"), widget(panel, "fold_preview")
    wide = preview.height()
    assert wide >= 240
    QTest.mouseClick(fold, Qt.MouseButton.LeftButton)  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert not preview.isVisible()
    QTest.mouseClick(fold, Qt.MouseButton.LeftButton)  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert preview.isVisible()
    panel.split.moveSplitter(500, 1)
    assert abs(preview.height() - 500) < 10
    panel.resize(600, 1200)
    qt_loop.settle()
    assert abs(preview.height() - 500) < 10  # as the artist left it
    panel.hide()

    again = make_panel(store)
    again.resize(260, 900)
    again.show()
    qt_loop.settle()
    assert abs(widget(again, "preview").height() - 500) < 10
    again.split.moveSplitter(0, 1)
    assert not widget(again, "preview").isVisible()
    third = make_panel(store)
    third.resize(260, 900)
    third.show()
    qt_loop.settle()
    assert not widget(third, "preview").isVisible()


def test_the_preview_comes_off_into_a_window_and_back(panel):
    preview = widget(panel, "preview")
    panel.menu.apart.trigger()
    assert preview.window() is not panel.window()
    assert preview.isVisible()
    preview.window().resize(900, 800)
    qt_loop.settle()
    assert preview.height() == 800  # no cap
    panel.state.toggle_faces()  # the faces show in the docker, the face in the window
    assert widget(panel, "face_map").isVisible()
    assert preview.isVisible()
    panel.state.toggle_faces()
    panel.hide()
    assert not preview.isVisible()  # with the docker
    panel.show()
    assert preview.isVisible()
    preview.window().close()
    qt_loop.settle()
    assert preview.window() is panel.window()
    assert preview.isVisible()
    assert not panel.menu.apart.isChecked()


def test_the_first_slider_shows_where_the_preview_would_not_leave_room(panel):
    for height in (260, 330, 420, 520, 640):
        panel.resize(250, height)
        qt_loop.settle()
        first, preview = widget(panel, "slider_smile"), widget(panel, "preview")
        assert not first.visibleRegion().isEmpty(), height
        assert preview.height() >= 60 or not preview.isVisible()


def test_folded_groups_last():
    store = Unstored()
    panel = make_panel(store)
    panel.show()
    qt_loop.settle(0)  # Qt 6 lays it out then
    QTest.mouseClick(widget(panel, "heading_Pose"), Qt.MouseButton.LeftButton)  # pyright: ignore
    assert not widget(panel, "slider_nod").isVisible()
    again = make_panel(store)
    again.show()
    assert not widget(again, "slider_nod").isVisible()
    assert widget(again, "slider_smile").isVisible()


def test_a_new_docker_gets_room_once():
    window, settings = QMainWindow(), Kept(Unstored())
    _made.append(window)
    right = Qt.DockWidgetArea.RightDockWidgetArea
    window.setCentralWidget(QWidget())
    dockers = [QDockWidget(name, window) for name in ("Layers", "Anycost")]
    for docker in dockers:
        docker.setWidget(QWidget())
        window.addDockWidget(right, docker)
    window.resize(800, 800)
    window.show()
    window.resizeDocks(dockers, [600, 180], Qt.Orientation.Vertical)
    qt_loop.settle()
    give_room(dockers[1], settings)
    qt_loop.settle()
    assert abs(dockers[1].height() - 420) < 10
    window.resizeDocks(dockers, [600, 180], Qt.Orientation.Vertical)
    qt_loop.settle()
    give_room(dockers[1], settings)  # the artist made it lower
    qt_loop.settle()
    assert dockers[1].height() < 250


# Keys


@pytest.fixture
def with_shortcuts():
    """The panel in a window that has shortcuts, as Krita's has; what they heard."""
    window = QWidget()
    panel = make_panel()
    project(panel)
    QVBoxLayout(window).addWidget(panel)
    heard = []
    for key in (
        "B",
        "1",
        ".",
        ",",
        "PgUp",
        "PgDown",
        "Home",
        "End",
        "Left",
        "Space",
        "Return",
        "-",
        "Ctrl+B",
    ):
        shortcut = QShortcut(key, window)
        shortcut.activated.connect(lambda key=key: heard.append(key))
    window.resize(280, 700)
    window.show()
    QApplication.setActiveWindow(window)
    qt_loop.settle()
    yield panel, heard
    _made.clear()
    window.deleteLater()


def test_keys_that_move_a_slider_do_not_reach_shortcuts(with_shortcuts):
    panel, heard = with_shortcuts
    slider = widget(panel, "slider_smile")
    slider.setFocus()
    for key, value in (
        (Qt.Key.Key_Right, 5),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_Up, 5),
        (Qt.Key.Key_Down, 0),
        (Qt.Key.Key_PageUp, 25),
        (Qt.Key.Key_PageDown, 0),
        (Qt.Key.Key_End, 100),
        (Qt.Key.Key_Home, -100),
    ):
        press(slider, key)
        assert slider.value() == value, key
        assert panel.state.value("smile") == value / 100
    press(slider, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert slider.value() == -99
    assert heard == []
    press(slider, Qt.Key.Key_B)  # the brush: no key of a slider's
    press(slider, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert heard == ["B", "Ctrl+B"]


def test_a_number_is_written_on_the_slider(with_shortcuts):
    panel, heard = with_shortcuts
    slider, number = widget(panel, "slider_smile"), widget(panel, "value_smile")
    slider.setFocus()
    for text, value in (("-0.25", -25), ("0,5", 50), (".3", 30), ("1", 100), ("7", 100)):
        write(slider, text[0])
        assert number.hasFocus()
        write(number, text[1:])
        press(number, Qt.Key.Key_B)  # no digit: neither written nor a shortcut
        press(number, Qt.Key.Key_Return)
        assert slider.hasFocus()
        assert slider.value() == value, text
    press(slider, Qt.Key.Key_Return)
    assert number.hasFocus()
    write(number, "0.1")
    press(number, Qt.Key.Key_Escape)
    assert slider.value() == 100
    assert slider.hasFocus()
    assert heard == []


def test_tab_goes_from_slider_to_slider(with_shortcuts):
    panel, _ = with_shortcuts
    widget(panel, "quality_auto").setFocus()
    press(widget(panel, "quality_auto"), Qt.Key.Key_Tab)
    assert widget(panel, "heading_Expression").hasFocus()
    panel.state.set_edit("turn", 0.5)  # so that there is something to apply
    widget(panel, "slider_turn").setFocus()
    press(widget(panel, "slider_turn"), Qt.Key.Key_Tab)
    assert panel.apply_area.isAncestorOf(QApplication.focusWidget())
    widget(panel, "slider_smile").setFocus()
    press(widget(panel, "slider_smile"), Qt.Key.Key_Tab)
    assert widget(panel, "slider_age").hasFocus()
    write(widget(panel, "slider_age"), "0")
    write(widget(panel, "value_age"), ".4")
    press(widget(panel, "value_age"), Qt.Key.Key_Tab)
    assert panel.state.value("age") == 0.4
    assert widget(panel, "heading_Pose").hasFocus()
    press(widget(panel, "heading_Pose"), Qt.Key.Key_Tab)
    assert widget(panel, "slider_nod").hasFocus()
    press(widget(panel, "slider_nod"), Qt.Key.Key_Backtab)
    press(widget(panel, "heading_Pose"), Qt.Key.Key_Backtab)
    assert widget(panel, "slider_age").hasFocus()


@pytest.mark.parametrize("language", ["de", "en", "C", "fr_CH"])
@pytest.mark.parametrize(
    ("text", "value"),
    [("0,35", 0.35), ("0.35", 0.35), ("-1,5", -1.5), ("−.5", -0.5), ("+0,2", 0.2), ("2", 2.0)],
)
def test_comma_and_point_are_both_taken(language, text, value):
    before = QLocale()
    QLocale.setDefault(QLocale(language))
    try:
        number = NumberBox()
        number.setRange(-2.0, 2.0)
        edit = number.findChild(QLineEdit)
        assert edit is not None
        edit.selectAll()
        if text.isascii():
            write(edit, text)
        else:
            edit.insert(text)  # as pasted
        press(edit, Qt.Key.Key_Return)
        assert number.value() == pytest.approx(value)
        edit.selectAll()
        write(edit, "9,9")
        press(edit, Qt.Key.Key_Return)
        assert abs(number.value()) <= 2.0
    finally:
        QLocale.setDefault(before)


def turn_wheel(over):
    """One notch of the mouse's wheel over a widget."""
    middle = QPointF(over.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(over.mapToGlobal(over.rect().center())),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(over, event)


def test_the_wheel_changes_only_what_has_the_focus(panel):
    slider, number, feather = (widget(panel, name) for name in ("slider_smile", "value_smile", "feather"))
    panel.state.set_only_selected(True)
    for over in (slider, number, feather):
        turn_wheel(over)
    assert (slider.value(), number.value(), feather.value()) == (0, 0.0, 0)
    slider.setFocus()
    turn_wheel(slider)
    assert slider.value() > 0
    assert number.value() == slider.value() / 100


def test_screen_readers_find_a_name_for_every_control_and_the_slider_s_value(panel):
    for control in panel.findChildren(QWidget):
        shown = control.isVisible() and control.focusPolicy() & Qt.FocusPolicy.TabFocus
        if shown and control.objectName().startswith("anycost_"):
            text = getattr(control, "text", lambda: "")
            assert control.accessibleName() or text() or control.toolTip(), control.objectName()
    panel.state.set_edit("smile", -0.35)
    slider = widget(panel, "slider_smile")
    assert slider.accessibleName() == "Smile"
    assert slider.accessibleDescription() == widget(panel, "value_smile").text() != "0.00"


# Colours


def bright_palette():
    palette, role = QPalette(), QPalette.ColorRole
    for one, shade in (
        (role.Window, "#d6d6d6"),
        (role.Base, "#f0f0f0"),
        (role.Button, "#dddddd"),
        (role.WindowText, "#202020"),
        (role.Text, "#202020"),
        (role.ButtonText, "#202020"),
        (role.Highlight, "#5a94c8"),
        (role.HighlightedText, "#ffffff"),
    ):
        palette.setColor(one, QColor(shade))
    return palette


def contrast(shown):
    """How far the lightest and the darkest pixel of a widget are apart, 0 to 255."""
    image = shown.grab().toImage()
    lights = [image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height())]
    return max(lights) - min(lights)


def test_everything_stays_readable_when_the_theme_changes(panel):
    names = ("heading_Pose", "label_smile", "fold_preview", "menu", "quality_auto", "quality_draft", "status")
    before = QApplication.palette()
    try:
        for palette in (dark_palette(), bright_palette(), dark_palette()):
            QApplication.setPalette(palette)
            qt_loop.settle()
            for name in names:
                assert contrast(widget(panel, name)) > 90, name
            window = palette.color(QPalette.ColorRole.Window).lightness()
            corner = panel.grab().toImage().pixelColor(1, 1).lightness()
            assert abs(corner - window) < 8
    finally:
        QApplication.setPalette(before)


DOUBLE = """
from anycost.krita_plugin.panel.icon_paths import more_path
from anycost.krita_plugin.panel.icons import IconButton
from anycost.krita_plugin.panel.preview import Preview
from PyQt5 import QtWidgets
application = QtWidgets.QApplication([])
preview = Preview()
preview.resize(100, 100)
shown = preview.grab()
button = IconButton("menu", "More", more_path()).grab().toImage()
shades = {button.pixelColor(x, y).lightness() for x in range(button.width()) for y in range(button.height())}
print(shown.width(), preview._backdrop.width(), len(shades))
"""


def test_double_resolution_has_twice_the_pixels():
    done = subprocess.run(
        [sys.executable, "-c", DOUBLE],
        env={**os.environ, "QT_SCALE_FACTOR": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    width, backdrop, shades = map(int, done.stdout.split())
    assert (width, backdrop) == (200, 200)
    assert shades > 4


# Words


def test_the_status_never_asks_for_what_cannot_be_done():
    panel = make_panel()
    state, core = panel.state, panel.state.core
    project_button = widget(panel, "project")

    def shown():
        for topic in (Topic.CONNECTION, Topic.DOCUMENT):
            state.tell(topic)
        return widget(panel, "status").text(), project_button.isEnabled(), project_button.toolTip()

    words, enabled, tip = shown()
    assert (words, enabled) == ("Press Project to begin", True)
    assert tip.startswith("Find the faces")
    core.connected = False
    words, enabled, tip = shown()
    assert not enabled
    assert words == tip == "Wait until the core is ready"
    core.gave_up = True
    assert shown()[0] == "The core is not running"
    state.set_document(None)
    words, enabled, tip = shown()
    assert (words, enabled, tip) == ("Open a picture to begin", False, "Open a picture first")


def test_after_the_last_step_it_is_finishing_rather_than_at_a_hundred_percent(panel):
    portrait_, progress = panel.state.portrait, widget(panel, "progress")
    portrait_.progress = Progress(portrait_.name, 99, 100, 0.2)
    panel.state.tell(Topic.PROGRESS)
    assert widget(panel, "status").text() == "Projecting 99/100 · loss 0.20"
    assert (progress.value(), progress.maximum()) == (99, 100)
    portrait_.progress = Progress(portrait_.name, 100, 100, 0.2)
    panel.state.tell(Topic.PROGRESS)
    assert widget(panel, "status").text() == "Finishing the face…"
    assert progress.maximum() == 0  # a bar that only says that something goes on


def test_a_long_message_is_read_whole_in_a_dialog_and_put_away(panel):
    text = "The thing failed " + "because of many words " * 20 + "so restart it."
    panel.state.say(text)
    more = widget(panel, "message_more")
    assert more.isVisible()
    more.click()
    dialog = widget(panel, "text_dialog")
    assert dialog.text.toPlainText() == text
    widget(dialog, "text_copy").click()
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == text
    dialog.close()
    widget(panel, "dismiss").click()
    assert panel.state.message == ""
    panel.state.say("Short.")
    assert not more.isVisible()


# Settings


def test_every_setting_has_words_and_is_kept(panel):
    assert set(WORDS) == {field.name for field in fields(Settings)}
    settings = panel.state.settings
    before = settings.now
    dialog = SettingsDialog(panel.state, panel)
    for field in fields(Settings):
        widget(dialog, f"setting_{field.name}").click()
        assert getattr(settings.now, field.name) is not getattr(before, field.name)
    for name, value in (("budget", None), ("speed", 500.0), ("language", ["de"])):
        box = widget(dialog, f"setting_{name}")
        assert isinstance(box, QComboBox)
        wanted = {"budget": "Until it levels off", "speed": "Best in half a second", "language": "Deutsch"}[
            name
        ]
        assert box.findText(wanted) >= 0, [box.itemText(index) for index in range(box.count())]
        box.setCurrentText(wanted)
        box.activated.emit(box.currentIndex())
        now = {
            "budget": panel.state.projection_seconds,
            "speed": panel.state.frame_ms,
            "language": settings.names("language"),
        }
        assert now[name] == value
    dialog.close()


def test_a_time_that_is_none_of_the_choices_is_shown_as_it_is(panel):
    panel.state.set_projection_seconds(3.0)
    panel.state.set_frame_ms(120.0)
    dialog = SettingsDialog(panel.state, panel)
    panel.menu.aboutToShow.emit()
    submenus = {"budget": panel.menu._budgets, "speed": panel.menu._speeds}
    for name, words in (("budget", "3 seconds"), ("speed", "Best in 120 ms")):
        box = widget(dialog, f"setting_{name}")
        assert isinstance(box, QComboBox)
        checked = [action.text() for action in submenus[name].actions() if action.isChecked()]
        assert [box.currentText()] == checked == [words]
    dialog.close()


def test_a_preset_can_be_saved_as_soon_as_a_slider_moves(panel):
    widget(panel, "open_presets").click()
    assert not widget(panel, "preset_save").isEnabled()
    panel.state.set_edit("smile", 0.5)
    assert widget(panel, "preset_save").isEnabled()
    panel.state.reset_all()
    assert not widget(panel, "preset_save").isEnabled()


def test_the_menu_follows_what_the_dialog_chose(panel):
    panel.state.set_frame_ms(33.0)
    panel.menu.aboutToShow.emit()
    checked = [action.text() for action in panel.menu._speeds.actions() if action.isChecked()]
    assert checked == ["30 frames a second"]


def test_a_key_event_nobody_wants_goes_on(panel):
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    for name in ("slider_smile", "value_smile"):
        widget(panel, name).setFocus()
        QApplication.sendEvent(widget(panel, name), event)
        assert not event.isAccepted()
