"""An edit session: pictures in, frames and layers out. No sockets and no threads; numpy at the border."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property

import cv2
import numpy as np

from ...bridge.messages import (
    DrawThumbnail,
    EditState,
    FacePoints,
    Frame,
    Layer,
    Mix,
    OpenedPicture,
    Placement,
    Quality,
    Thumbnail,
)
from ...bridge.protocol import MAX_ATTACHMENT, MAX_SIDE
from ...models.pack import Pack, PackError
from ...models.prior import seeded
from ...models.widths import SubGenerator
from ..errors import CoreError
from ..faces.onnx_network import OnnxNetwork, to_input
from ..faces.placement import middle, place, resized, shown_alpha
from ..faces.readers import Readers, in_front, readers_of
from ..faces.reading import Reading
from ..rendering.calibration import Calibration, Measured, calibrate, load
from ..rendering.cores import use_available_cores
from ..rendering.engines.engine import Stopped
from ..rendering.engines.registry import ALWAYS, Choice
from ..rendering.ladder import Pass, Timings, passes
from ..rendering.renderer import Renderer
from ..stopping import check_wanted, stopping
from .carry.by_reading import OwnFaces
from .carry.carry import Carried, Plan, carry
from .carry.nearest import nearest_latent
from .carrying import Carrying, Portraits
from .edits import edited
from .frame_alpha import frame_alpha
from .opened_face import OpenedFace, ends_of, opened_face
from .own_gains import read_square
from .perceptual import best_measure
from .projection import ProjectionStep, project
from .style_mixing import Other, mixed

MAX_PICTURES = 8
MAX_KEPT = 512 << 20  # bytes of their pixels
STEPS = 100
QUICK = 0.5  # of a frame's time, for those that need no generator
NO_FACE = "No face was found: show where its eyes and mouth are."
MADE_UP = "This picture is far from what this pack draws: mix in a face of a picture, not a made-up one."
UNREAD = "One of the two faces cannot be read well enough to mix them: choose another."


class Session:
    """The open pictures of one pack. Every failure is a CoreError.

    At most `MAX_PICTURES` are kept, of at most `MAX_KEPT` bytes together; opening another one forgets the
    least recently used.
    """

    def __init__(self, pack: Pack):
        use_available_cores()
        self.pack = pack
        self.pictures: OrderedDict[str, OpenedFace] = OrderedDict()  # may be handed to another session
        self._measured: Measured = {}  # by a calibration that was stopped
        self._quick_timings = Timings()  # of passes that need no generator
        self.calibrated = False  # until `calibrate` has opened the engines that take a while to open
        self._draw_by(*self._drawing(load(pack), quick=True))
        self._measure = _or_core_error(lambda: best_measure(pack))
        _or_core_error(lambda: pack.bank)  # a damaged one is told now, not with the first picture
        self._carrying = Carrying(pack, lambda: self._own_faces)

    def _drawing(self, known: Calibration | None, quick: bool) -> tuple[Renderer, Timings]:
        """A renderer with the fastest measured engines, or the fastest that open quickly, and timings."""
        pack, timings = self.pack, Timings()
        for rung in pack.ladder:
            ms = known.ms(rung, quick) if known else None
            if ms is not None:
                timings.record(Pass.whole(rung), ms)

        def choose(rung: SubGenerator, part: bool) -> Choice:
            return known.choice(rung, part or quick) if known else ALWAYS

        generator, key = _or_core_error(pack.generator), pack.files[pack.generator_file]
        return Renderer(generator, pack.ladder, choose, key), timings

    def _draw_by(self, renderer: Renderer, timings: Timings) -> None:
        self._renderer, self.timings = renderer, timings
        for opened in self.pictures.values():
            opened.forget_portraits()

    def calibrate(self, stopped: Stopped) -> None:
        """Measures which engine draws each rung fastest here unless that is known (see calibration.py), opens
        those engines and uses them from then on. Nothing changes once `stopped()`.

        CoreError when the result cannot be saved; it is not tried again.
        """
        self.calibrated = True
        with suppress(CoreError):  # whoever opens a face hears it
            _ = self._readers  # now, while nobody waits: their libraries are slow to import
        known = load(self.pack) or calibrate(self.pack, _quietly, stopped, self._measured)
        renderer, timings = self._drawing(known, quick=False)
        for rung in self.pack.ladder:
            if known is None or stopped():
                self.calibrated = False
                return
            renderer.prepare(rung)
        self._draw_by(renderer, timings)

    @property
    def can_look_ahead(self) -> bool:
        """Whether the picture that was used last is projected, and `look_ahead` not done with it."""
        opened = self._newest
        return opened is not None and opened.w is not None and not opened.looked_ahead

    def look_ahead(self, stopped: Stopped) -> None:
        """Does now, while nobody works, what the first touch of each slider would wait for: the newest
        picture's unedited portraits and parts, and how readily it answers every edit.

        It ends once `stopped()`, and goes on with the next call. After an error it is not tried again.
        """
        opened = self._newest
        if opened is None or opened.w is None:
            return
        opened.looked_ahead = True
        with suppress(CoreError), stopping(stopped):  # who edits hears of an error
            for _ in self._first_touches(opened, stopped):
                check_wanted()
        opened.looked_ahead = not stopped()

    @property
    def _newest(self) -> OpenedFace | None:
        """The picture that was used last."""
        return next(reversed(list(self.pictures.values())), None)  # a list: other threads may ask

    def _first_touches(self, opened: OpenedFace, stopped: Stopped) -> Iterator[object]:
        """Does one part of `look_ahead` after the other."""
        yield opened.rough_frame, opened.frame, opened.shown
        for rung in () if opened.far else self.pack.ladder:
            yield self._prepare(opened, Pass.whole(rung), stopped)
        for direction in self.pack.directions:
            for value in filter(None, (direction.high, direction.low)):
                yield self._carrying.first_touch(opened, {direction.name: value})

    @property
    def loss_name(self) -> str:
        """Which perceptual loss projection uses here, as a phrase for the panel."""
        return self._measure.name

    def take_directions(self, pack: Pack) -> None:
        """Goes on with the same pack and other directions; the pictures stay open."""
        self.pack = pack
        self._carrying = Carrying(pack, lambda: self._own_faces)
        for opened in self.pictures.values():
            opened.gains.clear()  # a direction may have another's name

    def __len__(self) -> int:
        """How many pictures are open."""
        return len(self.pictures)

    def faces(self, rgba: np.ndarray) -> list[Reading]:
        """Every face in a picture uint8 [H, W, 4] (straight alpha, sRGB), from image left to image right.

        CoreError "bad-picture" for other arrays.
        """
        _check_picture(rgba)
        return self._readers.read(rgba)

    @property
    def advice(self) -> str:
        """A sentence for the artist where faces could be found better, else empty."""
        return self._readers.advice

    def open(
        self, picture: str, rgba: np.ndarray, face: FacePoints | None = None, whole: bool = False
    ) -> OpenedPicture:
        """Keeps what editing one face of a picture needs; without `face`, that in front.

        The picture is uint8 [H, W, 4] (straight alpha, sRGB), `whole` if it is no part of a larger one:
        what fills it is then edited up to its border. CoreError "bad-picture" for other arrays,
        "no-face" when there is none or `face` is not one.
        """
        _check_picture(rgba)
        placement, reading = self._placement(rgba, face)
        told = None if reading is None else self._readers.parts(rgba, reading)
        height, width = rgba.shape[:2]
        ends = None if self.pack.alignment else ends_of(placement, width, height, whole)
        opened = opened_face(rgba, placement, reading, self.pack.resolution, told, ends)
        opened.far = self._is_far(opened)
        if opened.head is not None and self.pack.bank is not None and self._own_faces is not None:
            read_square(opened, self._own_faces)
        self.pictures[picture] = opened
        self.pictures.move_to_end(picture)
        self._make_room()
        limited = self._carrying.limited(opened)
        if not opened.far:
            return OpenedPicture(placement, limited=limited)
        return OpenedPicture(placement, self._carrying.advice(), limited, drawn=False)

    def _make_room(self) -> None:
        """Forgets the least recently used pictures while there are too many, or too large ones."""
        while len(self.pictures) > MAX_PICTURES or (
            len(self.pictures) > 1 and sum(o.surface.rgb.nbytes for o in self.pictures.values()) > MAX_KEPT
        ):
            self.pictures.popitem(last=False)

    def project(
        self, picture: str, seconds: float | None = None, steps: int = STEPS, seed: int = 0
    ) -> Iterator[ProjectionStep]:
        """Projects an open picture (see projection.py). After each step, edits use the best latent so far.

        A picture that is far from the pack's world gets the portraits of the bank that are nearest, at once.
        """
        opened = self._opened(picture)
        if opened.far and opened.head is not None and self.pack.bank is not None:
            w = np.tile(nearest_latent(opened.head, self.pack.bank), (self.pack.n_style, 1))
            opened.project(w.astype(np.float32))
            yield ProjectionStep(0, 0, 0.0, w.astype(np.float32), "nearest", "done")
            return
        start = self._encoded(opened)
        face = resized(opened.face, self.pack.resolution)
        for step in project(self.pack, face, start, self._measure, steps, seconds, seed):
            opened.project(step.w)
            yield step

    def restore(self, picture: str, latents: np.ndarray) -> None:
        """Gives an open picture an earlier projection's latent, float32 [n_style, style_dim]."""
        opened = self._opened(picture)
        shape = (self.pack.n_style, self.pack.style_dim)
        if latents.dtype != np.float32 or latents.shape != shape or not np.isfinite(latents).all():
            raise CoreError(
                "bad-value", f'The saved projection does not fit the pack "{self.pack.title}": project again.'
            )
        opened.project(latents.copy())

    def render(self, state: EditState, stopped: Stopped) -> Iterator[Frame]:
        """Carries an edit state over to the picture pass by pass (see ladder.py), at a frame's size.

        It ends between two blocks of the generator once `stopped()`.

        The region comes alone only from rungs whose unedited portrait is known: drawing it takes a whole
        picture, which is what the region is there to spare.
        """
        edits, opened = self._asked(state.picture, state.edits)
        other = self._other(opened, state.mix)
        w = self._wanted(opened, edits, other)
        draws = w is not None
        timings = self.timings if draws else self._quick_timings
        plan = passes(
            self.pack.ladder,
            state.quality,
            state.dragging,
            timings,
            state.frame_ms if draws else QUICK * state.frame_ms,
            state.region if draws else None,
            opened.unedited,
        )
        made, portraits, planning = None, None, 0.0
        if (edits or other) and not draws:  # one plan serves all passes; each counts what it took
            begun = time.perf_counter()
            made = self._carrying.planned(opened, edits, other=other)
            planning = 1000 * (time.perf_counter() - begun)
        for index, step in enumerate(plan, start=1):
            begun = time.perf_counter()
            if w is not None:
                self._prepare(opened, step, stopped)
                begun = time.perf_counter()  # that is made once a rung: it is not the pass's time
                portraits = self._portraits(opened, w, step, portraits, stopped)
                if portraits is None:
                    return
                made = self._carrying.planned(opened, edits, portraits, other)
            surface = opened.rough_frame if step.rung == self.pack.ladder[0] else opened.frame
            carried = _untouched(surface.rgb) if made is None else carry(surface, made)
            if stopped():
                return
            ms = planning + 1000 * (time.perf_counter() - begun)
            timings.record(step, ms)
            yield _frame(state, index, len(plan), step, ms, carried, opened.shown)

    def apply(
        self,
        picture: str,
        edits: Mapping[str, float],
        stopped: Stopped,
        quality: Quality = "full",
        only: np.ndarray | None = None,
        mix: Mix | None = None,
    ) -> Layer | None:
        """The edit as a layer over the picture, at the picture's own size; None where it changes nothing.

        The layer is transparent where the picture is not changed. `quality` is draft, preview or full; that
        mode's last pass is drawn. `only` is uint8 [H, W] of the picture: how far each pixel is selected.
        CoreError "cancelled" once `stopped()`.
        """
        edits, opened = self._asked(picture, edits)
        other = self._other(opened, mix)
        if not edits and other is None:
            return None
        step = passes(self.pack.ladder, quality, False, self.timings)[-1]
        return _layer(opened, self._plan(opened, edits, other, step, stopped), only)

    def thumbnail(self, asked: DrawThumbnail, stopped: Stopped) -> Thumbnail:
        """An edit of an open picture, small; CoreError "cancelled" once `stopped()`."""
        edits, opened = self._asked(asked.picture, asked.edits)
        other = self._other(opened, asked.mix)
        step, surface = passes(self.pack.ladder, asked.quality, False, self.timings)[-1], opened.frame
        if asked.side <= len(opened.rough_frame.rgb):
            surface = opened.rough_frame
        rgb = surface.rgb
        if edits or other:
            draft = asked.quality == "draft"
            rgb = carry(surface, self._plan(opened, edits, other, step, stopped, measured=not draft)).rgb
        alpha = shown_alpha(asked.side, self.pack.shape)
        return Thumbnail(asked.side, np.dstack([resized(rgb, asked.side), alpha]).tobytes())

    def _plan(
        self,
        opened: OpenedFace,
        edits: Mapping[str, float],
        other: Other | None,
        step: Pass,
        stopped: Stopped,
        measured: bool = True,
    ) -> Plan:
        """What edits do to a picture, drawn in one pass where they have to be; see `Carrying.planned`."""
        w, portraits = self._wanted(opened, edits, other), None
        if w is not None:
            self._prepare(opened, step, stopped)
            portraits = self._portraits(opened, w, step, None, stopped)
            if portraits is None:
                raise CoreError("cancelled", "Drawing was cancelled.")
        return self._carrying.planned(opened, edits, portraits, other, measured)

    def _wanted(
        self, opened: OpenedFace, edits: Mapping[str, float], other: Other | None
    ) -> np.ndarray | None:
        """The latent [n_style, style_dim] of what the generator has to draw; None where it draws nothing."""
        assert opened.w is not None  # it was asked for before
        drawn = self._carrying.drawn(opened, edits, other)
        w = edited(opened.w, drawn, self.pack)
        if other is not None and other.w is not None:
            return mixed(w, other.w, other.mix)
        return w if drawn else None

    def _other(self, opened: OpenedFace, mix: Mix | None) -> Other | None:
        """The face that is mixed in; None where nothing is taken of it. CoreError where it cannot be."""
        if mix is None or not (mix.coarse or mix.middle or mix.fine):
            return None
        if mix.picture is None:
            if opened.far:
                raise CoreError("bad-value", MADE_UP)
            assert mix.seed is not None
            return Other(mix, seeded(self.pack, mix.seed)[0].numpy())
        w, other = self._projected(mix.picture), self._opened(mix.picture)
        if not (opened.far or other.far):
            return Other(mix, w)
        if self.pack.bank is None or opened.parts is None or other.parts is None:
            raise CoreError("no-face", UNREAD)
        return Other(mix, head=other.head, parts=other.parts)

    def picture_size(self, picture: str) -> tuple[int, int]:
        """Width and height of an open picture."""
        opened = self._opened(picture)
        return opened.width, opened.height

    def close(self, picture: str) -> None:
        """Forgets a picture, if it is open."""
        self.pictures.pop(picture, None)

    def _asked(self, picture: str, edits: Mapping[str, float]) -> tuple[dict[str, float], OpenedFace]:
        """The sliders that are not at 0, and the picture; CoreErrors as those of `edited`."""
        edited(self._projected(picture), edits, self.pack)
        return {name: value for name, value in edits.items() if value}, self._opened(picture)

    def _prepare(self, opened: OpenedFace, step: Pass, stopped: Stopped) -> None:
        """Makes the engine and the unedited portrait that a pass needs, unless they are there."""
        self._renderer.prepare(step.rung, part=step.share < 1)
        if step.rung in opened.unedited:
            return
        assert opened.w is not None
        before = self._renderer.render(opened.w, step.rung, stopped)
        if before is not None:
            opened.unedited[step.rung] = before

    def _portraits(
        self, opened: OpenedFace, w: np.ndarray, step: Pass, rough: Portraits | None, stopped: Stopped
    ) -> Portraits | None:
        """A rung's portraits, unedited and edited; None once `stopped()`.

        Beside the pass's window, the edited one is the `rough` pass's.
        """
        before = opened.unedited.get(step.rung)
        drawn = None if before is None else self._renderer.render(w, step.rung, stopped, step.window)
        if before is None or drawn is None or stopped():
            return None
        if step.share < 1 and rough is not None:
            whole, window = resized(rough[1], step.rung.resolution).copy(), step.window
            whole[window.top : window.bottom, window.left : window.right] = drawn
            drawn = whole
        return before, drawn

    def _is_far(self, opened: OpenedFace) -> bool:
        """Whether the picture is from another world than the pack's; only a bank can then say what to do."""
        if self.pack.bank is None or opened.head is None:
            return False
        start = self._encoded(opened)
        if start is None:
            return False
        portrait = self._renderer.render(start, self.pack.ladder[-1], lambda: False)
        return portrait is not None and self._carrying.is_far(opened.face, portrait)

    @cached_property
    def _encoder(self) -> OnnxNetwork | None:
        path, file = _or_core_error(lambda: self.pack.encoder_path), self.pack.encoder_file
        return OnnxNetwork(path, "latents", self.pack.files[file]) if path and file else None

    @cached_property
    def _readers(self) -> Readers:
        return _or_core_error(lambda: readers_of(self.pack))

    @cached_property
    def _own_faces(self) -> OwnFaces | None:
        mesh, alignment = self._readers.mesh, self.pack.alignment
        return None if mesh is None or alignment is None else OwnFaces(mesh, alignment)

    def _placement(self, rgba: np.ndarray, face: FacePoints | None) -> tuple[Placement, Reading | None]:
        """The square around a face, and what was read of it.

        For a pack that does not draw faces, it is around the middle of the picture.
        """
        height, width = rgba.shape[:2]
        if self.pack.alignment is None:
            return middle(width, height, self.pack.shape), None
        reading = None if face is None else self._readers.read_at(rgba, face)
        if face is None:
            faces = self._readers.read(rgba)
            if not faces:
                raise CoreError("no-face", " ".join(filter(None, [NO_FACE, self.advice])))
            reading = in_front(faces)
            face = reading.face_points
        placement = place(face, self.pack.alignment)
        if not (
            placement.size < 4 * max(width, height)
            and 0 <= placement.x <= width
            and 0 <= placement.y <= height
        ):
            raise CoreError("no-face", "The face is outside the picture: show where its eyes and mouth are.")
        return placement, reading

    def _encoded(self, opened: OpenedFace) -> np.ndarray | None:
        if self._encoder is None:
            return None
        w = self._encoder(to_input(resized(opened.face, self.pack.encoder_size)))  # [n_style, style_dim]
        if w.shape != (self.pack.n_style, self.pack.style_dim):
            raise CoreError(
                "pack", f'The encoder of "{self.pack.title}" does not fit it: install the pack again.'
            )
        return w

    def _opened(self, picture: str) -> OpenedFace:
        if picture not in self.pictures:
            raise CoreError("unknown-picture", "The picture is no longer open in the core: open it again.")
        self.pictures.move_to_end(picture)
        return self.pictures[picture]

    def _projected(self, picture: str) -> np.ndarray:
        w = self._opened(picture).w
        if w is None:
            raise CoreError("not-projected", "The face has not been projected yet: project it first.")
        return w


