"""What is below the sliders: what Apply keeps to, which layer is taken up, and the buttons."""

from __future__ import annotations

from typing import Callable, Optional

from ..qt import Qt, QtWidgets
from ..state.layer_place import LayerPlace
from ..state.picture import Edge
from ..state.state import PanelState
from ..words import tr
from .choice_menu import choice_menu
from .icon_paths import back_path
from .icons import IconButton
from .plain_text import ElidedLabel, plain_tip

OURS = "Anycost: "  # begins the names that Apply gives: the panel is ours, too
MOST_GROWN, MOST_FEATHERED = 200, 500  # px


class ApplyArea(QtWidgets.QWidget):
    """Whether Apply keeps to the selection, the face's layer, Reset and the two ways to apply."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._selection_box())
        column.addWidget(self._edge_row())
        self.layer = ElidedLabel("", self)
        self.layer.setObjectName("anycost_layer")
        column.addWidget(self.layer)
        column.addLayout(self._button_row())

    def _selection_box(self) -> QtWidgets.QCheckBox:
        self.only = QtWidgets.QCheckBox(tr("Only in the selection"), self)
        self.only.setObjectName("anycost_only_selected")
        self.only.setVisible(self.state.host.selects)
        self.only.clicked.connect(self.state.set_only_selected)
        return self.only

    def _edge_row(self) -> QtWidgets.QWidget:
        self.edge = QtWidgets.QWidget(self)
        now = self.state.edge
        self.grow = self._pixels("grow", tr("Grow"), -MOST_GROWN, MOST_GROWN, now.grow)
        self.grow.setToolTip(tr("Make the selection larger, or below 0 smaller, for this"))
        self.feather = self._pixels("feather", tr("Feather"), 0, MOST_FEATHERED, now.feather)
        self.feather.setToolTip(tr("Let the edit fade out over this distance from the selection's edge"))
        row = QtWidgets.QHBoxLayout(self.edge)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.grow, 6)
        row.addWidget(self.feather, 7)  # the longer name
        return self.edge

    def _pixels(self, name: str, words: str, low: int, high: int, value: int) -> QtWidgets.QSpinBox:
        """A number with its name in it, which takes less room than one beside a label."""
        box = QtWidgets.QSpinBox(self.edge)
        box.setObjectName(f"anycost_{name}")
        box.setAccessibleName(tr("{name}, pixels", name=words))
        box.setPrefix(f"{words} ")
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
        self.reset = IconButton("reset", tr("All sliders back to zero"), back_path(), self)
        self.reset.clicked.connect(lambda _checked=False: self.state.reset_all())
        self.apply = self._button("apply", tr("New layer"), self.state.apply)
        self.update_layer = self._button("update", tr("Update"), lambda: self.state.apply(update=True))
        if self.state.host.keeps:
            self.apply.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.MenuButtonPopup)
            self.apply.setMenu(self._places())
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.reset)
        row.addWidget(self.apply, 5)
        row.addWidget(self.update_layer, 4)
        return row

    def _button(self, name: str, text: str, clicked: Callable[[], None]) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton(self)
        button.setObjectName(f"anycost_{name}")
        button.setText(text)
        button.setMinimumWidth(40)
        policy = QtWidgets.QSizePolicy.Policy
        button.setSizePolicy(policy.Ignored, policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(lambda _checked=False: clicked())
        return button

    def _places(self) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu(self)
        menu.setToolTipsVisible(True)
        applying = self.state.applying
        choice_menu(menu, [(p.words, p) for p in LayerPlace], applying.place, applying.set_place)
        for action, place in zip(menu.actions(), LayerPlace):
            action.setToolTip(place.tip)
        return menu

    def show_state(self) -> None:
        """Bring all controls up to date."""
        state = self.state
        portrait, nothing = state.portrait, state.can_edit and not state.changes
        self.reset.setEnabled(portrait is not None and not portrait.adjustment.plain)
        self.apply.setEnabled(state.can_apply)
        self.update_layer.setEnabled(state.applying.can_update)
        name = "" if portrait is None else portrait.layer.name
        self.layer.setText(tr("Layer: {name}", name=name[len(OURS) :] if name.startswith(OURS) else name))
        self.layer.setToolTip(plain_tip(name))
        self.layer.setVisible(bool(name))
        first = tr("Move a slider first: with all at 0 the picture stays as it is")
        add = tr("Draw the edit in full and add it as one new layer: one undo step")
        update = tr("Draw the edit in full, in place of the layer “{name}”: two undo steps", name=name)
        none = tr("This face has no layer yet: add one, or select one that Apply added before")
        self.apply.setToolTip(first if nothing else add)
        self.update_layer.setToolTip(plain_tip(none if not name else first if nothing else update))
        self._show_selection()

    def _show_selection(self) -> None:
        state = self.state
        selected = state.selection is not None
        kept = state.portrait is not None and state.portrait.layer.only is not None
        self.only.setEnabled(selected or kept)
        self.only.setChecked(state.only_selected)
        self.only.setToolTip(
            tr("Apply changes only what is selected and leaves all else as it is")
            if selected
            else tr("Update keeps to what was selected when the layer was made")
            if kept
            else tr("Select a part of the face first: Apply then leaves all else as it is")
        )
        self.edge.setVisible(state.only_selected)
        self.edge.setEnabled(selected)
