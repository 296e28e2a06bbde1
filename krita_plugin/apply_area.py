"""What is below the sliders: how Apply works, and the buttons."""

from __future__ import annotations

from typing import Callable, Optional

from .qt import QtWidgets
from .state import PanelState

APPLY_TIP = "Draw the edit in full and add it as one new layer: one undo step"
NOTHING_TIP = "Move a slider first: with all at 0 the picture stays as it is"


class ApplyArea(QtWidgets.QWidget):
    """Reset and Apply."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        self.reset = self._button("reset", "Reset all", state.reset_all)
        self.reset.setToolTip("All sliders back to zero")
        self.apply = self._button("apply", "Apply as new layer", state.apply)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.reset)
        row.addWidget(self.apply, 1)

    def _button(self, name: str, text: str, clicked: Callable[[], None]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text, self)
        button.setObjectName(f"anycost_{name}")
        button.setMinimumWidth(40)
        button.clicked.connect(lambda _checked=False: clicked())
        return button

    def show_state(self) -> None:
        """Bring all controls up to date."""
        state = self.state
        self.reset.setEnabled(state.portrait is not None and bool(state.portrait.edits))
        self.apply.setEnabled(state.can_apply)
        self.apply.setToolTip(APPLY_TIP if state.changes or not state.can_edit else NOTHING_TIP)
