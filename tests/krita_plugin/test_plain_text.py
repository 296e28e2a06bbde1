"""Texts of a pack and of the core are shown as they are: Qt must not take them for HTML and read files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

# PyQt5's stubs let every getter return None
# pyright: reportOptionalMemberAccess=false
pytest.importorskip("PyQt5")
import qt_loop
from panel_wire import project, show
from PyQt5 import QtWidgets
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QTextDocument

from anycost.krita_plugin.panel.panel import Panel
from anycost.krita_plugin.panel.plain_text import LONGEST_TIP, plain_button, plain_tip
from anycost.krita_plugin.panel.preset_name_dialog import ask_preset_name
from anycost.krita_plugin.qt import QAction
from anycost.krita_plugin.state.batch_host import Item
from anycost.krita_plugin.state.presets import Preset, PresetFolder, presets_folder
from anycost.krita_plugin.state.state import PanelState

PATIENCE = 120.0  # seconds after which the panel counts as hung

# The real panel with a pack whose texts name a pipe that nobody writes to: reading it would never end.
HOSTILE = """
import sys
from qt_binding import use_wanted_binding
use_wanted_binding()
from anycost.bridge.messages import CoreState, OpenedPack, OpenedPicture, Placement, Slider
from anycost.krita_plugin.state.document_faces import Face, Faces
from anycost.krita_plugin.panel.panel import Panel
from anycost.krita_plugin.state.picture import Picture
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.state.topic import Topic
from PyQt5 import QtCore, QtGui, QtWidgets

application = QtWidgets.QApplication([])
text = "Smile<img src='" + sys.argv[1] + "'>"


class Nobody:
    selects = keeps = True
    batches = None
    def kept(self, document, name): return b""
    def keep(self, document, name, data, at_once=False): return True
    def request(self, method, params, done, data=b""): return 1
    def cancel(self, number): pass


state = PanelState(Nobody(), Nobody())
panel = Panel(state, lambda: None, lambda: "")
state.set_document("a")
direction = Slider("smile", text, text, -1.0, 1.0)
state.core.opened = OpenedPack(title=text, loss=text, packs=("a",), directions=(direction,))
state.core.connected = True
state.tell(Topic.PACK)
state.tell(Topic.CONNECTION)
picture, place = Picture(8, 8, bytes(256)), Placement(4.0, 4.0, 8.0)
faces = state.core.faces["a"] = Faces(picture)
faces.choose(Face.whole(picture))
faces.portrait.opened[state.core.pack], faces.portrait.placement = OpenedPicture(place, text), place
state.tell(Topic.DOCUMENT)
state.core.notified("core/state", CoreState(text).data(), b"")
state.say(text)
panel.show()
application.processEvents()
tipped = 0
for widget in [panel, *panel.findChildren(QtWidgets.QWidget)]:
    if widget.toolTip():
        place = QtCore.QPoint(3, 3)
        tip = QtGui.QHelpEvent(QtCore.QEvent.Type.ToolTip, place, widget.mapToGlobal(place))
        application.sendEvent(widget, tip)
        application.processEvents()
        tipped += text in widget.toolTip() or "&lt;img" in widget.toolTip()
labels = [label.text() for label in panel.findChildren(QtWidgets.QLabel)]
print(tipped, sum("<img" in label for label in labels))
"""


def test_texts_with_markup_do_not_reach_a_file(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE, str(pipe)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    tips, labels = map(int, done.stdout.split())
    assert tips >= 5  # the slider's row, the connection, the message, the advice and Project were asked
    assert labels >= 3  # the markup stands in them as text


MARKUP = "Smile R&D <img src='/nowhere'>"
TAGS = re.compile(r"<(?!/?span>|br>)")  # others than those that plain_tip makes


def rich_texts(root: QtWidgets.QWidget) -> set[tuple[str, str]]:
    """Texts of a widget and of those in it that Qt shows as HTML, or with a letter underlined; and where."""
    found = set()
    for one in [root, *root.findChildren(QtWidgets.QWidget)]:
        tips = {one.toolTip(), one.whatsThis(), one.statusTip()}
        labels, actions = set(), [one, *one.actions()]
        if isinstance(one, QtWidgets.QLabel) and one.textFormat() != Qt.TextFormat.PlainText:
            labels = {one.text()}
        if isinstance(one, QtWidgets.QMessageBox) and one.textFormat() != Qt.TextFormat.PlainText:
            labels = {one.text(), one.informativeText()}
        if isinstance(one, QtWidgets.QTextEdit):
            labels = {one.toHtml()}
        if isinstance(one, QtWidgets.QListWidget):
            tips |= {one.item(row).toolTip() for row in range(one.count())}
        if isinstance(one, QtWidgets.QMenu) and one.toolTipsVisible():
            tips |= {action.toolTip() for action in one.actions()}
        tips = {tip for tip in tips if might_be_rich(tip) and TAGS.search(tip)}
        labels = {label for label in labels if might_be_rich(label)}
        kinds = QtWidgets.QAbstractButton, QtWidgets.QMenu, QAction
        buttons = [part for part in actions if isinstance(part, kinds)]
        names = {part.title() if isinstance(part, QtWidgets.QMenu) else part.text() for part in buttons}
        underlined = {name for name in names if "R&D" in name.replace("&&", "")}
        found |= {(one.objectName() or type(one).__name__, text) for text in tips | labels | underlined}
    return found


def might_be_rich(text: str) -> bool:
    return Qt.mightBeRichText(text)  # pyright: ignore[reportAttributeAccessIssue]


class Layers:
    """A document's layers, by names that mean harm."""

    def selected_layers(self, document):
        return [Item(MARKUP, 1)]

    visible_layers = selected_layers

    def frames(self, document):
        return MARKUP, [Item(MARKUP, 1), Item(MARKUP, 2)]


