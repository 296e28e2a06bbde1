"""The rendering thread's half of the service: the open pack, its session, and numbers as messages.

Importing this imports torch, so the service does it on that thread and answers meanwhile.
"""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...bridge.protocol import f32, rgba8
from ...models.manifest import Manifest, read_manifest
from ...models.pack import Pack, list_packs
from ...models.widths import macs
from ..editing.session import EditState, Frame, Session
from ..errors import CoreError
from ..rendering.engines.windows import Window
from .worker import Job

MAX_STATES = 64  # edit states that are remembered; a session keeps fewer pictures

Send = Callable[[dict[str, Any], bytes], None]  # parameters and attachment of a notification
Answer = tuple[dict[str, Any], bytes]
Model = tuple[Path, Manifest]


class Studio:
    """One pack at a time, loaded when it is needed, and again after `unload`, with the same pictures.

    Pictures have keys that differ between connections. Failures are CoreErrors and PackErrors.
    """

    def __init__(self, pack: str, announce: Callable[[str], None]):
        self._announce = announce
        self._name = pack  # or its folder
        self._model: Model | None = None  # what `_session` has loaded, or `_resting` was made with
        self._session: Session | None = None
        self._resting: dict[str, Any] = {}  # the pictures of a session that was unloaded
        self._keys: set[str] = set()  # of the pictures that were opened; the session may have forgotten some
        self._states: dict[str, EditState] = {}  # the newest of each picture

    @property
    def loaded(self) -> bool:
        return self._session is not None

    @property
    def pack(self) -> str | None:
        """The name of the pack in use; this and `pictures` may be asked from any thread."""
        return self._model[1].name if self._model else None

    @property
    def pictures(self) -> int:
        """How many are open."""
        session = self._session
        return len(self._resting if session is None else session)

    def open_pack(self, name: str) -> dict[str, Any]:
        """Loads a pack unless it is loaded and unchanged on disk; what pack/open answers."""
        session = self._load(name)
        pack = session.pack
        return {
            "name": pack.name,
            "title": pack.title,
            "licence": pack.licence,
            "resolution": pack.resolution,
            "loss": session.loss_name,
            "packs": list(list_packs()),
            "directions": [
                {"name": d.name, "label": d.label, "group": d.group, "low": d.low, "high": d.high}
                for d in pack.directions
            ],
            "rungs": [{**asdict(rung), "macs": macs(rung.channels)} for rung in pack.ladder],
        }

    def open(self, key: str, width: int, height: int, pixels: bytes) -> dict[str, float]:
        """The placement of the face in a picture of RGBA bytes."""
        rgba = np.frombuffer(pixels, np.uint8).reshape(height, width, 4)  # [H, W, 4]
        placement = self._ready().open(key, rgba)
        self._keys.add(key)
        self._states.pop(key, None)
        return asdict(placement)

    def project(
        self, key: str, budget: dict[str, Any], job: Job, progress: Send, frame: Send
    ) -> Generator[None, None, Answer]:
        """Projects step by step; after a step that improved, the newest edit is drawn with its latent."""
        session = self._ready()
        begun = time.monotonic()
        best, step = float("inf"), None
        for step in session.project(key, **budget):
            progress({"step": step.step, "steps": step.steps, "loss": step.loss, "stage": step.stage}, b"")
            yield
            if self._session is not session:
                raise CoreError("cancelled", "The model was put away while it projected: project again.")
            if step.loss < best:
                best = step.loss
                self._draw_once(session, key, job, frame)
                yield
        assert step is not None  # the start itself is one
        result = {
            "stopped": step.stopped,
            "step": step.step,
            "loss": step.loss,
            "seconds": time.monotonic() - begun,
            "attachment": f32(step.w.shape),
        }
        return result, step.w.astype("<f4").tobytes()

    def restore(self, key: str, shape: list[int], data: bytes) -> None:
        """Gives a picture the latent of an earlier projection."""
        latents = np.frombuffer(data, "<f4").reshape(shape)
        self._ready().restore(key, latents.astype(np.float32))

    def edit(self, key: str, values: dict[str, Any], job: Job, frame: Send) -> bool:
        """Draws the passes of an edit (see EditState); False when a newer one stopped it."""
        state = EditState(key, **values)
        self._states.pop(key, None)
        self._states[key] = state
        while len(self._states) > MAX_STATES:
            del self._states[next(iter(self._states))]
        complete = False
        for drawn in self._ready().render(state, job.stopped):
            frame(*_frame_message(drawn))
            complete = drawn.index == drawn.passes
        job.check()
        return complete

    def apply(self, key: str, edits: dict[str, float], job: Job) -> Answer:
        """The edit in full, as a layer."""
        layer = self._ready().apply(key, edits, job.stopped)
        height, width = layer.rgba.shape[:2]
        return {"x": layer.x, "y": layer.y, "attachment": rgba8(width, height)}, layer.rgba.tobytes()

    def close(self, key: str) -> None:
        """Forgets a picture."""
        self._keys.discard(key)
        self._states.pop(key, None)
        self._resting.pop(key, None)
        if self._session is not None:
            self._session.close(key)

    def close_all(self, prefix: str) -> None:
        """Forgets the pictures whose keys begin so."""
        for key in [key for key in self._keys if key.startswith(prefix)]:
            self.close(key)

    @property
    def calibrated(self) -> bool | None:
        """Whether each rung is drawn by its fastest engine; None before a pack is loaded."""
        session = self._session
        return None if session is None else session.calibrated

    def calibrate(self, stopped: Callable[[], bool]) -> None:
        """Measures and opens the engines of the loaded pack; the artist is told how far that is."""

        def progress(_what: str, share: float) -> None:
            self._announce(f"Ready; measuring this computer {share:.0%}")

        if self._session is not None:
            self._session.calibrate(progress, stopped)
            self._announce("Ready")

    def unload(self) -> None:
        """Gives the memory of the weights back; pictures and latents stay for the next request."""
        if self._session is None:
            return
        self._resting = dict(self._session.pictures)  # faces and latents, without what made them
        self._session = None
        gc.collect()
        with suppress(OSError, AttributeError):  # only glibc keeps what was freed, and has this
            ctypes.CDLL(None).malloc_trim(0)
        self._announce("Model unloaded; it comes back with the next edit")

    def _ready(self) -> Session:
        return self._load(self._name) if self._session is None else self._session

    def _load(self, name: str) -> Session:
        self._announce("Loading model 2/3")
        pack = Pack.open(name)
        model = (pack.folder, read_manifest(pack.folder))
        if self._session is None or model != self._model:
            self.unload()  # first: two models would need twice the memory
            self._announce("Loading model 3/3")
            self._session = Session(pack)
            if model == self._model:
                self._session.pictures.update(self._resting)
            self._resting = {}
        self._name, self._model = name, model
        self._announce("Ready")
        return self._session

    def _draw_once(self, session: Session, key: str, job: Job, frame: Send) -> None:
        newest = self._states.get(key, EditState(key, 0))
        state = replace(newest, dragging=True, detail=False, region=None)
        try:
            drawn = next(session.render(state, job.stopped), None)
        except CoreError:  # an edit that its own request was refused for: draw the face as it is
            self._states.pop(key, None)
            return
        if drawn is not None:
            frame(*_frame_message(drawn))


def _frame_message(frame: Frame) -> tuple[dict[str, Any], bytes]:
    height, width = frame.rgb.shape[:2]
    rgba = np.full((height, width, 4), 255, np.uint8)  # [h, w, 4]
    rgba[..., :3] = frame.rgb
    params = {
        "stamp": frame.stamp,
        "pass": frame.index,
        "passes": frame.passes,
        "resolution": frame.resolution,
        "ratio": frame.ratio,
        "ms": frame.ms,
        "whole": frame.window == Window.whole(frame.resolution),
        "x": frame.window.left,
        "y": frame.window.top,
        "attachment": rgba8(width, height),
    }
    return params, rgba.tobytes()
