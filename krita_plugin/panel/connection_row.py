"""The panel's first row: how the connection to the core is, the pack, and the menu."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Callable, Optional

from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.state import PanelState
from ..words import tr
from .icon_paths import more_path
from .icons import IconButton
from .panel_menu import PanelMenu
from .plain_text import ElidedLabel, plain_tip

OFF, BUSY, READY, STOPPED = "#8a8a8a", "#d9a02b", "#4caf6d", "#d9542b"


class Dot(QtWidgets.QWidget):
    """A round lamp. The words beside it say the same."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setFixedSize(10, 10)
        self.colour = OFF

    def show_colour(self, colour: str) -> None:
        self.colour = colour
        self.update()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(self.colour))
        painter.drawEllipse(QtCore.QRectF(1, 1, 8, 8))


class ConnectionRow(QtWidgets.QWidget):
    """A coloured dot, the connection in words, the pack, Start while no core answers, the menu."""

    def __init__(
        self,
        state: PanelState,
        start: Callable[[], None],
        menu: PanelMenu,
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.state = state
        self.dot = Dot(self)
        self.words = ElidedLabel("", self)
        self.words.setObjectName("anycost_connection")
        self.packs = QtWidgets.QComboBox(self)
        self.packs.setObjectName("anycost_pack")
        self.packs.setAccessibleName(tr("Model"))
        self.packs.setToolTip(tr("The model that draws the face"))
        self.packs.setMaximumWidth(110)
        self.packs.textActivated.connect(state.core.use_pack)
        self.start = QtWidgets.QPushButton(tr("Start"), self)
        self.start.setObjectName("anycost_start")
        self.start.setToolTip(tr("Start the core again"))
        self.start.clicked.connect(lambda _checked=False: start())
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(self.dot)
        row.addWidget(self.words, 1)
        for widget in (self.packs, self.start, self._menu_button(menu)):
            row.addWidget(widget)

    def _menu_button(self, menu: PanelMenu) -> IconButton:
        button = IconButton("menu", tr("More"), more_path(), self)
        button.setMenu(menu)
        return button

    def show_connection(self) -> None:
        core = self.state.core
        text = core.words
        if core.connected and len(core.opened.packs) < 2 and core.opened.title:
            text = f"{text} · {core.opened.title}"
        self.words.setText(text)
        self.words.setToolTip(plain_tip(text))
        idle = not core.connected and self.state.document is None
        wanted = core.gave_up or core.silent
        colour = STOPPED if wanted else READY if core.connected else OFF if idle else BUSY
        self.dot.show_colour(colour)
        self.start.setVisible(wanted)

    def show_packs(self) -> None:
        core = self.state.core
        packs = core.opened.packs
        self.packs.clear()
        self.packs.addItems(packs if core.pack in packs else [core.pack, *packs])
        self.packs.setCurrentText(core.pack)
        self.packs.setVisible(len(packs) > 1)
