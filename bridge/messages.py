"""Every message between panel and core: one dataclass each, which both sides write and read.

`data()` is the JSON object that travels and `attachment` the bytes beside it. `of(data, attachment)` reads
them back and raises ProtocolError that names the value that is wrong. A message that asks or tells something
has a METHOD; the others answer one. docs/protocol.md describes the same messages for writers of other panels,
and a test holds the two together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Dict, Literal, Mapping, NamedTuple, Optional, Tuple

from .fields import (
    XY,
    choice,
    entries,
    flag,
    is_number,
    number,
    numbers,
    pair,
    path,
    point,
    refused,
    side_lengths,
    table,
    text,
    texts,
    triple,
    whole,
)
from .protocol import PROTOCOL, described, f32, gray8, rgba8

DEFAULT_PACK = "portraits"
FRAME_MS = 80.0  # what a frame may take while a slider moves: a dozen frames a second
MAX_FRAME_MS = 10_000.0
MAX_SECONDS = 86_400.0  # of a projection
MAX_STEPS = 100_000
MAX_EDITS = 256
MAX_PATH = 4096  # characters of a pack's name or folder
MAX_TEXT = 20_000  # characters of a licence
MAX_ENTRIES = 4096  # of any list
MAX_TIP = 300  # characters of a slider's tool tip
MAX_FACES = 256  # of one picture
MAX_SEED = (1 << 32) - 1  # of a face that the generator makes up
LEAST_THUMBNAIL, MAX_THUMBNAIL = 16, 512  # pixels a side
MAX_SHAPE = 4096  # of one number of a shape

Quality = Literal["draft", "preview", "full", "auto"]
QUALITIES: Tuple[Quality, ...] = ("draft", "preview", "full", "auto")
Data = Mapping[str, Any]
Numbers = Any  # a number, or an array of them

# What any request about a picture may also give: the pack that it is for, as OpenedPack names it
PACK_HASH = "pack_hash"

# Methods whose requests have no parameters
CORE_STATUS, CORE_UNLOAD, CORE_SHUTDOWN = "core/status", "core/unload", "core/shutdown"


class Message:
    """What all messages share: fields travel under their own names."""

    METHOD: ClassVar[str] = ""

    def data(self) -> Dict[str, Any]:
        """The JSON object."""
        return {part.name: _plain(getattr(self, part.name)) for part in fields(self)}  # type: ignore[arg-type]

    @property
    def attachment(self) -> bytes:
        return b""


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return value.data()
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return dict(value) if isinstance(value, Mapping) else value


def topic(method: str, params: Data) -> str:
    """What a notification is about: where several of a topic wait for a slow reader, the newest is enough.

    Frames of a part wait beside whole ones, since they are laid over them.
    """
    picture = params.get("picture")
    part = "part" if params.get("whole") is False else ""
    return f"{method} {picture if isinstance(picture, str) else ''} {part}"


# Greeting


@dataclass(frozen=True)
class Hello(Message):
    """The first request of every connection."""

    METHOD: ClassVar[str] = "hello"

    client: str
    version: str
    protocol: int = PROTOCOL

    @staticmethod
    def of(data: Data) -> Hello:
        return Hello(text(data, "client"), text(data, "version"), whole(data, "protocol"))


@dataclass(frozen=True)
class Welcome(Message):
    """Answers Hello: what the core says about itself."""

    version: str
    pid: int
    capabilities: Tuple[str, ...]  # the methods that it knows
    protocol: int = PROTOCOL


# Packs


@dataclass(frozen=True)
class OpenPack(Message):
    """Asks for a pack by its name or folder; None for the core's own choice.

    Sliders are described in `language` ("de", "pt_BR") where the pack has words for it.
    """

    METHOD: ClassVar[str] = "pack/open"

    pack: Optional[str] = None
    language: str = ""

    @staticmethod
    def of(data: Data) -> OpenPack:
        pack = None if data.get("pack") is None else path(data, "pack", MAX_PATH)
        return OpenPack(pack, "" if data.get("language") is None else text(data, "language", least=0))


@dataclass(frozen=True)
class Slider(Message):
    """One slider: 0 leaves the face as it is, 1 is the end of the useful range.

    A face that is opened starts at `default`. All texts are plain. `heading` is what `group` is called in
    the panel's language; empty where nobody says.
    """

    name: str
    label: str
    group: str
    low: float
    high: float
    tip: str = ""
    default: float = 0.0
    heading: str = ""

    @staticmethod
    def of(data: Data) -> Slider:
        name, label, group = (text(data, key) for key in ("name", "label", "group"))
        return Slider(
            name,
            label,
            group,
            number(data, "low"),
            number(data, "high"),
            text(data, "tip", MAX_TIP, least=0) if "tip" in data else "",
            number(data, "default") if "default" in data else 0.0,
            text(data, "heading", least=0) if "heading" in data else "",
        )


@dataclass(frozen=True)
class LadderRung(Message):
    """One rung of the pack's ladder and its cost; `ratio` None means free widths."""

    resolution: int
    ratio: Optional[float]
    channels: Tuple[int, ...]
    macs: int


