"""The directions of one group under a heading that folds them away."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import List, Optional

from ...bridge.messages import Slider
from ..qt import Qt, QtCore, QtGui, QtWidgets, Signal
from ..words import tr
from .direction_slider import DirectionSlider
from .icon_paths import fold_path
from .icons import SIDE, faded, paint_path
from .plain_text import plain_button

GAP = 4  # pixels between the mark and the words


class GroupHeading(QtWidgets.QAbstractButton):
    """Words in bold after a mark that says whether what is below is shown. Style sheets keep the colours of
    the theme before, so this paints itself."""

    def __init__(self, words: str, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setText(plain_button(words))
        self.setAccessibleName(words)
        self.setToolTip(tr("Show or hide these sliders"))
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        font = self.font()
        font.setBold(True)
        self.setFont(font)
        self._words = words

    def sizeHint(self) -> QtCore.QSize:
        metrics = self.fontMetrics()
        return QtCore.QSize(SIDE + GAP + metrics.horizontalAdvance(self._words), metrics.height() + 4)

    def minimumSizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(SIDE, self.sizeHint().height())  # long words are cut

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        palette, role = self.palette(), QtGui.QPalette.ColorRole
        colour = palette.color(role.WindowText)
        if self.underMouse():
            painter.fillRect(self.rect(), faded(colour, 20))
        square = QtCore.QRectF(0, (self.height() - SIDE) / 2, SIDE, SIDE)
        paint_path(painter, fold_path(self.isChecked()), square, colour)
        room = self.rect().adjusted(SIDE + GAP, 0, 0, 0)
        words = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(colour)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), words)
        if self.hasFocus():
            painter.setPen(palette.color(role.Highlight))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def enterEvent(self, event: QtCore.QEvent) -> None:
        self.update()

    def leaveEvent(self, event: QtCore.QEvent) -> None:
        self.update()


class DirectionGroup(QtWidgets.QWidget):
    """A heading and one row a direction. `folded` tells the name, and whether its rows are hidden now."""

    folded = Signal(str, bool)

    def __init__(
        self, name: str, directions: List[Slider], parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.setObjectName(f"anycost_group_{name}")
        heading = next((direction.heading for direction in directions if direction.heading), name)
        self.heading = GroupHeading(heading, self)
        self.heading.setObjectName(f"anycost_heading_{name}")
        self.heading.toggled.connect(self._show)
        self.heading.clicked.connect(lambda shown: self.folded.emit(name, not shown))
        self.rows = [DirectionSlider(direction, self) for direction in directions]
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(0)
        column.addWidget(self.heading)
        for row in self.rows:
            column.addWidget(row)

    def set_folded(self, folded: bool) -> None:
        self.heading.setChecked(not folded)

    def show_only(self, names: Optional[List[str]], folded: bool) -> None:
        """The rows of these directions, unfolded; None for all, or for none where it is `folded`."""
        found = [row for row in self.rows if names is None or row.direction.name in names]
        self.setVisible(bool(found))
        self.set_folded(folded and names is None)
        for row in self.rows:
            row.setVisible(self.heading.isChecked() and row in found)

    def _show(self, shown: bool) -> None:
        for row in self.rows:
            row.setVisible(shown)
