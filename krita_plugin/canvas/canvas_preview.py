"""What the sliders do, shown on the canvas until it is applied; see canvas_overlay.py for the way."""

from __future__ import annotations

from typing import Dict, Hashable, Iterator, List, NamedTuple, Optional, Protocol, Tuple
from weakref import WeakKeyDictionary

from ...bridge.messages import Frame
from ..pixels import changed_image, covering_image
from ..qt import QtGui, QtWidgets
from ..state.portrait import Portrait
from ..state.state import PanelState
from ..state.topic import Topic
from .canvas_overlay import CanvasOverlay, Laid, Spread, canvas_of

SHOWN_AGAIN = (Topic.FRAME, Topic.EDITS, Topic.DOCUMENT, Topic.PROGRESS, Topic.CONNECTION)
POINTS = 72.0  # an inch: Krita counts a canvas's zoom in them


class KritaCanvas(Protocol):
    """What is asked of Krita's canvas."""

    def zoomLevel(self) -> float: ...

    def rotation(self) -> float: ...

    def mirror(self) -> bool: ...


class KritaDocument(Protocol):
    """What is asked of Krita's document."""

    def width(self) -> int: ...

    def height(self) -> int: ...

    def xRes(self) -> float: ...


class KritaView(Protocol):
    """What is asked of Krita's view, which may be closed."""

    def canvas(self) -> Optional[KritaCanvas]: ...

    def document(self) -> Optional[KritaDocument]: ...


class Followed(NamedTuple):
    """One canvas, in which view it is, and which document it shows."""

    overlay: CanvasOverlay
    view: KritaView
    document: Hashable


class CanvasPreview:
    """The canvases of one window: each shows the edits of its document's faces that were not applied yet."""

    def __init__(self, state: PanelState) -> None:
        self._state = state
        self._active = False
        self._compares = False
        self.followed: List[Followed] = []
        self._images: List[Tuple[Frame, QtGui.QImage]] = []  # of the frames on screen
        self._applied: WeakKeyDictionary[Portrait, Frame] = WeakKeyDictionary()  # what their layers show
        state.listeners.append(self._changed)
        state.settings.listeners.append(self.refresh)

    def leave(self) -> None:
        """The window was closed: its canvases are gone."""
        self.followed = []
        self._state.settings.listeners.remove(self.refresh)

    # What the docker says

    def follow(self, window: QtWidgets.QMainWindow, view: KritaView) -> None:
        """The document in front of the panel is in front of this window, in this view.

        Called again and again: only another view or document makes it look through the window's widgets.
        """
        if any((one.view, one.document) == (view, self._state.document) for one in self.followed):
            return
        area = window.findChild(QtWidgets.QMdiArea)
        front = None if area is None else area.currentSubWindow()
        inside = None if front is None else front.widget()
        found = None if inside is None else canvas_of(inside)
        if found is None or self._state.document is None:
            return
        known = next((one for one in self.followed if one.overlay.parentWidget() == found[1]), None)
        overlay = CanvasOverlay(*found, lambda: _spread(view)) if known is None else known.overlay
        if known is None:
            overlay.destroyed.connect(lambda: self._forget(overlay))
        self._forget(overlay)
        self.followed.append(Followed(overlay, view, self._state.document))
        self.refresh()

    def set_active(self, active: bool) -> None:
        """Nothing is shown while the docker is hidden."""
        self._active = active
        self.refresh()

    def compare(self, hold: bool) -> None:
        """While the artist holds for the original, the canvas shows it, too."""
        self._compares = hold
        self.refresh()

    # What is shown

    def refresh(self) -> None:
        """Bring the canvases up to date."""
        shown: Dict[Hashable, List[Laid]] = {}
        for overlay, _view, document in self.followed:
            if document not in shown:
                shown[document] = list(self._laid(document))
            overlay.lay(shown[document])
        used = [laid.image for images in shown.values() for laid in images]
        self._images = [(frame, image) for frame, image in self._images if any(image is one for one in used)]

    def _changed(self, topic: Topic) -> None:
        if topic in SHOWN_AGAIN:
            self.refresh()

    def _forget(self, overlay: CanvasOverlay) -> None:
        self.followed = [one for one in self.followed if one.overlay is not overlay]

    def _laid(self, document: Hashable) -> Iterator[Laid]:
        faces = self._state.core.faces.get(document)
        wanted = self._active and not self._compares and self._state.settings.now.canvas_preview
        for portrait in [] if faces is None else [face.portrait for face in faces.all]:
            self._note(portrait)
            if portrait.unapplied and wanted:
                for frame in filter(None, (portrait.frame, portrait.part)):
                    where = on_document(portrait, frame)
                    yield Laid(self._image(portrait, frame), where, portrait.picture.document_size)

    def _note(self, portrait: Portrait) -> None:
        """While the sliders say what the face's layer shows, so does the frame."""
        frame = portrait.frame
        same = bool(portrait.layer.ids) and portrait.adjustment == portrait.applied
        if same and frame is not None and frame.stamp == portrait.stamp:
            self._applied[portrait] = frame

    def _image(self, portrait: Portrait, frame: Frame) -> QtGui.QImage:
        """Covers what the face's layer shows, which Update would replace."""
        known = next((image for other, image in self._images if other is frame), None)
        if known is None:
            below = self._applied.get(portrait) if frame.whole else None
            known = changed_image(frame) if below is None else covering_image(frame, below)
            self._images.append((frame, known))
        return known


def on_document(portrait: Portrait, frame: Frame) -> QtGui.QTransform:
    """A frame's pixels -> the document's."""
    picture, placement = portrait.picture, portrait.placement
    where = QtGui.QTransform()
    if placement is None:
        return where
    scale = placement.size / frame.side
    where.translate(picture.left, picture.top)
    where.scale(picture.factor, picture.factor)
    where.translate(placement.x, placement.y)
    where.rotate(placement.angle)
    where.scale(scale, scale)
    where.translate(frame.x - frame.side / 2, frame.y - frame.side / 2)
    return where


def _spread(view: KritaView) -> Optional[Spread]:
    """How a view shows its document; None once it is closed."""
    canvas, document = view.canvas(), view.document()
    if canvas is None or document is None:
        return None
    zoom = canvas.zoomLevel() * POINTS / document.xRes()
    return Spread((document.width(), document.height()), zoom, canvas.rotation(), canvas.mirror())
