"""The current edit on many pictures, one after the other: a document's layers, or the frames of one.

Plain data, no Qt, no krita. batch_layers.py has Krita's side of it, batch_dialog.py what the artist sees.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Dict, Generator, Hashable, List, Optional, Sequence, Tuple, Union

from ...bridge.answer import Answer
from ...bridge.messages import (
    ApplyEdits,
    ClosePicture,
    FindFaces,
    FoundFace,
    FoundFaces,
    Latents,
    Layer,
    Message,
    OpenedPicture,
    OpenPicture,
    ProjectPicture,
)
from ...bridge.protocol import ProtocolError
from ..words import mark_tr, told, tr, tr_count
from .applying import kept_edit
from .batch_host import Item, Put, Source
from .conversation import Conversation
from .document_faces import Face
from .edit_layers import NOT_KEPT, LayerName
from .history import without_faces
from .kept_edit import key_in
from .picture import HostError, Picture
from .portrait import Portrait
from .state import PanelState
from .topic import Topic

USUAL_SECONDS = 5.0  # for the projection of each face
MOST_TRIES = 2  # of a picture at which the core stops
MISUNDERSTOOD = mark_tr("The core's answer cannot be read: it is of another version than the plugin.")
NO_FACE = mark_tr("no face was found")
NOTHING = mark_tr("the sliders do not work on it")
STOPPED = mark_tr("the core stopped at it")


_Work = Callable[[Callable[[Any], None], Callable[[str], None]], None]  # of the source
_Steps = Generator[Union[Message, _Work], Any, None]


class _LeftOut(Exception):
    """Why a picture gets no edit."""


class EditBatch:
    """Brings an edit to each item in turn. What is done stays when it is cancelled or the core is lost.

    `changed` is called whenever there is something new to show.
    """

    def __init__(
        self,
        state: PanelState,
        face: Face,
        source: Source,
        items: Sequence[Item],
        seconds: Optional[float],
        changed: Callable[[], None],
    ) -> None:
        """The edit is that of `face`, as it is now."""
        self.items = list(items)
        self.done: List[Item] = []
        self.left_out: List[Tuple[Item, str]] = []  # and why
        self.over = False
        self.message = ""  # why it ended early
        self._state = state
        self._core = state.core
        self._pack = state.core.pack
        self._source = source
        self._document: Hashable = state.document
        self._face = face
        self._adjustment = without_faces(face.portrait.adjustment)
        self._asked = asked(state.core, face.portrait)
        self._seconds = seconds
        self._changed = changed
        self._ending = False  # what is done is brought into the document
        self._tries = 0  # of the current item
        self._steps: Optional[_Steps] = None  # of the current item; None while the core is away
        self._request: Optional[int] = None
        state.listeners.append(self._heard)

    @property
    def current(self) -> Optional[Item]:
        """The one at work."""
        at = len(self.done) + len(self.left_out)
        return None if self._ending or at >= len(self.items) else self.items[at]

    @property
    def waiting(self) -> bool:
        """Whether the core is away."""
        return not self._ending and self._steps is None

    def words(self) -> str:
        """How far it is, or what came of it."""
        count, all_ = len(self.done) + len(self.left_out), len(self.items)
        if self._ending and not self.over:
            return tr("Adding the edits…")
        if not self.over:
            name = "" if self.current is None else self.current.name
            if self.waiting:
                return tr("Waiting for the core…")
            return tr("{n} of {all}: {name}", n=count + 1, all=all_, name=name)
        ended = tr_count("{n} edit was added.", "{n} edits were added.", len(self.done))
        rest = [tr("{name}: {why}", name=item.name, why=why) for item, why in self.left_out]
        return "\n".join(filter(None, [ended, self.message, *rest]))

    def start(self) -> None:
        self._next()

    def cancel(self, quietly: bool = False) -> None:
        """Stop here and keep what is done; `quietly` where nobody looks any more."""
        if self._ending:
            return
        if quietly:
            self._changed = lambda: None
        if self._request is not None:
            self._core.link.cancel(self._request)
        untouched = len(self.items) - len(self.done) - len(self.left_out)
        self._end(
            tr_count("{n} was not begun or not finished.", "{n} were not begun or not finished.", untouched)
        )

    # One item after the other

    def _next(self) -> None:
        self._tries = 0
        self._begin()

    def _begin(self) -> None:
        """Begin with the current item, or once more."""
        item = self.current
        if item is None:
            self._end("")
        elif self._core.connected:
            self._tries += 1
            steps = self._steps = self._draw(item)
            self._changed()
            self._go(steps, lambda: next(steps))
        else:
            self._steps = None
            self._changed()

    def _draw(self, item: Item) -> _Steps:
        """The way of one picture: what it yields is read or asked, and the answer comes back."""
        try:
            picture: Picture = yield partial(self._source.read, item)
        except HostError as error:
            raise _LeftOut(str(error)) from error
        face = Face.whole(picture)
        if self._core.opened.draws_faces:
            answer = yield FindFaces(picture.width, picture.height, picture.rgba)
            face = self._same_face(picture, FoundFaces.of(answer.result).faces)
        name = face.portrait.name
        size = picture.width, picture.height
        try:
            answer = yield OpenPicture(name, *size, picture.rgba, face.portrait.face, picture.whole)
            opened = OpenedPicture.of(answer.result)
            face.portrait.placement = opened.placement
            edits = {n: value for n, value in self._asked.edits.items() if n not in opened.limited}
            if not edits and self._asked.mix is None:
                raise _LeftOut(tr(NOTHING))
            answer = yield ProjectPicture(name, self._seconds)
            face.portrait.latents[self._pack] = Latents.of(answer.result, answer.data)
            answer = yield replace(self._asked, picture=name, edits=edits)
            layer = Layer.of(answer.result, answer.data)
            put: Put = yield partial(self._source.put, item, picture, layer)
            if put.why:
                raise _LeftOut(put.why)
            if put.layer is not None:
                self._keep(put.layer, face, edits)
        finally:
            self._send(ClosePicture(name), lambda answer: None)

    def _keep(self, layer: LayerName, face: Face, edits: Dict[str, float]) -> None:
        """So that the artist can take it up again."""
        host, layers, key = self._state.host, self._core.edit_layers, key_in(layer.name)
        if layers is not None and key is not None:
            adjustment = replace(self._adjustment, edits=edits)
            painted = host.painted(self._document, layer.id)
            edit = kept_edit(self._core, face.portrait, adjustment, painted)
            if not layers.keep(self._document, layer.id, key, edit):
                self._state.say(tr(NOT_KEPT))
            self._state.taken_up.added(self._document, layer.id)

    def _same_face(self, picture: Picture, found: Sequence[FoundFace]) -> Face:
        """The found face nearest to where the edited one lies; a place given by hand serves where none is."""
        x, y = self._face.spot
        faces = [Face.found(picture, face) for face in found]
        if faces:
            return min(faces, key=lambda face: math.hypot(face.spot[0] - x, face.spot[1] - y))
        by_hand = self._face.on(picture) if self._face.by_hand else None
        if by_hand is None:
            raise _LeftOut(tr(NO_FACE))
        return by_hand

    def _go(self, steps: _Steps, proceed: Callable[[], Union[Message, _Work]]) -> None:
        """Let the steps proceed to the next thing that they wait for."""
        item = self.current
        assert item is not None
        try:
            wanted = proceed()
        except StopIteration:
            self.done.append(item)
        except _LeftOut as left:
            self.left_out.append((item, str(left)))
        except HostError as error:
            self._end(str(error))
            return
        except ProtocolError:
            self._end(tr(MISUNDERSTOOD))
            return
        else:
            self._wait(steps, wanted)
            return
        self._next()

    def _wait(self, steps: _Steps, wanted: Union[Message, _Work]) -> None:
        if isinstance(wanted, Message):
            self._request = self._send(wanted, lambda answer: self._answered(steps, answer))
            return
        wanted(
            lambda value: self._proceed(steps, lambda: steps.send(value)),
            lambda why: self._proceed(steps, lambda: steps.throw(HostError(why))),
        )

    def _answered(self, steps: _Steps, answer: Answer) -> None:
        fault = answer.fault
        if fault is None:
            self._proceed(steps, lambda: steps.send(answer))
        elif fault.kind != "disconnected":
            self._proceed(steps, lambda: steps.throw(_LeftOut(told(fault.message))))
        elif steps is self._steps:  # once the core is back, from the beginning
            steps.close()
            self._steps = self._request = None
            self._changed()

    def _proceed(self, steps: _Steps, proceed: Callable[[], Union[Message, _Work]]) -> None:
        if steps is self._steps:  # else it comes too late
            self._request = None
            self._go(steps, proceed)

    def _heard(self, topic: Topic) -> None:
        """The core came back, or will not."""
        if topic is not Topic.CONNECTION or self._ending:
            return
        if self._core.gave_up:
            self._end(tr("The core is not running: start it, then begin again with the rest."))
        elif self._core.pack != self._pack:
            self._end(tr("Another model was chosen: begin again with the rest."))
        elif self.waiting and self._core.connected and self._tries >= MOST_TRIES:
            item = self.current
            if item is not None:
                self.left_out.append((item, tr(STOPPED)))
            self._next()
        elif self.waiting and self._core.connected:
            self._begin()

    def _end(self, message: str) -> None:
        steps, self._steps = self._steps, None
        self._ending, self.message, self._request = True, message, None
        if steps is not None:
            steps.close()
        self._state.listeners.remove(self._heard)
        self._source.finish(lambda _none: self._ended(), self._not_shown)
        self._changed()

    def _not_shown(self, why: str) -> None:
        self.done, self.message = [], why
        self._ended()

    def _ended(self) -> None:
        self.over = True
        self._changed()

    def _send(self, message: Message, done: Callable[[Answer], None]) -> int:
        return self._core.link.request(message.METHOD, message.data(), done, message.attachment)


def edited_face(state: PanelState) -> Optional[Face]:
    """The face in front, if it has an edit to bring to others."""
    face = None if state.faces is None else state.faces.chosen
    return (
        face
        if state.core.connected and face is not None and (face.portrait.edits or face.portrait.mix)
        else None
    )


def asked(core: Conversation, portrait: Portrait) -> ApplyEdits:
    """A portrait's edit, also where a slider does not work on that one."""
    return ApplyEdits(portrait.name, dict(portrait.edits), mix=core.sent_mix(portrait, portrait.mix))
