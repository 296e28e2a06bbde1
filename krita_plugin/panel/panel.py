"""The docker's contents: shows a `PanelState` and tells it what the artist does. No Krita, no socket.

Each part is a file of its own; here they are put one below the other and told what changed.
"""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Callable, Optional

from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..slices import Slices
from ..state.document_faces import View
from ..state.portrait import Portrait
from ..state.state import PanelState
from ..state.topic import Topic
from .apply_area import ApplyArea
from .compared_view import ComparedView
from .connection_row import ConnectionRow
from .face_picker import FacePicker
from .icon_paths import fold_path
from .keys import WheelGuard, keep_key
from .notes import AdviceNote, MessageBox
from .panel_menu import PanelMenu
from .preview import Preview, cropping
from .preview_split import APART, PreviewSplit
from .project_row import ProjectRow
from .quality_row import QualityRow
from .shelf import Shelf, keeps_undo
from .slider_list import SliderList
from .status_row import StatusRow

WIDTH, HEIGHT = 262, 600  # pixels that it asks for; Krita's default layout then leaves eight sliders
LEAST_LIST = 58  # pixels: the first sliders


class Panel(QtWidgets.QWidget):
    """All controls of one window. `start` looks for a core again; `log` returns the core's last output."""

    def __init__(
        self,
        state: PanelState,
        start: Callable[[], None],
        log: Callable[[], str],
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("anycost_panel")
        self.state = state
        self._portrait_shown: Optional[object] = None
        self._cropping: Optional[Slices[QtGui.QImage]] = None  # its original on the way
        self._build(start, log)
        self._updates = {
            Topic.CONNECTION: (self.connection.show_connection, self._show_controls),
            Topic.PACK: (self._show_pack, self._show_document),
            Topic.DOCUMENT: (self._show_document,),
            Topic.PROGRESS: (self._show_progress, self._show_controls),
            Topic.FACES: (
                self._show_faces,
                self.advice.show_advice,
                self.status.show_status,
                self._show_controls,
            ),
            Topic.EDITS: (self.sliders.show_edits, self._show_controls),
            Topic.CHOICES: (self._show_controls,),
            Topic.COMPARING: (self.preview.update,),
            Topic.FRAME: (self._show_frame,),
            Topic.MESSAGE: (self._show_message,),
        }
        state.listeners.append(self._changed)
        self.destroyed.connect(lambda: setattr(self, "_portrait_shown", None))  # its original comes too late
        for topic in self._updates:
            self._changed(topic)

    def _changed(self, topic: Topic) -> None:
        for update in self._updates.get(topic, ()):
            update()

    def _build(self, start: Callable[[], None], log: Callable[[], str]) -> None:
        state = self.state
        self.menu = PanelMenu(state, log, self)
        self.connection = ConnectionRow(state, start, self.menu, self)
        self.project_row = ProjectRow(state, self)
        self.preview = Preview(self)
        self.preview.comparing.connect(self._compare)
        self.picker = self._face_picker()
        self.status = StatusRow(state, self._compare, self)
        self.message_box = MessageBox(state, self)
        self.advice = AdviceNote(state, self)
        self.sliders = SliderList(state, self)
        self.shelf = Shelf(state, self.sliders.show_only, self)
        self.shelf.opened.connect(lambda: self.body.verticalScrollBar().setValue(0))
        self.quality = QualityRow(state, self)  # here, since Tab goes from part to part as they were made
        self.sliders.follows = self.quality.qualities.buttons()[-1]
        self.compared = ComparedView(state.comparing, self.preview)
        self.apply_area = ApplyArea(state, self)
        self.split = PreviewSplit(self.preview, self.picker, self._below(), state.settings, self)
        self.status.fold.clicked.connect(lambda _checked=False: self.split.toggle_fold())
        self.menu.apart.triggered.connect(lambda _checked=False: self.split.toggle_apart())
        self.split.changed.connect(self._show_fold)
        column = _column(self, 4)
        column.setContentsMargins(6, 4, 6, 4)
        column.addWidget(self.connection)
        column.addWidget(self.project_row)
        column.addWidget(self.split, 1)
        column.addWidget(self.apply_area)
        self.setMinimumWidth(220)
        self._wheel = WheelGuard(self)
        self._wheel.guard(self)

    def _below(self) -> QtWidgets.QWidget:
        """What is below the preview: the status, and all else in a list that scrolls, so that a low docker
        has room for it."""
        inside = QtWidgets.QWidget(self)
        rows = _column(inside, 4)
        rows.setContentsMargins(0, 0, 4, 0)
        for part in (self.message_box, self.shelf, self.advice, self.quality, self.sliders):
            rows.addWidget(part)
        rows.addStretch(1)
        self.body = QtWidgets.QScrollArea(self)
        self.body.setObjectName("anycost_directions")
        self.body.setWidgetResizable(True)
        self.body.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.body.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.setMinimumHeight(LEAST_LIST)
        self.body.setWidget(inside)
        below = QtWidgets.QWidget(self)
        column = _column(below, 2)
        column.addWidget(self.status)
        column.addWidget(self.shelf.row)
        column.addWidget(self.body, 1)
        return below

    def _face_picker(self) -> FacePicker:
        """It takes the preview's place while a face is picked or placed."""
        picker = FacePicker(self)
        picker.map.picked.connect(self.state.pick)
        picker.map.moved.connect(self.state.move_handle)
        picker.by_hand.connect(self.state.place_by_hand)
        picker.use.connect(self.state.use_place)
        picker.apply_all.connect(self.state.several.apply_all)
        picker.back.connect(self.state.toggle_faces)
        return picker

    # Showing the state

    def _show_pack(self) -> None:
        self.connection.show_packs()
        self.sliders.show_pack()
        self.quality.show_quality()

    def _show_document(self) -> None:
        portrait = self.state.portrait
        if portrait is not self._portrait_shown:
            self._portrait_shown = portrait
            placement = None if portrait is None else portrait.placement
            self.preview.show_original(None, placement)
            if portrait is not None and placement is not None:
                steps = cropping(portrait.picture, placement)
                self._cropping = Slices(steps, lambda image: self._show_original(portrait, image))
        self._show_faces()
        self.advice.show_advice()
        self.connection.show_connection()
        self.sliders.show_edits()
        self._show_frame()
        self._show_progress()
        self._show_controls()

    def _show_original(self, portrait: Portrait, image: QtGui.QImage) -> None:
        if portrait is self._portrait_shown:
            self.preview.show_original(image, portrait.placement)
            self._show_controls()

    def _show_faces(self) -> None:
        self.picker.show_faces(self.state.faces, self.state.can_use_place)
        self.split.show_picker(self.state.view is not View.FACE)

    def _show_fold(self) -> None:
        self.status.fold.set_path(fold_path(self.split.is_shown))
        self.status.fold.setEnabled(self.split.mode != APART)
        self.menu.apart.setChecked(self.split.mode == APART)

    def _show_message(self) -> None:
        self.message_box.show_message()
        if self.state.message:
            self.body.verticalScrollBar().setValue(0)  # it comes first in the list

    def _show_frame(self) -> None:
        portrait = self.state.portrait
        if portrait is None:
            self.preview.show_frame(None)
        else:
            self.preview.show_frame(portrait.frame, portrait.part)
        self.status.show_status()

    def _show_progress(self) -> None:
        self.preview.show_progress(self._share())
        self.project_row.show_progress()
        self.status.show_status()

    def _share(self) -> Optional[float]:
        portrait = self.state.portrait
        progress = None if portrait is None else portrait.progress
        if progress is not None and progress.step < progress.steps:
            return progress.step / progress.steps  # what comes after the last step takes its own time
        working = self.state.busy or self.state.reading is not None
        return -1.0 if working or (portrait is not None and portrait.applying) else None

    def _show_controls(self) -> None:
        self.project_row.show_controls()
        self.apply_area.show_state()
        self.status.show_controls(self.preview.original is not None)
        self.picker.use_place.setEnabled(self.state.can_use_place)
        self.sliders.show_controls()

    def _compare(self, hold: bool) -> None:
        self.preview.set_compare(hold and self.preview.original is not None)

    # What the panel does by itself

    def sizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(WIDTH, HEIGHT)

    def event(self, event: QtCore.QEvent) -> bool:
        ours = keeps_undo(event, self.state) or keep_key(event, self.focusWidget())
        return ours or super().event(event)


def _column(widget: QtWidgets.QWidget, spacing: int) -> QtWidgets.QVBoxLayout:
    column = QtWidgets.QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(spacing)
    return column
