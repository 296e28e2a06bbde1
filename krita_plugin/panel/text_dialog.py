"""A dialog with a long text to read, and a button that copies all of it."""

# PyQt5's stubs let every getter return None
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Optional

from ..qt import Qt, QtGui, QtWidgets
from ..words import tr


class TextDialog(QtWidgets.QDialog):
    """Plain text that cannot be changed. It goes when it is closed."""

    def __init__(
        self, title: str, text: str, parent: Optional[QtWidgets.QWidget] = None, end: bool = False
    ) -> None:
        """`end` shows the end of the text first."""
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setObjectName("anycost_text_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QtWidgets.QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setPlainText(text)
        self.text.setAccessibleName(title)
        if end:
            self.text.moveCursor(QtGui.QTextCursor.MoveOperation.End)
        close = QtWidgets.QDialogButtonBox.StandardButton.Close
        buttons = QtWidgets.QDialogButtonBox(close, self)
        buttons.button(close).setText(tr("Close"))  # Qt's own words need not be there in the panel's language
        copy = QtWidgets.QPushButton(tr("Copy"), self)
        copy.setObjectName("anycost_text_copy")
        copy.clicked.connect(lambda _checked=False: QtGui.QGuiApplication.clipboard().setText(text))
        buttons.addButton(copy, QtWidgets.QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.text)
        column.addWidget(buttons)
        self.resize(520, 320)
