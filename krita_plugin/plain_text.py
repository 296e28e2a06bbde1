"""Texts that others wrote (a pack's labels, the core's sentences), shown as they are.

Qt takes a label or a tip with a tag in it for HTML and reads the files that it names. A pipe among them would
hang the window that holds unsaved work.
"""

from __future__ import annotations

import html
from typing import Optional

from .qt import Qt, QtWidgets

LONGEST_TIP = 2000  # characters; laying out a megabyte takes seconds


def plain_label(text: str, parent: Optional[QtWidgets.QWidget]) -> QtWidgets.QLabel:
    """A label that shows markup as text."""
    label = QtWidgets.QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    return label


def plain_tip(text: str) -> str:
    """The same for a tool tip, which has no format to set: Qt guesses it."""
    if len(text) > LONGEST_TIP:
        text = text[:LONGEST_TIP] + "…"
    if "<" not in text:  # without a tag Qt never guesses HTML
        return text
    return "<span>" + html.escape(text).replace("\n", "<br>") + "</span>"


def plain_button(text: str) -> str:
    """The same for a button, where "&" would underline the letter after it."""
    return text.replace("&", "&&")