@dataclass(frozen=True)
class OpenedPack(Message):
    """Answers OpenPack: what the panel shows of the pack, and the names of all installed ones.

    `problems` are sentences about directions that others made for the pack and that cannot be used.
    """

    name: str = ""
    title: str = ""
    licence: str = ""
    resolution: int = 0
    loss: str = ""  # the perceptual loss of projections, as a phrase
    packs: Tuple[str, ...] = ()
    directions: Tuple[Slider, ...] = ()
    rungs: Tuple[LadderRung, ...] = ()
    draws_faces: bool = True  # otherwise the middle of a picture is edited
    problems: Tuple[str, ...] = ()
    generator: str = ""  # the SHA-256 of the weights that latents belong to
    pack_hash: str = ""  # of the whole pack as it was opened, for PACK_HASH

    @staticmethod
    def of(data: Data) -> OpenedPack:
        """Reads what a panel needs. The rest is for other readers and may be missing."""
        return OpenedPack(
            name=text(data, "name", least=0) if "name" in data else "",
            title=text(data, "title", least=0),
            loss=text(data, "loss", least=0),
            packs=tuple(texts(data, "packs", MAX_ENTRIES)),
            directions=tuple(
                Slider.of(table(entry, "directions")) for entry in entries(data, "directions", MAX_ENTRIES)
            ),
            draws_faces=flag(data, "draws_faces", True),
            problems=tuple(texts(data, "problems", MAX_ENTRIES)) if "problems" in data else (),
            generator=text(data, "generator", least=0) if "generator" in data else "",
            pack_hash=text(data, "pack_hash", least=0) if "pack_hash" in data else "",
        )


@dataclass(frozen=True)
class PackOpened(Message):
    """Says that another program has opened another pack, called `title`, in the core.

    Requests for the pack before are refused until it is opened again.
    """

    METHOD: ClassVar[str] = "pack/opened"

    title: str
    pack_hash: str

    @staticmethod
    def of(data: Data) -> PackOpened:
        return PackOpened(text(data, "title", least=0), text(data, "pack_hash"))


@dataclass(frozen=True)
class PacksChanged(Message):
    """Says that packs or added directions came, went or changed: ask for the pack again to see which."""

    METHOD: ClassVar[str] = "packs/changed"


# Pictures


@dataclass(frozen=True)
class Placement(Message):
    """A face's square in a picture: centre and side in its pixels, turned by `angle` degrees clockwise.

    Of a pack whose pictures are not square only the middle of it is shown, `shape` wide and high: the longer
    side is the square's.
    """

    x: float
    y: float
    size: float
    angle: float = 0.0
    shape: Tuple[int, int] = (1, 1)

    @staticmethod
    def of(data: Data) -> Placement:
        x, y, angle = (number(data, name) for name in ("x", "y", "angle"))
        shape = side_lengths(data, "shape", MAX_SHAPE) if "shape" in data else (1, 1)
        return Placement(x, y, number(data, "size", 1e-3), angle, shape)

    @property
    def shown(self) -> Tuple[float, float, float, float]:
        """What is shown of the square: left, top, right, bottom in its own coordinates."""
        across, down = (0.5 * side / max(self.shape) for side in self.shape)
        return 0.5 - across, 0.5 - down, 0.5 + across, 0.5 + down

    def to_unit(self, x: Numbers, y: Numbers) -> Tuple[Numbers, Numbers]:
        """Pixels -> the square's own coordinates, which run from 0 to 1 within it; numbers or arrays."""
        c, s = self._turn()
        across, down = (x - self.x) / self.size, (y - self.y) / self.size
        return c * across + s * down + 0.5, c * down - s * across + 0.5

    def to_picture(self, u: Numbers, v: Numbers) -> Tuple[Numbers, Numbers]:
        """The way back."""
        c, s = self._turn()
        across, down = (u - 0.5) * self.size, (v - 0.5) * self.size
        return self.x + c * across - s * down, self.y + s * across + c * down

    def _turn(self) -> Tuple[float, float]:
        turn = math.radians(self.angle)
        return math.cos(turn), math.sin(turn)


