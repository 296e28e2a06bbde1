"""Project and Cancel, and how far the projection is."""

from __future__ import annotations

from typing import Callable, Optional

from ..qt import QtWidgets
from ..state.state import PanelState
from ..words import tr
from .plain_text import plain_tip


class ProjectRow(QtWidgets.QWidget):
    """Two buttons above a thin progress bar."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        self.project = self._button("project", state.project)
        self.cancel = self._button("cancel", state.cancel)
        self.cancel.setText(tr("Cancel"))
        self.cancel.setToolTip(tr("Stop here and keep the face as it is now"))
        self.progress = QtWidgets.QProgressBar(self)
        self.progress.setObjectName("anycost_progress")
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        keep = self.progress.sizePolicy()
        keep.setRetainSizeWhenHidden(True)  # otherwise the preview would jump
        self.progress.setSizePolicy(keep)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.project, 1)
        row.addWidget(self.cancel)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.progress)

    def _button(self, name: str, clicked: Callable[[], None]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(self)
        button.setObjectName(f"anycost_{name}")
        button.setMinimumWidth(40)
        button.clicked.connect(lambda _checked=False: clicked())
        return button

    def show_progress(self) -> None:
        portrait = self.state.portrait
        progress = None if portrait is None else portrait.progress
        self.progress.setVisible(self.state.busy)
        if progress is not None and progress.step < progress.steps:
            self.progress.setRange(0, progress.steps)
            self.progress.setValue(progress.step)
        else:
            self.progress.setRange(0, 0)

    def show_controls(self) -> None:
        state = self.state
        selected = state.selection is not None
        self.project.setText(tr("Project the selection") if selected else tr("Project the picture"))
        if not state.can_project:
            self.project.clearFocus()  # otherwise Qt would pass the focus to the next button
        self.project.setEnabled(state.can_project)
        self.project.setToolTip(self._tip(selected))
        self.cancel.setVisible(state.busy)

    def _tip(self, selected: bool) -> str:
        state = self.state
        if state.document is None:
            return tr("Open a picture first")
        if state.busy or state.reading is not None:
            return tr("A face is on its way: wait for it, or press Cancel")
        if not state.core.connected:
            return tr("Wait until the core is ready")
        if selected:
            tip = tr(
                "Find the faces in the selection's box, and bring the one to edit into the generator's reach;"
                " nothing is painted yet"
            )
        else:
            tip = tr(
                "Find the faces in the whole picture, and bring the one to edit into the generator's reach;"
                " nothing is painted yet"
            )
        loss = state.core.opened.loss
        return plain_tip(tip + ("\n" + tr("Loss: {loss}", loss=loss) if loss else ""))
