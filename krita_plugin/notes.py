"""Two notes among the controls: advice on the picture, and the error line."""

# PyQt5's stubs let every getter return None
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Optional

from .document_faces import View
from .plain_text import plain_label, plain_tip
from .qt import Qt, QtGui, QtWidgets
from .state import PanelState
from .words import tr

SHORT = 130  # characters of a sentence that are shown; a tool tip has the rest


class AdviceNote(QtWidgets.QFrame):
    """What the core says of a picture that is far from what the pack draws."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        self.setObjectName("anycost_advice_note")
        self.setStyleSheet("#anycost_advice_note { border: none; border-left: 3px solid #808080; }")
        self.advice = plain_label("", self)
        self.advice.setObjectName("anycost_advice")
        self.advice.setWordWrap(True)
        policy = self.advice.sizePolicy()
        policy.setHorizontalPolicy(QtWidgets.QSizePolicy.Policy.Ignored)  # no long word widens the panel
        self.advice.setSizePolicy(policy)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.addWidget(self.advice)

    def show_advice(self) -> None:
        full = self.state.advice if self.state.view is View.FACE else ""
        self.advice.setText(_shortened(full))
        self.advice.setToolTip(plain_tip(full))
        self.setVisible(bool(full))


class MessageBox(QtWidgets.QFrame):
    """The error line, with a button that copies all of it."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        self.setObjectName("anycost_message_box")
        self.setStyleSheet(
            "#anycost_message_box { border: none; border-left: 3px solid #d9822b;"
            " background: rgba(217, 130, 43, 45); }"
        )
        self.message = plain_label("", self)
        self.message.setObjectName("anycost_error")
        self.message.setWordWrap(True)
        self.copy = QtWidgets.QToolButton(self)
        self.copy.setObjectName("anycost_copy")
        self.copy.setText(tr("Copy"))
        self.copy.setToolTip(tr("Copy the full message"))
        self.copy.clicked.connect(
            lambda _checked=False: QtGui.QGuiApplication.clipboard().setText(state.message)
        )
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 4)
        row.addWidget(self.message, 1)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)

    def show_message(self) -> None:
        full = self.state.message
        self.message.setText(_shortened(full))
        self.setToolTip(plain_tip(full))
        self.setVisible(bool(full))


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= SHORT else sentence[:SHORT].rsplit(" ", 1)[0] + " …"
