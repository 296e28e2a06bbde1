"""The whole panel in a language that marks each of its texts: what shows without a mark was forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
import qt_loop
from panel_wire import DIRECTIONS, NONE, PACK, PLACEMENT, TWO
from test_words import wrapped

from anycost.core.faces.mesh_reader import DAMAGED
from anycost.krita_plugin import words
from anycost.krita_plugin.core_words import KNOWN
from anycost.krita_plugin.panel.panel import Panel
from anycost.krita_plugin.panel.settings_dialog import SettingsDialog
from anycost.krita_plugin.qt import QtWidgets
from anycost.krita_plugin.state.presets import found_sliders
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.state.variations import Variations

MARKED = re.compile(r"⟦[^⟦⟧]*(⟧|…$)")  # the end of a long one is left out
WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = {
    "px",
    "ms",
    "Anycost",
    "portraits",
    "mine",
    "Portraits",
    "Ctrl",
    "Alt",
    "Del",
    "qt",
    "spinbox",
    "lineedit",
    "Face",  # a group of the test's pack
    "Close",  # Qt's own
    "English",
    "Deutsch",
}
ASKS = ("text", "toolTip", "placeholderText", "prefix", "suffix", "title", "windowTitle", "accessibleName",
        "accessibleDescription", "specialValueText", "labelText")  # fmt: skip
ADVICE = "This picture is far from what this pack draws: edits of shape and colour work, Smile only a little."


@pytest.fixture(autouse=True)
def pseudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The language "qq"."""
    texts = {*wrapped(), *KNOWN}
    pairs = (
        f"<message><source>{escape(t)}</source><translation>⟦{escape(t)}⟧</translation></message>"
        for t in texts
    )
    (tmp_path / "qq.ts").write_text(f"<TS><context>{''.join(pairs)}</context></TS>")
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    words.use_language(["qq"])
    yield
    words.use_language(["en"])


def texts(widget: QtWidgets.QWidget) -> Iterator[tuple[str, str]]:
    """Every text that a widget and those in it show or tell, and where."""
    for one in [widget, *widget.findChildren(QtWidgets.QWidget)]:
        where = f"{type(one).__name__} {one.objectName()}"
        for ask in ASKS:
            if hasattr(one, ask) and not (ask == "text" and isinstance(one, QtWidgets.QAbstractSpinBox)):
                yield where, getattr(one, ask)() or ""
        if isinstance(one, QtWidgets.QComboBox):
            yield from ((where, one.itemText(k)) for k in range(one.count()))
        for action in one.actions():
            yield where, action.text()


def unmarked(widget: QtWidgets.QWidget) -> set[tuple[str, str]]:
    found = set()
    for where, text in texts(widget):
        rest, again = MARKED.subn("", text)
        while again:
            rest, again = MARKED.subn("", rest)
        if set(WORD.findall(re.sub(r"</?(span|br)>", "", rest))) - NAMES:
            found.add((where, text))
    return found


def test_nothing_in_the_panel_lacks_its_translation(state: PanelState, wire):
    qt_loop.application()
    panel = Panel(state, lambda: None, lambda: "")
    panel.show()
    seen: set[tuple[str, str]] = set()

    def look() -> None:
        qt_loop.settle(0)
        seen.update(unmarked(panel))

    look()
    state.project()
    look()
    wire.answer("picture/faces", TWO)
    look()
    assert state.faces is not None
    state.pick(state.faces.all[0])
    wire.answer("picture/open", PLACEMENT | {"advice": ADVICE, "limited": ["age"]})
    look()
    assert state.portrait is not None
    progress = {"picture": state.portrait.name, "step": 3, "steps": 10, "loss": 0.5}
    state.core.notified("project/progress", progress, b"")
    look()
    state.set_edit("smile", 0.5)
    look()
    for name in panel.shelf.buttons:
        panel.shelf.toggle(name)
        look()
    state.core.link_gave_up("The core does not start: see its report, then start it again.")
    look()
    state.set_document(None)
    look()
    dialog = SettingsDialog(state, panel)
    seen.update(unmarked(dialog))
    panel.deleteLater()
    qt_loop.settle()
    assert not seen


def test_handles_and_their_hint_are_translated(state: PanelState, wire):
    qt_loop.application()
    panel = Panel(state, lambda: None, lambda: "")
    panel.show()
    state.project()
    advice = DAMAGED
    wire.answer("picture/faces", NONE | {"advice": advice})
    qt_loop.settle(0)
    assert state.message.count("⟦") == 2
    assert not unmarked(panel)
    panel.deleteLater()
    qt_loop.settle()


def test_labels_that_anycost_gives_are_translated_and_others_stay(state: PanelState, wire):
    grin = {
        "name": "grin",
        "label": "Grinsen",
        "group": "Expression",
        "low": -1.0,
        "high": 1.0,
        "tip": "So",
        "heading": "Neu",
    }
    words.FOLDER = Path(words.__file__).parent / "translations"
    words.use_language(["de_CH"])
    state.core.notified("packs/changed", {}, b"")
    assert wire.asked("pack/open") == {"pack": "portraits", "language": "de"}
    wire.answer("pack/open", PACK | {"directions": [*DIRECTIONS, grin]})
    smile, age, own = state.core.opened.directions
    assert (smile.label, smile.group, smile.heading) == ("Lächeln", "Expression", "Ausdruck")
    assert (age.label, age.group, age.heading) == ("Alter", "Face", "Face")
    assert (own.label, own.heading, own.tip) == ("Grinsen", "Neu", "So")


def test_a_group_is_the_same_in_every_language(state: PanelState, wire):
    """What variations leave alone and what mixing takes goes by the group's own name."""
    words.FOLDER = Path(words.__file__).parent / "translations"
    words.use_language(["de"])
    nod = {"name": "nod", "label": "Nod", "group": "Pose", "low": -1.0, "high": 1.0}
    state.core.notified("packs/changed", {}, b"")
    wire.answer("pack/open", PACK | {"directions": [*DIRECTIONS, nod]})
    variations = Variations(state)
    assert "Pose" in variations.locked
    assert "Pose" in variations.groups
    assert variations.heading("Pose") == "Haltung"
    assert variations.heading("Face") == "Face"
    assert found_sliders("haltung", state.core.opened.directions) == ["nod"]
