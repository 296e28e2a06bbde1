"""What the panel and the core tell each other about the portraits of all documents.

Whatever the core knows can be told to a new one: the picture, its latents, the edits. That is how sliders
survive the core's death.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, Hashable, Mapping, Optional, Protocol

from ..bridge.answer import Answer, Done, Fault
from ..bridge.messages import (
    CORE_UNLOAD,
    DEFAULT_PACK,
    ApplyEdits,
    ClosePicture,
    CoreState,
    EditState,
    Frame,
    Latents,
    Layer,
    Message,
    OpenedPack,
    OpenedPicture,
    OpenPack,
    OpenPicture,
    Progress,
    ProjectPicture,
    RestorePicture,
)
from ..bridge.protocol import ProtocolError
from .picture import Picture
from .portrait import CoreKnows, Portrait
from .topic import Topic

QUIET_FAULTS = ("cancelled", "disconnected")  # the artist asked for it, or the connection's own words say it
MISMATCH = (
    "The core and the plugin do not understand each other: run `anycost plugin install`, then restart Krita."
)
SHORT_PROJECTION = 5.0  # seconds, where a cancelled projection has to be repeated


class Link(Protocol):
    """What a conversation needs of the connection to the core."""

    def request(self, method: str, params: Dict[str, Any], done: Done, data: bytes = b"") -> int: ...

    def cancel(self, request_id: int) -> None: ...


class Viewer(Protocol):
    """Who the conversation is for: what he looks at and wants, and how he hears of it."""

    @property
    def portrait(self) -> Optional[Portrait]:
        """The one of the document in front."""
        ...

    def edit_state(self, portrait: Portrait) -> EditState: ...

    def say(self, sentence: str) -> None: ...

    def tell(self, topic: Topic) -> None: ...


class Conversation:
    """The connection, the open pack, and every document's portrait as the core knows it."""

    def __init__(self, link: Link, viewer: Viewer) -> None:
        self.link = link
        self.viewer = viewer
        self.words = "Waiting for a picture"  # how the connection is
        self.connected = False  # the pack is open: requests make sense
        self.gave_up = False  # nobody tries to reach a core; the artist may ask for it
        self.pack = os.environ.get("ANYCOST_PACK", DEFAULT_PACK)
        self.opened = OpenedPack()  # what the core said about it
        self.portraits: Dict[Hashable, Portrait] = {}  # by document
        self.searching: Dict[Hashable, Portrait] = {}  # sent, but the face is not found yet

    # What the artist asks for

    def open_picture(self, document: Hashable, picture: Picture, seconds: Optional[float]) -> None:
        """Find the face of a picture and project it for `seconds`. The document's edits stay."""
        old = self.portraits.get(document)
        portrait = Portrait(picture, old.edits if old is not None else None)
        self.searching[document] = portrait
        portrait.request = self._send_picture(
            portrait, lambda answer: self._face_found(document, portrait, seconds, answer)
        )
        self.viewer.tell(Topic.PROGRESS)

    def cancel(self, document: Optional[Hashable]) -> None:
        """End the search or projection of a document's face."""
        portrait = self.searching.get(document) or self.portraits.get(document)
        if portrait is not None and portrait.request is not None:
            self.link.cancel(portrait.request)

    def edit(self, portrait: Portrait, dragging: bool) -> None:
        """The portrait's edit state has changed: have it drawn."""
        portrait.touch(dragging)
        self.viewer.tell(Topic.EDITS)
        self.revive(portrait)  # after a core's death, or an unload
        self._pump(portrait)

    def draw_layer(self, document: Hashable, portrait: Portrait, done: Callable[[Layer], None]) -> None:
        """Have the edit drawn in full. `done` gets the layer, unless the document is closed meanwhile."""
        portrait.applying = True
        self.viewer.tell(Topic.PROGRESS)
        asked = ApplyEdits(portrait.name, dict(portrait.edits))
        self._ask(asked, lambda answer: self._applied(document, portrait, done, answer))

    def use_pack(self, name: str) -> None:
        """Use another model. Latents belong to a pack, so only pictures projected with it come back."""
        if name == self.pack or not self.connected:
            return
        self.connected = False
        for portrait in self.portraits.values():
            portrait.forget_core()
            portrait.frame = portrait.part = None
        self.pack = name
        self.viewer.tell(Topic.CONNECTION)
        self._open_pack()

    def unload(self) -> None:
        """Give the core's memory to others; the core loads its model again with the next edit."""
        self.link.request(CORE_UNLOAD, {}, lambda answer: None)

    def forget(self, document: Hashable) -> None:
        """The document was closed: its face leaves the core too."""
        for held in (self.searching.pop(document, None), self.portraits.pop(document, None)):
            if held is not None:
                self._close(held)

    def can_revive(self, portrait: Portrait) -> bool:
        return self.pack in portrait.latents or self.pack == portrait.cancelled_with

    def revive(self, portrait: Portrait) -> None:
        """Tell a core that does not know this picture all that it needs, then send the newest edits."""
        if self.connected and portrait.known == CoreKnows.NOTHING and self.can_revive(portrait):
            portrait.known = CoreKnows.PICTURE  # being sent: do not send it again
            self._send_picture(portrait, lambda answer: self._reopened(portrait, answer))

    # What the connection says

    def link_words(self, words: str) -> None:
        self.words = words
        self.gave_up = False
        self.viewer.tell(Topic.CONNECTION)

    def link_gave_up(self, sentence: str) -> None:
        """No core can be reached; why, in a sentence."""
        self.words = "The core is not running"
        self.gave_up = True
        self.viewer.say(sentence)
        self.viewer.tell(Topic.CONNECTION)

    def link_ready(self) -> None:
        """A core answered hello: open the pack, then tell it about the picture in front."""
        self._open_pack()

    def link_lost(self) -> None:
        """The core is gone, its memory with it; everything under way was answered with a fault before."""
        self.connected = False
        projecting = bool(self.searching) or any(p.projecting for p in self.portraits.values())
        applying = any(p.applying for p in self.portraits.values())
        for portrait in [*self.portraits.values(), *self.searching.values()]:
            portrait.forget_core()
        if projecting:
            self.viewer.say("The core stopped while it was projecting: press Project to try again.")
        elif applying:
            self.viewer.say("The core stopped before the layer was drawn: apply again when it is ready.")
        self.searching.clear()
        self.viewer.tell(Topic.CONNECTION)
        self.viewer.tell(Topic.PROGRESS)

    def notified(self, method: str, params: Mapping[str, Any], data: bytes) -> None:
        """A notification from the core. It is dropped if it belongs to no open picture."""
        try:
            if method == CoreState.METHOD:
                self.link_words(CoreState.of(params).text)
                return
            portrait = next((p for p in self.portraits.values() if p.name == params.get("picture")), None)
            if portrait is None:
                return
            if method == Frame.METHOD and portrait.known != CoreKnows.NOTHING:  # not one of the pack before
                self._frame(portrait, Frame.of(params, data))
            elif method == Progress.METHOD and portrait.request is not None:
                self._progress(portrait, Progress.of(params))
        except ProtocolError:
            self.viewer.say(MISMATCH)

    # Packs

    def _open_pack(self) -> None:
        name = self.pack
        self._ask(OpenPack(name), lambda answer: self._pack_opened(name, answer))

    def _pack_opened(self, name: str, answer: Answer) -> None:
        if name != self.pack:
            return
        if answer.fault is not None:
            self.link_words("No model is loaded")
            self._fault(answer.fault)
            return
        try:
            self.opened = OpenedPack.of(answer.result)
        except ProtocolError:
            self.viewer.say(MISMATCH)
            return
        self._keep_known_edits()
        self.connected = True
        self.words = "Ready"
        self.viewer.tell(Topic.PACK)
        self.viewer.tell(Topic.CONNECTION)
        if self.viewer.portrait is not None:
            self.revive(self.viewer.portrait)

    def _keep_known_edits(self) -> None:
        known = {direction.name: direction for direction in self.opened.directions}
        for portrait in self.portraits.values():
            portrait.edits = {
                name: min(max(value, known[name].low), known[name].high)
                for name, value in portrait.edits.items()
                if name in known
            }

    # Pictures and their projection

    def _send_picture(self, portrait: Portrait, done: Done) -> int:
        picture = portrait.picture
        return self._ask(OpenPicture(portrait.name, picture.width, picture.height, picture.rgba), done)

    def _face_found(
        self, document: Hashable, portrait: Portrait, seconds: Optional[float], answer: Answer
    ) -> None:
        if _is_gone(answer):
            return
        portrait.request = None
        if self.searching.get(document) is not portrait:  # closed, or the core was lost, during the search
            return
        del self.searching[document]
        if not self._opened(portrait, answer):
            self.viewer.tell(Topic.PROGRESS)
            return
        old = self.portraits.get(document)
        if old is not None:
            self._close(old)
        self.portraits[document] = portrait
        self._project(portrait, seconds)

    def _opened(self, portrait: Portrait, answer: Answer) -> bool:
        """Takes the answer to OpenPicture; False, with a sentence shown, when there is no face."""
        portrait.known = CoreKnows.NOTHING if answer.fault is not None else CoreKnows.PICTURE
        if answer.fault is not None:
            self._fault(answer.fault)
            return False
        try:
            portrait.placement = OpenedPicture.of(answer.result).placement
        except ProtocolError:
            self.viewer.say(MISMATCH)
            return False
        return True

    def _project(self, portrait: Portrait, seconds: Optional[float]) -> None:
        portrait.progress = Progress(portrait.name, 0, 0, None)
        portrait.request = self._ask(
            ProjectPicture(portrait.name, seconds), lambda answer: self._projected(portrait, answer)
        )
        self.viewer.tell(Topic.DOCUMENT)

    def _progress(self, portrait: Portrait, progress: Progress) -> None:
        portrait.progress = progress
        if not portrait.drawable:
            portrait.known = CoreKnows.LATENTS
            self.viewer.tell(Topic.DOCUMENT)
        self._pump(portrait)
        self.viewer.tell(Topic.PROGRESS)

    def _projected(self, portrait: Portrait, answer: Answer) -> None:
        if _is_gone(answer):
            return
        portrait.progress = portrait.request = None
        if answer.fault is None:
            portrait.known = CoreKnows.LATENTS
            self._keep_latents(portrait, answer)
        else:
            if answer.fault.kind == "cancelled" and portrait.drawable:
                portrait.cancelled_with = self.pack
            self._fault(answer.fault)
        if portrait.drawable:
            self.edit(portrait, dragging=False)
        self.viewer.tell(Topic.DOCUMENT)

    def _keep_latents(self, portrait: Portrait, answer: Answer) -> None:
        try:
            portrait.latents[self.pack] = Latents.of(answer.result, answer.data)
        except ProtocolError:
            self.viewer.say(MISMATCH)

    def _reopened(self, portrait: Portrait, answer: Answer) -> None:
        if not self._opened(portrait, answer):
            return
        latents = portrait.latents.get(self.pack)
        if latents is None:  # a cancelled projection brings none, so a short one replaces it
            portrait.cancelled_with = None
            self._project(portrait, SHORT_PROJECTION)
            return
        self._ask(RestorePicture(portrait.name, latents), lambda answer: self._restored(portrait, answer))

    def _restored(self, portrait: Portrait, answer: Answer) -> None:
        if answer.fault is not None:
            portrait.known = CoreKnows.NOTHING
            self._fault(answer.fault)
            return
        portrait.known = CoreKnows.LATENTS
        self.edit(portrait, dragging=False)
        self.viewer.tell(Topic.DOCUMENT)

    def _close(self, portrait: Portrait) -> None:
        if portrait.request is not None:
            self.link.cancel(portrait.request)
        if portrait.known != CoreKnows.NOTHING and self.connected:
            self._ask(ClosePicture(portrait.name), lambda answer: None)

    # Edits, frames and layers

    def _pump(self, portrait: Portrait) -> None:
        """Send the newest edit state, if it may go."""
        stamp = portrait.next_edit() if self.connected else None
        if stamp is not None:
            self._ask(
                self.viewer.edit_state(portrait),
                lambda answer: self._edit_answered(portrait, stamp, answer),
            )

    def _edit_answered(self, portrait: Portrait, stamp: int, answer: Answer) -> None:
        if _is_gone(answer):
            return
        if portrait.in_flight == stamp:
            portrait.in_flight = None
        fault = answer.fault
        if fault is not None and fault.kind in (
            "unknown-picture",
            "not-projected",
        ):  # the core made room for others
            portrait.forget_core()
            self.revive(portrait)
            if portrait.known == CoreKnows.NOTHING:
                self._fault(fault)
                self.viewer.tell(Topic.DOCUMENT)
        elif fault is not None:
            self._fault(fault)
        self._pump(portrait)

    def _frame(self, portrait: Portrait, frame: Frame) -> None:
        portrait.drawn(frame.stamp)
        if portrait.show(frame):
            self.viewer.tell(Topic.FRAME)
        self._pump(portrait)

    def _applied(
        self, document: Hashable, portrait: Portrait, done: Callable[[Layer], None], answer: Answer
    ) -> None:
        if _is_gone(answer):
            return
        if answer.fault is not None:
            self._fault(answer.fault)
        elif self.portraits.get(document) is portrait:
            try:
                done(Layer.of(answer.result, answer.data))
            except ProtocolError:
                self.viewer.say(MISMATCH)
        portrait.applying = False  # only now: the host may handle events while it writes
        self.viewer.tell(Topic.PROGRESS)

    # Asking

    def _ask(self, message: Message, done: Done) -> int:
        return self.link.request(message.METHOD, message.data(), done, message.attachment)

    def _fault(self, fault: Fault) -> None:
        if fault.kind not in QUIET_FAULTS:
            self.viewer.say(fault.message)


def _is_gone(answer: Answer) -> bool:
    """Whether the connection ended before an answer came: `link_lost` follows and handles all of it."""
    return answer.fault is not None and answer.fault.kind == "disconnected"
