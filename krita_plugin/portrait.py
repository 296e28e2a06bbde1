"""One document's face: its picture, edits, projection and newest frame, and what one slider is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple

from ..bridge import protocol
from .picture import Picture, Placement


@dataclass(frozen=True)
class Direction:
    """One slider: 0 leaves the face as it is, 1 is the usable range."""

    name: str
    label: str
    group: str
    low: float
    high: float

    @staticmethod
    def of(entry: Mapping[str, Any]) -> Direction:
        low, high = float(entry["low"]), float(entry["high"])
        return Direction(str(entry["name"]), str(entry["label"]), str(entry["group"]), low, high)


@dataclass(frozen=True)
class Frame:
    """One picture of the face, drawn by one rung of the ladder; or a part of it, if it is not `whole`."""

    stamp: int
    index: int  # counted from 1
    passes: int
    resolution: int
    ratio: Optional[float]  # None: a rung with its own list of widths
    ms: float
    width: int
    height: int
    rgba: bytes = field(repr=False)  # [height, width, 4]
    whole: bool = True
    x: int = 0  # where a part's corner lies in the whole, `resolution` pixels a side
    y: int = 0

    @staticmethod
    def of(params: Mapping[str, Any], data: bytes) -> Frame:
        """The frame that a notification carries; one of UNREADABLE when it carries none."""
        size = protocol.described(dict(params), data, "rgba8")
        ratio = params.get("ratio")
        return Frame(
            int(params["stamp"]),
            int(params["pass"]),
            int(params["passes"]),
            int(params["resolution"]),
            None if ratio is None else float(ratio),
            float(params["ms"]),
            size["width"],
            size["height"],
            data,
            bool(params.get("whole", True)),
            int(params.get("x", 0)),
            int(params.get("y", 0)),
        )

    def words(self) -> str:
        """The status line, e.g. "Pass 2/3 · 128 px · ×0.5 · 31 ms"."""
        part = "" if self.whole else " · selection"
        width = "" if self.ratio is None else f" · ×{self.ratio:g}"
        return f"Pass {self.index}/{self.passes}{part} · {self.resolution} px{width} · {self.ms:.0f} ms"


@dataclass(frozen=True)
class Projection:
    """How far a projection is."""

    step: int
    steps: int
    loss: Optional[float]
    stage: str = ""

    @staticmethod
    def of(params: Mapping[str, Any]) -> Projection:
        loss = params.get("loss")
        step, steps = int(params["step"]), int(params["steps"])
        return Projection(step, steps, None if loss is None else float(loss), str(params.get("stage", "")))

    def words(self) -> str:
        loss = "" if self.loss is None else f" · loss {self.loss:.2f}"
        return f"Projecting {self.step}/{self.steps}{loss}" if self.steps else "Projecting…"


@dataclass(frozen=True)
class Latents:
    """A face's w+ in one pack, as the core sent it: little-endian float32."""

    shape: Tuple[int, ...]
    data: bytes


class Portrait:
    """The face of one document and everything needed to tell a new core about it."""

    def __init__(self, picture: Picture, edits: Optional[Dict[str, float]] = None) -> None:
        self.id = uuid.uuid4().hex  # never used twice, so that answers to an older picture fall on nobody
        self.picture = picture
        self.placement: Optional[Placement] = None
        self.latents: Dict[str, Latents] = {}  # by pack
        self.cancelled_with: Optional[str] = None  # the pack whose projection was cancelled: no latents came
        self.edits: Dict[str, float] = dict(edits or {})
        self.projection: Optional[Projection] = None
        self.frame: Optional[Frame] = None  # the newest whole one
        self.part: Optional[Frame] = None  # the selection in a later rung's quality, to be laid over it
        self.applying = False
        self.request: Optional[int] = None  # the picture/open or picture/project under way: what Cancel ends
        self.open = False  # the core that is connected has the picture
        self.drawable = False  # and a latent for it
        # Edits: the whole state is sent with a rising stamp, and no second one before the first was seen.
        self.stamp = 0
        self.unsent = False
        self.dragging = False
        self.in_flight: Optional[int] = None

    @property
    def projecting(self) -> bool:
        return self.projection is not None

    @property
    def newest(self) -> Optional[Frame]:
        """The frame that came last of those on screen."""
        return self.part if self.part and self.frame and self.part.index > self.frame.index else self.frame

    def show(self, frame: Frame) -> bool:
        """Takes a frame of the core; False for one that is older than what is on screen.

        A part belongs to the whole frame of its own stamp, and has served once the last whole one is there.
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

    def touch(self, dragging: bool) -> None:
        """The edit state changed: it waits to be sent under a new stamp."""
        self.stamp += 1
        self.unsent = True
        self.dragging = dragging

    def forget_core(self) -> None:
        """The core that knew this picture is gone."""
        self.open = self.drawable = self.applying = False
        self.projection = self.request = self.in_flight = None
        self.unsent = True
