"""A row of icons: undo, redo, and what opens below them, one at a time and nothing at first."""

from __future__ import annotations

from typing import Callable, Dict, List, Optional

from ..qt import Qt, QtCore, QtGui, QtWidgets, Signal
from ..state.history import PastState
from ..state.state import PanelState
from ..state.topic import Topic
from ..words import tr
from .comparing_strip import ComparingStrip
from .history_strip import HistoryStrip
from .icon_paths import clock_path, dice_path, mix_path, sliders_path, split_path, undo_path
from .icons import IconButton
from .mixing_strip import MixingStrip
from .presets_strip import PresetsStrip
from .variations_strip import VariationsStrip


class ShelfRow(QtWidgets.QWidget):
    """The icons."""

    def __init__(self, state: PanelState, shelf: Shelf, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        self.undo = IconButton("undo", tr("Take back the last change of the sliders"), undo_path(), self)
        self.undo.clicked.connect(lambda _checked=False: state.undo())
        self.redo = IconButton("redo", tr("Make it again"), undo_path(redo=True), self)
        self.redo.clicked.connect(lambda _checked=False: state.redo())
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.undo)
        row.addWidget(self.redo)
        row.addStretch(1)
        for name, words, path in (
            ("history", tr("History"), clock_path()),
            ("presets", tr("Presets and search"), sliders_path()),
            ("variations", tr("Surprise me"), dice_path()),
            ("mixing", tr("Mix with another face"), mix_path()),
            ("comparing", tr("Compare"), split_path()),
        ):
            button = IconButton(f"open_{name}", words, path, self)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, name=name: shelf.toggle(name))
            shelf.buttons[name] = button
            row.addWidget(button)
        state.listeners.append(self._heard)
        self.show_steps()

    def _heard(self, topic: Topic) -> None:
        if topic in (Topic.EDITS, Topic.DOCUMENT, Topic.PACK):
            self.show_steps()

    def show_steps(self) -> None:
        steps = None if self.state.portrait is None else self.state.portrait.past.steps
        self.undo.setEnabled(steps is not None and bool(steps.before))
        self.redo.setEnabled(steps is not None and bool(steps.after))


class Shelf(QtWidgets.QWidget):
    """What an icon opened. `find` gets the directions that a search finds, or None for all."""

    opened = Signal()

    def __init__(
        self,
        state: PanelState,
        find: Callable[[Optional[List[str]]], None],
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("anycost_shelf")
        self.buttons: Dict[str, IconButton] = {}
        self.row = ShelfRow(state, self, parent)
        self.mixing = MixingStrip(state, self)
        self.presets = PresetsStrip(state, find, self)
        self.history = HistoryStrip(state, self._mix_in, self.presets.ask_to_save, self)
        self.strips = {
            "history": self.history,
            "presets": self.presets,
            "variations": VariationsStrip(state, self),
            "mixing": self.mixing,
            "comparing": ComparingStrip(state, self),
        }
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        for strip in self.strips.values():
            strip.hide()
            column.addWidget(strip)
        self.hide()

    def toggle(self, name: str) -> None:
        """Open one, or close it if it is the one that is open."""
        self.open(None if self.strips[name].isVisibleTo(self) else name)

    def open(self, name: Optional[str]) -> None:
        for one, strip in self.strips.items():
            strip.setVisible(one == name)
            self.buttons[one].setChecked(one == name)
        self.setVisible(name is not None)
        if name is not None:
            self.opened.emit()

    def _mix_in(self, past: PastState) -> None:
        self.open("mixing")
        self.mixing.mix_in(past)


def keeps_undo(event: QtCore.QEvent, state: PanelState) -> bool:
    """Takes undo and redo while the panel has the focus. What the artist did last is undone: after Apply that
    is the layer, which is the program's."""
    kinds, portrait = QtCore.QEvent.Type, state.portrait
    if event.type() not in (kinds.ShortcutOverride, kinds.KeyPress) or not isinstance(event, QtGui.QKeyEvent):
        return False
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    redo = event.modifiers() == control | shift
    if portrait is None or event.key() != Qt.Key.Key_Z or not (redo or event.modifiers() == control):
        return False
    steps = portrait.past.steps
    if not (steps.after if redo else steps.before and portrait.applied != portrait.adjustment):
        return False
    event.accept()
    if event.type() == kinds.KeyPress:
        (state.redo if redo else state.undo)()
    return True
