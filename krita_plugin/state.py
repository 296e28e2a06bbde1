"""What the panel knows and how it changes: plain classes that tests drive without Krita or widgets.

One `Portrait` is the face of one document: the picture as it was sent, its edits, its newest frame.
`PanelState` holds one portrait a document and talks to the core through a `Link`. Everything that the core
knows can be told to a new core: the picture, its latents, the edits. That is how sliders survive its death.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, Hashable, List, Mapping, Optional, Protocol

from ..bridge import protocol
from ..bridge.answer import Answer, Fault
from .picture import Box, HostError, Layer, Picture, Placement, region_of
from .portrait import Direction, Frame, Latents, Portrait, Projection

DEFAULT_PACK = "portraits"
QUIET_FAULTS = ("cancelled", "disconnected")  # the artist asked for it, or the connection's own words say it

UNREADABLE = (protocol.ProtocolError, KeyError, TypeError, ValueError)  # a message that says something else
MISMATCH = (
    "The core and the plugin do not understand each other: run `anycost plugin install`, then restart Krita."
)

SHORT_PROJECTION, USUAL_PROJECTION = 5.0, 20.0  # seconds
USUAL_FRAME_MS = 80.0  # a dozen frames a second

# What changed, as told to listeners
CONNECTION, PACK, DOCUMENT, PROGRESS, EDITS, FRAME, MESSAGE = (
    "connection",
    "pack",
    "document",
    "progress",
    "edits",
    "frame",
    "message",
)


class Link(Protocol):
    """What the state needs of the connection to the core."""

    def request(
        self,
        method: str,
        params: Dict[str, Any],
        done: Callable[[Answer], None],
        attachment: Optional[Dict[str, Any]] = None,
        data: bytes = b"",
    ) -> int: ...

    def cancel(self, request_id: int) -> None: ...


class Host(Protocol):
    """What the state needs of the program that holds the documents (Krita, or studio)."""

    def current(self) -> Optional[Hashable]: ...

    def read(self, done: Callable[[Picture], None], failed: Callable[[str], None]) -> None: ...

    def add_layer(self, document: Hashable, picture: Picture, layer: Layer, name: str) -> None: ...


def _is_gone(answer: Answer) -> bool:
    """The connection ended before an answer came: `link_lost` follows and sees to everything at once."""
    return answer.fault is not None and answer.fault.kind == "disconnected"


class PanelState:
    """All that the panel shows, one portrait a document, and the conversation with the core."""

    def __init__(self, link: Link, host: Host) -> None:
        self.link = link
        self.host = host
        self.listeners: List[Callable[[str], None]] = []
        self.connection = "Waiting for a picture"
        self.connected = False  # the pack is open: requests make sense
        self.gave_up = False  # nobody tries to reach a core any more: the artist may
        self.selection: Optional[Box] = None  # of the current document
        self.pack = os.environ.get("ANYCOST_PACK", DEFAULT_PACK)
        self.pack_title = ""
        self.packs: List[str] = []
        self.loss_name = ""
        self.directions: List[Direction] = []
        self.projection_seconds: Optional[float] = USUAL_PROJECTION  # a budget; None: until it levels off
        self.quality = "auto"
        self.frame_ms = USUAL_FRAME_MS  # what a frame may take while a slider is dragged
        self._quality_before_draft = "auto"
        self.document: Optional[Hashable] = None
        self.portraits: Dict[Hashable, Portrait] = {}
        self.opening: Dict[Hashable, Portrait] = {}  # sent, but its face is not found yet
        self.reading: Optional[Hashable] = None
        self.message = ""  # the error line

    # What the panel asks

    @property
    def portrait(self) -> Optional[Portrait]:
        """The current document's face, once it was found."""
        return None if self.document is None else self.portraits.get(self.document)

    @property
    def busy(self) -> bool:
        """A projection of the current document is under way, so Cancel makes sense."""
        return self.document in self.opening or (self.portrait is not None and self.portrait.projecting)

    @property
    def can_project(self) -> bool:
        free = self.document is not None and self.reading is None and not self.busy
        return free and self.connected

    @property
    def can_edit(self) -> bool:
        """Sliders answer, or will as soon as the core is back."""
        portrait = self.portrait
        return portrait is not None and (portrait.drawable or self._can_revive(portrait))

    @property
    def can_apply(self) -> bool:
        portrait = self.portrait
        return self.connected and portrait is not None and portrait.drawable and not portrait.applying

    def status(self) -> str:
        """The line under the preview."""
        portrait = self.portrait
        if self.document is None:
            return "Open a picture to begin"
        if self.reading is not None:
            return "Reading the picture…"
        if self.document in self.opening:
            return "Looking for the face…"
        if portrait is None:
            return "Press Project to begin"
        if portrait.applying:
            return "Drawing the layer…"
        if portrait.projection is not None:
            return portrait.projection.words()
        if portrait.newest is not None:
            return portrait.newest.words()
        return "Drawing…" if self.can_edit else "Press Project to begin"

    def value(self, name: str) -> float:
        return 0.0 if self.portrait is None else self.portrait.edits.get(name, 0.0)

    # What the artist does

    def project(self) -> None:
        """Read the current document and look for its face."""
        if not self.can_project:
            return
        document = self.reading = self.host.current()
        self.say("")
        self._tell(PROGRESS)
        self.host.read(lambda picture: self._read(document, picture), self._not_read)

    def cancel(self) -> None:
        portrait = self.opening.get(self.document) or self.portrait
        if portrait is not None and portrait.request is not None:
            self.link.cancel(portrait.request)

    def set_edit(self, name: str, value: float, dragging: bool = False) -> None:
        portrait = self.portrait
        if portrait is None:
            return
        if value:
            portrait.edits[name] = value
        else:
            portrait.edits.pop(name, None)
        self._edited(portrait, dragging)

    def reset_all(self) -> None:
        if self.portrait is not None and self.portrait.edits:
            self.portrait.edits.clear()
            self._edited(self.portrait, dragging=False)

    def set_quality(self, quality: str) -> None:
        if quality == self.quality:
            return
        if quality == "draft":
            self._quality_before_draft = self.quality
        self.quality = quality
        self._tell(PACK)
        if self.portrait is not None:
            self._edited(self.portrait, dragging=False)

    def toggle_draft(self) -> None:
        self.set_quality(self._quality_before_draft if self.quality == "draft" else "draft")

    def apply(self) -> None:
        """Have the core draw the layer in full; it is added when it comes."""
        portrait, document = self.portrait, self.document
        if portrait is None or document is None or not self.can_apply:
            return
        portrait.applying = True
        self.say("")
        self._tell(PROGRESS)
        name = self.layer_name(portrait)
        params = {"picture": portrait.id, "edits": dict(portrait.edits)}
        self.link.request(
            "picture/apply", params, lambda answer: self._applied(document, portrait, name, answer)
        )

    def layer_name(self, portrait: Portrait) -> str:
        """The new layer's name says what was done, e.g. "Anycost: Smile +0.60, Age −0.30"."""
        labels = {direction.name: direction.label for direction in self.directions}
        parts = [
            f"{labels.get(name, name)} {value:+.2f}".replace("-", "−")
            for name, value in portrait.edits.items()
        ]
        return "Anycost: " + (", ".join(parts) if parts else "projected face")

    def unload(self) -> None:
        """Give the core's memory to others; the core loads its model again with the next edit."""
        if self.connected and not self.busy:
            self.link.request("core/unload", {}, lambda answer: None)

    def report(self) -> str:
        """What a helper needs to know, without file names or pixels."""
        portrait = self.portrait
        lines = [f"Anycost: {self.connection}", f"pack {self.pack}, quality {self.quality}", self.status()]
        if portrait is not None:
            lines.append(
                f"picture {portrait.picture.width} × {portrait.picture.height}, {portrait.placement}"
            )
        return "\n".join([*lines, self.message])

    def use_pack(self, name: str) -> None:
        """Another model: latents belong to a pack, so only pictures projected with it come back."""
        if name == self.pack or not self.connected:
            return
        self.connected = False
        for portrait in self.portraits.values():
            portrait.forget_core()
            portrait.frame = portrait.part = None
        self.pack = name
        self._tell(CONNECTION)
        self._open_pack()

    # What the host says

    def set_document(self, document: Optional[Hashable]) -> None:
        """Another document is in front (None: no document)."""
        if document == self.document:
            return
        self.document = document
        self.selection = None
        self.say("")
        self._tell(DOCUMENT)
        if self.portrait is not None:
            self._revive(self.portrait)

    def forget(self, document: Hashable) -> None:
        """The document was closed: its face leaves the core too."""
        for held in (self.opening.pop(document, None), self.portraits.pop(document, None)):
            if held is not None:
                self._close(held)
        if self.document == document:
            self.document = None
        self._tell(DOCUMENT)

    def set_selection(self, box: Optional[Box]) -> None:
        """Project will take the selection's box, or the whole picture; edits refine it first."""
        had, self.selection = self.selection, box
        if (had is None) != (box is None):
            self._tell(PROGRESS)

    # What the connection says

    def link_words(self, words: str) -> None:
        self.connection = words
        self.gave_up = False
        self._tell(CONNECTION)

    def link_gave_up(self, sentence: str) -> None:
        """No core can be reached; why, in a sentence."""
        self.connection = "The core is not running"
        self.gave_up = True
        self.say(sentence)
        self._tell(CONNECTION)

    def link_ready(self) -> None:
        """A core answered hello: open the pack, then tell it about the picture in front."""
        self._open_pack()

    def link_lost(self) -> None:
        """The core is gone, its memory with it; everything under way was answered with a fault before."""
        self.connected = False
        projecting = bool(self.opening) or any(p.projecting for p in self.portraits.values())
        applying = any(p.applying for p in self.portraits.values())
        for portrait in [*self.portraits.values(), *self.opening.values()]:
            portrait.forget_core()
        if projecting:
            self.say("The core stopped while it was projecting: press Project to try again.")
        elif applying:
            self.say("The core stopped before the layer was drawn: apply again when it is ready.")
        self.opening.clear()
        self._tell(CONNECTION)
        self._tell(PROGRESS)

    def notified(self, method: str, params: Mapping[str, Any], data: bytes) -> None:
        """A notification of the core; what belongs to no open picture is dropped."""
        if method == "core/state":
            self.link_words(str(params.get("text", "")))
            return
        portrait = next((p for p in self.portraits.values() if p.id == params.get("picture")), None)
        if portrait is None:
            return
        try:
            if method == "frame" and portrait.open:  # not one of the pack before
                self._frame(portrait, params, data)
            elif method == "project/progress" and portrait.request is not None:
                self._progress(portrait, params)
        except UNREADABLE:
            self.say(MISMATCH)

    # The conversation

    def _open_pack(self) -> None:
        name = self.pack
        self.link.request("pack/open", {"pack": name}, lambda answer: self._pack_opened(name, answer))

    def _pack_opened(self, name: str, answer: Answer) -> None:
        if name != self.pack:
            return
        if answer.fault is not None:
            self.link_words("No model is loaded")
            self._fault(answer.fault)
            return
        result = answer.result
        try:
            self.directions = [Direction.of(entry) for entry in result["directions"]]
            self.packs = [str(pack) for pack in result["packs"]]
        except UNREADABLE:
            self.say(MISMATCH)
            return
        self.pack_title = str(result.get("title") or name)
        self.loss_name = str(result.get("loss", ""))
        self._keep_known_edits()
        self.connected = True
        self.connection = "Ready"
        self._tell(PACK)
        self._tell(CONNECTION)
        if self.portrait is not None:
            self._revive(self.portrait)

    def _keep_known_edits(self) -> None:
        known = {direction.name: direction for direction in self.directions}
        for portrait in self.portraits.values():
            portrait.edits = {
                name: min(max(value, known[name].low), known[name].high)
                for name, value in portrait.edits.items()
                if name in known
            }

    def _not_read(self, sentence: str) -> None:
        self.reading = None
        self.say(sentence)
        self._tell(PROGRESS)

    def _read(self, document: Optional[Hashable], picture: Picture) -> None:
        self.reading = None
        if document is None or not self.connected:
            self._tell(PROGRESS)
            return
        old = self.portraits.get(document)
        portrait = Portrait(picture, old.edits if old is not None else None)
        self.opening[document] = portrait
        portrait.request = self._send_picture(
            portrait, lambda answer: self._face_found(document, portrait, answer)
        )
        self._tell(PROGRESS)

    def _send_picture(self, portrait: Portrait, done: Callable[[Answer], None]) -> int:
        picture = portrait.picture
        attachment = protocol.rgba8(picture.width, picture.height)
        return self.link.request("picture/open", {"picture": portrait.id}, done, attachment, picture.rgba)

    def _face_found(self, document: Hashable, portrait: Portrait, answer: Answer) -> None:
        if _is_gone(answer):
            return
        portrait.request = None
        if self.opening.get(document) is not portrait:  # closed, or the core went, while it looked
            return
        del self.opening[document]
        if not self._opened(portrait, answer):
            self._tell(PROGRESS)
            return
        old = self.portraits.get(document)
        if old is not None:
            self._close(old)
        self.portraits[document] = portrait
        self._start_projection(portrait, self.projection_seconds)

    def _start_projection(self, portrait: Portrait, seconds: Optional[float]) -> None:
        portrait.projection = Projection(0, 0, None)
        params: Dict[str, Any] = {"picture": portrait.id}
        if seconds is not None:
            params["seconds"] = seconds
        portrait.request = self.link.request(
            "picture/project", params, lambda answer: self._projected(portrait, answer)
        )
        self._tell(DOCUMENT)

    def _opened(self, portrait: Portrait, answer: Answer) -> bool:
        """Takes the answer to picture/open; False, and a sentence is shown, when no face was found."""
        portrait.open = answer.fault is None
        if answer.fault is not None:
            self._fault(answer.fault)
            return False
        try:
            portrait.placement = Placement.of(answer.result["placement"])
        except UNREADABLE:
            self.say(MISMATCH)
            return False
        return True

    def _progress(self, portrait: Portrait, params: Mapping[str, Any]) -> None:
        portrait.projection = Projection.of(params)
        if not portrait.drawable:
            portrait.drawable = True
            self._tell(DOCUMENT)
        self._pump(portrait)
        self._tell(PROGRESS)

    def _projected(self, portrait: Portrait, answer: Answer) -> None:
        if _is_gone(answer):
            return
        portrait.projection = portrait.request = None
        if answer.fault is None:
            portrait.drawable = True
            self._keep_latents(portrait, answer)
        else:
            if answer.fault.kind == "cancelled" and portrait.drawable:
                portrait.cancelled_with = self.pack
            self._fault(answer.fault)
        if portrait.drawable:
            self._edited(portrait, dragging=False)
        self._tell(DOCUMENT)

    def _keep_latents(self, portrait: Portrait, answer: Answer) -> None:
        try:
            shape = protocol.described(dict(answer.result), answer.data, "f32")["shape"]
        except protocol.ProtocolError:
            self.say(MISMATCH)
            return
        portrait.latents[self.pack] = Latents(tuple(shape), answer.data)

    def _can_revive(self, portrait: Portrait) -> bool:
        return self.pack in portrait.latents or self.pack == portrait.cancelled_with

    def _revive(self, portrait: Portrait) -> None:
        """Tell a core that does not know this picture all that it needs, then send the newest edits."""
        if self.connected and not portrait.open and self._can_revive(portrait):
            portrait.open = True  # asked for: no second time
            self._send_picture(portrait, lambda answer: self._reopened(portrait, answer))

    def _reopened(self, portrait: Portrait, answer: Answer) -> None:
        if not self._opened(portrait, answer):
            return
        latents = portrait.latents.get(self.pack)
        if latents is None:  # a cancelled projection answers none: a short one takes its place
            portrait.cancelled_with = None
            self._start_projection(portrait, SHORT_PROJECTION)
            return
        self.link.request(
            "picture/restore",
            {"picture": portrait.id},
            lambda answer: self._restored(portrait, answer),
            protocol.f32(latents.shape),
            latents.data,
        )

    def _restored(self, portrait: Portrait, answer: Answer) -> None:
        if answer.fault is not None:
            portrait.open = False
            self._fault(answer.fault)
            return
        portrait.drawable = True
        self._edited(portrait, dragging=False)
        self._tell(DOCUMENT)

    # Edits and frames

    def _edited(self, portrait: Portrait, dragging: bool) -> None:
        portrait.touch(dragging)
        self._tell(EDITS)
        self._revive(portrait)  # after a core's death, or an unload
        self._pump(portrait)

    def _pump(self, portrait: Portrait) -> None:
        """Send the newest edit state unless an older one has not been seen at all yet.

        An edit counts as seen with its first frame: the rest is refinement, which a newer edit may interrupt.
        """
        if not (self.connected and portrait.drawable and portrait.unsent) or portrait.in_flight is not None:
            return
        portrait.unsent = False
        stamp = portrait.in_flight = portrait.stamp
        params = {
            "picture": portrait.id,
            "stamp": stamp,
            "edits": dict(portrait.edits),
            "quality": self.quality,
            "dragging": portrait.dragging,
            "frame_ms": self.frame_ms,
        }
        region = self._region(portrait)
        if region is not None:
            params["region"] = region
        self.link.request("edit", params, lambda answer: self._edit_answered(portrait, stamp, answer))

    def _region(self, portrait: Portrait) -> Optional[List[float]]:
        """Where the selection lies over the face: what the artist looks at."""
        if portrait is not self.portrait or self.selection is None or portrait.placement is None:
            return None
        return region_of(self.selection, portrait.picture, portrait.placement)

    def _edit_answered(self, portrait: Portrait, stamp: int, answer: Answer) -> None:
        if _is_gone(answer):
            return
        if portrait.in_flight == stamp:
            portrait.in_flight = None
        fault = answer.fault
        if fault is not None and fault.kind in (
            "unknown-picture",
            "not-projected",
        ):  # it made room for others
            portrait.forget_core()
            self._revive(portrait)
            if not portrait.open:
                self._fault(fault)
                self._tell(DOCUMENT)
        elif fault is not None:
            self._fault(fault)
        self._pump(portrait)

    def _frame(self, portrait: Portrait, params: Mapping[str, Any], data: bytes) -> None:
        frame = Frame.of(params, data)
        if portrait.in_flight is not None and frame.stamp >= portrait.in_flight:
            portrait.in_flight = None
        if portrait.show(frame):
            self._tell(FRAME)
        self._pump(portrait)

    def _applied(self, document: Hashable, portrait: Portrait, name: str, answer: Answer) -> None:
        if _is_gone(answer):
            return
        if answer.fault is not None:
            self._fault(answer.fault)
        elif self.portraits.get(document) is portrait:
            self._add_layer(document, portrait, name, answer)
        portrait.applying = False  # only now: the host may handle events while it writes
        self._tell(PROGRESS)

    def _add_layer(self, document: Hashable, portrait: Portrait, name: str, answer: Answer) -> None:
        try:
            size = protocol.described(dict(answer.result), answer.data, "rgba8")
            where = (int(answer.result["x"]), int(answer.result["y"]))
        except UNREADABLE:
            self.say(MISMATCH)
            return
        layer = Layer(where[0], where[1], size["width"], size["height"], answer.data)
        try:
            self.host.add_layer(document, portrait.picture, layer, name)
        except HostError as error:
            self.say(str(error))

    def _close(self, portrait: Portrait) -> None:
        if portrait.request is not None:
            self.link.cancel(portrait.request)
        if portrait.open and self.connected:
            self.link.request("picture/close", {"picture": portrait.id}, lambda answer: None)

    # Words

    def _fault(self, fault: Fault) -> None:
        if fault.kind not in QUIET_FAULTS:
            self.say(fault.message)

    def say(self, sentence: str) -> None:
        if sentence != self.message:
            self.message = sentence
            self._tell(MESSAGE)

    def _tell(self, what: str) -> None:
        for listener in list(self.listeners):
            listener(what)
