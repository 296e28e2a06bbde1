"""An edit session: pictures in, frames and layers out. No sockets and no threads; numpy at the border."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ...bridge.messages import EditState, FacePoints, Frame, Layer, Placement, Quality
from ...bridge.protocol import MAX_ATTACHMENT, MAX_SIDE
from ...models.pack import Pack, PackError
from ...models.widths import SubGenerator
from ..errors import CoreError
from ..faces.onnx_network import OnnxNetwork, to_input
from ..faces.placement import crop, layer_box, paste, place, resized, whole_square
from ..faces.readers import Readers, in_front
from ..faces.reading import Reading
from ..rendering.calibration import Calibration, Measured, ShowProgress, calibrate, load
from ..rendering.cores import use_available_cores
from ..rendering.engines.engine import Stopped
from ..rendering.engines.registry import ALWAYS, Choice
from ..rendering.engines.window import Window
from ..rendering.ladder import Pass, Timings, passes
from ..rendering.renderer import Renderer
from .detail import Detail
from .edits import edited
from .perceptual import best_measure
from .projection import ProjectionStep, project

MAX_PICTURES = 8
MAX_FACE = 1024  # px; larger faces are kept at this size
STEPS = 100
NO_FACE = "No face was found: show where its eyes and mouth are."


@dataclass
class _OpenPicture:
    """What is kept of an open picture: its face at two sizes, not all of its pixels."""

    width: int
    height: int
    placement: Placement
    face: np.ndarray  # uint8 [S, S, 3], at the picture's own size within bounds (see _face_side)
    encoder_face: np.ndarray | None  # uint8 [S, S, 3], at the encoder's size
    alpha: np.ndarray | None  # uint8 [h, w], the picture's own under the layer; None where all is opaque
    w: np.ndarray | None = None  # float32 [n_style, style_dim], once projected or restored
    details: dict[SubGenerator, Detail] = field(default_factory=dict)  # what the rungs' pictures of w lack

    def project(self, w: np.ndarray) -> None:
        self.w = w
        self.details.clear()


class Session:
    """The open pictures of one pack. Every failure is a CoreError.

    At most `MAX_PICTURES` are kept; opening another one forgets the least recently used.
    """

    def __init__(self, pack: Pack):
        use_available_cores()
        self.pack = pack
        self.pictures: OrderedDict[str, _OpenPicture] = OrderedDict()  # may be handed to another session
        self._measured: Measured = {}  # by a calibration that was stopped
        self.calibrated = False  # until `calibrate` has opened the engines that take a while to open
        self._draw_by(*self._drawing(load(pack), quick=True))
        self._measure = _or_core_error(lambda: best_measure(pack))

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
        for opened in self.pictures.values():  # details belong to one engine's pictures
            opened.details.clear()

    def calibrate(self, progress: ShowProgress, stopped: Stopped) -> None:
        """Measures which engine draws each rung fastest here unless that is known (see calibration.py), opens
        those engines and uses them from then on. Nothing changes once `stopped()`.

        CoreError when the result cannot be saved; it is not tried again.
        """
        self.calibrated = True
        known = load(self.pack) or calibrate(self.pack, progress, stopped, self._measured)
        renderer, timings = self._drawing(known, quick=False)
        for rung in self.pack.ladder:
            if known is None or stopped():
                self.calibrated = False
                return
            renderer.prepare(rung)
        self._draw_by(renderer, timings)

    @property
    def loss_name(self) -> str:
        """Which perceptual loss projection uses here, as a phrase for the panel."""
        return self._measure.name

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

    def open(self, picture: str, rgba: np.ndarray, face: FacePoints | None = None) -> Placement:
        """Keeps what editing one face of a picture needs; without `face`, that in front.

        The picture is uint8 [H, W, 4] (straight alpha, sRGB). CoreError "bad-picture" for other arrays,
        "no-face" when there is none or `face` is not one.
        """
        _check_picture(rgba)
        placement = self._placement(rgba, face)
        height, width = rgba.shape[:2]
        x0, y0, x1, y1 = layer_box(placement, (width, height))
        alpha = rgba[y0:y1, x0:x1, 3]
        self.pictures[picture] = _OpenPicture(
            width,
            height,
            placement,
            face=crop(rgba, placement, _face_side(placement, self.pack.resolution)),
            encoder_face=crop(rgba, placement, self.pack.encoder_size) if self._encoder else None,
            alpha=None if alpha.min() == 255 else alpha.copy(),
        )
        self.pictures.move_to_end(picture)
        while len(self.pictures) > MAX_PICTURES:
            self.pictures.popitem(last=False)
        return placement

    def project(
        self, picture: str, seconds: float | None = None, steps: int = STEPS, seed: int = 0
    ) -> Iterator[ProjectionStep]:
        """Projects an open picture (see projection.py). After each step, edits use the best latent so far."""
        opened = self._opened(picture)
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

    def render(self, state: EditState, stopped: Stopped, detail: bool = True) -> Iterator[Frame]:
        """Draws an edit state pass by pass (see ladder.py) and ends between two blocks once `stopped()`.

        With `detail`, frames have the picture's own detail, as Apply gives it; else the generator's alone.
        The region comes alone only from rungs whose detail of this projection is known: making it takes a
        whole picture, which is what the region is there to spare.
        """
        w = edited(self._projected(state.picture), state.edits, self.pack)
        opened = self._opened(state.picture)
        ready = opened.details if detail else self.pack.ladder
        plan = passes(
            self.pack.ladder,
            state.quality,
            state.dragging,
            self.timings,
            state.frame_ms,
            state.region,
            ready,
        )
        for index, step in enumerate(plan, start=1):
            rung = step.rung
            # this and the detail are made once a rung, so they do not count as time of the pass
            self._renderer.prepare(rung, part=step.share < 1)
            lacking = self._detail(opened, rung, stopped) if detail else None
            if detail and lacking is None:
                return
            begun = time.perf_counter()
            rgb = self._drawn(w, rung, step.window, lacking, stopped)
            if rgb is None:
                return
            ms = 1000 * (time.perf_counter() - begun)
            self.timings.record(step, ms)
            yield _frame(state, index, len(plan), step, ms, rgb)

    def apply(
        self, picture: str, edits: Mapping[str, float], stopped: Stopped, quality: Quality = "full"
    ) -> Layer:
        """The edit as a layer over the picture, with the picture's own detail (see detail.py).

        The layer is clipped to the picture, and transparent where the picture is. `quality` is draft, preview
        or full; that mode's last pass is drawn. CoreError "cancelled" once `stopped()`.
        """
        w = edited(self._projected(picture), edits, self.pack)
        opened = self._opened(picture)
        rung = passes(self.pack.ladder, quality, False, self.timings)[-1].rung
        drawn = self._renderer.render(w, rung, stopped)
        before = self._unedited(opened, rung, stopped)
        if drawn is None or before is None:
            raise CoreError("cancelled", "Applying was cancelled.")
        side = len(opened.face)  # at the picture's own size, unlike the frames
        rgb = Detail(resized(before, side), opened.face).added_to(resized(drawn, side))
        x, y, rgba = paste(rgb, opened.placement, (opened.width, opened.height))
        if opened.alpha is not None:
            rgba[..., 3] = (rgba[..., 3].astype(np.uint16) * opened.alpha + 127) // 255
        return Layer(x, y, rgba.shape[1], rgba.shape[0], rgba.tobytes())

    def close(self, picture: str) -> None:
        """Forgets a picture, if it is open."""
        self.pictures.pop(picture, None)

    def _drawn(
        self, w: np.ndarray, rung: SubGenerator, window: Window, detail: Detail | None, stopped: Stopped
    ) -> np.ndarray | None:
        """A window of a rung's picture, uint8 [h, w, 3], with `detail` if given; None once `stopped()`."""
        seen = window if detail is None else detail.around(window)
        rgb = self._renderer.render(w, rung, stopped, seen)
        if rgb is None or stopped():
            return None
        return rgb if detail is None else detail.added_to(rgb, window)

    def _detail(self, opened: _OpenPicture, rung: SubGenerator, stopped: Stopped) -> Detail | None:
        """What a rung's unedited picture lacks of the original; None once `stopped()`."""
        if rung not in opened.details:
            before = self._unedited(opened, rung, stopped)
            if before is None:
                return None
            for other in self.pictures.values():  # a frame's detail is large: only one picture has any
                if other is not opened:
                    other.details.clear()
            opened.details[rung] = Detail(before, resized(opened.face, rung.resolution))
        return opened.details[rung]

    def _unedited(self, opened: _OpenPicture, rung: SubGenerator, stopped: Stopped) -> np.ndarray | None:
        assert opened.w is not None
        return self._renderer.render(opened.w, rung, stopped)

    @cached_property
    def _finder(self) -> OnnxNetwork | None:
        path = _or_core_error(lambda: self.pack.finder_path)
        return OnnxNetwork(path, "heat") if path else None

    @cached_property
    def _encoder(self) -> OnnxNetwork | None:
        path = _or_core_error(lambda: self.pack.encoder_path)
        return OnnxNetwork(path, "latents") if path else None

    @cached_property
    def _readers(self) -> Readers:
        return Readers(self._finder)

    def _placement(self, rgba: np.ndarray, face: FacePoints | None) -> Placement:
        """The square around a face; the middle of the picture for a pack that does not draw faces."""
        height, width = rgba.shape[:2]
        if self.pack.alignment is None:
            return whole_square(width, height)
        if face is None:
            faces = self._readers.read(rgba)
            if not faces:
                raise CoreError("no-face", " ".join(filter(None, [NO_FACE, self.advice])))
            face = in_front(faces).face_points
        placement = place(face, self.pack.alignment)
        if not (
            placement.size < 4 * max(width, height)
            and 0 <= placement.x <= width
            and 0 <= placement.y <= height
        ):
            raise CoreError("no-face", "The face is outside the picture: show where its eyes and mouth are.")
        return placement

    def _encoded(self, opened: _OpenPicture) -> np.ndarray | None:
        if self._encoder is None or opened.encoder_face is None:
            return None
        w = self._encoder(to_input(opened.encoder_face))  # [n_style, style_dim]
        if w.shape != (self.pack.n_style, self.pack.style_dim):
            raise CoreError(
                "pack", f'The encoder of "{self.pack.title}" does not fit it: install the pack again.'
            )
        return w

    def _opened(self, picture: str) -> _OpenPicture:
        if picture not in self.pictures:
            raise CoreError("unknown-picture", "The picture is no longer open in the core: open it again.")
        self.pictures.move_to_end(picture)
        return self.pictures[picture]

    def _projected(self, picture: str) -> np.ndarray:
        w = self._opened(picture).w
        if w is None:
            raise CoreError("not-projected", "The face has not been projected yet: project it first.")
        return w


def _frame(state: EditState, index: int, passes: int, drawn: Pass, ms: float, rgb: np.ndarray) -> Frame:
    """A pass that was drawn as rgb uint8 [h, w, 3]."""
    rung, window, (height, width) = drawn.rung, drawn.window, rgb.shape[:2]
    rgba = np.full((height, width, 4), 255, np.uint8)  # [h, w, 4]
    rgba[..., :3] = rgb
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
        rung.resolution,
        whole=drawn.share == 1,
        x=window.left,
        y=window.top,
    )


def _face_side(placement: Placement, resolution: int) -> int:
    """The side in px at which a face is kept: its own, at least the generator's, at most `MAX_FACE`."""
    return max(resolution, min(round(placement.size), MAX_FACE))


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