@dataclass(frozen=True)
class FacePoints(Message):
    """Where a face is, in the picture's pixels: what places the square around it.

    Pairs are image left, image right, as on the upright head. `mouth` has its corners; where only the middle
    is known, both are the middle.
    """

    eyes: Tuple[XY, XY]
    mouth: Tuple[XY, XY]

    @staticmethod
    def of(data: Data) -> FacePoints:
        return FacePoints(pair(data, "eyes"), pair(data, "mouth"))


@dataclass(frozen=True)
class FoundFace(FacePoints):
    """One face of a picture as it was read. `turn` is yaw, pitch and roll in degrees: to image right, up and
    clockwise. `score` is from 0 to 1; below a half, the points are a guess."""

    nose: XY
    chin: XY
    turn: Tuple[float, float, float]
    score: float

    @staticmethod
    def of(data: Data) -> FoundFace:
        return FoundFace(
            pair(data, "eyes"),
            pair(data, "mouth"),
            point(data.get("nose"), "nose"),
            point(data.get("chin"), "chin"),
            triple(data, "turn"),
            number(data, "score", 0, 1),
        )


@dataclass(frozen=True)
class FindFaces(Message):
    """Asks for every face of a picture; the core keeps nothing of it."""

    METHOD: ClassVar[str] = "picture/faces"

    width: int
    height: int
    rgba: bytes = field(repr=False)  # [height, width, 4], straight alpha, sRGB

    @staticmethod
    def of(data: Data, attachment: bytes) -> FindFaces:
        size = described(data, attachment, "rgba8")
        return FindFaces(size["width"], size["height"], attachment)

    def data(self) -> Dict[str, Any]:
        return {"attachment": rgba8(self.width, self.height)}

    @property
    def attachment(self) -> bytes:
        return self.rgba


@dataclass(frozen=True)
class FoundFaces(Message):
    """Answers FindFaces: the faces from image left to image right, perhaps none.

    `advice` is a sentence for the artist where faces could be found better, else empty.
    """

    faces: Tuple[FoundFace, ...]
    advice: str = ""

    @staticmethod
    def of(data: Data) -> FoundFaces:
        faces = tuple(FoundFace.of(table(entry, "faces")) for entry in entries(data, "faces", MAX_FACES))
        return FoundFaces(faces, text(data, "advice", MAX_TEXT, least=0) if "advice" in data else "")


@dataclass(frozen=True)
class OpenPicture(Message):
    """Gives the core one face of a picture under a name that the panel chooses, `picture`.

    Without `face`, the core takes the face in front. Of a `whole` picture, which is no part of a larger one,
    a pack that draws no faces edits all up to the border.
    """

    METHOD: ClassVar[str] = "picture/open"

    picture: str
    width: int
    height: int
    rgba: bytes = field(repr=False)  # [height, width, 4], straight alpha, sRGB
    face: Optional[FacePoints] = None
    whole: bool = False

    @staticmethod
    def of(data: Data, attachment: bytes) -> OpenPicture:
        size = described(data, attachment, "rgba8")
        face = None if data.get("face") is None else FacePoints.of(table(data["face"], "face"))
        name, all_of_it = text(data, "picture"), flag(data, "whole", False)
        return OpenPicture(name, size["width"], size["height"], attachment, face, all_of_it)

    def data(self) -> Dict[str, Any]:
        face = None if self.face is None else self.face.data()
        told = {"picture": self.picture, "face": face, "whole": self.whole}
        return {**told, "attachment": rgba8(self.width, self.height)}

    @property
    def attachment(self) -> bytes:
        return self.rgba


