"""The states of the face in front: click to go back, double-click to apply."""

from __future__ import annotations

from typing import Callable, List, Optional

from ..qt import QtCore, QtGui, QtWidgets
from ..state.history import PastState
from ..state.history_pictures import state_image
from ..state.state import PanelState
from ..state.topic import Topic
from ..words import tr
from .choice_menu import add_entry
from .plain_text import wrapped_label
from .thumbnails import ThumbnailList

SIDE = 52  # pixels
REST_MS = 1500  # without a change: then what is on screen is worth a state


class HistoryStrip(QtWidgets.QWidget):
    """`mix_in` and `save_preset` get a state from the menu."""

    def __init__(
        self,
        state: PanelState,
        mix_in: Callable[[PastState], None],
        save_preset: Callable[[PastState], None],
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.state, self._mix_in, self._save_preset = state, mix_in, save_preset
        self._shown: List[PastState] = []
        self.list = ThumbnailList("history", SIDE, 1, self)
        self.list.setAccessibleName(tr("History"))
        self.list.picked.connect(self._go_back)
        self.list.used.connect(self._use)
        self.list.asked.connect(self._open_menu)
        self.hint = wrapped_label(
            tr("Edits that rest for a moment, and those that you apply, are remembered here"), self
        )
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        column.addWidget(self.hint)
        self._rest = QtCore.QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(state.history.rested)
        state.listeners.append(self._heard)
        self.show_states()

    def _heard(self, topic: Topic) -> None:
        if topic in (Topic.EDITS, Topic.FRAME):
            self._rest.start()
        elif topic in (Topic.HISTORY, Topic.DOCUMENT, Topic.PACK):
            self.show_states()

    def show_states(self) -> None:
        states = self.state.history.states
        self.hint.setVisible(not states)
        self.list.setVisible(bool(states))
        if states == self._shown:
            return
        self._shown = states
        self.list.clear()
        for past in states:
            tip = self.state.words_of(past.adjustment)
            tip = tr("Applied: {words}", words=tip) if past.applied else tip
            self.list.add(state_image(past.picture), tip, past.applied)

    def _go_back(self, row: int) -> None:
        self.state.adjust(self._shown[row].adjustment)

    def _use(self, row: int) -> None:
        self._go_back(row)
        self.state.apply()

    def _open_menu(self, row: int, at: QtCore.QPoint) -> None:
        self.menu_of(row).exec(at)

    def menu_of(self, row: int) -> QtWidgets.QMenu:
        past, state = self._shown[row], self.state
        menu = QtWidgets.QMenu(self)
        entries = (
            (tr("Go back to it"), lambda: state.adjust(past.adjustment)),
            (tr("Apply it"), lambda: self._use(row)),
            (tr("Compare with it"), lambda: state.comparing.take_state(past)),
            (tr("Mix it in"), lambda: self._mix_in(past)),
            (tr("Save as a preset…"), lambda: self._save_preset(past)),
            (tr("Copy its sliders"), lambda: copy_text(state.words_of(past.adjustment))),
            (tr("Discard"), lambda: state.history.discard(past)),
            (tr("Discard all"), state.history.discard_all),
        )
        for text, done in entries:
            add_entry(menu, text, done)
        return menu


def copy_text(text: str) -> None:
    clipboard = QtGui.QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
