"""What the panel shows and what the artist does: a plain class that tests drive without Krita or widgets.

conversation.py has what the core is told about it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Hashable, List, Optional, Tuple, cast

from ...bridge.messages import FRAME_MS, QUALITIES, EditState, Quality, Region
from ..settings import Kept, Unstored
from ..words import tr
from .applying import Applying
from .comparing import Comparing
from .conversation import Conversation, Link
from .document_faces import Face, Faces, View
from .edit_layers import EditLayers
from .history import Adjustment
from .history_keeper import HistoryKeeper
from .host import Host
from .layer_place import LayerPlace
from .picture import Box, Edge, Picture, region_of
from .portrait import Portrait, frame_words, progress_words
from .several_faces import SeveralFaces
from .taken_up import TakenUp
from .topic import Topic

USUAL_PROJECTION = 20.0  # seconds
WAIT = "The core is not ready yet: wait until it is, then click again."


class PanelState:
    """One window's panel: the document in front, the quality, the error line. `core` is the conversation."""

    def __init__(
        self, link: Link, host: Host, core: Optional[Conversation] = None, settings: Optional[Kept] = None
    ) -> None:
        """`core` is the conversation that several windows share."""
        self.settings = Kept(Unstored()) if settings is None else settings
        self.core = Conversation(link) if core is None else core
        self.core.viewer.join(self)
        self.host = host
        self.listeners: List[Callable[[Topic], None]] = []
        self.document: Optional[Hashable] = None  # in front
        self.selection: Optional[Box] = None  # of that document
        self.reading: Optional[Hashable] = None  # the document that is being read
        # None: until the loss levels off
        self.projection_seconds = self.settings.number("projection_seconds", 1.0, 600.0, USUAL_PROJECTION)
        self.quality: Quality = cast(Quality, self.settings.text("quality", QUALITIES, "auto"))
        # what a frame may take while a slider is dragged
        self.frame_ms = self.settings.number("frame_ms", 1.0, 2000.0, FRAME_MS) or FRAME_MS
        self._quality_before_draft: Quality = "auto"
        self.only_selected = False  # whether Apply leaves all else as it is...
        self.edge = Edge()  # ...and how the selection's edge is changed for that
        self.message = ""  # the error line
        self.history = HistoryKeeper(self)
        self.comparing = Comparing(self)
        self.several = SeveralFaces(self)
        self._layers = self.core.edit_layers = self.core.edit_layers or EditLayers(host)
        self.applying, self.taken_up = Applying(self, self._layers), TakenUp(self, self._layers)

    # What the panel asks

    @property
    def faces(self) -> Optional[Faces]:
        """Those of the current document, once its picture was read."""
        return None if self.document is None else self.core.faces.get(self.document)

    @property
    def portrait(self) -> Optional[Portrait]:
        """The current document's chosen face, once it is open."""
        return None if self.faces is None else self.faces.portrait

    @property
    def view(self) -> View:
        return View.FACE if self.faces is None else self.faces.view

    @property
    def busy(self) -> bool:
        """Whether a projection of the current document is under way, so that Cancel makes sense."""
        searching = self.document in self.core.searching
        return searching or (self.portrait is not None and self.portrait.projecting)

    @property
    def can_project(self) -> bool:
        free = self.document is not None and self.reading is None and not self.busy
        return free and self.core.connected

    @property
    def can_edit(self) -> bool:
        """Whether sliders work, or will as soon as the core is back."""
        portrait = self.portrait
        return portrait is not None and (portrait.drawable or self.core.can_revive(portrait))

    @property
    def can_apply(self) -> bool:
        portrait = self.portrait
        drawable = portrait is not None and portrait.drawable and not portrait.applying
        return self.core.connected and drawable and self.changes

    @property
    def changes(self) -> bool:
        """Whether any slider that works on the picture is away from zero, or another face is mixed in."""
        portrait = self.portrait
        return portrait is not None and bool(
            self.core.edits(portrait) or self.core.sent_mix(portrait, portrait.mix)
        )

    @property
    def advice(self) -> str:
        """A sentence for the artist where the picture is far from what the pack draws, else empty."""
        return "" if self.portrait is None else self.core.advice(self.portrait)

    @property
    def limited(self) -> Tuple[str, ...]:
        """The sliders that do not work on this picture."""
        return () if self.portrait is None else self.core.limited(self.portrait)

    @property
    def can_use_place(self) -> bool:
        return self.core.connected and self.view is View.PLACING and not self.busy

    def status(self) -> str:
        """The line under the preview."""
        portrait, search, faces = self.portrait, self.core.searching.get(self.document), self.faces
        if self.document is None:
            return tr("Open a picture to begin")
        if self.reading is not None:
            return tr("Reading the picture…")
        if search is not None:
            return tr("Looking for faces…") if search.portrait is None else tr("Opening the face…")
        if portrait is not None and portrait.applying:
            return tr("Drawing the layer…")
        if faces is not None and faces.view is not View.FACE:
            return faces.words()
        if portrait is not None and portrait.progress is not None:
            return progress_words(portrait.progress)
        if portrait is not None and portrait.newest is not None:
            return frame_words(portrait.newest)
        if self.can_edit:
            return tr("Drawing…")
        if self.can_project:
            return tr("Press Project to begin")
        return tr("The core is not running") if self.core.gave_up else tr("Wait until the core is ready")

    def value(self, name: str) -> float:
        return 0.0 if self.portrait is None else self.portrait.edits.get(name, 0.0)

    # What the artist does

    def project(self) -> None:
        """Read the current document and look for its faces."""
        document = self.document
        if document is None or not self.can_project:
            return
        self.reading = document
        self.say("")
        self.tell(Topic.PROGRESS)
        around = self.core.opened.draws_faces  # else the core takes the middle square of what it gets
        up_to_active = self.applying.place is LayerPlace.ABOVE
        self.host.read(
            document, around, lambda picture: self._read(document, picture), self._not_read, up_to_active
        )

    def cancel(self) -> None:
        self.core.cancel(self.document)

    def set_edit(self, name: str, value: float, dragging: bool = False) -> None:
        portrait = self.portrait
        if portrait is None:
            return
        edits = {**portrait.edits, name: value}
        self.adjust(Adjustment({n: v for n, v in edits.items() if v}, portrait.mix), name, dragging)

    def adjust(self, adjustment: Adjustment, what: str = "", dragging: bool = False) -> None:
        """Set all sliders; one drag of `what` is one step to undo."""
        portrait = self.portrait
        if portrait is not None:
            portrait.past.steps.moved(portrait.adjustment, what, dragging)
            self._adjusted(portrait, adjustment, dragging)

    def _adjusted(self, portrait: Portrait, adjustment: Adjustment, dragging: bool = False) -> None:
        portrait.adjust(replace(adjustment, edits=self.core.known_edits(adjustment.edits)))
        self._show_the_face()
        self.core.edit(portrait, dragging)

    def undo(self) -> None:
        """Take back the last change of the sliders."""
        portrait = self.portrait
        before = None if portrait is None else portrait.past.steps.undo(portrait.adjustment)
        if portrait is not None and before is not None:
            self._adjusted(portrait, before)

    def redo(self) -> None:
        portrait = self.portrait
        after = None if portrait is None else portrait.past.steps.redo(portrait.adjustment)
        if portrait is not None and after is not None:
            self._adjusted(portrait, after)

    def reset_all(self) -> None:
        if self.portrait is not None and not self.portrait.adjustment.plain:
            self.adjust(Adjustment())

    def set_quality(self, quality: Quality) -> None:
        if quality == self.quality:
            return
        if quality == "draft":
            self._quality_before_draft = self.quality
        self.quality = quality
        self.settings.keep_text("quality", quality)
        self.tell(Topic.PACK)
        if self.portrait is not None:
            self.core.edit(self.portrait, dragging=False)

    def toggle_draft(self) -> None:
        self.set_quality(self._quality_before_draft if self.quality == "draft" else "draft")

    def set_frame_ms(self, ms: float) -> None:
        """What a frame may take from now on while a slider is dragged."""
        self.frame_ms = ms
        self.settings.keep_number("frame_ms", ms)

    def set_projection_seconds(self, seconds: Optional[float]) -> None:
        """How long projections may take from now on; None: until the loss levels off."""
        self.projection_seconds = seconds
        self.settings.keep_number("projection_seconds", seconds)

    def set_only_selected(self, only: bool) -> None:
        self.only_selected = only
        self.tell(Topic.CHOICES)

    def set_edge(self, edge: Edge) -> None:
        self.edge = edge

    def apply(self, update: bool = False) -> None:
        """Put the edit into the document as one more layer, or in the place of the face's own."""
        self.applying.start(update)

    def layer_name(self, portrait: Portrait) -> str:
        """The new layer's name says what was done, e.g. "Anycost: Smile +0.60, Age −0.30"."""
        mix = self.core.sent_mix(portrait, portrait.mix)
        return "Anycost: " + self.words_of(Adjustment(self.core.edits(portrait), mix))

    def words_of(self, adjustment: Adjustment) -> str:
        """What an adjustment does, e.g. "Smile +0.60, Age −0.30"."""
        labels = {direction.name: direction.label for direction in self.core.opened.directions}
        parts = [
            f"{labels.get(name, name)} {value:+.2f}".replace("-", "−")
            for name, value in adjustment.edits.items()
        ]
        if adjustment.mix is not None:
            parts.append(tr("Mixed"))
        return ", ".join(parts) or tr("Unchanged")

    def unload(self) -> None:
        """Give the core's memory to others, unless it is projecting."""
        if self.core.connected and not self.busy:
            self.core.unload()

    def report(self) -> str:
        """What a helper needs to know; no file names, no pixels."""
        portrait = self.portrait
        lines = [
            f"Anycost: {self.core.words}",
            f"pack {self.core.pack}, quality {self.quality}",
            self.status(),
        ]
        if portrait is not None:
            lines.append(
                f"picture {portrait.picture.width} × {portrait.picture.height}, {portrait.placement}"
            )
        return "\n".join([*lines, self.message])

    # Several faces

    def toggle_faces(self) -> None:
        """Show all faces of the picture, or the chosen one again."""
        if self.faces is not None:
            self.faces.toggle()
            self.say(self.faces.hint)
            self.tell(Topic.FACES)

    def pick(self, face: Face) -> None:
        """Edit this face from now on; it is projected first if it never was."""
        faces = self.faces
        if faces is None or self.document is None or face not in faces.all:
            return
        self.say("")
        if self.core.has_latents(face.portrait):
            self.core.choose(self.document, faces, face)
        elif self.core.connected:
            self.core.open_face(self.document, faces, face, self.projection_seconds)
        else:
            self.say(tr(WAIT))

    def place_by_hand(self) -> None:
        """Put three handles on the picture, for the artist to drag."""
        if self.faces is not None:
            self.faces.place(self.faces.picture, self.selection)
            self.tell(Topic.FACES)

    def move_handle(self, handle: int, x: float, y: float) -> None:
        """Bring a handle to this pixel of the picture, or as near as it may go."""
        if self.faces is not None and self.faces.handles is not None:
            self.faces.handles.move(handle, x, y)
            self.tell(Topic.FACES)

    def use_place(self) -> None:
        """Open and project the face at the handles."""
        faces = self.faces
        if faces is None or faces.handles is None or self.document is None or not self.can_use_place:
            return
        self.say("")
        face, picture = Face.placed(faces.handles), faces.handles.picture
        target = faces if picture is faces.picture else faces.again(picture, [face])
        self.core.open_face(self.document, target, face, self.projection_seconds)

    def _show_the_face(self) -> None:
        """A slider moves: the artist wants to see what it does."""
        if self.faces is not None and self.faces.view is View.PICKING:
            self.faces.toggle()
            self.tell(Topic.FACES)

    # What the host says

    def set_document(self, document: Optional[Hashable]) -> None:
        """Another document is in front (None: no document)."""
        if document == self.document:
            return
        self.document = document
        self.selection = None
        self.say("" if self.faces is None else self.faces.hint)
        self.tell(Topic.DOCUMENT)
        if self.portrait is not None:
            self.core.revive(self.portrait)

    def forget(self, document: Hashable) -> None:
        """The document was closed."""
        self.core.forget(document)
        self._layers.forget(document)
        if self.document == document:
            self.document = None
        self.tell(Topic.DOCUMENT)

    def set_selection(self, box: Optional[Box]) -> None:
        """Project takes the selection's box, or else the whole picture. Edits refine the selection first."""
        had, self.selection = self.selection, box
        if (had is None) != (box is None):
            self.tell(Topic.PROGRESS)

    def _not_read(self, sentence: str) -> None:
        self.reading = None
        self.say(sentence)
        self.tell(Topic.PROGRESS)

    def _read(self, document: Optional[Hashable], picture: Picture) -> None:
        self.reading = None
        if document is None or not self.core.connected:
            self.tell(Topic.PROGRESS)
            return
        self.core.find_faces(document, picture, self.projection_seconds)

    # What the conversation asks

    def edit_state(self, portrait: Portrait) -> EditState:
        """All that the next frame of a portrait depends on."""
        return EditState(
            portrait.name,
            portrait.stamp,
            self.core.edits(portrait),
            self.quality,
            portrait.dragging,
            self._region(portrait),
            self.frame_ms,
            self.core.sent_mix(portrait, portrait.mix),
        )

    def _region(self, portrait: Portrait) -> Optional[Region]:
        """Where the selection lies over the face: what the artist looks at."""
        if portrait is not self.portrait or self.selection is None or portrait.placement is None:
            return None
        return region_of(self.selection, portrait.picture, portrait.placement)

    def say(self, sentence: str) -> None:
        """Show a sentence in the error line; an empty one clears it."""
        if sentence != self.message:
            self.message = sentence
            self.tell(Topic.MESSAGE)

    def tell(self, topic: Topic) -> None:
        """To every window: two may show one document."""
        self.core.viewer.tell(topic)

    def hear(self, topic: Topic) -> None:
        for listener in list(self.listeners):
            listener(topic)