@dataclass(frozen=True)
class OpenedPicture(Message):
    """Answers OpenPicture.

    `advice` is a sentence for the artist where the picture is far from what the pack draws, else empty;
    `limited` are the directions that do not work on the picture. Where the generator draws its edits,
    `drawn`, made-up faces can be mixed in too.
    """

    placement: Placement
    advice: str = ""
    limited: Tuple[str, ...] = ()
    drawn: bool = True

    @staticmethod
    def of(data: Data) -> OpenedPicture:
        return OpenedPicture(
            Placement.of(table(data.get("placement"), "placement")),
            text(data, "advice", MAX_TEXT, least=0) if "advice" in data else "",
            tuple(texts(data, "limited", MAX_ENTRIES)) if "limited" in data else (),
            flag(data, "drawn", True),
        )


@dataclass(frozen=True)
class ClosePicture(Message):
    """Makes the core forget a picture."""

    METHOD: ClassVar[str] = "picture/close"

    picture: str

    @staticmethod
    def of(data: Data) -> ClosePicture:
        return ClosePicture(text(data, "picture"))


# Projection


@dataclass(frozen=True)
class ProjectPicture(Message):
    """Asks for the latents of an open picture. The budget is None to go on until the loss levels off."""

    METHOD: ClassVar[str] = "picture/project"

    picture: str
    seconds: Optional[float] = None
    steps: Optional[int] = None

    @staticmethod
    def of(data: Data) -> ProjectPicture:
        seconds, steps = data.get("seconds"), data.get("steps")
        if seconds is not None and not (is_number(seconds) and 0 < seconds <= MAX_SECONDS):
            raise refused("seconds", f"a number above 0, at most {MAX_SECONDS:g}")
        if steps is not None:
            steps = whole(data, "steps", 1, MAX_STEPS)
        return ProjectPicture(text(data, "picture"), seconds, steps)


@dataclass(frozen=True)
class Progress(Message):
    """Says how far a projection is. `stage` is the core's word for what it is doing."""

    METHOD: ClassVar[str] = "project/progress"

    picture: str
    step: int
    steps: int
    loss: Optional[float]
    stage: str = ""

    @staticmethod
    def of(data: Data) -> Progress:
        loss = None if data.get("loss") is None else number(data, "loss")
        stage = text(data, "stage", least=0) if "stage" in data else ""
        return Progress(text(data, "picture"), whole(data, "step"), whole(data, "steps"), loss, stage)


@dataclass(frozen=True)
class Latents:
    """A face's w+ in one pack: little-endian float32 in C order."""

    shape: Tuple[int, ...]  # (n_style, style_dim)
    data: bytes = field(repr=False)

    @staticmethod
    def of(data: Data, attachment: bytes) -> Latents:
        return Latents(tuple(described(data, attachment, "f32")["shape"]), attachment)


@dataclass(frozen=True)
class ProjectedPicture(Message):
    """Answers a projection. `stopped`: "done" (all steps), "levelled" (the loss stopped falling), "time"."""

    stopped: str
    step: int
    loss: float
    seconds: float
    latents: Latents

    def data(self) -> Dict[str, Any]:
        told = {name: getattr(self, name) for name in ("stopped", "step", "loss", "seconds")}
        return {**told, "attachment": f32(self.latents.shape)}

    @property
    def attachment(self) -> bytes:
        return self.latents.data


@dataclass(frozen=True)
class RestorePicture(Message):
    """Gives an open picture the latents of an earlier projection."""

    METHOD: ClassVar[str] = "picture/restore"

    picture: str
    latents: Latents

    @staticmethod
    def of(data: Data, attachment: bytes) -> RestorePicture:
        return RestorePicture(text(data, "picture"), Latents.of(data, attachment))

    def data(self) -> Dict[str, Any]:
        return {"picture": self.picture, "attachment": f32(self.latents.shape)}

    @property
    def attachment(self) -> bytes:
        return self.latents.data


# Edits


class Region(NamedTuple):
    """A part of a face's square, in fractions of its side: 0 <= left < right <= 1, 0 <= top < bottom <= 1."""

    left: float
    top: float
    right: float
    bottom: float

    @staticmethod
    def of(sides: Any) -> Region:
        if isinstance(sides, (list, tuple)) and len(sides) == 4 and all(map(is_number, sides)):
            region = Region(*map(float, sides))
            if 0 <= region.left < region.right <= 1 and 0 <= region.top < region.bottom <= 1:
                return region
        raise refused(
            "region", "left, top, right and bottom of a part of the face's square, each from 0 to 1"
        )