@pytest.fixture
def hostile_panel(state: PanelState, wire, desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A panel of which every text that others wrote is markup; its face is edited."""
    qt_loop.application()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    desk.batches = Layers()
    slider = {"name": "smile", "label": MARKUP, "group": MARKUP, "tip": MARKUP, "low": -1.0, "high": 1.0}
    state.core.link_lost()
    state.core.link_ready()
    pack = {"title": MARKUP, "packs": ["mine"], "loss": MARKUP, "directions": [slider], "problems": [MARKUP]}
    wire.answer("pack/open", pack)
    project(state, wire)
    state.set_edit("smile", 0.5)
    wire.answer("edit", {"complete": True})
    show(state, state.portrait.stamp, index=3)
    state.history.rested()
    state.portrait.layer = replace(state.portrait.layer, name=MARKUP)
    PresetFolder(presets_folder()).save(Preset(MARKUP, {"smile": 0.3}))
    panel = Panel(state, lambda: None, lambda: MARKUP)
    panel.show()
    state.say(MARKUP)
    return panel


def test_no_text_of_others_is_shown_as_html(hostile_panel: Panel):
    panel = hostile_panel
    for strip in panel.shelf.strips:
        panel.shelf.open(strip)
        qt_loop.settle(0)
        assert rich_texts(panel) == set(), strip
    panel.menu.show_batch()
    panel.menu.show_log()
    ask_preset_name(panel, MARKUP, MARKUP, lambda name: True, lambda name: None)
    question = panel.findChild(QtWidgets.QInputDialog)
    question.setTextValue("another " + MARKUP[:20])
    question.accept()
    menu = panel.shelf.history.menu_of(0)
    qt_loop.settle(0)
    for window in [panel, menu, *panel.findChildren(QtWidgets.QDialog)]:
        assert rich_texts(window) == set(), window
    shown = " ".join(text for text, _ in shown_texts(panel))
    assert shown.count("<img") >= 6  # the markup is there, as text


def shown_texts(root: QtWidgets.QWidget) -> list[tuple[str, str]]:
    """What labels, buttons and lists of a widget say, and where."""
    found = [(one.text(), one.objectName()) for one in root.findChildren(QtWidgets.QLabel)]
    found += [(one.text(), one.objectName()) for one in root.findChildren(QtWidgets.QAbstractButton)]
    for one in root.findChildren(QtWidgets.QListWidget):
        found += [(one.item(row).text(), one.objectName()) for row in range(one.count())]
    return found


def test_a_label_that_guesses_is_found():
    qt_loop.application()
    guessing = QtWidgets.QWidget()
    label, button = QtWidgets.QLabel(MARKUP, guessing), QtWidgets.QToolButton(guessing)
    button.setText(MARKUP)
    button.setToolTip(MARKUP + "!")
    assert len(rich_texts(guessing)) == 3
    label.setTextFormat(Qt.TextFormat.PlainText)
    button.setText(plain_button(MARKUP))
    button.setToolTip(plain_tip(MARKUP))
    assert rich_texts(guessing) == set()


@pytest.mark.parametrize(
    "text", ["<b>bold</b>", "a &lt;b&gt; & c", "a < b & c > d", "<img src='x'>\nsecond line", "<!-- -->"]
)
def test_a_tip_shows_the_characters_that_it_was_given(text: str):
    tip = plain_tip(text)
    assert Qt.mightBeRichText(tip)  # pyright: ignore[reportAttributeAccessIssue]  # so Qt undoes the escapes
    document = QTextDocument()
    document.setHtml(tip)
    assert document.toPlainText() == text


@pytest.mark.parametrize("text", ["Smile", "R&D", "5 > 4", "two\nlines"])
def test_a_tip_without_tags_stays_as_it_is(text: str):
    assert plain_tip(text) == text
    assert not Qt.mightBeRichText(text)  # pyright: ignore[reportAttributeAccessIssue]


def test_a_tip_has_an_end():
    assert len(plain_tip("w" * 900_000)) == LONGEST_TIP + 1


def test_a_button_underlines_no_letter():
    assert plain_button("Eyes & brows") == "Eyes && brows"
