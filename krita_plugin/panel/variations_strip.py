"""Surprise me: small pictures of faces near the present one."""

from __future__ import annotations

from typing import List, Optional

from ...bridge.messages import Thumbnail
from ..pixels import image_over
from ..qt import QAction, QtCore, QtGui, QtWidgets
from ..state.history import PastState
from ..state.state import PanelState
from ..state.topic import Topic
from ..state.variations import LEAST, MADE_UP, MOST, Variation, Variations
from ..words import tr
from .choice_menu import add_entry
from .icon_paths import lock_path, undo_path
from .icons import IconButton
from .thumbnails import ShareSlider, ThumbnailList

SIDE = 54  # pixels: three in a row of the narrowest panel


class VariationsStrip(QtWidgets.QWidget):
    """New ones, those before, how far they go, and what stays as it is."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state, self.variations = state, Variations(state)
        self._shown: List[Variation] = []
        self.new = QtWidgets.QPushButton(tr("Surprise me"), self)
        self.new.setObjectName("anycost_surprise")
        self.new.setToolTip(tr("Draw other faces near this one; the sliders stay until you click one"))
        self.new.clicked.connect(lambda _checked=False: self.variations.make())
        self.back = IconButton("variations_back", tr("The ones before"), undo_path(), self)
        self.back.clicked.connect(lambda _checked=False: self.variations.back())
        self.locks = IconButton("variation_locks", tr("What stays as it is"), lock_path(), self)
        self.locks.setMenu(QtWidgets.QMenu(self))
        self.count = QtWidgets.QSpinBox(self)
        self.count.setObjectName("anycost_variation_count")
        self.count.setAccessibleName(tr("How many"))
        self.count.setToolTip(tr("How many"))
        self.count.setRange(LEAST, MOST)
        self.count.setValue(self.variations.count)
        self.count.valueChanged.connect(self.variations.set_count)
        self.strength = ShareSlider("variation_strength", tr("Strength"), 1.0, self)
        self.strength.reset_to = self.variations.strength
        self.strength.show_share(self.variations.strength)
        self.strength.changed.connect(self._set_strength)
        self.list = ThumbnailList("variations", SIDE, 3, self)
        self.list.setAccessibleName(tr("Variations"))
        self.list.picked.connect(self._take)
        self.list.used.connect(self._use)
        self.list.asked.connect(self._open_menu)
        self._lay_out()
        state.listeners.append(self._heard)
        self.show_variations()

    def _lay_out(self) -> None:
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(3)
        row.addWidget(self.new, 1)
        for widget in (self.back, self.locks, self.count):
            row.addWidget(widget)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.strength)
        column.addWidget(self.list)

    def _heard(self, topic: Topic) -> None:
        if topic is Topic.VARIATIONS:
            self.show_variations()
        if topic in (Topic.PACK, Topic.DOCUMENT, Topic.CONNECTION):
            self.show_controls()

    def show_controls(self) -> None:
        self.new.setEnabled(self.state.can_edit and self.state.core.connected)
        self.back.setEnabled(self.variations.can_go_back)
        menu = self.locks.menu()
        assert menu is not None
        menu.clear()
        for group in self.variations.groups:
            words = tr("What is made up") if group == MADE_UP else self.variations.heading(group)
            action = QAction(words.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(group in self.variations.locked)
            action.toggled.connect(lambda on, group=group: self.variations.lock(group, on))
            menu.addAction(action)

    def show_variations(self) -> None:
        self.show_controls()
        self._shown = list(self.variations.all)
        at = self.list.currentRow()
        self.list.clear()
        for one in self._shown:
            tip = tr("Seed {n}: {words}", n=one.seed, words=self.state.words_of(one.adjustment))
            self.list.add(_image(one.picture), tip)
        self.list.setCurrentRow(at)
        self.list.setVisible(bool(self._shown))

    def _set_strength(self, share: float, dragging: bool) -> None:
        if not dragging:
            self.variations.set_strength(share)

    def _take(self, row: int) -> None:
        self.variations.take(self._shown[row])

    def _use(self, row: int) -> None:
        self._take(row)
        self.state.apply()

    def _open_menu(self, row: int, at: QtCore.QPoint) -> None:
        self.menu_of(row).exec(at)

    def menu_of(self, row: int) -> QtWidgets.QMenu:
        menu, past = QtWidgets.QMenu(self), PastState(self._shown[row].adjustment)
        for text, done in (
            (tr("Take it"), lambda: self._take(row)),
            (tr("Apply it"), lambda: self._use(row)),
            (tr("More like this"), lambda: self._more_like(row)),
            (tr("Compare with it"), lambda: self.state.comparing.take_state(past)),
        ):
            add_entry(menu, text, done)
        return menu

    def _more_like(self, row: int) -> None:
        """Take it, and draw others near it."""
        self._take(row)
        self.variations.make()


def _image(picture: Optional[Thumbnail]) -> QtGui.QImage:
    return QtGui.QImage() if picture is None else image_over(picture.rgba, picture.side, picture.side)
