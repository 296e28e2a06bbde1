"""A number that takes a comma and a point alike, and gives the focus on when it is entered."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Optional, Tuple

from ..qt import Qt, QtCore, QtGui, QtWidgets, Signal

SIGNS = {"−": "-", "–": "-"}


class NumberBox(QtWidgets.QDoubleSpinBox):
    """`left` is emitted when Enter or Escape ends the writing; Escape takes back what was written."""

    left = Signal()

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        locale = QtCore.QLocale()
        locale.setNumberOptions(QtCore.QLocale.NumberOption.OmitGroupSeparator)
        self.setLocale(locale)
        self.setDecimals(2)
        self.setSingleStep(0.05)
        self.setKeyboardTracking(False)  # "0.35" is one edit, not three
        self.setButtonSymbols(QtWidgets.QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._before = 0.0

    def begin(self, text: str = "") -> None:
        """Let the artist write, from a first character or over all that is there."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if text:
            self.lineEdit().setText(text)
        else:
            self.selectAll()

    def validate(self, text: str, position: int) -> Tuple[QtGui.QValidator.State, str, int]:
        return super().validate(self._in_locale(text), position)

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(self._in_locale(text))

    def fixup(self, text: str) -> str:
        """A number out of range becomes the nearest in it."""
        value, known = self.locale().toDouble(self._in_locale(text))
        if not known:
            return super().fixup(text)
        return self.textFromValue(min(max(value, self.minimum()), self.maximum()))

    def _in_locale(self, text: str) -> str:
        point = self.locale().decimalPoint()
        for sign, plain in SIGNS.items():
            text = text.replace(sign, plain)
        return text.replace(",", "." if point == "." else point).replace(".", point)

    def focusInEvent(self, event: QtGui.QFocusEvent) -> None:
        self._before = self.value()
        super().focusInEvent(event)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.lineEdit().setText(self.textFromValue(self._before))
            self.interpretText()
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.interpretText()
            self.left.emit()
        else:
            super().keyPressEvent(event)
