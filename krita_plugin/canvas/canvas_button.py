"""The switch for the preview on the canvas, in the panel's status row."""

from __future__ import annotations

from typing import Optional

from ..panel.icon_paths import canvas_path
from ..panel.icons import IconButton
from ..qt import QtWidgets
from ..settings import Kept
from ..words import tr


class CanvasButton(IconButton):
    """Down while the canvas shows what the sliders do."""

    def __init__(self, settings: Kept, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__("canvas", tr("Preview on the canvas"), canvas_path(), parent)
        self.setToolTip(tr("Show on the canvas what the sliders do, until you apply it. No layer is added"))
        self.setCheckable(True)
        self._settings = settings
        self.clicked.connect(lambda checked: settings.set("canvas_preview", checked))
        settings.listeners.append(self._show)
        self.destroyed.connect(lambda: settings.listeners.remove(self._show))
        self._show()

    def _show(self) -> None:
        self.setChecked(self._settings.now.canvas_preview)
