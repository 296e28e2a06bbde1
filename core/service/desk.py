"""The rendering thread's half of the service: the open pack and its session.

Importing this imports torch. The service does so on that thread and answers meanwhile.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...bridge.messages import (
    MAX_FACES,
    ApplyEdits,
    DrawThumbnail,
    EditState,
    FindFaces,
    FoundFace,
    FoundFaces,
    Frame,
    LadderRung,
    Latents,
    Layer,
    OpenedPack,
    OpenedPicture,
    OpenPicture,
    Progress,
    ProjectedPicture,
    ProjectPicture,
    RestorePicture,
    Selected,
    Slider,
    Thumbnail,
)
from ...models.manifest import Manifest, read_manifest
from ...models.pack import Direction, Pack, list_packs
from ..editing.session import STEPS, Session
from ..errors import CoreError
from ..files.added_directions import with_added
from .worker import Job

Tell = Callable[[Frame | Progress], None]
Model = tuple[Path, Manifest]
ROOM = 160_000  # bytes of JSON for all sliders: with the rest, an answer has bridge.protocol.MAX_JSON...
MAX_SLIDERS, MAX_PACKS = 512, 1024  # ...and MAX_VALUES
OTHER_PACK = "Another program has opened the model “{}” in the core: try again to go on with yours."
NO_CHANGE = "The edit changes nothing here: move a slider, or select a part of the face."


class Desk:
    """One pack at a time, loaded when it is needed, and again after `unload`, with the same pictures.

    Failures are CoreErrors and PackErrors.
    """

    def __init__(self, pack: str, announce: Callable[[str], None]):
        self._announce = announce
        self._name = pack  # or its folder
        self._model: Model | None = None  # what `_session` has loaded, or `_resting` was made with
        self._hash = ""  # of that
        self._session: Session | None = None
        self._resting: dict[str, Any] = {}  # the pictures of a session that was unloaded
        self._opened: set[str] = set()  # pictures; the session may have forgotten some
        self._problems: tuple[str, ...] = ()  # of directions that others made for the pack

    @property
    def loaded(self) -> bool:
        return self._session is not None

    @property
    def pack(self) -> str | None:
        """The name of the pack in use. Like `pictures`, it may be read from any thread."""
        return self._model[1].name if self._model else None

    @property
    def pictures(self) -> int:
        """How many pictures are open."""
        session = self._session
        return len(self._resting if session is None else session)

    def open_pack(self, name: str, language: str = "") -> OpenedPack:
        """Loads a pack unless it is loaded and unchanged; its sliders speak `language` if they can."""
        session = self._load(name)
        pack = session.pack
        return OpenedPack(
            pack.name,
            pack.title,
            pack.licence,
            pack.resolution,
            session.loss_name,
            tuple(list_packs())[:MAX_PACKS],
            _sliders(pack.directions, language),
            tuple(LadderRung(r.resolution, r.ratio, r.channels, r.macs) for r in pack.ladder),
            pack.alignment is not None,
            self._problems,
            pack.files[pack.generator_file],
            self._hash,
        )

    def with_pack(self, wanted: str) -> Desk:
        """This desk, for a request that is for a certain pack, or for any if that is empty.

        CoreError "other-pack" where another one is open.
        """
        if wanted:
            title = self._ready().pack.title
            if wanted != self._hash:
                raise CoreError("other-pack", OTHER_PACK.format(title))
        return self

    def faces(self, asked: FindFaces) -> FoundFaces:
        """Every face of a picture."""
        session = self._ready()
        faces = [
            FoundFace(f.eyes, f.mouth, f.nose, f.chin, (f.turn.yaw, f.turn.pitch, f.turn.roll), f.score)
            for f in session.faces(_rgba(asked))
        ]
        return FoundFaces(tuple(faces[:MAX_FACES]), session.advice)

    def open(self, asked: OpenPicture) -> OpenedPicture:
        """Where the face of a picture is, and which edits do not work on it."""
        opened = self._ready().open(asked.picture, _rgba(asked), asked.face, asked.whole)
        self._opened.add(asked.picture)
        return opened

    def project(
        self, asked: ProjectPicture, newest: Callable[[], EditState], job: Job, tell: Tell
    ) -> Generator[None, None, ProjectedPicture]:
        """Projects step by step. After each step that improved, the newest edit is drawn with its latent."""
        session = self._ready()
        begun = time.monotonic()
        best, step = None, None
        for step in session.project(asked.picture, asked.seconds, asked.steps or STEPS):
            tell(Progress(asked.picture, step.step, step.steps, step.loss, step.stage))
            yield
            if self._session is not session:
                raise CoreError("other-pack", "The model was put away while it projected: project again.")
            if step.w is not best:
                best = step.w
                self._draw_once(session, newest(), job, tell)
                yield
        assert step is not None  # the start itself is one...
        assert step.stopped is not None  # ...and the last one says why it is the last
        latents = Latents(step.w.shape, step.w.astype("<f4").tobytes())
        return ProjectedPicture(step.stopped, step.step, step.loss, time.monotonic() - begun, latents)

    def restore(self, asked: RestorePicture) -> None:
        """Gives a picture the latent of an earlier projection."""
        latents = np.frombuffer(asked.latents.data, "<f4").reshape(asked.latents.shape)
        self._ready().restore(asked.picture, latents.astype(np.float32))

    def edit(self, state: EditState, job: Job, tell: Tell) -> bool:
        """Draws the passes of an edit; False when a newer one stopped it."""
        complete = False
        for frame in self._ready().render(state, job.stopped):
            tell(frame)
            complete = frame.index == frame.passes
        job.check()
        return complete

    def thumbnail(self, asked: DrawThumbnail, job: Job) -> Thumbnail:
        """Another edit of a picture, small."""
        return self._ready().thumbnail(asked, job.stopped)

    def apply(self, asked: ApplyEdits, job: Job) -> Layer:
        """The edit in full, as a layer; CoreError "no-change" where it changes nothing."""
        session = self._ready()
        only = None if asked.only is None else _mask(asked.only, *session.picture_size(asked.picture))
        layer = session.apply(asked.picture, asked.edits, job.stopped, only=only, mix=asked.mix)
        if layer is None:
            raise CoreError("no-change", NO_CHANGE)
        return layer

    def close(self, picture: str) -> None:
        """Forgets a picture."""
        self._opened.discard(picture)
        self._resting.pop(picture, None)
        if self._session is not None:
            self._session.close(picture)

    def close_all(self, prefix: str) -> None:
        """Forgets the pictures whose names begin with `prefix`."""
        for picture in [picture for picture in self._opened if picture.startswith(prefix)]:
            self.close(picture)

    @property
    def calibrated(self) -> bool | None:
        """Whether each rung is drawn by its fastest engine; None before a pack is loaded."""
        session = self._session
        return None if session is None else session.calibrated

    def calibrate(self, stopped: Callable[[], bool]) -> None:
        """Measures and opens the loaded pack's engines. The artist hears nothing of it."""
        if self._session is not None:
            self._session.calibrate(stopped)

    @property
    def can_look_ahead(self) -> bool:
        """Whether `look_ahead` has something to do."""
        return self._session is not None and self._session.can_look_ahead

    def look_ahead(self, stopped: Callable[[], bool]) -> None:
        """Does what the first touch of each slider would wait for. The artist hears nothing of it."""
        if self._session is not None:
            self._session.look_ahead(stopped)

    def unload(self) -> None:
        """Frees the weights' memory; pictures and latents stay for the next request."""
        if self._session is None:
            return
        self._resting = dict(self._session.pictures)  # faces and latents, without the networks
        self._session = None
        gc.collect()
        with suppress(OSError, AttributeError):  # only glibc holds on to freed memory, and only it has this
            ctypes.CDLL(None).malloc_trim(0)
        self._announce("Model unloaded; it comes back with the next edit")

    def _ready(self) -> Session:
        return self._load(self._name) if self._session is None else self._session

    def _load(self, name: str) -> Session:
        pack = Pack.open(name)
        model = (pack.folder, read_manifest(pack.folder))
        if self._session is not None and model == self._model:
            again, self._problems = with_added(self._session.pack)
            self._session.take_directions(again)
            self._name = name
            return self._session
        self._announce("Loading model 2/3")
        self.unload()  # first: two models would need twice the memory
        self._announce("Loading model 3/3")
        pack, self._problems = with_added(pack)
        self._session = Session(pack)
        if model == self._model:
            self._session.pictures.update(self._resting)
        self._resting = {}
        self._name, self._model = name, model
        self._hash = hashlib.sha256(repr(model[1]).encode()).hexdigest()  # the manifest has each file's hash
        self._announce("Ready")
        return self._session

    def _draw_once(self, session: Session, newest: EditState, job: Job, tell: Tell) -> None:
        """Sends the rough frame of an edit, or of the unedited face where the edit is refused."""
        for state in (newest, EditState(newest.picture, newest.stamp)):
            rough = replace(state, dragging=True, region=None)
            try:
                frame = next(session.render(rough, job.stopped), None)
            except CoreError:  # the edit's own request tells the artist
                continue
            if frame is not None:
                tell(frame)
            return


