"""The line under the preview, and the buttons for what the preview shows."""

from __future__ import annotations

from typing import Callable, Optional

from ..qt import QtWidgets
from ..state.document_faces import View
from ..state.state import PanelState
from ..words import tr
from .icon_paths import compare_path, faces_path, fold_path
from .icons import IconButton
from .plain_text import ElidedLabel, plain_tip


class StatusRow(QtWidgets.QWidget):
    """What happens in words, and buttons: fold the preview, hold for the original, all faces."""

    def __init__(
        self, state: PanelState, compare: Callable[[bool], None], parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.state = state
        self.fold = IconButton("fold_preview", tr("Show or hide the preview"), fold_path(True), self)
        self.status = ElidedLabel("", self)
        self.status.setObjectName("anycost_status")
        self.compare = IconButton("compare", tr("Original"), compare_path(), self)
        self.compare.setToolTip(tr("Hold to see the original (or hold the mouse on the preview)"))
        self.compare.pressed.connect(lambda: compare(True))
        self.compare.released.connect(lambda: compare(False))
        self.faces = IconButton("faces", tr("Faces"), faces_path(), self)
        self.faces.setToolTip(tr("Show all faces of the picture, to edit another one"))
        self.faces.setCheckable(True)
        self.faces.clicked.connect(lambda _checked=False: state.toggle_faces())
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(self.fold)
        row.addWidget(self.status, 1)
        for button in (self.compare, self.faces):
            row.addWidget(button)

    def add(self, button: QtWidgets.QWidget) -> None:
        """One more button, for what this host can do besides."""
        row = self.layout()
        assert isinstance(row, QtWidgets.QHBoxLayout)
        row.insertWidget(row.indexOf(self.compare), button)

    def show_status(self) -> None:
        text = self.state.status()
        self.status.setText(text)
        self.status.setToolTip(plain_tip(text))

    def show_controls(self, original: bool) -> None:
        """`original`: whether there is one to compare with."""
        showing = self.state.view is View.FACE
        for button in (self.fold, self.compare):
            button.setVisible(showing)  # a narrow panel needs the room for what the artist is asked...
        self.status.setWordWrap(not showing)  # ...and has to show all of it
        self.compare.setEnabled(showing and original)
        self.faces.setEnabled(self.state.faces is not None)
        self.faces.setChecked(not showing)
