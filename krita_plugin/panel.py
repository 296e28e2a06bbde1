"""The docker's contents: shows a `PanelState` and tells it what the artist does. No Krita, no socket."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Callable, Dict, List, Optional

from ..bridge.messages import FRAME_MS, QUALITIES, Quality, Slider
from .apply_area import ApplyArea
from .choice_menu import choice_menu
from .direction_group import DirectionGroup
from .direction_slider import DirectionSlider
from .document_faces import View
from .face_picker import FacePicker
from .plain_text import plain_label, plain_tip
from .preview import Preview, face_crop
from .qt import QAction, Qt, QtCore, QtGui, QtWidgets
from .state import USUAL_PROJECTION, PanelState
from .topic import Topic

QUALITY_TIPS = {
    "draft": "Draft: the cheapest generator only, for quick tries",
    "preview": "Preview: up to a middle size",
    "full": "Full: always up to the full generator",
    "auto": "Auto: rough while a slider moves, full when it rests",
}
SEGMENTS = """
QToolButton { border: 1px solid palette(shadow); padding: 3px 2px; background: palette(button);
              color: palette(button-text); border-left-width: 0; }
QToolButton#anycost_quality_draft { border-left-width: 1px; border-top-left-radius: 4px;
                                    border-bottom-left-radius: 4px; }
