"""Asks for a preset's name. The program goes on meanwhile."""

from __future__ import annotations

from typing import Callable

from ...bridge.protocol import ProtocolError
from ..qt import Qt, QtWidgets
from ..state.presets import clean_name
from ..words import tr


def ask_preset_name(
    parent: QtWidgets.QWidget,
    title: str,
    name: str,
    taken: Callable[[str], bool],
    done: Callable[[str], None],
) -> None:
    """`done` gets the name, unless the artist cancels; one that is `taken` only when he wants it replaced."""

    def given(text: str) -> None:
        try:
            clean = clean_name(text)
        except ProtocolError:
            return
        if clean == name or not taken(clean):
            done(clean)
        else:
            _ask_to_replace(parent, title, clean, done)

    dialog = QtWidgets.QInputDialog(parent)
    dialog.setObjectName("anycost_preset_name")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.setLabelText(tr("Name"))
    dialog.setTextValue(name)
    dialog.textValueSelected.connect(given)
    dialog.open()


def _ask_to_replace(parent: QtWidgets.QWidget, title: str, name: str, done: Callable[[str], None]) -> None:
    box = QtWidgets.QMessageBox(parent)
    box.setObjectName("anycost_preset_replace")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(box.Icon.Question)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(tr("There is a preset “{name}”: replace it?", name=name))
    replace = box.addButton(tr("Replace"), box.ButtonRole.AcceptRole)
    box.addButton(tr("Cancel"), box.ButtonRole.RejectRole)
    box.buttonClicked.connect(lambda pressed: done(name) if pressed is replace else None)
    box.open()