@dataclass(frozen=True)
class Mix(Message):
    """How much an edit takes of another face, from 0 to 1: of its turn and shape (`coarse`), of its features
    (`middle`), of its colours (`fine`).

    The other face is an open `picture`, or one that the generator makes up from `seed`.
    """

    picture: Optional[str] = None
    seed: Optional[int] = None
    coarse: float = 0.0
    middle: float = 0.0
    fine: float = 0.0

    @staticmethod
    def of(data: Data) -> Mix:
        picture = None if data.get("picture") is None else text(data, "picture")
        seed = None if data.get("seed") is None else whole(data, "seed", 0, MAX_SEED)
        if (picture is None) == (seed is None):
            raise refused("mix", "an object with either a picture or a seed")
        return Mix(picture, seed, *(number(data, name, 0, 1) for name in ("coarse", "middle", "fine")))


def _mix(data: Data) -> Optional[Mix]:
    return None if data.get("mix") is None else Mix.of(table(data["mix"], "mix"))


@dataclass(frozen=True)
class EditState(Message):
    """Asks for frames, and holds everything that they depend on. `stamp` rises with every change.

    The newest state wins. Five places see to it, each guarding against a different delay:

    - `Portrait.next_edit` in the panel sends no second state before the first has been drawn once, so that
      states do not queue in the socket.
    - `Service._edit` refuses a state that is older than the newest one that arrived.
    - `Worker.edit` stops the work on older states between two blocks of the generator.
    - The server's `Outbox` replaces a frame that still waits for a slow panel.
    - `Portrait.show` drops a frame that is older than the one on screen.
    """

    METHOD: ClassVar[str] = "edit"

    picture: str
    stamp: int
    edits: Mapping[str, float] = field(default_factory=dict)  # direction -> value; 0 where it is missing
    quality: Quality = "auto"
    dragging: bool = False
    region: Optional[Region] = None  # what the artist looks at: it is refined first
    frame_ms: float = FRAME_MS  # what a frame may take while `dragging`
    mix: Optional[Mix] = None

    @staticmethod
    def of(data: Data) -> EditState:
        return EditState(
            text(data, "picture"),
            whole(data, "stamp"),
            numbers(data, "edits", MAX_EDITS),
            choice(data, "quality", QUALITIES),
            flag(data, "dragging"),
            None if data.get("region") is None else Region.of(data["region"]),
            FRAME_MS if data.get("frame_ms") is None else number(data, "frame_ms", 1, MAX_FRAME_MS),
            _mix(data),
        )


@dataclass(frozen=True)
class DrawnEdit(Message):
    """Answers EditState; not `complete` when a newer one stopped it."""

    stamp: int
    complete: bool


@dataclass(frozen=True)
class Frame(Message):
    """Brings one finished pass of an edit: the face's square, `side` px a side, or a part of it."""

    METHOD: ClassVar[str] = "frame"

    picture: str
    stamp: int
    index: int  # from 1; "pass" on the wire, a word that Python keeps for itself
    passes: int
    resolution: int
    ratio: Optional[float]  # None: a rung with free widths
    ms: float
    width: int
    height: int
    rgba: bytes = field(repr=False)  # [height, width, 4]
    side: int  # of the whole square in px; `resolution` is the rung's, which drew the change
    whole: bool = True
    x: int = 0  # where a part's corner lies in the square
    y: int = 0

    @staticmethod
    def of(data: Data, attachment: bytes) -> Frame:
        size = described(data, attachment, "rgba8")
        return Frame(
            text(data, "picture"),
            whole(data, "stamp"),
            whole(data, "pass"),
            whole(data, "passes"),
            whole(data, "resolution", 1),
            None if data.get("ratio") is None else number(data, "ratio"),
            number(data, "ms"),
            size["width"],
            size["height"],
            attachment,
            whole(data, "side", 1),
            flag(data, "whole", True),
            whole(data, "x") if "x" in data else 0,
            whole(data, "y") if "y" in data else 0,
        )

    def data(self) -> Dict[str, Any]:
        names = ("picture", "stamp", "passes", "resolution", "ratio", "ms", "side", "whole", "x", "y")
        told = {name: getattr(self, name) for name in names}
        return {**told, "pass": self.index, "attachment": rgba8(self.width, self.height)}

    @property
    def attachment(self) -> bytes:
        return self.rgba


