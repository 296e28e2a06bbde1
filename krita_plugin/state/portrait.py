"""One face: its picture, its place there, edits, projection and newest frame."""

from __future__ import annotations

import uuid
from dataclasses import replace
from enum import IntEnum
from typing import Dict, Optional

from ...bridge.messages import FacePoints, Frame, Latents, Mix, OpenedPicture, Placement, Progress
from ..words import tr
from .face_layer import FaceLayer
from .history import Adjustment, Past
from .picture import Picture


class CoreKnows(IntEnum):
    """What the connected core knows about a portrait; each level includes the one before."""

    NOTHING = 0
    PICTURE = 1  # it has the picture and its placement
    LATENTS = 2  # and a latent: edits can be drawn


class Portrait:
    """One face, with everything that a new core must be told about it."""

    def __init__(
        self,
        picture: Picture,
        face: Optional[FacePoints] = None,
        edits: Optional[Dict[str, float]] = None,
    ) -> None:
        self.name = uuid.uuid4().hex  # in the core; never used twice, so that late answers match nothing
        self.picture = picture
        self.face = face  # which one of the picture; None leaves it to the core
        self.placement: Optional[Placement] = None
        self.opened: Dict[str, OpenedPicture] = {}  # by pack: what the core said of the picture
        self.latents: Dict[str, Latents] = {}  # by pack
        self.cancelled_with: Optional[str] = None  # the pack whose projection was cancelled: no latents came
        self.edits: Dict[str, float] = dict(edits or {})
        self.untouched = edits is None  # its sliders were never set: they start where the pack says
        self.mix: Optional[Mix] = None  # what is taken of another face, whose `key` it has
        self.key = self.name  # of the face: it stays when the face is opened anew
        self.past = Past()
        self.applied = Adjustment()  # what the newest layer shows
        self.known = CoreKnows.NOTHING
        self.closed = False  # no document has it any more: late answers change nothing
        self.request: Optional[int] = None  # the search or projection under way, which Cancel ends
        self.progress: Optional[Progress] = None  # of the projection under way
        self.applying = False
        self.layer = FaceLayer()  # the last that Apply added, or that the artist took up
        self.frame: Optional[Frame] = None  # the newest whole one
        self.part: Optional[Frame] = None  # the selection in a later rung's quality, laid over it
        self.stamp = 0  # of the newest edit state
        self.dragging = False  # whether a slider moved it
        self.unsent = False  # whether it still has to be sent to the core
        self.in_flight: Optional[int] = None  # the stamp that was sent and has not been drawn yet

    @property
    def drawable(self) -> bool:
        return self.known == CoreKnows.LATENTS

    @property
    def projecting(self) -> bool:
        return self.progress is not None

    @property
    def newest(self) -> Optional[Frame]:
        """Of the frames on screen, the one that came last."""
        return self.part if self.part and self.frame and self.part.index > self.frame.index else self.frame

    @property
    def drawn_in_full(self) -> bool:
        """Whether the newest edit is on screen in its last pass."""
        frame = self.frame
        return frame is not None and frame.stamp == self.stamp and frame.index == frame.passes

    @property
    def adjustment(self) -> Adjustment:
        return Adjustment(dict(self.edits), self.mix)

    @property
    def unapplied(self) -> bool:
        """Whether the sliders say what no layer shows yet."""
        return not self.adjustment.plain and self.adjustment != self.applied

    def adjust(self, adjustment: Adjustment) -> None:
        self.edits, self.mix = dict(adjustment.edits), adjustment.mix
        self.untouched = False

    def take(self, other: Portrait) -> None:
        """All that the artist did to the same face before."""
        self.adjust(other.adjustment)
        self.untouched = other.untouched
        self.key, self.past, self.applied = other.key, other.past, other.applied
        same = self.picture.box == other.picture.box
        self.layer = other.layer if same else replace(other.layer, only=None)

    def again(self) -> Portrait:
        """The same face with its edits, to be opened and projected from the beginning."""
        portrait = Portrait(self.picture, self.face)
        portrait.take(self)
        return portrait

    # Edits go out one at a time, frames come back

    def touch(self, dragging: bool) -> None:
        """The edit state changed: it waits to be sent under a new stamp."""
        self.stamp += 1
        self.unsent = True
        self.dragging = dragging

    def next_edit(self) -> Optional[int]:
        """The stamp to send now; None if nothing changed, or until the state before has been drawn once.

        Its first frame is enough: the rest is refinement, which a newer state may interrupt.
        """
        if not (self.drawable and self.unsent) or self.in_flight is not None:
            return None
        self.unsent = False
        self.in_flight = self.stamp
        return self.stamp

    def drawn(self, stamp: int) -> None:
        """A frame or an answer with this stamp came, so the next state may be sent."""
        if self.in_flight is not None and stamp >= self.in_flight:
            self.in_flight = None

    def show(self, frame: Frame) -> bool:
        """Takes a frame; False if it is older than what is on screen.

        A part belongs to the whole frame of its own stamp, and is dropped when the last whole one arrives.
        """
        old = -1 if self.frame is None else self.frame.stamp
        if frame.stamp < old or not (frame.whole or frame.stamp == old):
            return False
        if not frame.whole:
            self.part = frame
            return True
        if frame.stamp > old or frame.index == frame.passes:
            self.part = None
        self.frame = frame
        return True

    def forget_core(self) -> None:
        """The core that knew this picture is gone."""
        self.known = CoreKnows.NOTHING
        self.applying = False
        self.progress = self.request = self.in_flight = None
        self.unsent = True


def frame_words(frame: Frame) -> str:
    """A frame in the status line, e.g. "Pass 2/3 · 128 px · ×0.5 · 31 ms"."""
    part = "" if frame.whole else " · " + tr("selection")
    width = "" if frame.ratio is None else f" · ×{frame.ratio:g}"
    passes = tr("Pass {n}/{all}", n=frame.index, all=frame.passes)
    return f"{passes}{part} · {frame.resolution} px{width} · {frame.ms:.0f} ms"


def progress_words(progress: Progress) -> str:
    """A projection in the status line, e.g. "Projecting 3/100 · loss 0.52"."""
    if not progress.steps:
        return tr("Projecting…")
    if progress.step >= progress.steps:
        return tr("Finishing the face…")  # what comes after the last step takes its own time
    loss = "" if progress.loss is None else " · " + tr("loss {loss}", loss=f"{progress.loss:.2f}")
    return tr("Projecting {n}/{all}", n=progress.step, all=progress.steps) + loss
