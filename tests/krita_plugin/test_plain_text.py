"""Texts of a pack and of the core are shown as they are: Qt must not take them for HTML and read files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PyQt5")
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QTextDocument

from anycost.krita_plugin.panel.plain_text import LONGEST_TIP, plain_button, plain_tip

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
    def keep(self, document, name, data, at_once=False): pass
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


@pytest.mark.parametrize("text", ["<b>bold</b>", "a < b & c > d", "<img src='x'>\nsecond line", "<!-- -->"])
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
