"""All sliders of the open pack, in their groups."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from ..bridge.messages import Slider
from .direction_group import DirectionGroup
from .direction_slider import DirectionSlider
from .qt import Qt, QtWidgets
from .state import PanelState


class SliderList(QtWidgets.QScrollArea):
    """Scrolls where there are more sliders than room."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        self.sliders: Dict[str, DirectionSlider] = {}  # by direction
        self._shown: Tuple[Slider, ...] = ()
        self.setObjectName("anycost_directions")
        self.setWidgetResizable(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(84)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_pack(self) -> None:
        if self._shown != self.state.core.opened.directions:
            self._shown = self.state.core.opened.directions
            self._build()

    def _build(self) -> None:
        """Groups appear in the order in which the pack first names them."""
        self.sliders = {}
        groups: Dict[str, List[Slider]] = {}
        for direction in self.state.core.opened.directions:
            groups.setdefault(direction.group, []).append(direction)
        body = QtWidgets.QWidget(self)
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(0)
        for name, directions in groups.items():
            group = DirectionGroup(name, directions, body)
            for row in group.rows:
                row.changed.connect(self.state.set_edit)
                self.sliders[row.direction.name] = row
            column.addWidget(group)
        column.addStretch(1)
        self.setWidget(body)

    def show_edits(self) -> None:
        for name, slider in self.sliders.items():
            slider.show_value(self.state.value(name))

    def show_controls(self) -> None:
        for name, slider in self.sliders.items():
            slider.set_usable(self.state.can_edit, name in self.state.limited)
