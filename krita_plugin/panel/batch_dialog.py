"""The current edit on other layers or frames: what the artist chooses, how far it is, what came of it."""

# PyQt5's stubs name event handlers' parameters differently
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

from typing import Hashable, List, Optional

from ..qt import Qt, QtCore, QtWidgets
from ..state.batch import USUAL_SECONDS, EditBatch, edited_face
from ..state.batch_host import BatchHost, Item, Source
from ..state.picture import HostError
from ..state.state import PanelState
from ..words import tr
from .plain_text import wrapped_label

MOST_SECONDS = 600


class BatchDialog(QtWidgets.QDialog):
    """Stands beside Krita's window, which can be used meanwhile. It goes when it is closed."""

    def __init__(
        self, state: PanelState, host: BatchHost, parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("anycost_batch")
        self.setWindowTitle(tr("Edit layers or frames"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.state = state
        self.batch: Optional[EditBatch] = None
        self._host = host
        self._frames: List[Item] = []
        self._build()
        self._look()
        self._show()

    # Building, from top to bottom

    def _build(self) -> None:
        column = QtWidgets.QVBoxLayout(self)
        self.edit = wrapped_label("", self)
        column.addWidget(self.edit)
        column.addWidget(self._choices())
        column.addWidget(self._range_row())
        self.together = QtWidgets.QCheckBox(tr("All in one group on top"), self)
        self.together.setObjectName("anycost_batch_together")
        self.together.setChecked(True)
        tip = tr("One undo step. Otherwise each edit lies above its layer, an undo step each.")
        self.together.setToolTip(tip)
        column.addWidget(self.together)
        column.addLayout(self._time_row())
        self.progress = QtWidgets.QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        column.addWidget(self.progress)
        self.told = QtWidgets.QPlainTextEdit(self)
        self.told.setObjectName("anycost_batch_told")
        self.told.setReadOnly(True)
        self.told.setPlaceholderText(tr("What is left out is told here."))
        self.told.setMinimumHeight(70)
        column.addWidget(self.told, 1)
        column.addLayout(self._button_row())

    def _choices(self) -> QtWidgets.QWidget:
        self.choices = QtWidgets.QWidget(self)
        column = QtWidgets.QVBoxLayout(self.choices)
        column.setContentsMargins(0, 0, 0, 0)
        self.selected = QtWidgets.QRadioButton(self.choices)
        self.selected.setObjectName("anycost_batch_selected")
        self.visible = QtWidgets.QRadioButton(self.choices)
        self.visible.setObjectName("anycost_batch_visible")
        self.frames = QtWidgets.QRadioButton(self.choices)
        self.frames.setObjectName("anycost_batch_frames")
        self.selected.setChecked(True)
        for choice in (self.selected, self.visible, self.frames):
            choice.toggled.connect(lambda _on: self._show())
            column.addWidget(choice)
        return self.choices

    def _range_row(self) -> QtWidgets.QWidget:
        self.range = QtWidgets.QWidget(self)
        row = QtWidgets.QHBoxLayout(self.range)
        row.setContentsMargins(20, 0, 0, 0)
        self.first = QtWidgets.QSpinBox(self.range)
        self.first.setObjectName("anycost_batch_first")
        self.first.setAccessibleName(tr("First frame"))
        self.last = QtWidgets.QSpinBox(self.range)
        self.last.setObjectName("anycost_batch_last")
        self.last.setAccessibleName(tr("Last frame"))
        for box, text in ((self.first, tr("From")), (self.last, tr("to"))):
            box.valueChanged.connect(lambda _value: self._show())
            row.addWidget(QtWidgets.QLabel(text, self.range))
            row.addWidget(box)
        row.addStretch(1)
        return self.range

    def _time_row(self) -> QtWidgets.QHBoxLayout:
        self.seconds = QtWidgets.QDoubleSpinBox(self)
        self.seconds.setObjectName("anycost_batch_seconds")
        self.seconds.setRange(0.1, MOST_SECONDS)
        self.seconds.setDecimals(1)
        self.seconds.setValue(USUAL_SECONDS)
        self.seconds.setSuffix(" " + tr("s"))
        label = QtWidgets.QLabel(tr("Projection of each face"), self)
        label.setBuddy(self.seconds)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.seconds)
        row.addStretch(1)
        return row

    def _button_row(self) -> QtWidgets.QHBoxLayout:
        self.start = QtWidgets.QPushButton(tr("Start"), self)
        self.start.setObjectName("anycost_batch_start")
        self.start.clicked.connect(lambda _checked=False: self._start())
        self.stop = QtWidgets.QPushButton(tr("Cancel"), self)
        self.stop.setObjectName("anycost_batch_cancel")
        self.stop.clicked.connect(lambda _checked=False: self._stop())
        row = QtWidgets.QHBoxLayout()
        row.addStretch(1)
        for button in (self.start, self.stop):
            button.setAutoDefault(False)  # Enter ends a number
            row.addWidget(button)
        return row

    # What there is to edit

    def event(self, event: QtCore.QEvent) -> bool:
        if event.type() == QtCore.QEvent.Type.WindowActivate and not self._running:
            self._look()  # the artist may have selected other layers meanwhile
            self._show()
        return super().event(event)

    @property
    def _running(self) -> bool:
        return self.batch is not None and not self.batch.over

    def _look(self) -> None:
        """Count the layers and frames of the document in front."""
        document = self.state.document
        try:
            self._selected = [] if document is None else self._host.selected_layers(document)
            self._visible = [] if document is None else self._host.visible_layers(document)
            name, frames = ("", []) if document is None else self._host.frames(document)
        except HostError:  # it was closed a moment ago
            self._selected, self._visible, name, frames = [], [], "", []
        self.selected.setText(tr("Selected layers ({n})", n=len(self._selected)))
        self.visible.setText(tr("All visible paint layers ({n})", n=len(self._visible)))
        self.frames.setText(tr("Frames of “{name}” ({n})", name=name.replace("&", "&&"), n=len(frames)))
        self.frames.setVisible(bool(frames))
        if frames != self._frames and frames:
            for box, value in ((self.first, frames[0].key), (self.last, frames[-1].key)):
                box.setRange(int(str(frames[0].key)), int(str(frames[-1].key)))
                box.setValue(int(str(value)))
        self._frames = frames
        if self.frames.isChecked() and not frames:
            self.selected.setChecked(True)

    def _items(self) -> List[Item]:
        if self.frames.isChecked():
            times = range(self.first.value(), self.last.value() + 1)
            return [item for item in self._frames if item.key in times]
        return self._visible if self.visible.isChecked() else self._selected

    # What the artist does

    def _start(self) -> None:
        face, document = edited_face(self.state), self.state.document
        if face is None or document is None or self._running:
            return
        try:
            source = self._source(document, self.state.layer_name(face.portrait))
        except HostError as error:
            self.told.setPlainText(str(error))
            return
        batch = EditBatch(self.state, face, source, self._items(), self.seconds.value(), self._show)
        self.destroyed.connect(lambda: batch.cancel(quietly=True))  # with its window
        self.batch = batch
        batch.start()

    def _source(self, document: Hashable, name: str) -> Source:
        if self.frames.isChecked():
            return self._host.frames_source(document, name)
        return self._host.layers_source(document, name, self.together.isChecked())

    def _stop(self) -> None:
        if self.batch is not None and self._running:
            self.batch.cancel()
        else:
            self.reject()

    def done(self, result: int) -> None:
        """Closed by whatever means: what is done stays."""
        if self.batch is not None:
            self.batch.cancel()
        super().done(result)

    # Showing it

    def _show(self) -> None:
        running, face, batch = self._running, edited_face(self.state), self.batch
        portrait = None if face is None else face.portrait
        self.edit.setText(
            tr("Move a slider first: its values are brought to the others.")
            if portrait is None
            else self.state.words_of(portrait.adjustment)
        )
        for widget in (self.choices, self.range, self.together, self.seconds):
            widget.setEnabled(not running)
        self.range.setVisible(self.frames.isChecked())
        self.together.setVisible(not self.frames.isChecked())
        self.start.setEnabled(not running and face is not None and bool(self._items()))
        self.stop.setText(tr("Cancel") if running else tr("Close"))
        if batch is not None:
            self.progress.setRange(0, len(batch.items))
            self.progress.setValue(len(batch.done) + len(batch.left_out))
            self.told.setPlainText(batch.words())
