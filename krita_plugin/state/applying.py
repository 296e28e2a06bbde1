"""Apply: have the edit drawn in full, put it into the document, keep with it what it was made of. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Hashable, Optional

from ...bridge.messages import ApplyEdits, Layer, Selected
from ..words import tr
from .edit_layers import NOT_KEPT, EditLayers
from .face_layer import FaceLayer
from .history import Adjustment, without_faces
from .kept_edit import KeptEdit, OtherFace, TooDetailed, new_key, with_key
from .layer_place import PLACES, LayerPlace
from .picture import Box, HostError, square_box
from .portrait import Portrait
from .topic import Topic

if TYPE_CHECKING:
    from .conversation import Conversation
    from .state import PanelState

BESIDE = "Nothing of the face is selected: select a part of it, or clear Only in the selection."
TOO_DETAILED = (
    "This selection is too detailed to be kept with the layer: when you take the edit up again, select anew."
)
PLACE = "layer_place"  # its name among the settings


@dataclass(frozen=True)
class _Job:
    """One press of Apply."""

    document: Hashable
    portrait: Portrait
    adjustment: Adjustment  # as it is now: sliders may move before the layer comes
    asked: ApplyEdits
    name: str  # of the layer
    old: FaceLayer  # that is replaced; one without ids for a new layer
    place: LayerPlace  # of a new layer
    masked: bool
    only: Optional[Selected] = None


class Applying:
    """One panel's."""

    def __init__(self, state: PanelState, layers: EditLayers) -> None:
        self._state = state
        self._layers = layers
        self.place = LayerPlace(state.settings.text(PLACE, PLACES, LayerPlace.TOP.value))

    def set_place(self, place: LayerPlace) -> None:
        """Where new layers go from now on."""
        self.place = place
        self._state.settings.keep_text(PLACE, place.value)
        self._state.tell(Topic.CHOICES)

    @property
    def can_update(self) -> bool:
        """Whether the chosen face has a layer, and an edit for it."""
        portrait = self._state.portrait
        return self._state.can_apply and portrait is not None and bool(portrait.layer.ids)

    def start(self, update: bool) -> None:
        """Have the edit drawn, as one more layer or in place of the face's own; it is added when it comes."""
        state = self._state
        portrait, document = state.portrait, state.document
        if portrait is None or document is None or not state.can_apply:
            return
        state.say("")
        portrait.applying = True
        state.tell(Topic.PROGRESS)
        edits, mix = state.core.edits(portrait), state.core.sent_mix(portrait, portrait.mix)
        old = portrait.layer if update else FaceLayer()
        masked = old.masked if old.ids else state.host.keeps and self.place is LayerPlace.GROUP
        asked = ApplyEdits(portrait.name, edits, mix=mix)
        now, name = portrait.adjustment, state.layer_name(portrait)
        job = _Job(document, portrait, now, asked, name, old, self.place, masked)
        if not state.only_selected or portrait.placement is None:
            self._draw(job)
        elif state.selection is None:
            self._draw(replace(job, only=old.only))
        else:
            state.host.selected(
                document,
                portrait.picture,
                square_box(portrait.picture, portrait.placement),
                state.edge,
                lambda only: self._draw(replace(job, only=only)),
                lambda sentence: self._not_drawn(portrait, sentence),
            )

    def _draw(self, job: _Job) -> None:
        if not job.portrait.applying or job.portrait.closed:
            return  # the core or the document was lost while the selection was read
        if job.only is not None and job.only.mask.count(0) == len(job.only.mask):
            self._not_drawn(job.portrait, tr(BESIDE))
            return
        asked = job.asked if job.masked else replace(job.asked, only=job.only)
        self._state.core.draw_layer(job.document, job.portrait, asked, lambda layer: self._add(job, layer))

    def _not_drawn(self, portrait: Portrait, sentence: str) -> None:
        portrait.applying = False
        self._state.say(sentence)
        self._state.tell(Topic.PROGRESS)

    def _add(self, job: _Job, layer: Layer) -> None:
        host, portrait, key = self._state.host, job.portrait, new_key()
        name = with_key(job.name, key) if host.keeps else job.name
        host.add_layer(
            job.document,
            portrait.picture,
            layer,
            name,
            lambda added: self._added(job, key, added),
            lambda sentence: self._not_drawn(portrait, sentence),
            job.old.ids,
            job.place,
            job.only,
        )

    def _added(self, job: _Job, key: str, added: Hashable) -> None:
        portrait = job.portrait
        portrait.layer = FaceLayer((*job.old.ids, added), key, job.name, job.only, job.masked)
        portrait.applied = job.adjustment
        portrait.applying = False  # whatever becomes of what is kept with the layer
        self._state.taken_up.added(job.document, added)
        if self._state.host.keeps:
            try:
                self._keep(job, added, key)
            except HostError as error:
                self._state.say(str(error))
        self._state.history.applied(job.document, portrait)
        self._state.core.viewer.tell(Topic.PROGRESS)

    def _keep(self, job: _Job, layer: Hashable, key: str) -> None:
        """With the layer goes what it was made of; what is kept of layers that are gone, goes."""
        host, layers = self._state.host, self._layers
        core, portrait = self._state.core, job.portrait
        faces = core.faces.get(job.document)
        by_hand = any(one.by_hand for one in faces.all if one.portrait is portrait) if faces else False
        edit = kept_edit(core, portrait, job.adjustment, host.painted(job.document, layer))
        only = None if job.masked else job.only
        edit = replace(edit, only=only, masked=job.masked, by_hand=by_hand)
        try:
            kept = layers.keep(job.document, str(layer), key, edit)
        except TooDetailed:
            kept = layers.keep(job.document, str(layer), key, replace(edit, only=None))
            self._state.say(tr(TOO_DETAILED))
        if not kept:
            self._state.say(tr(NOT_KEPT))
        layers.sweep(job.document, host.layer_names(job.document))


def kept_edit(core: Conversation, portrait: Portrait, adjustment: Adjustment, painted: Box) -> KeptEdit:
    """What is kept with the layer of a face's edit; `painted` is the box of what is on it."""
    picture, other = portrait.picture, _taken_from(core, portrait, adjustment)
    return KeptEdit(
        pack=core.opened.name,
        generator=core.opened.generator,
        box=picture.box,
        factor=picture.factor,
        document_size=picture.document_size,
        latents=portrait.latents.get(core.pack),
        edits=adjustment.edits,
        face=portrait.face,
        placement=portrait.placement,
        selection=picture.selection,
        mix=without_faces(adjustment).mix if other is None else adjustment.mix,
        place=painted[:2],
        size=painted[2:],
        other=other,
    )


def _taken_from(core: Conversation, portrait: Portrait, adjustment: Adjustment) -> Optional[OtherFace]:
    """The other face of the picture that is mixed in; None where it is none of this picture."""
    key = None if adjustment.mix is None else adjustment.mix.picture
    other = next((one for one in core.portraits() if key is not None and one.key == key), None)
    latents = None if other is None else other.latents.get(core.pack)
    if other is None or other.face is None or latents is None:
        return None
    here, there = portrait.picture, other.picture
    same = (here.box, here.factor) == (there.box, there.factor) and here.document_size == there.document_size
    return OtherFace(other.face, latents) if same else None
