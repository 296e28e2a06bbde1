"""Which keys belong to the panel while one of its controls has the focus, rather than to the program's
shortcuts; and whose wheel it is.

Letters go on to the program, so that the brush's key works after a slider was moved, unless something is
being written.
"""

# PyQt5's stubs name event handlers' parameters differently
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

from typing import Optional

from ..qt import Qt, QtCore, QtGui, QtWidgets

Key, Modifier = Qt.Key, Qt.KeyboardModifier
STEPS = (Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down)
PAGES = (Key.Key_Home, Key.Key_End, Key.Key_PageUp, Key.Key_PageDown)
WALK = (Key.Key_Tab, Key.Key_Backtab)
PRESS = (Key.Key_Space, Key.Key_Return, Key.Key_Enter)
WRITING = (QtWidgets.QLineEdit, QtWidgets.QAbstractSpinBox, QtWidgets.QPlainTextEdit)
OTHERS = Modifier.ControlModifier | Modifier.AltModifier | Modifier.MetaModifier


def is_ours(event: QtGui.QKeyEvent, focus: Optional[QtWidgets.QWidget]) -> bool:
    """Whether a key is meant for the panel's control that has the focus."""
    if event.modifiers() & OTHERS:
        return False  # a text's own, as Ctrl+C, are accepted by the text
    if isinstance(focus, WRITING) and event.text():
        return True
    return event.key() in (*STEPS, *PAGES, *WALK, *PRESS)


def keep_key(event: QtCore.QEvent, focus: Optional[QtWidgets.QWidget]) -> bool:
    """Whether an event is the question for whom a key is, and it is the panel's: then it is accepted."""
    asked = event.type() == QtCore.QEvent.Type.ShortcutOverride
    if asked and isinstance(event, QtGui.QKeyEvent) and is_ours(event, focus):
        event.accept()
        return True
    return False


class WheelGuard(QtCore.QObject):
    """Lets the wheel change only the control that has the focus: elsewhere it scrolls what is around."""

    def guard(self, parent: QtWidgets.QWidget) -> None:
        """All numbers and lists of choices in a widget, from now on."""
        kinds = (QtWidgets.QAbstractSpinBox, QtWidgets.QComboBox)
        for widget in parent.findChildren(QtWidgets.QWidget):
            if isinstance(widget, kinds):
                if widget.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                widget.installEventFilter(self)

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        if event.type() == QtCore.QEvent.Type.Wheel and not (
            isinstance(watched, QtWidgets.QWidget) and watched.hasFocus()
        ):
            event.ignore()
            return True
        return super().eventFilter(watched, event)
