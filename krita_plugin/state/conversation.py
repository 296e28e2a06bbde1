"""What the panel and the core tell each other about the faces of all documents.

Whatever the core knows can be told to a new one: the picture, its latents, the edits. That is how sliders
survive the core's death.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Callable, Dict, Hashable, Iterator, List, Mapping, Optional, Protocol, Tuple

from ...bridge.answer import Answer, Done, Fault
from ...bridge.messages import (
    CORE_UNLOAD,
    DEFAULT_PACK,
    PACK_HASH,
    ApplyEdits,
    ClosePicture,
    CoreState,
    DrawThumbnail,
    FindFaces,
    FoundFaces,
    Frame,
    Latents,
    Layer,
    Message,
    Mix,
    OpenedPack,
    OpenedPicture,
    OpenPack,
    OpenPicture,
    PackOpened,
    PacksChanged,
    Progress,
    ProjectPicture,
    Quality,
    RestorePicture,
    Thumbnail,
)
from ...bridge.protocol import ProtocolError
from ..slider_words import in_language
from ..words import language, told, tr
from .document_faces import Face, Faces, wanted
from .edit_layers import EditLayers
from .history import Adjustment
from .kept_history import FaceHistory
from .picture import Picture
from .portrait import CoreKnows, Portrait
from .topic import Topic
from .viewers import Viewers

QUIET_FAULTS = ("cancelled", "disconnected")  # the artist asked for it, or the connection's own words say it
MISMATCH = (
    "The core and the plugin do not understand each other: run `anycost plugin install`, then restart Krita."
)
OTHER_MODEL = "Another program uses the model “{title}”: yours comes back with your next edit."
LONGEST_WORDS = 200  # characters of what the core says of itself: one line
OF_NO_PACK = (OpenPack.METHOD, ClosePicture.METHOD)  # what can be asked whichever pack is open
NO_FACE = "No face was found: drag the three handles to the eyes and the mouth, then press Use this place."
SHORT_PROJECTION = 5.0  # seconds, where a cancelled projection has to be repeated


class Link(Protocol):
    """What a conversation needs of the connection to the core."""

    def request(self, method: str, params: Dict[str, Any], done: Done, data: bytes = b"") -> int: ...

    def cancel(self, request_id: int) -> None: ...


class Search:
    """A document's face on its way: the faces are looked for, or one of them is being opened."""

    def __init__(self, seconds: Optional[float]) -> None:
        self.seconds = seconds  # that the projection may take afterwards
        self.request: Optional[int] = None  # which Cancel ends
        self.portrait: Optional[Portrait] = None  # that is being opened


