"""Two notes among the controls: advice on the picture, and the error line."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Optional

from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.document_faces import View
from ..state.state import PanelState
from ..words import tr
from .icon_paths import close_path
from .icons import IconButton, faded
from .plain_text import plain_tip, wrapped_label
from .text_dialog import TextDialog

SHORT = 130  # characters of a sentence that are shown; a tool tip has the rest
BAR = 3  # pixels, at the left of a note
ADVICE, FAULT = "#808080", "#d9822b"


class Note(QtWidgets.QFrame):
    """Words beside a coloured bar. A style sheet would keep the colours of the theme before."""

    def __init__(self, colour: str, fill: int, parent: Optional[QtWidgets.QWidget] = None) -> None:
        """`fill` is the alpha of the colour behind the words."""
        super().__init__(parent)
        self._colour, self._fill = QtGui.QColor(colour), fill
        self.label = wrapped_label("", self)

    def show_sentence(self, full: str) -> None:
        """Show a sentence, cut where it is long; none hides the note."""
        self.label.setText(_shortened(full))
        self.setToolTip(plain_tip(full))
        self.setVisible(bool(full))

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), faded(self._colour, self._fill))
        painter.fillRect(QtCore.QRect(0, 0, BAR, self.height()), self._colour)


class AdviceNote(Note):
    """What the core says of a picture that is far from what the pack draws."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(ADVICE, 0, parent)
        self.state = state
        self.label.setObjectName("anycost_advice")
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(BAR + 6, 0, 0, 0)
        row.addWidget(self.label)

    def show_advice(self) -> None:
        self.show_sentence(self.state.advice if self.state.view is View.FACE else "")


class MessageBox(Note):
    """The error line; a click shows all of it, with Copy."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(FAULT, 45, parent)
        self.state = state
        self.setObjectName("anycost_message_box")
        self.label.setObjectName("anycost_error")
        self.more = self._button(
            "message_more", tr("All of it"), tr("Show the whole message, to read or copy")
        )
        self.more.clicked.connect(lambda _checked=False: self.show_all())
        self.copy = self._button("copy", tr("Copy"), tr("Copy the full message"))
        self.copy.clicked.connect(
            lambda _checked=False: QtGui.QGuiApplication.clipboard().setText(state.message)
        )
        self.dismiss = IconButton("dismiss", tr("Put this message away"), close_path(), self)
        self.dismiss.clicked.connect(lambda _checked=False: state.say(""))
        buttons = QtWidgets.QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(2)
        for button in (self.more, self.copy):
            buttons.addWidget(button)
        buttons.addStretch(1)
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(BAR + 5, 2, 2, 2)
        grid.setSpacing(2)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.dismiss, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(buttons, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    def _button(self, name: str, words: str, tip: str) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton(self)
        button.setObjectName(f"anycost_{name}")
        button.setText(words)
        button.setToolTip(tip)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def show_message(self) -> None:
        full = self.state.message
        self.show_sentence(full)
        self.more.setVisible(_shortened(full) != full)

    def show_all(self) -> None:
        TextDialog(tr("Message"), self.state.message, self).open()


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= SHORT else sentence[:SHORT].rsplit(" ", 1)[0] + " …"
