"""The docker's contents: shows a `PanelState` and tells it what the artist does. No Krita, no socket.

Each part is a file of its own; here they are put one below the other and told what changed.
"""

from __future__ import annotations

from typing import Callable, Optional

from .apply_area import ApplyArea
from .connection_row import ConnectionRow
from .document_faces import View
from .face_picker import FacePicker
from .notes import AdviceNote, MessageBox
from .panel_menu import PanelMenu
from .preview import Preview, face_crop
from .project_row import ProjectRow
from .qt import QtWidgets
from .quality_row import QualityRow
from .slider_list import SliderList
from .state import PanelState
from .status_row import StatusRow
from .topic import Topic


class Panel(QtWidgets.QWidget):
    """All controls of one window. `start` looks for a core again; `report` returns the core's last output."""

    def __init__(
        self,
        state: PanelState,
        start: Callable[[], None],
        report: Callable[[], str],
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("anycost_panel")
        self.state = state
        self._portrait_shown: Optional[object] = None
        self._build(start, report)
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
            Topic.HISTORY: (),
            Topic.FRAME: (self._show_frame,),
            Topic.MESSAGE: (self.message_box.show_message,),
        }
        state.listeners.append(self._changed)
        for topic in self._updates:
            self._changed(topic)

    def _changed(self, topic: Topic) -> None:
        for update in self._updates[topic]:
            update()

    def _build(self, start: Callable[[], None], report: Callable[[], str]) -> None:
        state = self.state
        self.menu = PanelMenu(state, report, self)
        self.connection = ConnectionRow(state, start, self.menu, self)
        self.project_row = ProjectRow(state, self)
        self.preview = Preview(self)
        self.preview.comparing.connect(self._compare)
        self.picker = self._face_picker()
        self.status = StatusRow(state, self._compare, self)
        self.advice = AdviceNote(state, self)
        self.quality = QualityRow(state, self)
        self.sliders = SliderList(state, self)
        self.apply_area = ApplyArea(state, self)
        self.message_box = MessageBox(state, self)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        column.addWidget(self.connection)
        column.addWidget(self.project_row)
        column.addWidget(self.preview)
        column.addWidget(self.picker)
        column.addWidget(self.status)
        column.addWidget(self.advice)
        column.addWidget(self.quality)
        column.addWidget(self.sliders, 1)
        column.addWidget(self.apply_area)
        column.addWidget(self.message_box)
        self.setMinimumWidth(220)

    def _face_picker(self) -> FacePicker:
        """It takes the preview's place while a face is picked or placed."""
        picker = FacePicker(self)
        picker.map.picked.connect(self.state.pick)
        picker.map.moved.connect(self.state.move_handle)
        picker.by_hand.connect(self.state.place_by_hand)
        picker.use.connect(self.state.use_place)
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
            original, placement = None, None if portrait is None else portrait.placement
            if portrait is not None and placement is not None:
                original = face_crop(portrait.picture, placement)
            self.preview.show_original(original, placement)
        self._show_faces()
        self.advice.show_advice()
        self.connection.show_connection()
        self.sliders.show_edits()
        self._show_frame()
        self._show_progress()
        self._show_controls()

    def _show_faces(self) -> None:
        self.preview.setVisible(self.state.view is View.FACE)
        self.picker.show_faces(self.state.faces, self.state.can_use_place)

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
        if portrait is not None and portrait.progress is not None and portrait.progress.steps:
            return portrait.progress.step / portrait.progress.steps
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
