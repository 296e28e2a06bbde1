"""The line under the preview, and the buttons for what the preview shows."""

from __future__ import annotations

from typing import Callable, Optional

from .document_faces import View
from .plain_text import plain_label, plain_tip
from .qt import Qt, QtWidgets
from .state import PanelState
from .words import tr


class StatusRow(QtWidgets.QWidget):
    """What happens in words; Original, which `compare` hears of while it is held; Faces."""

    def __init__(
        self, state: PanelState, compare: Callable[[bool], None], parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.state = state
        self.status = plain_label("", self)
        self.status.setObjectName("anycost_status")
        policy = QtWidgets.QSizePolicy.Policy
        self.status.setSizePolicy(policy.Ignored, policy.Preferred)
        self.compare = self._button("compare", tr("Original"))
        self.compare.setToolTip(tr("Hold to see the original (or hold the mouse on the preview)"))
        self.compare.pressed.connect(lambda: compare(True))
        self.compare.released.connect(lambda: compare(False))
        self.faces = self._button("faces", tr("Faces"))
        self.faces.setToolTip(tr("Show all faces of the picture, to edit another one"))
        self.faces.setCheckable(True)
        self.faces.clicked.connect(lambda _checked=False: state.toggle_faces())
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(self.status, 1)
        row.addWidget(self.compare)
        row.addWidget(self.faces)  # last: it stays under the mouse when the other is hidden

    def _button(self, name: str, text: str) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton(self)
        button.setObjectName(f"anycost_{name}")
        button.setText(text)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def show_status(self) -> None:
        text = self.state.status()
        self.status.setText(text)
        self.status.setToolTip(plain_tip(text))

    def show_controls(self, original: bool) -> None:
        """`original`: whether there is one to compare with."""
        showing = self.state.view is View.FACE
        self.compare.setVisible(showing)  # a narrow panel needs the room for what the artist is asked...
        self.status.setWordWrap(not showing)  # ...and has to show all of it
        self.compare.setEnabled(showing and original)
        self.faces.setEnabled(self.state.faces is not None)
        self.faces.setChecked(not showing)
