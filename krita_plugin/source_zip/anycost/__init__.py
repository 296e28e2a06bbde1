"""What Krita's importer finds in a zip of the source tree. It explains which zip is needed.

The importer wants a folder with the plugin's name. In the source tree this is the only one, and Krita copies
nothing else.
"""

from __future__ import annotations

import sys

WORDS = (
    "This was the zip of Anycost's source, which Krita cannot use.\n\n"
    "Import the zip that `anycost plugin package` writes, which takes this one's place; or install the "
    "package anycost-krita, then run `anycost plugin install` in a terminal."
)


def explain() -> None:
    """Shows a box over Krita's first window, without blocking it."""
    try:
        from PyQt5.QtWidgets import QApplication, QMessageBox
    except ImportError:
        from PyQt6.QtWidgets import (  # pyright: ignore[reportMissingImports]
            QApplication,
            QMessageBox,
        )
    icon = QMessageBox.Icon.Information
    box = QMessageBox(icon, "Anycost", WORDS, parent=QApplication.activeWindow())  # pyright: ignore[reportArgumentType]
    box.open()


krita = sys.modules.get("krita")
if krita is not None and hasattr(krita, "Krita"):
    notifier = krita.Krita.instance().notifier()
    notifier.setActive(True)
    notifier.windowCreated.connect(explain)
