"""How good frames have to be: one button for each quality, of which one is pressed."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Callable, Optional

from ...bridge.messages import QUALITIES, Quality
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.state import PanelState
from ..words import mark_tr, tr
from .icons import faded

NAMES = {
    "draft": mark_tr("Draft"),
    "preview": mark_tr("Preview"),
    "full": mark_tr("Full"),
    "auto": mark_tr("Auto"),
}
TIPS = {
    "draft": mark_tr("Draft: the cheapest generator only, for quick tries"),
    "preview": mark_tr("Preview: up to a middle size"),
    "full": mark_tr("Full: always up to the full generator"),
    "auto": mark_tr("Auto: rough while a slider moves, full when it rests"),
}
RADIUS = 4.0


class Segment(QtWidgets.QToolButton):
    """A button that is joined to its neighbours; the first and the last have round corners outside."""

    first = last = False

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.rect())
        palette, role = self.palette(), QtGui.QPalette.ColorRole
        strong = self.isChecked()
        body = QtCore.QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape = body.adjusted(0 if self.first else -2 * RADIUS, 0, 0 if self.last else 2 * RADIUS, 0)
        painter.setPen(faded(palette.color(role.WindowText), 70))
        painter.setBrush(palette.color(role.Highlight if strong else role.Button))
        painter.drawRoundedRect(shape, RADIUS, RADIUS)
        if not self.first:
            painter.drawLine(body.topLeft(), body.bottomLeft())
        text = palette.color(role.HighlightedText if strong else role.ButtonText)
        if self.underMouse() and not strong:
            painter.fillRect(body, faded(text, 25))
        font = self.font()
        font.setUnderline(self.hasFocus())
        painter.setFont(font)
        painter.setPen(text)
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 4)
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), words)


class QualityRow(QtWidgets.QWidget):
    """The four qualities."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.qualities = QtWidgets.QButtonGroup(self)
        for quality in QUALITIES:
            button = Segment(self)
            button.first, button.last = quality == QUALITIES[0], quality == QUALITIES[-1]
            button.setObjectName(f"anycost_quality_{quality}")
            button.setText(tr(NAMES[quality]))
            button.setToolTip(tr(TIPS[quality]))
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 8)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            policy = QtWidgets.QSizePolicy.Policy
            button.setSizePolicy(policy.Expanding, policy.Fixed)
            button.clicked.connect(self._choose(quality))
            self.qualities.addButton(button)
            row.addWidget(button)

    def _choose(self, quality: Quality) -> Callable[[bool], None]:
        return lambda _checked: self.state.set_quality(quality)

    def show_quality(self) -> None:
        for button in self.qualities.buttons():
            button.setChecked(button.objectName() == f"anycost_quality_{self.state.quality}")