def _sliders(directions: Sequence[Direction], language: str) -> tuple[Slider, ...]:
    """As many as fit into an answer: others' texts may be long."""
    sliders, room = [], ROOM
    for direction in directions[:MAX_SLIDERS]:
        slider = _slider(direction, language)
        room -= len(json.dumps(slider.data()))
        if room < 0:
            break
        sliders.append(slider)
    return tuple(sliders)


def _slider(direction: Direction, language: str) -> Slider:
    said = _said(direction, language)
    return Slider(
        direction.name,
        said.get("label", direction.label),
        direction.group,
        direction.low,
        direction.high,
        said.get("tip", direction.tip),
        direction.default,
        said.get("group", ""),
    )


def _said(direction: Direction, language: str) -> Mapping[str, str]:
    """What a direction says in a language; else in that of another country."""
    wanted = _plain(language)
    said = {_plain(name): words for name, words in direction.translations.items()}
    near = (words for name, words in said.items() if name.split("_")[0] == wanted.split("_")[0])
    return said.get(wanted) or next(near, {})


def _plain(language: str) -> str:
    return language.replace("-", "_").lower()


def _rgba(asked: FindFaces | OpenPicture) -> np.ndarray:
    """The picture, uint8 [H, W, 4]."""
    return np.frombuffer(asked.rgba, np.uint8).reshape(asked.height, asked.width, 4)


def _mask(selected: Selected, width: int, height: int) -> np.ndarray:
    """How far each pixel of a picture is selected, uint8 [height, width]."""
    box = np.frombuffer(selected.mask, np.uint8).reshape(selected.height, selected.width)
    mask = np.zeros((height, width), np.uint8)
    place = mask[selected.y : selected.y + selected.height, selected.x : selected.x + selected.width]
    place[:] = box[: place.shape[0], : place.shape[1]]
    return mask
