"""The directions of one group under a heading that folds them away."""

from __future__ import annotations

from typing import List, Optional

from ..bridge.messages import Slider
from .direction_slider import DirectionSlider
from .plain_text import plain_button
from .qt import Qt, QtWidgets


class DirectionGroup(QtWidgets.QWidget):
    """A heading and one row a direction."""

    def __init__(
        self, name: str, directions: List[Slider], parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"anycost_group_{name}")
        self.heading = QtWidgets.QToolButton(self)
        self.heading.setObjectName(f"anycost_heading_{name}")
        self.heading.setText(plain_button(name))
        self.heading.setToolTip("Show or hide these sliders")
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setCheckable(True)
        self.heading.setChecked(True)
        self.heading.setAutoRaise(True)
        self.heading.setStyleSheet("QToolButton { border: none; font-weight: bold; padding: 2px 0px; }")
        self.heading.toggled.connect(self._fold)
        self.rows = [DirectionSlider(direction, self) for direction in directions]
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(1)
        column.addWidget(self.heading)
        for row in self.rows:
            column.addWidget(row)
        self._fold(True)

    def _fold(self, shown: bool) -> None:
        self.heading.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        for row in self.rows:
            row.setVisible(shown)