@dataclass(frozen=True)
class DrawThumbnail(Message):
    """Asks for another edit of an open picture, small and by itself: the newest EditState goes on."""

    METHOD: ClassVar[str] = "picture/thumbnail"

    picture: str
    edits: Mapping[str, float]
    side: int
    quality: Quality = "draft"
    mix: Optional[Mix] = None

    @staticmethod
    def of(data: Data) -> DrawThumbnail:
        return DrawThumbnail(
            text(data, "picture"),
            numbers(data, "edits", MAX_EDITS),
            whole(data, "side", LEAST_THUMBNAIL, MAX_THUMBNAIL),
            choice(data, "quality", QUALITIES),
            _mix(data),
        )


@dataclass(frozen=True)
class Thumbnail(Message):
    """Answers DrawThumbnail: the face's square, `side` px a side; transparent beside what is shown of it."""

    side: int
    rgba: bytes = field(repr=False)  # [side, side, 4]

    @staticmethod
    def of(data: Data, attachment: bytes) -> Thumbnail:
        size = described(data, attachment, "rgba8")
        if size["width"] != size["height"]:
            raise refused("attachment", "a square")
        return Thumbnail(size["width"], attachment)

    def data(self) -> Dict[str, Any]:
        return {"attachment": rgba8(self.side, self.side)}

    @property
    def attachment(self) -> bytes:
        return self.rgba


# Apply


@dataclass(frozen=True)
class Selected:
    """How far each pixel of a box of the picture is selected; outside the box, none is."""

    x: int  # of the box's corner, in the picture's pixels
    y: int
    width: int
    height: int
    mask: bytes = field(repr=False)  # [height, width], 255 wholly selected

    @staticmethod
    def of(data: Data, attachment: bytes) -> Selected:
        size = described(data, attachment, "gray8")
        return Selected(whole(data, "x"), whole(data, "y"), size["width"], size["height"], attachment)


@dataclass(frozen=True)
class ApplyEdits(Message):
    """Asks for the edit in full, as a layer; with `only`, in the selected pixels alone."""

    METHOD: ClassVar[str] = "picture/apply"

    picture: str
    edits: Mapping[str, float]
    only: Optional[Selected] = None
    mix: Optional[Mix] = None

    @staticmethod
    def of(data: Data, attachment: bytes = b"") -> ApplyEdits:
        only = Selected.of(data, attachment) if "attachment" in data else None
        return ApplyEdits(text(data, "picture"), numbers(data, "edits", MAX_EDITS), only, _mix(data))

    def data(self) -> Dict[str, Any]:
        told: Dict[str, Any] = {"picture": self.picture, "edits": dict(self.edits)}
        if self.mix is not None:
            told["mix"] = self.mix.data()
        if self.only is None:
            return told
        only = self.only
        return {**told, "x": only.x, "y": only.y, "attachment": gray8(only.width, only.height)}

    @property
    def attachment(self) -> bytes:
        return b"" if self.only is None else self.only.mask


@dataclass(frozen=True)
class Layer(Message):
    """Answers ApplyEdits: pixels to lay over the picture, their corner at (x, y) of it."""

    x: int
    y: int
    width: int
    height: int
    rgba: bytes = field(repr=False)  # [height, width, 4], straight alpha

    def __post_init__(self) -> None:
        if len(self.rgba) != self.width * self.height * 4:
            raise ValueError(f"{len(self.rgba)} bytes do not make a {self.width} × {self.height} RGBA layer")

    @staticmethod
    def of(data: Data, attachment: bytes) -> Layer:
        size = described(data, attachment, "rgba8")
        return Layer(whole(data, "x"), whole(data, "y"), size["width"], size["height"], attachment)

    def data(self) -> Dict[str, Any]:
        return {"x": self.x, "y": self.y, "attachment": rgba8(self.width, self.height)}

    @property
    def attachment(self) -> bytes:
        return self.rgba


# The core itself


@dataclass(frozen=True)
class CoreStatus(Message):
    """Answers core/status."""

    resident_bytes: Optional[int]  # None where the system does not tell
    pictures: int
    pack: Optional[str]
    loaded: bool
    calibrated: bool
    uptime: float  # seconds


@dataclass(frozen=True)
class CoreState(Message):
    """Says how the core is, in words for the artist."""

    METHOD: ClassVar[str] = "core/state"

    text: str

    @staticmethod
    def of(data: Data) -> CoreState:
        return CoreState(text(data, "text", MAX_TEXT, least=0))
