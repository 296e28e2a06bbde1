"""An edit that is taken up again when the artist selects its layer. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Hashable, Sequence, Tuple

from ..words import tr
from .document_faces import Face, Faces, box_around
from .edit_layers import EditLayers, LayerName
from .face_layer import FaceLayer
from .history import Adjustment
from .kept_edit import KeptEdit, UnreadableEdit, without_key
from .picture import HostError, Picture
from .portrait import Portrait
from .topic import Topic

if TYPE_CHECKING:
    from .state import PanelState

UNREADABLE = "What is kept with this layer cannot be read: press Project to begin anew."
OTHER_MODEL = "This layer was made with another version of its model: press Project; its sliders are set."
NO_PACK = (
    "This layer was made with the model “{pack}”, which is not installed: install it, then select the layer."
)


class TakenUp:
    """One panel's."""

    def __init__(self, state: PanelState, layers: EditLayers) -> None:
        self._state = state
        self._layers = layers
        self._seen: Tuple[Hashable, Tuple[str, ...]] = None, ()
        self._added: Tuple[Hashable, str] = None, ""  # a layer that will be in use though nobody selects it

    def look(self, in_use: Sequence[LayerName]) -> None:
        """The artist has this layer in use, and the groups that it lies in. Called again and again: what
        cannot be taken up now, while the core is busy or starts, is taken up later."""
        try:
            self._look(in_use)
        except HostError as error:  # what the document keeps cannot be read
            self._state.say(str(error))

    def _look(self, in_use: Sequence[LayerName]) -> None:
        state, document = self._state, self._state.document
        seen = document, tuple(layer.id for layer in in_use)
        if document is None or seen == self._seen:
            return
        added, self._added = self._added, (None, "")
        if added[0] == document and added[1] in seen[1]:
            self._seen = seen
            return
        self._layers.bring_back(document, lambda: state.host.layer_names(document))
        self._layers.learn(document, state.host.layer_names(document))
        keys = [(layer, self._layers.key_of(document, layer)) for layer in in_use]
        layer, key = next((one for one in keys if one[1] is not None), (None, None))
        if layer is not None and key is not None:
            if not state.core.connected or state.busy or state.reading is not None:
                return
            if not self._take_up(document, layer, key):
                return
        self._seen = seen

    def added(self, document: Hashable, layer: Hashable) -> None:
        """Apply or a batch added a layer, which the program has in use, now or in a moment."""
        if self._seen[0] != document or str(layer) not in self._seen[1]:
            self._added = document, str(layer)

    def _take_up(self, document: Hashable, layer: LayerName, key: str) -> bool:
        """False where it has to wait for its model."""
        state, faces = self._state, self._state.faces
        known = [] if faces is None else [face for face in faces.all if face.portrait.layer.key == key]
        if faces is not None and known:
            if known[0] is not faces.chosen and state.core.has_latents(known[0].portrait):
                state.core.choose(document, faces, known[0])
            return True
        try:
            edit = self._layers.edit_of(document, key)
        except UnreadableEdit:
            state.say(tr(UNREADABLE))
            return True
        if not self._same_pack(edit):
            if edit.pack in state.core.opened.packs:
                state.core.use_pack(edit.pack)
                return False
            state.say(tr(NO_PACK, pack=edit.pack))
            return True
        state.say("")
        own = FaceLayer((layer.id,), key, without_key(layer.name), edit.only, edit.masked)
        if not self._back_to_a_face(document, edit, own):
            self._read(document, layer, edit, own)
        return True

    def _same_pack(self, edit: KeptEdit) -> bool:
        core = self._state.core
        if edit.generator and edit.generator == core.opened.generator:
            return True
        return edit.pack == core.opened.name

    def _same_model(self, edit: KeptEdit) -> bool:
        return edit.generator in ("", self._state.core.opened.generator)

    def _back_to_a_face(self, document: Hashable, edit: KeptEdit, own: FaceLayer) -> bool:
        """Whether the panel still has the face as it was projected for this layer."""
        state, faces = self._state, self._state.faces
        for face in [] if faces is None else faces.all:
            picture, latents = face.portrait.picture, face.portrait.latents.get(state.core.pack)
            same = (picture.box, picture.document_size) == (edit.box, edit.document_size)
            same = same and face.portrait.face == edit.face
            if faces is not None and same and latents is not None and latents == edit.latents:
                self._adjust(face.portrait, edit, own)
                self._take_from(faces, face.portrait, edit)
                state.core.choose(document, faces, face)
                return True
        return False

    def _read(self, document: Hashable, layer: LayerName, edit: KeptEdit, own: FaceLayer) -> None:
        state = self._state

        def done(picture: Picture) -> None:
            state.reading = None
            self._show(document, picture, edit, own)
            state.tell(Topic.PROGRESS)

        def failed(sentence: str) -> None:
            state.reading = None
            state.say(sentence)
            state.tell(Topic.PROGRESS)

        state.reading = document
        state.tell(Topic.PROGRESS)
        state.host.read_under(document, layer, edit, done, failed)

    def _show(self, document: Hashable, picture: Picture, edit: KeptEdit, own: FaceLayer) -> None:
        core = self._state.core
        face = _face(picture, edit)
        portrait = face.portrait
        faces = core.faces.get(document)
        old = None if faces is None else next((one for one in faces.all if face.lies_at(one)), None)
        if old is not None:
            portrait.take(old.portrait)
        self._adjust(portrait, edit, own)
        if not self._same_model(edit):
            self._state.say(tr(OTHER_MODEL))
        elif edit.latents is None:
            portrait.cancelled_with = core.pack  # a short projection is what a cancelled one comes to
        else:
            portrait.latents[core.pack] = edit.latents
        core.take_up(document, picture, face)
        self._take_from(core.faces[document], portrait, edit)

    def _take_from(self, faces: Faces, portrait: Portrait, edit: KeptEdit) -> None:
        """Have the other face there that the edit takes something of."""
        mix, other = edit.mix, edit.other
        if mix is None or other is None or not self._same_model(edit):
            return
        if any(one.portrait.key == mix.picture for one in faces.all):
            return  # it is
        face = Face(Portrait(portrait.picture, other.face), box_around(other.face))
        there = next((one for one in faces.all if one.lies_at(face)), None)
        if there is None:
            there = face
            there.portrait.latents[self._state.core.pack] = other.latents
            faces.add(there)
        portrait.adjust(replace(portrait.adjustment, mix=replace(mix, picture=there.portrait.key)))
        portrait.applied = portrait.adjustment
        self._state.tell(Topic.DOCUMENT)

    def _adjust(self, portrait: Portrait, edit: KeptEdit, own: FaceLayer) -> None:
        """An undo brings back what the sliders said before."""
        state = self._state
        portrait.past.steps.moved(portrait.adjustment, "", False)
        portrait.adjust(Adjustment(state.core.known_edits(edit.edits), edit.mix))
        portrait.applied, portrait.layer = portrait.adjustment, own
        if own.only is not None and not state.only_selected:
            state.set_only_selected(True)


def _face(picture: Picture, edit: KeptEdit) -> Face:
    if edit.face is None:
        return Face.whole(picture)
    angle = None if edit.placement is None else edit.placement.angle
    return Face(Portrait(picture, edit.face), box_around(edit.face, angle), by_hand=edit.by_hand)
