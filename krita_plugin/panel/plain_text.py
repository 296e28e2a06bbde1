"""Texts that others wrote (a pack's labels, the core's sentences), shown as they are.

Qt takes a label or a tip with a tag in it for HTML and reads the files that it names. A pipe among them would
hang the window that holds unsaved work.
"""

# PyQt5's stubs name event handlers' parameters differently
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

import html
from typing import Optional

from ..qt import Qt, QtGui, QtWidgets

LONGEST_TIP = 2000  # characters; laying out a megabyte takes seconds


def plain_label(text: str, parent: Optional[QtWidgets.QWidget]) -> QtWidgets.QLabel:
    """A label that shows markup as text."""
    label = QtWidgets.QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    return label


def wrapped_label(text: str, parent: Optional[QtWidgets.QWidget]) -> QtWidgets.QLabel:
    """The same in as many lines as it needs; no long word widens what it is in."""
    label = plain_label(text, parent)
    label.setWordWrap(True)
    policy = label.sizePolicy()
    policy.setHorizontalPolicy(QtWidgets.QSizePolicy.Policy.Ignored)
    label.setSizePolicy(policy)
    return label


class ElidedLabel(QtWidgets.QLabel):
    """Plain text in one line that ends in "…" where there is no room; in several lines when it wraps."""

    def __init__(self, text: str, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Ignored, policy.Preferred)
        self.setText(text)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        if self.wordWrap():
            super().paintEvent(event)
            return
        painter = QtGui.QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        group = QtGui.QPalette.ColorGroup.Normal if self.isEnabled() else QtGui.QPalette.ColorGroup.Disabled
        painter.setPen(self.palette().color(group, self.foregroundRole()))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), shown)


def plain_tip(text: str) -> str:
    """The same for a tool tip, which has no format to set: Qt guesses it."""
    if len(text) > LONGEST_TIP:
        text = text[:LONGEST_TIP] + "…"
    if "<" not in text and "&lt;" not in text:  # else Qt never guesses HTML
        return text
    return "<span>" + html.escape(text).replace("\n", "<br>") + "</span>"


def plain_button(text: str) -> str:
    """The same for a button, where "&" would underline the letter after it."""
    return text.replace("&", "&&")


def plain_title(text: str) -> str:
    """The same for a window's title, where Qt puts "*" or nothing for "[*]"."""
    return text.replace("[*]", "[*][*]")
