"""One direction as a row: label, a slider filled from zero, a number. Double-click resets it."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Optional

from ...bridge.messages import Slider
from ..qt import QT6, Qt, QtCore, QtGui, QtWidgets, Signal
from ..words import tr
from .icons import faded
from .number_box import NumberBox
from .plain_text import ElidedLabel, plain_tip

STEPS = 100  # slider positions to one unit
LABEL_SHARE, SLIDER_SHARE = 9, 8  # of the row's width without the number
NUMBER_MARGIN = 14  # pixels around a number
FINE = 1  # positions that an arrow key moves with Shift
STARTS = "0123456789.,-+"  # characters that begin a number


class CentredSlider(QtWidgets.QSlider):
    """A slider that shows its distance from zero and jumps to where it is pressed."""

    reset = Signal()
    written = Signal(str)  # the artist starts to write a number: its first character, or none

    def __init__(self, low: float, high: float, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(round(low * STEPS), round(high * STEPS))
        self.setSingleStep(5)
        self.setPageStep(25)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(48, 19)

    def position_x(self, value: int) -> float:
        """The x coordinate, in pixels, of a value on the groove."""
        span = max(1, self.maximum() - self.minimum())
        return self._margin() + (value - self.minimum()) / span * (self.width() - 2 * self._margin())

    def _margin(self) -> int:
        return 8  # the handle's radius, and room for its focus ring

    def _value_at(self, x: float) -> int:
        length = max(1, self.width() - 2 * self._margin())
        share = min(max((x - self._margin()) / length, 0.0), 1.0)
        value = round(self.minimum() + share * (self.maximum() - self.minimum()))
        return 0 if abs(self.position_x(0) - x) < 3 else value  # zero is easy to find again

    # The mouse: pressing anywhere moves the handle there, a double click returns to zero

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.setSliderDown(True)
        self.setValue(self._value_at(_x(event)))

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        if self.isSliderDown():
            self.setValue(self._value_at(_x(event)))

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QtGui.QMouseEvent) -> None:
        self.setSliderDown(False)
        self.reset.emit()

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # the wheel scrolls the list of sliders

    # The keyboard: Qt's own keys, Shift for small steps, and numbers

    def event(self, event: QtCore.QEvent) -> bool:
        asked = event.type() == QtCore.QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QtGui.QKeyEvent) and _starts_number(event):
            event.accept()  # some of them are shortcuts of Krita's
            return True
        return super().event(event)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -FINE, Qt.Key.Key_Down: -FINE, Qt.Key.Key_Right: FINE, Qt.Key.Key_Up: FINE}
        step = steps.get(event.key())  # pyright: ignore[reportArgumentType, reportCallIssue]
        if step is not None and bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier):
            self.setValue(self.value() + step)
        elif _starts_number(event):
            self.written.emit(event.text())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.written.emit("")
        else:
            super().keyPressEvent(event)

    # Looks

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        palette = self.palette()
        middle = self.height() / 2
        zero, here = self.position_x(0), self.position_x(self.value())
        strong = palette.color(QtGui.QPalette.ColorRole.Highlight if self.isEnabled() else mid_role())
        text = palette.color(QtGui.QPalette.ColorRole.WindowText)

        groove = QtCore.QRectF(self._margin(), middle - 2, self.width() - 2 * self._margin(), 4)
        painter.setBrush(faded(text, 50))
        painter.drawRoundedRect(groove, 2, 2)
        painter.setBrush(faded(text, 110))
        painter.drawRect(QtCore.QRectF(zero - 0.5, middle - 5, 1, 10))
        painter.setBrush(strong)
        painter.drawRoundedRect(QtCore.QRectF(min(zero, here), middle - 2, abs(here - zero), 4), 2, 2)
        self._paint_handle(painter, QtCore.QPointF(here, middle), strong)

    def _paint_handle(self, painter: QtGui.QPainter, centre: QtCore.QPointF, strong: QtGui.QColor) -> None:
        palette = self.palette()
        if self.hasFocus():
            painter.setBrush(faded(strong, 90))
            painter.drawEllipse(centre, 8, 8)
        face = palette.color(QtGui.QPalette.ColorRole.WindowText)
        if not self.isEnabled():
            face = palette.color(mid_role())
        painter.setBrush(strong if self.isSliderDown() else face)
        painter.setPen(QtGui.QPen(palette.color(QtGui.QPalette.ColorRole.Window), 1.5))
        painter.drawEllipse(centre, 6, 6)


class DirectionSlider(QtWidgets.QWidget):
    """The row of one direction. `changed` tells the value and whether the mouse still holds the handle."""

    changed = Signal(str, float, bool)

    def __init__(self, direction: Slider, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.direction = direction
        self.label = ResetLabel(direction.label, self)
        self.slider = CentredSlider(direction.low, direction.high, self)
        self.number = NumberBox(self)
        self._build()
        self.label.reset.connect(self.reset)
        self.slider.reset.connect(self.reset)
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(self._released)
        self.slider.written.connect(self.number.begin)
        self.number.valueChanged.connect(self._typed)
        self.number.left.connect(lambda: self.slider.setFocus(Qt.FocusReason.OtherFocusReason))

    def _build(self) -> None:
        name, label = self.direction.name, self.direction.label
        self.setObjectName(f"anycost_direction_{name}")
        self.label.setObjectName(f"anycost_label_{name}")
        self.slider.setObjectName(f"anycost_slider_{name}")
        self.number.setObjectName(f"anycost_value_{name}")
        ignored, fixed = QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred
        self.slider.setSizePolicy(ignored, fixed)  # all rows line up whatever their labels
        self._show_tips(limited=False)
        self.slider.setAccessibleName(label)
        self.number.setAccessibleName(tr("{name}, value", name=label))
        self.number.setRange(self.direction.low, self.direction.high)
        self.number.setFixedHeight(self.fontMetrics().height() + 5)  # more rows in a low docker
        self.number.setFixedWidth(self.fontMetrics().horizontalAdvance("−0.00") + NUMBER_MARGIN)
        self.number.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes from slider to slider
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.label, LABEL_SHARE)
        row.addWidget(self.slider, SLIDER_SHARE)
        row.addWidget(self.number)

    @property
    def value(self) -> float:
        return self.slider.value() / STEPS

    def show_value(self, value: float) -> None:
        """Follow the state without telling it back."""
        if not self.slider.isSliderDown():
            self._show(round(value * STEPS))

    def set_usable(self, usable: bool, limited: bool) -> None:
        """Grey it while nothing can be edited, and where it is `limited`: without effect on this picture."""
        self.setEnabled(usable and not limited)
        self._show_tips(limited)

    def _show_tips(self, limited: bool) -> None:
        label = self.direction.label
        about = f"{self.direction.tip}\n" if self.direction.tip else ""
        tips = (
            about + tr("{name}: double-click for zero", name=label),
            about
            + tr("{name}: drag it, press arrow keys, write a number, or double-click for zero", name=label),
            "",
        )
        for widget, tip in zip((self.label, self.slider, self.number), tips):
            widget.setToolTip(tr("This edit does not work on this picture") if limited else plain_tip(tip))

    def reset(self) -> None:
        self.slider.setValue(0)
        self._released()

    def _show(self, position: int) -> None:
        for widget in (self.slider, self.number):
            widget.blockSignals(True)
        self.slider.setValue(position)
        self.number.setValue(position / STEPS)
        for widget in (self.slider, self.number):
            widget.blockSignals(False)
        self.label.set_strong(position != 0)
        self.slider.setAccessibleDescription(self.number.text())  # the slider's own value is in hundredths

    def _slid(self, position: int) -> None:
        self._show(position)
        self.changed.emit(self.direction.name, self.value, self.slider.isSliderDown())

    def _released(self) -> None:
        self.changed.emit(self.direction.name, self.value, False)

    def _typed(self, value: float) -> None:
        self._show(round(value * STEPS))
        self.changed.emit(self.direction.name, self.value, False)


class ResetLabel(ElidedLabel):
    """A direction's label, bold while it counts. It emits `reset` on a double click."""

    reset = Signal()

    def set_strong(self, strong: bool) -> None:
        font = self.font()
        if font.bold() != strong:
            font.setBold(strong)
            self.setFont(font)

    def mouseDoubleClickEvent(self, event: QtGui.QMouseEvent) -> None:
        self.reset.emit()


def mid_role() -> QtGui.QPalette.ColorRole:
    """The colour of disabled controls."""
    return QtGui.QPalette.ColorRole.Mid


def _starts_number(event: QtGui.QKeyEvent) -> bool:
    others = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    return bool(event.text()) and event.text() in STARTS and not event.modifiers() & others


def _x(event: QtGui.QMouseEvent) -> float:
    return event.position().x() if QT6 else event.localPos().x()  # pyright: ignore[reportAttributeAccessIssue]
