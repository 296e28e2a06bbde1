"""How good frames have to be, and how fast while a slider is dragged."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Callable, Optional

from ..bridge.messages import FRAME_MS, QUALITIES, Quality
from .qt import Qt, QtCore, QtWidgets
from .state import PanelState
from .words import tr

NAMES = {"draft": "Draft", "preview": "Preview", "full": "Full", "auto": "Auto"}
TIPS = {
    "draft": "Draft: the cheapest generator only, for quick tries",
    "preview": "Preview: up to a middle size",
    "full": "Full: always up to the full generator",
    "auto": "Auto: rough while a slider moves, full when it rests",
}
SEGMENTS = """
QToolButton { border: 1px solid palette(shadow); padding: 3px 2px; background: palette(button);
              color: palette(button-text); border-left-width: 0; }
QToolButton#anycost_quality_draft { border-left-width: 1px; border-top-left-radius: 4px;
                                    border-bottom-left-radius: 4px; }
QToolButton#anycost_quality_auto { border-top-right-radius: 4px; border-bottom-right-radius: 4px; }
QToolButton:hover { background: palette(midlight); }
QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }
QToolButton:focus { text-decoration: underline; }
"""
SPEEDS = (("30 frames a second", 33.0), ("12 frames a second", FRAME_MS), ("Best in half a second", 500.0))


class QualityRow(QtWidgets.QWidget):
    """One button for each quality, of which one is pressed; below, the speed."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._segments())
        column.addLayout(self._speed_row())

    def _segments(self) -> QtWidgets.QWidget:
        self.segments = QtWidgets.QWidget(self)
        self.segments.setStyleSheet(SEGMENTS)
        row = QtWidgets.QHBoxLayout(self.segments)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.qualities = QtWidgets.QButtonGroup(self)
        for quality in QUALITIES:
            button = QtWidgets.QToolButton(self.segments)
            button.setObjectName(f"anycost_quality_{quality}")
            button.setText(tr(NAMES[quality]))
            button.setToolTip(tr(TIPS[quality]))
            button.setMinimumWidth(40)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            policy = QtWidgets.QSizePolicy.Policy
            button.setSizePolicy(policy.Expanding, policy.Fixed)
            button.clicked.connect(self._choose(quality))
            self.qualities.addButton(button)
            row.addWidget(button)
        return self.segments

    def _choose(self, quality: Quality) -> Callable[[bool], None]:
        return lambda _checked: self.state.set_quality(quality)

    def _speed_row(self) -> QtWidgets.QHBoxLayout:
        self.speed = QtWidgets.QComboBox(self)
        self.speed.setObjectName("anycost_speed")
        self.speed.setAccessibleName(tr("While dragging"))
        self.speed.setToolTip(tr("While a slider moves in Auto: the best face that keeps up with this"))
        for text, ms in SPEEDS:
            self.speed.addItem(tr(text), ms)
        view = self.speed.view()
        if view is not None:
            view.setMinimumWidth(self.speed.sizeHint().width())  # the list is wider than a narrow panel's row
        self.speed.setCurrentIndex(self.speed.findData(self.state.frame_ms))
        policy = QtWidgets.QSizePolicy.Policy
        self.speed.setSizePolicy(policy.Ignored, policy.Fixed)
        self.speed.activated.connect(lambda _index: self.state.set_frame_ms(self.speed.currentData()))
        self.speed_label = QtWidgets.QLabel(tr("While dragging"), self)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.speed_label)
        row.addWidget(self.speed, 1)
        return row

    def show_quality(self) -> None:
        for button in self.qualities.buttons():
            button.setChecked(button.objectName() == f"anycost_quality_{self.state.quality}")
        for widget in (self.speed_label, self.speed):
            widget.setEnabled(self.state.quality == "auto")  # the other modes draw fixed rungs, however slow

    def changeEvent(self, event: QtCore.QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange:  # Krita's theme changed: read palette(...) again
            self.segments.setStyleSheet(SEGMENTS)
