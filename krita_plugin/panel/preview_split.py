"""The preview above the rest of the panel: it folds away, grows, or comes off into a window."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Optional

from ..qt import Qt, QtCore, QtGui, QtWidgets, Signal
from ..settings import Kept
from ..words import tr
from .face_picker import FacePicker
from .preview import Preview

AUTO, SHOWN, FOLDED, APART = "auto", "shown", "folded", "apart"
WANTED_BELOW = 280  # pixels that the sliders get before the preview does, while it is automatic
LEAST = 72  # pixels; a smaller preview shows nothing
LARGEST_KEPT = 4000.0
BESIDE = 16  # pixels between the preview's window and the docker


class PreviewWindow(QtWidgets.QWidget):
    """The preview by itself, above the program's window."""

    closed = Signal()

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setObjectName("anycost_preview_window")
        self.setWindowTitle(tr("Preview of the face"))
        self.column = QtWidgets.QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)

    def closeEvent(self, event: QtGui.QCloseEvent) -> None:
        event.accept()
        self.closed.emit()


class PreviewSplit(QtWidgets.QSplitter):
    """Preview or face picker above `below`. A height that the artist gave it with the mouse lasts; without
    one it is as high as it is wide, where the sliders leave that much. `changed`: it came or went."""

    changed = Signal()

    def __init__(
        self,
        preview: Preview,
        picker: FacePicker,
        below: QtWidgets.QWidget,
        settings: Kept,
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setObjectName("anycost_split")
        self.preview, self.picker, self.below = preview, picker, below
        self._settings = settings
        self.mode = settings.text("preview", (AUTO, SHOWN, FOLDED, APART), AUTO)
        self._height = settings.number("preview_height", LEAST, LARGEST_KEPT, None)  # None: as wide
        self._window: Optional[PreviewWindow] = None
        self.top = QtWidgets.QWidget(self)
        column = QtWidgets.QVBoxLayout(self.top)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(preview)
        column.addWidget(picker)
        policy = QtWidgets.QSizePolicy.Policy
        self.top.setSizePolicy(policy.Expanding, policy.Ignored)
        self.addWidget(self.top)
        self.addWidget(below)
        self.setCollapsible(1, False)
        self.setHandleWidth(6)
        self.splitterMoved.connect(self._dragged)

    # What the artist does

    def toggle_fold(self) -> None:
        self._set_mode(FOLDED if self.is_shown else SHOWN)

    def toggle_apart(self) -> None:
        self._set_mode(SHOWN if self.mode == APART else APART)

    @property
    def is_shown(self) -> bool:
        """Whether the preview is in its place."""
        return self.preview.isVisibleTo(self)

    def _dragged(self, _position: int, _index: int) -> None:
        height = self.sizes()[0]
        if self.picker.isVisibleTo(self):
            return
        if height < LEAST:
            self._set_mode(FOLDED)
            return
        self._height = float(height)
        self._settings.keep_number("preview_height", self._height)
        if self.mode == AUTO:
            self._set_mode(SHOWN)

    def _set_mode(self, mode: str) -> None:
        self.mode = mode
        self._settings.keep_text("preview", mode)
        self.fit()

    # What follows

    def show_picker(self, picking: bool) -> None:
        """The picker takes the preview's place while a face is picked or placed."""
        self.picker.setVisible(picking)
        self.fit()

    def fit(self) -> None:
        """Give the preview its place and height."""
        self._take_off(self.mode == APART)
        picking = self.picker.isVisibleTo(self.top)
        height = self._room()
        self.top.setVisible(height > 0)
        if self.mode != APART:
            self.preview.setVisible(height > 0 and not picking)
        if height > 0:
            self.setSizes([height, max(1, self.height() - self.handleWidth() - height)])
        self.changed.emit()

    def _room(self) -> int:
        """The height for what is above, in pixels; 0 for none."""
        free = self.height() - self.handleWidth()
        most = free - self.below.minimumSizeHint().height()
        if self.picker.isVisibleTo(self.top):
            wanted = max(self.picker.sizeHint().height(), round(self._height or 0))
            return max(self.picker.minimumSizeHint().height(), min(wanted, most))
        if self.mode in (FOLDED, APART):
            return 0
        wanted = self.width()
        if self.mode == AUTO:
            most = free - WANTED_BELOW
        elif self._height is not None:
            wanted = round(self._height)
        height = min(wanted, most)
        return height if height >= LEAST else 0

    def _take_off(self, apart: bool) -> None:
        if apart and self._window is None:
            self._window = PreviewWindow(self)
            self._window.closed.connect(self._came_back)
            self._window.column.addWidget(self.preview)
            side = round(self._settings.number("preview_window", 120.0, LARGEST_KEPT, 420.0) or 420.0)
            self._window.resize(side, side)
            corner = self.mapToGlobal(QtCore.QPoint(-side - BESIDE, 0))
            self._window.move(max(0, corner.x()), max(0, corner.y()))
            self.preview.show()
            self._window.show()
        elif not apart and self._window is not None:
            window, self._window = self._window, None
            self._settings.keep_number("preview_window", float(min(window.width(), window.height())))
            self.top.layout().addWidget(self.preview)
            window.hide()
            window.deleteLater()

    def _came_back(self) -> None:
        if self.mode == APART:
            self._set_mode(SHOWN)

    def minimumSizeHint(self) -> QtCore.QSize:
        least = self.below.minimumSizeHint()
        if self.picker.isVisibleTo(self.top):
            picker = self.picker.minimumSizeHint()
            return QtCore.QSize(
                max(least.width(), picker.width()), least.height() + self.handleWidth() + picker.height()
            )
        return least

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        super().showEvent(event)
        self.fit()
        if self._window is not None:
            self._window.show()

    def hideEvent(self, event: QtGui.QHideEvent) -> None:
        super().hideEvent(event)
        if self._window is not None:
            self._window.hide()  # with the docker
