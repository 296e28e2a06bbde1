"""How the face is compared, and with what."""

from __future__ import annotations

from typing import Optional

from ..qt import Qt, QtWidgets
from ..state.comparing import Manner
from ..state.state import PanelState
from ..state.topic import Topic
from ..words import tr
from .plain_text import ElidedLabel
from .quality_row import Segment


class ComparingStrip(QtWidgets.QWidget):
    """A, a line that wipes, the difference; and what A is."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        self.manners = {
            Manner.A: self._button("show_a", tr("A"), tr("Show A until you press it again")),
            Manner.WIPE: self._button(
                "wipe", tr("Split"), tr("A to the left of a line: drag it in the preview")
            ),
            Manner.DIFFERENCE: self._button(
                "difference", tr("Difference"), tr("Where the face differs from A, and how much")
            ),
        }
        for manner, button in self.manners.items():
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, manner=manner: state.comparing.set_manner(manner))
        self.words = ElidedLabel("", self)
        self.now = self._button("a_now", tr("Take this"), tr("A is the face as it is now"))
        self.now.clicked.connect(lambda _checked=False: state.comparing.take_now())
        self.original = self._button("a_original", tr("Original"), tr("A is the picture as it was"))
        self.original.setCheckable(True)
        self.original.clicked.connect(lambda _checked=False: state.comparing.take_original())
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(self._row(*self.manners.values()))
        column.addWidget(self.words)
        column.addLayout(self._row(self.original, self.now))
        state.listeners.append(self._heard)
        self.show_comparing()

    def _button(self, name: str, text: str, tip: str) -> Segment:
        button = Segment(self)
        button.setObjectName(f"anycost_{name}")
        button.setText(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QtWidgets.QSizePolicy.Policy
        button.setSizePolicy(policy.Expanding, policy.Fixed)
        button.setMinimumWidth(24)
        return button

    def _row(self, *buttons: Segment) -> QtWidgets.QHBoxLayout:
        buttons[0].first = buttons[-1].last = True
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(0)
        for button in buttons:
            row.addWidget(button)
        return row

    def _heard(self, topic: Topic) -> None:
        if topic in (Topic.COMPARING, Topic.DOCUMENT, Topic.PROGRESS):
            self.show_comparing()

    def show_comparing(self) -> None:
        comparing, portrait = self.state.comparing, self.state.portrait
        for manner, button in self.manners.items():
            button.setChecked(comparing.manner is manner)
            button.setEnabled(portrait is not None)
        self.now.setEnabled(portrait is not None and portrait.frame is not None)
        self.original.setChecked(comparing.is_original)
        if comparing.is_original:
            self.words.setText(tr("A: the original"))
        elif comparing.chosen is not None:
            self.words.setText(tr("A: {words}", words=self.state.words_of(comparing.chosen.adjustment)))
        else:
            self.words.setText(tr("A: as it was then"))
