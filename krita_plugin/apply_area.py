"""What is below the sliders: how Apply works, and the buttons."""

from __future__ import annotations

from typing import Callable, Optional

from .choice_menu import choice_menu
from .picture import Edge
from .qt import Qt, QtWidgets
from .state import PanelState

ADD = "Apply as new layer"
ADD_TIP = "Draw the edit in full and add it as one new layer: one undo step"
UPDATE = "Update the layer"
UPDATE_TIP = "Draw the edit in full, in place of the layer that this face got last: two undo steps"
NOTHING_TIP = "Move a slider first: with all at 0 the picture stays as it is"
ONLY_TIP = "Apply changes only what is selected and leaves all else as it is"
NO_SELECTION_TIP = "Select a part of the face first: Apply then leaves all else as it is"
CHOICES = (("Add a layer", False), ("Update the layer", True))
MOST_GROWN, MOST_FEATHERED = 200, 500  # px


class ApplyArea(QtWidgets.QWidget):
    """Whether Apply keeps to the selection, Reset and Apply."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._selection_box())
        column.addWidget(self._edge_row())
        column.addLayout(self._button_row())

    def _selection_box(self) -> QtWidgets.QCheckBox:
        self.only = QtWidgets.QCheckBox("Only in the selection", self)
        self.only.setObjectName("anycost_only_selected")
        self.only.setVisible(self.state.host.selects)
        self.only.clicked.connect(self.state.set_only_selected)
        return self.only

    def _edge_row(self) -> QtWidgets.QWidget:
        self.edge = QtWidgets.QWidget(self)
        self.grow = self._pixels("Grow", -MOST_GROWN, MOST_GROWN, self.state.edge.grow)
        self.grow.setToolTip("Make the selection larger, or below 0 smaller, for this")
        self.feather = self._pixels("Feather", 0, MOST_FEATHERED, self.state.edge.feather)
        self.feather.setToolTip("Let the edit fade out over this distance from the selection's edge")
        row = QtWidgets.QHBoxLayout(self.edge)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.grow, 6)
        row.addWidget(self.feather, 7)  # the longer name
        return self.edge

    def _pixels(self, name: str, low: int, high: int, value: int) -> QtWidgets.QSpinBox:
        """A number with its name in it, which takes less room than one beside a label."""
        box = QtWidgets.QSpinBox(self.edge)
        box.setObjectName(f"anycost_{name.lower()}")
        box.setAccessibleName(f"{name}, pixels")
        box.setPrefix(f"{name} ")
        box.setSuffix(" px")
        box.setRange(low, high)
        box.setValue(value)
        box.setKeyboardTracking(False)
        box.setButtonSymbols(QtWidgets.QAbstractSpinBox.ButtonSymbols.NoButtons)  # a narrow panel has no room
        policy = QtWidgets.QSizePolicy.Policy
        box.setSizePolicy(policy.Ignored, policy.Fixed)
        box.valueChanged.connect(lambda _value: self._set_edge())
        return box

    def _set_edge(self) -> None:
        self.state.set_edge(Edge(self.grow.value(), self.feather.value()))

    def _button_row(self) -> QtWidgets.QHBoxLayout:
        self.reset = self._button("reset", "Reset", self.state.reset_all)
        self.reset.setToolTip("All sliders back to zero")
        self.apply = self._button("apply", ADD, self.state.apply)
        policy = QtWidgets.QSizePolicy.Policy
        self.apply.setSizePolicy(policy.Expanding, policy.Fixed)
        self.apply.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.apply.setMenu(self._choices())
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.reset)
        row.addWidget(self.apply, 1)
        return row

    def _button(self, name: str, text: str, clicked: Callable[[], None]) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton(self)
        button.setObjectName(f"anycost_{name}")
        button.setText(text)
        button.setMinimumWidth(40)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda _checked=False: clicked())
        return button

    def _choices(self) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu(self)
        choice_menu(menu, CHOICES, self.state.updates_layer, self.state.set_updates_layer)
        return menu

    def show_state(self) -> None:
        """Bring all controls up to date."""
        state = self.state
        self.reset.setEnabled(state.portrait is not None and not state.portrait.adjustment.plain)
        self.apply.setEnabled(state.can_apply)
        self.apply.setText(UPDATE if state.updates_layer else ADD)
        tip = UPDATE_TIP if state.updates_layer else ADD_TIP
        self.apply.setToolTip(tip if state.changes or not state.can_edit else NOTHING_TIP)
        selected = state.selection is not None
        self.only.setEnabled(selected)
        self.only.setChecked(state.only_selected)
        self.only.setToolTip(ONLY_TIP if selected else NO_SELECTION_TIP)
        self.edge.setVisible(state.only_selected)
        self.edge.setEnabled(selected)