class Conversation:
    """The connection, the open pack, and every document's faces as the core knows them."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.viewer = Viewers()  # every window's panel
        self.words = tr("Waiting for a picture")  # how the connection is
        self.connected = False  # the pack is open: requests make sense
        self.gave_up = False  # nobody tries to reach a core; the artist may ask for it
        self.silent = False  # the core does not answer; the artist may ask for another
        self.version = ""  # of the core that answers, or answered last
        self.pack = os.environ.get("ANYCOST_PACK", DEFAULT_PACK)
        self.opened = OpenedPack()  # what the core said about it
        self.displaced = False  # another program has opened another one since
        self._opening = False  # it is asked for...
        self._open_again = False  # ...and something has changed since
        self.faces: Dict[Hashable, Faces] = {}  # by document, once its picture was read
        self.searching: Dict[Hashable, Search] = {}  # by document
        self.edit_layers: Optional[EditLayers] = None  # of the host that all windows share
        self.histories: Dict[Hashable, List[FaceHistory]] = {}  # kept by a document, of faces not found yet

    # What the artist asks for

    def find_faces(self, document: Hashable, picture: Picture, seconds: Optional[float]) -> None:
        """Find the faces of a picture. A lone one is projected for `seconds`; else the artist is asked."""
        if not self.opened.draws_faces:
            whole = Face.whole(picture)
            known = self.faces.get(document) or Faces(picture)
            self.open_face(document, known.again(picture, [whole]), whole, seconds)
            return
        search = self._search(document, seconds)
        search.request = self._ask(
            FindFaces(picture.width, picture.height, picture.rgba),
            lambda answer: self._faces_found(document, picture, search, answer),
        )
        self.viewer.tell(Topic.PROGRESS)

    def open_face(self, document: Hashable, faces: Faces, face: Face, seconds: Optional[float]) -> None:
        """Open one face, project it for `seconds` and choose it; `faces` then are the document's."""
        search = self._search(document, seconds)
        self._open(search, face, lambda answer: self._face_opened(document, faces, face, search, answer))
        self.viewer.tell(Topic.PROGRESS)

    def choose(self, document: Hashable, faces: Faces, face: Face) -> None:
        """Go back to a face that was projected. Its newest edit is drawn again: the core may have made room
        for others meanwhile."""
        self.drop_search(document)
        faces.choose(face)
        self.viewer.tell(Topic.DOCUMENT)
        self.edit(face.portrait, dragging=False)

    def take_up(self, document: Hashable, picture: Picture, face: Face) -> None:
        """Show a face of a picture whose latents are known from before, in the place of what lies there."""
        self.drop_search(document)
        before = self._portraits_of(document)
        faces = (self.faces.get(document) or Faces(picture)).with_face(picture, face)
        faces.choose(face)
        self._keep(document, faces, before)
        self.viewer.tell(Topic.DOCUMENT)
        self.revive(face.portrait)

    def has_latents(self, portrait: Portrait) -> bool:
        """Whether a portrait can be shown without a new projection."""
        return portrait.drawable or portrait.projecting or self.can_revive(portrait)

    def cancel(self, document: Optional[Hashable]) -> None:
        """End the search or the projection that the artist looks at."""
        search, faces = self.searching.get(document), self.faces.get(document)
        portrait = None if faces is None else faces.portrait
        request = search.request if search is not None else portrait.request if portrait else None
        if request is not None:
            self.link.cancel(request)

    def drop_search(self, document: Hashable) -> None:
        """The artist wants something else: what is looked for or opened is not awaited any more."""
        search = self.searching.pop(document, None)
        if search is not None and search.request is not None:
            self.link.cancel(search.request)

    def edit(self, portrait: Portrait, dragging: bool) -> None:
        """The portrait's edit state has changed: have it drawn."""
        portrait.touch(dragging)
        self.viewer.tell(Topic.EDITS)
        self.revive(portrait)  # after a core's death, or an unload
        other = self.mixed_in(portrait)
        if other is not None:
            self.revive(other)
        self._pump(portrait)

    def draw_layer(
        self, document: Hashable, portrait: Portrait, asked: ApplyEdits, done: Callable[[Layer], None]
    ) -> None:
        """Have an edit drawn in full. `done` gets the layer, and the portrait is applying until it says
        otherwise; it is not called where the document is closed meanwhile."""
        self._ask(asked, lambda answer: self._applied(document, portrait, done, answer))

    def draw_small(
        self,
        portrait: Portrait,
        wanted: Adjustment,
        side: int,
        done: Callable[[Optional[Thumbnail]], None],
        quality: Quality = "draft",
    ) -> int:
        """Have another adjustment of a portrait drawn, `side` pixels a side; `done` gets None where it cannot
        be. Returns the number of the request, which can be cancelled."""

        def answered(answer: Answer) -> None:
            try:
                done(None if answer.fault is not None else Thumbnail.of(answer.result, answer.data))
            except ProtocolError:
                done(None)

        limited, mix = self.limited(portrait), self.sent_mix(portrait, wanted.mix)
        edits = {n: value for n, value in self.known_edits(wanted.edits).items() if n not in limited}
        return self._ask(DrawThumbnail(portrait.name, edits, side, quality, mix), answered)

    def use_pack(self, name: str) -> None:
        """Use another model. Latents belong to a pack, so only pictures projected with it come back."""
        if name == self.pack or not self.connected:
            return
        self.connected = False
        for portrait in self.portraits():
            portrait.forget_core()
            portrait.frame = portrait.part = None
        self.pack = name
        self.viewer.tell(Topic.CONNECTION)
        self._open_pack()

    def unload(self) -> None:
        """Give the core's memory to others; the core loads its model again with the next edit."""
        self.link.request(CORE_UNLOAD, {}, lambda answer: None)

    def forget(self, document: Hashable) -> None:
        """The document was closed: its faces leave the core too."""
        self.drop_search(document)
        faces = self.faces.pop(document, None)
        self.histories.pop(document, None)
        for face in faces.all if faces is not None else []:
            self._close(face.portrait)

    def advice(self, portrait: Portrait) -> str:
        """What the core says of a picture that is far from what the open pack draws, else empty."""
        opened = portrait.opened.get(self.pack)
        return "" if opened is None else told(opened.advice)

    def limited(self, portrait: Portrait) -> Tuple[str, ...]:
        """The directions of the open pack that do not work on this picture."""
        opened = portrait.opened.get(self.pack)
        return () if opened is None else opened.limited

    def edits(self, portrait: Portrait) -> Dict[str, float]:
        """The edits that count: a value from before stays with a limited direction, without effect."""
        limited = self.limited(portrait)
        return {name: value for name, value in portrait.edits.items() if name not in limited}

    def draws(self, portrait: Portrait) -> bool:
        """Whether the generator draws the picture's edits, so that a made-up face can be mixed in."""
        opened = portrait.opened.get(self.pack)
        return opened is not None and opened.drawn

    def mixed_in(self, portrait: Portrait) -> Optional[Portrait]:
        """The other face that a portrait takes from, if it is still there."""
        key = None if portrait.mix is None else portrait.mix.picture
        return None if key is None else next((one for one in self.portraits() if one.key == key), None)

    def sent_mix(self, portrait: Portrait, mix: Optional[Mix]) -> Optional[Mix]:
        """A mix as the core knows it; None for one that has no effect on this picture now."""
        if mix is None or mix.picture is None:
            return mix if self.draws(portrait) else None
        other = next((one for one in self.portraits() if one.key == mix.picture), None)
        return None if other is None or not other.drawable else replace(mix, picture=other.name)

    def can_revive(self, portrait: Portrait) -> bool:
        return self.pack in portrait.latents or self.pack == portrait.cancelled_with

    def revive(self, portrait: Portrait) -> None:
        """Tell a core that does not know this picture all that it needs, then send the newest edits."""
        unknown = portrait.known == CoreKnows.NOTHING and not portrait.closed
        if self.connected and unknown and self.can_revive(portrait):
            portrait.known = CoreKnows.PICTURE  # being sent: do not send it again
            self._send_picture(portrait, lambda answer: self._reopened(portrait, answer))

    # What the connection says

    def link_words(self, words: str) -> None:
        self.words = told(words[:LONGEST_WORDS])
        self.gave_up = False
        self.viewer.tell(Topic.CONNECTION)

    def link_gave_up(self, sentence: str) -> None:
        """No core can be reached; why, in a sentence."""
        self.words = tr("The core is not running")
        self.gave_up = True
        self.viewer.say(told(sentence))
        self.viewer.tell(Topic.CONNECTION)

    def link_silent(self, silent: bool) -> None:
        """The core does not answer any more, or answers again."""
        if silent != self.silent:
            self.silent = silent
            self.viewer.tell(Topic.CONNECTION)

    def link_ready(self) -> None:
        """A core answered hello: open the pack, then tell it about the picture in front."""
        self._open_pack()

    def link_lost(self) -> None:
        """The core is gone, its memory with it; everything under way was answered with a fault before."""
        self.connected = self.displaced = self._opening = self._open_again = False
        portraits = list(self.portraits())
        projecting = bool(self.searching) or any(p.projecting for p in portraits)
        applying = any(p.applying for p in portraits)
        for portrait in portraits:
            portrait.forget_core()
        if projecting:
            self.viewer.say(tr("The core stopped while it was projecting: press Project to try again."))
        elif applying:
            self.viewer.say(tr("The core stopped before the layer was drawn: apply again when it is ready."))
        self.searching.clear()
        self.viewer.tell(Topic.CONNECTION)
        self.viewer.tell(Topic.PROGRESS)

    def notified(self, method: str, params: Mapping[str, Any], data: bytes) -> None:
        """A notification from the core. It is dropped if it belongs to no open picture."""
        try:
            if method == CoreState.METHOD:
                self.link_words(CoreState.of(params).text)
                return
            if method == PacksChanged.METHOD:
                if self.connected and not self.displaced:
                    self._open_pack()
                return
            if method == PackOpened.METHOD:
                self._other_opened(PackOpened.of(params))
                return
            portrait = next((p for p in self.portraits() if p.name == params.get("picture")), None)
            if portrait is None:
                return
            if method == Frame.METHOD and portrait.known != CoreKnows.NOTHING:  # not one of the pack before
                self._frame(portrait, Frame.of(params, data))
            elif method == Progress.METHOD and portrait.request is not None:
                self._progress(portrait, Progress.of(params))
        except ProtocolError:
            self.viewer.say(tr(MISMATCH))

    # Packs

    def _open_pack(self) -> None:
        """Ask for the pack. While an answer is due, once more after it is enough."""
        if self._opening:
            self._open_again = True
            return
        name = self.pack
        self._opening = True
        self._ask(OpenPack(name, language()), lambda answer: self._pack_answered(name, answer))

    def _pack_answered(self, name: str, answer: Answer) -> None:
        if _is_gone(answer):
            return
        self._opening = False
        again, self._open_again = self._open_again, False
        self._pack_opened(name, answer)
        if again or name != self.pack:
            self._open_pack()

    def _other_opened(self, other: PackOpened) -> None:
        """Another program has opened another pack. This one is opened again when the artist does something:
        at once, two panels would take turns without an end."""
        if not self.connected or self._opening or other.pack_hash == self.opened.pack_hash:
            return
        self._displace()
        self.words = tr(OTHER_MODEL, title=other.title)
        self.viewer.tell(Topic.CONNECTION)

    def _displace(self) -> None:
        """The core has forgotten every picture with the pack."""
        self.displaced = True
        for portrait in self.portraits():
            portrait.forget_core()
        self.viewer.tell(Topic.DOCUMENT)

    def _pack_opened(self, name: str, answer: Answer) -> None:
        if name != self.pack:
            return
        if answer.fault is not None:
            if not self.connected:  # otherwise it was asked for once more: the core still has the model
                self.words = tr("No model is loaded")
                self.viewer.tell(Topic.CONNECTION)
            self._fault(answer.fault)
            return
        try:
            opened = OpenedPack.of(answer.result)
        except ProtocolError:
            self.viewer.say(tr(MISMATCH))
            return
        if opened.problems and opened.problems != self.opened.problems:
            self.viewer.say(" ".join(map(told, opened.problems)))
        if opened.generator != self.opened.generator and opened.name == self.opened.name:
            self._forget_latents(name)
        self.opened = replace(opened, directions=tuple(map(in_language, opened.directions)))
        self.displaced = False
        self._keep_known_edits()
        self.connected = True
        self.words = tr("Ready")
        self.viewer.tell(Topic.PACK)
        self.viewer.tell(Topic.CONNECTION)
        for portrait in self.viewer.portraits():
            self.revive(portrait)

    def _forget_latents(self, pack: str) -> None:
        """They belong to weights that are no more."""
        for portrait in self.portraits():
            if portrait.latents.pop(pack, None) is not None:
                portrait.cancelled_with = pack  # a short projection replaces them
                portrait.forget_core()

    def _defaults(self) -> Dict[str, float]:
        """Where the sliders of a new face stand that do not start at 0."""
        return {slider.name: slider.default for slider in self.opened.directions if slider.default}

    def _keep_known_edits(self) -> None:
        for portrait in self.portraits():
            portrait.edits = self.known_edits(portrait.edits)

    def known_edits(self, edits: Mapping[str, float]) -> Dict[str, float]:
        """Those that the open pack has, within their ranges, and none that is 0 by that."""
        known = {direction.name: direction for direction in self.opened.directions}
        within = {
            name: min(max(value, known[name].low), known[name].high)
            for name, value in edits.items()
            if name in known
        }
        return {name: value for name, value in within.items() if value}

    # From a picture to an open face

    def _search(self, document: Hashable, seconds: Optional[float]) -> Search:
        """A new search, in place of one that may be under way."""
        self.drop_search(document)
        search = self.searching[document] = Search(seconds)
        return search

    def _ended(self, document: Hashable, search: Search) -> bool:
        """Takes a search off the list; False if it is no longer there: the document was closed, the core was
        lost, or the artist wants something else."""
        search.request = None
        return self.searching.get(document) is search and self.searching.pop(document) is search

    def _faces_found(self, document: Hashable, picture: Picture, search: Search, answer: Answer) -> None:
        if _is_gone(answer) or not self._ended(document, search):
            return
        self.viewer.tell(Topic.PROGRESS)
        if answer.fault is not None:
            self._fault(answer.fault, document)
            return
        try:
            found = FoundFaces.of(answer.result)
        except ProtocolError:
            self.viewer.say(tr(MISMATCH))
            return
        known = self.faces.get(document) or Faces(picture)
        faces = known.again(picture, wanted(picture, found.faces))
        if not faces.all:
            self._place_by_hand(document, picture, found.advice)
        elif len(faces.all) == 1:
            self.open_face(document, faces, faces.all[0], search.seconds)
        else:
            self._keep(document, faces)
            self.viewer.tell(Topic.DOCUMENT)

    def _place_by_hand(self, document: Hashable, picture: Picture, advice: str) -> None:
        faces = self.faces.get(document)
        if faces is None or not faces.all:
            faces = self.faces[document] = Faces(picture)
        faces.place(picture, self.viewer.selection(document))
        faces.hint = " ".join(filter(None, [tr(NO_FACE), told(advice)]))
        if self.viewer.showing(document):
            self.viewer.say(faces.hint, document)
        self.viewer.tell(Topic.DOCUMENT)

    def _open(self, search: Search, face: Face, done: Done) -> None:
        search.portrait = face.portrait.again()
        if search.portrait.untouched:
            search.portrait.adjust(Adjustment(self._defaults()))
        search.request = self._send_picture(search.portrait, done)

    def _face_opened(
        self, document: Hashable, faces: Faces, face: Face, search: Search, answer: Answer
    ) -> None:
        portrait = search.portrait
        if _is_gone(answer) or portrait is None:
            return
        if not self._ended(document, search):
            portrait.known = CoreKnows.NOTHING if answer.fault is not None else CoreKnows.PICTURE
            self._close(portrait)
            return
        if not self._opened(document, portrait, answer):
            self.viewer.tell(Topic.PROGRESS)
            return
        before = self._portraits_of(document)
        face.take_portrait(portrait)
        faces.choose(face)
        self._keep(document, faces, before)
        self._project(portrait, search.seconds)

    def _keep(self, document: Hashable, faces: Faces, before: Optional[List[Portrait]] = None) -> None:
        """These are the document's faces from now on; the core forgets the others."""
        before = self._portraits_of(document) if before is None else before
        self._keep_histories(document, faces)
        self.faces[document] = faces
        kept = self._portraits_of(document)
        for portrait in before:
            if portrait not in kept:
                self._close(portrait)

    def _keep_histories(self, document: Hashable, later: Faces) -> None:
        """Faces that are left out, as where only a part is read, find theirs when they are back."""
        known, waiting = self.faces.get(document), self.histories.get(document)
        if known is None or waiting is None:
            return
        keys = {face.portrait.key for face in later.all}
        for face in known.all:
            portrait = face.portrait
            if portrait.key not in keys and portrait.past.states:
                waiting.append(FaceHistory(portrait.key, face.spot, portrait.past.states))

    # Pictures and their projection

    def _send_picture(self, portrait: Portrait, done: Done) -> int:
        picture = portrait.picture
        size = picture.width, picture.height
        return self._ask(OpenPicture(portrait.name, *size, picture.rgba, portrait.face, picture.whole), done)

    def _opened(self, document: Optional[Hashable], portrait: Portrait, answer: Answer) -> bool:
        """Takes the answer to OpenPicture; False, with a sentence shown, when there is no face."""
        portrait.known = CoreKnows.NOTHING if answer.fault is not None else CoreKnows.PICTURE
        if answer.fault is not None:
            self._fault(answer.fault, document)
            return False
        try:
            opened = OpenedPicture.of(answer.result)
        except ProtocolError:
            self.viewer.say(tr(MISMATCH))
            return False
        portrait.opened[self.pack], portrait.placement = opened, opened.placement
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
        if _is_gone(answer) or portrait.closed:
            return
        portrait.progress = portrait.request = None
        if answer.fault is None:
            portrait.known = CoreKnows.LATENTS
            self._keep_latents(portrait, answer)
        else:
            if answer.fault.kind == "cancelled" and portrait.drawable:
                portrait.cancelled_with = self.pack
            self._fault(answer.fault, self._document_of(portrait))
        if portrait.drawable:
            self.edit(portrait, dragging=False)
        self.viewer.tell(Topic.DOCUMENT)

    def _keep_latents(self, portrait: Portrait, answer: Answer) -> None:
        try:
            portrait.latents[self.pack] = Latents.of(answer.result, answer.data)
        except ProtocolError:
            self.viewer.say(tr(MISMATCH))

    def _reopened(self, portrait: Portrait, answer: Answer) -> None:
        if portrait.closed or not self._opened(self._document_of(portrait), portrait, answer):
            return
        latents = portrait.latents.get(self.pack)
        if latents is None:  # a cancelled projection brings none, so a short one replaces it
            portrait.cancelled_with = None
            self._project(portrait, SHORT_PROJECTION)
            return
        self._ask(RestorePicture(portrait.name, latents), lambda answer: self._restored(portrait, answer))

    def _restored(self, portrait: Portrait, answer: Answer) -> None:
        if portrait.closed:
            return
        if answer.fault is not None:
            portrait.known = CoreKnows.NOTHING
            self._fault(answer.fault, self._document_of(portrait))
            return
        portrait.known = CoreKnows.LATENTS
        self.edit(portrait, dragging=False)
        for one in self.portraits():  # those that waited for it to take something of it
            if self.mixed_in(one) is portrait and one.drawable:
                self.edit(one, dragging=False)
        self.viewer.tell(Topic.DOCUMENT)

    def _close(self, portrait: Portrait) -> None:
        portrait.closed = True
        if portrait.request is not None:
            self.link.cancel(portrait.request)
        if portrait.known != CoreKnows.NOTHING and self.connected:
            self._ask(ClosePicture(portrait.name), lambda answer: None)

    # Edits, frames and layers

    def _pump(self, portrait: Portrait) -> None:
        """Send the newest edit state, if it may go."""
        stamp = portrait.next_edit() if self.connected and self.viewer else None
        if stamp is not None:
            self._ask(
                self.viewer.edit_state(portrait),
                lambda answer: self._edit_answered(portrait, stamp, answer),
            )

    def _edit_answered(self, portrait: Portrait, stamp: int, answer: Answer) -> None:
        if _is_gone(answer) or portrait.closed:
            return
        if portrait.in_flight == stamp:
            portrait.in_flight = None
        fault = answer.fault
        if fault is not None and fault.kind in (
            "unknown-picture",
            "not-projected",
            "other-pack",
        ):  # the core made room for others
            self.displaced = self.displaced or fault.kind == "other-pack"
            other = self.mixed_in(portrait)
            if other is not None:
                other.forget_core()
                self.revive(other)
            portrait.forget_core()
            self.revive(portrait)
            if portrait.known == CoreKnows.NOTHING:
                self._fault(fault, self._document_of(portrait))
                self.viewer.tell(Topic.DOCUMENT)
        elif fault is not None:
            self._fault(fault, self._document_of(portrait))
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
        try:
            if answer.fault is not None:
                self._fault(answer.fault, document)
            elif portrait in self._portraits_of(document):
                done(Layer.of(answer.result, answer.data))
                return
        except ProtocolError:
            self.viewer.say(tr(MISMATCH))
        portrait.applying = False
        self.viewer.tell(Topic.PROGRESS)

    # All portraits

    def portraits(self) -> Iterator[Portrait]:
        for faces in self.faces.values():
            for face in faces.all:
                yield face.portrait

    def _portraits_of(self, document: Hashable) -> List[Portrait]:
        faces = self.faces.get(document)
        return [] if faces is None else [face.portrait for face in faces.all]

    # Asking

    def _ask(self, message: Message, done: Done) -> int:
        params = message.data()
        if message.METHOD not in OF_NO_PACK:
            if self.displaced and not self._opening and message.METHOD != DrawThumbnail.METHOD:
                self._open_pack()  # first; thumbnails are not what the artist asks for
            if self.opened.pack_hash:
                params[PACK_HASH] = self.opened.pack_hash
        return self.link.request(message.METHOD, params, done, message.attachment)

    def _fault(self, fault: Fault, document: Optional[Hashable] = None) -> None:
        """Say what went wrong, with a document if it is about one."""
        if fault.kind == "other-pack" and not self.displaced:
            self._displace()
        if fault.kind not in QUIET_FAULTS:
            self.viewer.say(told(fault.message), document)

    def _document_of(self, portrait: Portrait) -> Optional[Hashable]:
        return next((document for document in self.faces if portrait in self._portraits_of(document)), None)


def _is_gone(answer: Answer) -> bool:
    """Whether the connection ended before an answer came: `link_lost` follows and handles all of it."""
    return answer.fault is not None and answer.fault.kind == "disconnected"