QToolButton#anycost_quality_auto { border-top-right-radius: 4px; border-bottom-right-radius: 4px; }
QToolButton:hover { background: palette(midlight); }
QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }
QToolButton:focus { text-decoration: underline; }
"""
SPEEDS = (("30 frames a second", 33.0), ("12 frames a second", FRAME_MS), ("Best in half a second", 500.0))
BUDGETS = (("5 seconds", 5.0), ("20 seconds", USUAL_PROJECTION), ("Until it levels off", None))
SHORT_MESSAGE = 130  # characters of a sentence that are shown; a tool tip has the rest
OFF, BUSY, READY, STOPPED = "#8a8a8a", "#d9a02b", "#4caf6d", "#d9542b"


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
        self._start = start
        self._report = report
        self._portrait_shown: Optional[object] = None
        self._sliders: Dict[str, DirectionSlider] = {}
        self._build()
        self._updates = {
            Topic.CONNECTION: (self._show_connection, self._show_controls),
            Topic.PACK: (self._show_pack, self._show_quality, self._show_document),
            Topic.DOCUMENT: (self._show_document,),
            Topic.PROGRESS: (self._show_progress, self._show_controls),
            Topic.FACES: (self._show_faces, self._show_advice, self._show_status, self._show_controls),
            Topic.EDITS: (self._show_edits, self._show_controls),
            Topic.CHOICES: (self._show_controls,),
            Topic.FRAME: (self._show_frame,),
            Topic.MESSAGE: (self._show_message,),
        }
        state.listeners.append(self._changed)
        for topic in self._updates:
            self._changed(topic)

    def _changed(self, topic: Topic) -> None:
        for update in self._updates[topic]:
            update()

    # Building, from top to bottom

    def _build(self) -> None:
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        column.addLayout(self._connection_row())
        column.addLayout(self._project_row())
        self.progress = QtWidgets.QProgressBar(self)
        self.progress.setObjectName("anycost_progress")
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(5)
        keep = self.progress.sizePolicy()
        keep.setRetainSizeWhenHidden(True)  # otherwise the preview would jump
        self.progress.setSizePolicy(keep)
        column.addWidget(self.progress)
        self.preview = Preview(self)
        self.preview.comparing.connect(self._compare)
        column.addWidget(self.preview)
        column.addWidget(self._face_picker())
        column.addLayout(self._status_row())
        column.addWidget(self._advice_note())
        column.addWidget(self._quality_row())
        column.addLayout(self._speed_row())
        column.addWidget(self._slider_list(), 1)
        self.apply_area = ApplyArea(self.state, self)
        column.addWidget(self.apply_area)
        column.addWidget(self._message_box())
        self.setMinimumWidth(220)

    def _button(self, name: str, text: str, clicked: Optional[Callable[[], None]]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text, self)
        button.setObjectName(f"anycost_{name}")
        button.setMinimumWidth(40)
        if clicked is not None:
            button.clicked.connect(lambda _checked=False: clicked())
        return button

    def _connection_row(self) -> QtWidgets.QHBoxLayout:
        self.dot = QtWidgets.QLabel("●", self)
        self.connection = plain_label("", self)
        self.connection.setObjectName("anycost_connection")
        self.connection.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred
        )
        self.packs = QtWidgets.QComboBox(self)
        self.packs.setObjectName("anycost_pack")
        self.packs.setToolTip("The model that draws the face")
        self.packs.setMaximumWidth(110)
        self.packs.textActivated.connect(self.state.core.use_pack)
        self.start = self._button("start", "Start", self._start)
        self.start.setToolTip("Start the core again")
        self.menu = QtWidgets.QToolButton(self)
        self.menu.setObjectName("anycost_menu")
        self.menu.setText("⋯")
        self.menu.setAutoRaise(True)
        self.menu.setToolTip("More")
        self.menu.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        for text, done in (("Free the core's memory", self._unload), ("Copy a report", self._copy_report)):
            action = QAction(text, self.menu)
            action.triggered.connect(lambda _checked=False, done=done: done())
            self.menu.addAction(action)
        self.menu.addAction(self._budget_menu().menuAction())
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(5)
        row.addWidget(self.dot)
        row.addWidget(self.connection, 1)
        for widget in (self.packs, self.start, self.menu):
            row.addWidget(widget)
        return row

    def _budget_menu(self) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu("Projection time", self.menu)
        choice_menu(menu, BUDGETS, self.state.projection_seconds, self.state.set_projection_seconds)
        return menu

    def _project_row(self) -> QtWidgets.QHBoxLayout:
        self.project = self._button("project", "Project", self.state.project)
        self.cancel = self._button("cancel", "Cancel", self.state.cancel)
        self.cancel.setToolTip("Stop here and keep the face as it is now")
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.project, 1)
        row.addWidget(self.cancel)
        return row

    def _quality_row(self) -> QtWidgets.QWidget:
        self.segments = QtWidgets.QWidget(self)
        self.segments.setStyleSheet(SEGMENTS)
        row = QtWidgets.QHBoxLayout(self.segments)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.qualities = QtWidgets.QButtonGroup(self)
        for quality in QUALITIES:
            button = QtWidgets.QToolButton(self.segments)
            button.setObjectName(f"anycost_quality_{quality}")
            button.setText(quality.capitalize())
            button.setToolTip(QUALITY_TIPS[quality])
            button.setMinimumWidth(40)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            policy = QtWidgets.QSizePolicy.Policy
            button.setSizePolicy(policy.Expanding, policy.Fixed)
            button.clicked.connect(self._choose(quality))
            self.qualities.addButton(button)
            row.addWidget(button)
        return self.segments

    def _choose(self, quality: Quality) -> Callable[[bool], None]:
        return lambda _checked: self.state.set_quality(quality)

    def _speed_row(self) -> QtWidgets.QHBoxLayout:
        self.speed = QtWidgets.QComboBox(self)
        self.speed.setObjectName("anycost_speed")
        self.speed.setAccessibleName("While dragging")
        self.speed.setToolTip("While a slider moves in Auto: the best face that keeps up with this")
        for text, ms in SPEEDS:
            self.speed.addItem(text, ms)
        view = self.speed.view()
        if view is not None:
            view.setMinimumWidth(self.speed.sizeHint().width())  # the list is wider than a narrow panel's row
        self.speed.setCurrentIndex(self.speed.findData(self.state.frame_ms))
        policy = QtWidgets.QSizePolicy.Policy
        self.speed.setSizePolicy(policy.Ignored, policy.Fixed)
        self.speed.activated.connect(lambda _index: self.state.set_frame_ms(self.speed.currentData()))
        self.speed_label = QtWidgets.QLabel("While dragging", self)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.speed_label)
        row.addWidget(self.speed, 1)
        return row

    def _slider_list(self) -> QtWidgets.QScrollArea:
        self.slider_area = QtWidgets.QScrollArea(self)
        self.slider_area.setObjectName("anycost_directions")
        self.slider_area.setWidgetResizable(True)
        self.slider_area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.slider_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.slider_area.setMinimumHeight(84)
        self.slider_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return self.slider_area

    def _face_picker(self) -> FacePicker:
        """It takes the preview's place while a face is picked or placed."""
        self.picker = FacePicker(self)
        self.picker.map.picked.connect(self.state.pick)
        self.picker.map.moved.connect(self.state.move_handle)
        self.picker.by_hand.connect(self.state.place_by_hand)
        self.picker.use.connect(self.state.use_place)
        self.picker.back.connect(self.state.toggle_faces)
        return self.picker

    def _status_row(self) -> QtWidgets.QHBoxLayout:
        self.status = plain_label("", self)
        self.status.setObjectName("anycost_status")
        policy = QtWidgets.QSizePolicy.Policy
        self.status.setSizePolicy(policy.Ignored, policy.Preferred)
        self.compare = QtWidgets.QToolButton(self)
        self.compare.setObjectName("anycost_compare")
        self.compare.setText("Original")
        self.compare.setToolTip("Hold to see the original (or hold the mouse on the preview)")
        self.compare.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.compare.pressed.connect(lambda: self._compare(True))
        self.compare.released.connect(lambda: self._compare(False))
        self.faces = QtWidgets.QToolButton(self)
        self.faces.setObjectName("anycost_faces")
        self.faces.setText("Faces")
        self.faces.setToolTip("Show all faces of the picture, to edit another one")
        self.faces.setCheckable(True)
        self.faces.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.faces.clicked.connect(lambda _checked=False: self.state.toggle_faces())
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(3)
        row.addWidget(self.status, 1)
        row.addWidget(self.compare)
        row.addWidget(self.faces)  # last: it stays under the mouse when the other is hidden
        return row

    def _advice_note(self) -> QtWidgets.QFrame:
        """What the core says of a picture that is far from what the pack draws."""
        self.advice_note = QtWidgets.QFrame(self)
        self.advice_note.setObjectName("anycost_advice_note")
        self.advice_note.setStyleSheet(
            "#anycost_advice_note { border: none; border-left: 3px solid #808080; }"
        )
        self.advice = plain_label("", self.advice_note)
        self.advice.setObjectName("anycost_advice")
        self.advice.setWordWrap(True)
        policy = self.advice.sizePolicy()
        policy.setHorizontalPolicy(QtWidgets.QSizePolicy.Policy.Ignored)  # no long word widens the panel
        self.advice.setSizePolicy(policy)
        row = QtWidgets.QHBoxLayout(self.advice_note)
        row.setContentsMargins(8, 0, 0, 0)
        row.addWidget(self.advice)
        return self.advice_note

    def _message_box(self) -> QtWidgets.QFrame:
        self.message_box = QtWidgets.QFrame(self)
        self.message_box.setObjectName("anycost_message_box")
        self.message_box.setStyleSheet(
            "#anycost_message_box { border: none; border-left: 3px solid #d9822b;"
            " background: rgba(217, 130, 43, 45); }"
        )
        self.message = plain_label("", self.message_box)
        self.message.setObjectName("anycost_error")
        self.message.setWordWrap(True)
        self.copy = QtWidgets.QToolButton(self.message_box)
        self.copy.setObjectName("anycost_copy")
        self.copy.setText("Copy")
        self.copy.setToolTip("Copy the full message")
        self.copy.clicked.connect(lambda _checked=False: _to_clipboard(self.state.message))
        row = QtWidgets.QHBoxLayout(self.message_box)
        row.setContentsMargins(8, 4, 4, 4)
        row.addWidget(self.message, 1)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        return self.message_box

    # Showing the state

    def _show_connection(self) -> None:
        core = self.state.core
        text = core.words
        if core.connected and len(core.opened.packs) < 2 and core.opened.title:
            text = f"{text} · {core.opened.title}"
        self.connection.setText(text)
        self.connection.setToolTip(plain_tip(text))
        idle = not core.connected and self.state.document is None
        colour = STOPPED if core.gave_up else READY if core.connected else OFF if idle else BUSY
        self.dot.setStyleSheet(f"color: {colour};")
        self.start.setVisible(core.gave_up)

    def _show_pack(self) -> None:
        core = self.state.core
        packs = core.opened.packs
        self.packs.clear()
        self.packs.addItems(packs if core.pack in packs else [core.pack, *packs])
        self.packs.setCurrentText(core.pack)
        self.packs.setVisible(len(packs) > 1)
        if {slider.direction for slider in self._sliders.values()} != set(core.opened.directions):
            self._build_sliders()

    def _build_sliders(self) -> None:
        """Groups appear in the order in which the pack first names them."""
        self._sliders = {}
        groups: Dict[str, List[Slider]] = {}
        for direction in self.state.core.opened.directions:
            groups.setdefault(direction.group, []).append(direction)
        body = QtWidgets.QWidget(self.slider_area)
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(0)
        for name, directions in groups.items():
            group = DirectionGroup(name, directions, body)
            for row in group.rows:
                row.changed.connect(self.state.set_edit)
                self._sliders[row.direction.name] = row
            column.addWidget(group)
        column.addStretch(1)
        self.slider_area.setWidget(body)

    def _show_quality(self) -> None:
        for button in self.qualities.buttons():
            button.setChecked(button.objectName() == f"anycost_quality_{self.state.quality}")
        for widget in (self.speed_label, self.speed):
            widget.setEnabled(self.state.quality == "auto")  # the other modes draw fixed rungs, however slow

    def _show_document(self) -> None:
        portrait = self.state.portrait
        if portrait is not self._portrait_shown:
            self._portrait_shown = portrait
            original = None
            if portrait is not None and portrait.placement is not None:
                original = face_crop(portrait.picture, portrait.placement)
            self.preview.show_original(original)
        self._show_faces()
        self._show_advice()
        self._show_connection()
        self._show_edits()
        self._show_frame()
        self._show_progress()
        self._show_controls()

    def _show_faces(self) -> None:
        self.preview.setVisible(self.state.view is View.FACE)
        self.picker.show_faces(self.state.faces, self.state.can_use_place)

    def _show_advice(self) -> None:
        full = self.state.advice if self.state.view is View.FACE else ""
        self.advice.setText(_shortened(full))
        self.advice.setToolTip(plain_tip(full))
        self.advice_note.setVisible(bool(full))

    def _show_edits(self) -> None:
        for name, slider in self._sliders.items():
            slider.show_value(self.state.value(name))

    def _show_frame(self) -> None:
        portrait = self.state.portrait
        if portrait is None:
            self.preview.show_frame(None)
        else:
            self.preview.show_frame(portrait.frame, portrait.part)
        self._show_status()

    def _show_status(self) -> None:
        self.status.setText(self.state.status())
        self.status.setToolTip(plain_tip(self.state.status()))

    def _show_progress(self) -> None:
        portrait = self.state.portrait
        progress = None if portrait is None else portrait.progress
        share = self._share()
        self.preview.show_progress(share)
        self.progress.setVisible(self.state.busy)
        if progress is not None and progress.steps:
            self.progress.setRange(0, progress.steps)
            self.progress.setValue(progress.step)
        else:
            self.progress.setRange(0, 0)
        self._show_status()

    def _share(self) -> Optional[float]:
        portrait = self.state.portrait
        if portrait is not None and portrait.progress is not None and portrait.progress.steps:
            return portrait.progress.step / portrait.progress.steps
        working = self.state.busy or self.state.reading is not None
        return -1.0 if working or (portrait is not None and portrait.applying) else None

    def _show_controls(self) -> None:
        state = self.state
        self.project.setText(
            "Project the selection" if state.selection is not None else "Project the picture"
        )
        if not state.can_project:
            self.project.clearFocus()  # otherwise Qt would pass the focus to the next button
        self.project.setEnabled(state.can_project)
        self.project.setToolTip(self._project_tip())
        self.cancel.setVisible(state.busy)
        self.apply_area.show_state()
        showing = state.view is View.FACE
        self.compare.setVisible(showing)  # a narrow panel needs the room for what the artist is asked...
        self.status.setWordWrap(not showing)  # ...and has to show all of it
        self.compare.setEnabled(showing and self.preview.original is not None)
        self.faces.setEnabled(state.faces is not None)
        self.faces.setChecked(not showing)
        self.picker.use_place.setEnabled(state.can_use_place)
        for name, slider in self._sliders.items():
            slider.set_usable(state.can_edit, name in state.limited)

    def _project_tip(self) -> str:
        what = "the selection's box" if self.state.selection is not None else "the whole picture"
        tip = (
            f"Find the faces in {what}, and bring the one to edit into the generator's reach;"
            " nothing is painted yet"
        )
        loss = self.state.core.opened.loss
        return plain_tip(tip + (f"\nLoss: {loss}" if loss else ""))

    def _show_message(self) -> None:
        full = self.state.message
        self.message.setText(_shortened(full))
        self.message_box.setToolTip(plain_tip(full))
        self.message_box.setVisible(bool(full))

    # What the panel does by itself

    def changeEvent(self, event: QtCore.QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange:  # Krita's theme changed: read palette(...) again
            self.segments.setStyleSheet(SEGMENTS)

    def _compare(self, hold: bool) -> None:
        self.preview.set_compare(hold and self.preview.original is not None)

    def _unload(self) -> None:
        self.state.unload()

    def _copy_report(self) -> None:
        _to_clipboard(f"{self.state.report()}\n\n{self._report()}")


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= SHORT_MESSAGE else sentence[:SHORT_MESSAGE].rsplit(" ", 1)[0] + " …"


def _to_clipboard(text: str) -> None:
    QtGui.QGuiApplication.clipboard().setText(text)