def _quietly(_what: str, _share: float) -> None:
    """Shows no progress."""


def _untouched(rgb: np.ndarray) -> Carried:
    return Carried(rgb, np.zeros(rgb.shape[:2], bool))


def _frame(
    state: EditState,
    index: int,
    passes: int,
    drawn: Pass,
    ms: float,
    carried: Carried,
    shown: np.ndarray | None,
) -> Frame:
    """A pass as a frame, from the carried square, of which the pass may have a part; see frame_alpha.py."""
    rung, side = drawn.rung, len(carried.rgb)
    window = drawn.window.scaled(side / rung.resolution).clipped(side)
    square = cv2.cvtColor(carried.rgb, cv2.COLOR_RGB2RGBA)  # [S, S, 4]
    square[..., 3] = frame_alpha(carried.changed, shown)
    rgba = square[window.top : window.bottom, window.left : window.right]
    height, width = rgba.shape[:2]
    return Frame(
        state.picture,
        state.stamp,
        index,
        passes,
        rung.resolution,
        rung.ratio,
        ms,
        width,
        height,
        rgba.tobytes(),
        side,
        whole=drawn.share == 1,
        x=window.left,
        y=window.top,
    )


def _layer(opened: OpenedFace, plan: Plan, only: np.ndarray | None) -> Layer | None:
    """A plan on the picture's own pixels: what it changes and nothing else."""
    surface, border = opened.surface, opened.border()
    height, width = surface.rgb.shape[:2]
    box = None if only is None else only[surface.y : surface.y + height, surface.x : surface.x + width]
    if border is not None:
        box = border if box is None else (box.astype(np.uint16) * border // 255).astype(np.uint8)
    carried = carry(surface, plan, box)
    changed = carried.changed if opened.alpha is None else carried.changed & (opened.alpha > 0)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not len(rows):
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    rgba = np.zeros((bottom - top, right - left, 4), np.uint8)
    inside = changed[top:bottom, left:right]
    rgba[inside, :3] = carried.rgb[top:bottom, left:right][inside]
    rgba[inside, 3] = 255 if opened.alpha is None else opened.alpha[top:bottom, left:right][inside]
    x, y = surface.x + int(left), surface.y + int(top)
    return Layer(x, y, rgba.shape[1], rgba.shape[0], rgba.tobytes())


def _or_core_error(load):
    try:
        return load()
    except PackError as error:
        raise CoreError("pack", str(error)) from None


def _check_picture(rgba: np.ndarray) -> None:
    if rgba.dtype != np.uint8 or rgba.ndim != 3 or rgba.shape[2] != 4:
        raise CoreError("bad-picture", "A picture must have 8-bit red, green, blue and alpha.")
    height, width = rgba.shape[:2]
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE) or rgba.nbytes > MAX_ATTACHMENT:
        raise CoreError(
            "bad-picture",
            f"{width} x {height} px is too large (at most {MAX_SIDE} a side, 64 megapixels): select a part.",
        )
    if not rgba[..., 3].any():
        raise CoreError("bad-picture", "The picture is empty: everything in it is transparent.")
