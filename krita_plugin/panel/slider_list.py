"""All sliders of the open pack, in their groups."""

# PyQt5's stubs let every getter return None
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from ...bridge.messages import Slider
from ..qt import QtWidgets
from ..state.state import PanelState
from .direction_group import DirectionGroup
from .direction_slider import DirectionSlider
from .keys import WheelGuard

FOLDED = "folded_groups"  # among the settings


class SliderList(QtWidgets.QWidget):
    """The groups, one below the other. Which ones are folded lasts."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        self.sliders: Dict[str, DirectionSlider] = {}  # by direction
        self.follows: Optional[QtWidgets.QWidget] = None  # what Tab leaves for the first of them
        self._wheel = WheelGuard(self)
        self._shown: Tuple[Slider, ...] = ()
        self.setObjectName("anycost_directions")
        self._body = QtWidgets.QWidget(self)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._body)

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
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        folded = self.state.settings.names(FOLDED)
        for name, directions in groups.items():
            group = DirectionGroup(name, directions, body)
            group.set_folded(name in folded)
            group.folded.connect(self._keep_folded)
            for row in group.rows:
                row.changed.connect(self.state.set_edit)
                self.sliders[row.direction.name] = row
            column.addWidget(group)
        self.layout().replaceWidget(self._body, body)
        self._order_tabs(body.findChildren(DirectionGroup))
        self._body.hide()  # it goes later than the new one comes
        self._body.deleteLater()
        self._body = body
        self._wheel.guard(body)

    def _order_tabs(self, groups: List[DirectionGroup]) -> None:
        """Sliders that come with a pack stand last in the window's order, whatever is below them."""
        before = self.follows
        for group in groups:
            for widget in [group.heading, *(part for row in group.rows for part in (row.slider, row.number))]:
                if before is not None:
                    QtWidgets.QWidget.setTabOrder(before, widget)
                before = widget

    def _keep_folded(self, name: str, folded: bool) -> None:
        settings = self.state.settings
        others = [other for other in settings.names(FOLDED) if other != name]
        settings.keep_names(FOLDED, [*others, name] if folded else others)

    def show_only(self, names: Optional[List[str]]) -> None:
        """The sliders of these directions, in unfolded groups; None for all, folded as they were."""
        folded = self.state.settings.names(FOLDED)
        for group in self._body.findChildren(DirectionGroup):
            group.show_only(names, group.name in folded)

    def show_edits(self) -> None:
        for name, slider in self.sliders.items():
            slider.show_value(self.state.value(name))

    def show_controls(self) -> None:
        for name, slider in self.sliders.items():
            slider.set_usable(self.state.can_edit, name in self.state.limited)
