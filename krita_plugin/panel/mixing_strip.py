"""Taking turn and shape, features or colours of another face."""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, Tuple

from ..qt import Qt, QtGui, QtWidgets
from ..state.history import PastState
from ..state.mixing import BANDS, Mixing, MixSource
from ..state.portrait import Portrait
from ..state.state import PanelState
from ..state.topic import Topic
from ..words import mark_tr, tr
from .icon_paths import close_path, dice_path
from .icons import IconButton
from .plain_text import wrapped_label
from .preview import face_crop
from .thumbnails import ShareSlider, ThumbnailList

SIDE = 44  # pixels
HAND_TIP = mark_tr(
    "Project another face to take something of it: a second one here, or one in another picture"
)
FAR_TIP = mark_tr("This picture is far from what the pack draws: a made-up face cannot be mixed in")


class MixingStrip(QtWidgets.QWidget):
    """The faces to take from, and how much of each band."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state, self.mixing = state, Mixing(state)
        self._faces: List[Portrait] = []
        self._crops: Dict[Tuple[str, object], QtGui.QImage] = {}
        self.words = wrapped_label("", self)
        self.make_up = IconButton("mix_made_up", tr("Mix in a face that is made up"), dice_path(), self)
        self.make_up.clicked.connect(lambda _checked=False: self.mixing.make_up())
        self.leave = IconButton("mix_nothing", tr("Mix in nothing"), close_path(), self)
        self.leave.clicked.connect(lambda _checked=False: self.mixing.choose(None))
        self.list = ThumbnailList("mix_faces", SIDE, 1, self)
        self.list.setAccessibleName(tr("Faces to take from"))
        self.list.picked.connect(lambda row: self.mixing.choose(MixSource(face=self._faces[row])))
        names = dict(zip(BANDS, (tr("Turn, shape"), tr("Features"), tr("Colours"))))
        self.bands = {band: ShareSlider(f"mix_{band}", names[band], 1.0, self) for band in BANDS}
        for band, slider in self.bands.items():
            slider.changed.connect(self._changed(band))
        self._lay_out()
        state.listeners.append(self._heard)
        self.show_mix()

    def _changed(self, band: str) -> Callable[[float, bool], None]:
        return lambda share, dragging: self.mixing.set_amount(band, share, dragging)

    def _lay_out(self) -> None:
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(3)
        row.addWidget(self.words, 1)
        for button in (self.make_up, self.leave):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.list)
        for slider in self.bands.values():
            column.addWidget(slider)

    def mix_in(self, past: PastState) -> None:
        """Take from a state of the history."""
        self.mixing.choose(MixSource(state=past))
        self.show_mix()

    def _heard(self, topic: Topic) -> None:
        if topic in (Topic.EDITS, Topic.DOCUMENT, Topic.PACK, Topic.CONNECTION):
            self.show_mix()

    def showEvent(self, event: QtGui.QShowEvent) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.show_mix()

    def show_mix(self) -> None:
        if not self.isVisibleTo(self.parentWidget()):
            return
        source = self.mixing.source
        self._show_faces(source)
        self.words.setText(self._words(source))
        portrait = self.state.portrait
        self.leave.setEnabled(source is not None or (portrait is not None and portrait.mix is not None))
        self.make_up.setEnabled(self.mixing.can_make_up)
        can = self.mixing.can_make_up or self.state.portrait is None
        self.make_up.setToolTip(tr("Mix in a face that is made up") if can else tr(FAR_TIP))
        for band, slider in self.bands.items():
            slider.setEnabled(source is not None and self.state.can_edit)
            if not slider.slider.isSliderDown():
                slider.show_share(self.mixing.amount(band))

    def _show_faces(self, source: Optional[MixSource]) -> None:
        faces = self.mixing.faces
        if faces != self._faces:
            self._faces = faces
            self.list.clear()
            for number, face in enumerate(faces, start=1):
                self.list.add(self._crop(face), tr("Face {n}", n=number))
        self.list.setVisible(bool(faces))
        at = next((row for row, face in enumerate(faces) if source and source.face is face), -1)
        if at != self.list.currentRow():
            self.list.setCurrentRow(at)
            if at < 0:
                self.list.clearSelection()

    def _crop(self, face: Portrait) -> QtGui.QImage:
        key = face.name, face.placement
        if key not in self._crops and face.placement is not None:
            self._crops = {one: image for one, image in self._crops.items() if len(self._crops) < 32}
            self._crops[key] = face_crop(face.picture, face.placement, 2 * SIDE)
        return self._crops.get(key, QtGui.QImage())

    def _words(self, source: Optional[MixSource]) -> str:
        if source is None:
            return (
                tr("Choose a face to take from") if self._faces or self.mixing.can_make_up else tr(HAND_TIP)
            )
        if source.state is not None:
            return tr("From the history: {words}", words=self.state.words_of(source.state.adjustment))
        if source.face is None:
            return tr("From made-up face {n}", n=source.seed)
        return tr("From face {n}", n=1 + self._faces.index(source.face)) if source.face in self._faces else ""
