"""`anycost edit`: edits the faces in picture files, without Krita."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..bridge.messages import MAX_SECONDS
from ..bridge.shown_names import shown
from ..core.errors import CoreError
from .arguments import add_pack, command, pack_with_added

if TYPE_CHECKING:
    import numpy as np

    from ..bridge.messages import FacePoints, Layer, OpenedPicture, Quality
    from ..core.editing.session import Session
    from ..core.faces.reading import Reading
    from ..core.files.picture_file import PictureFile
    from ..models.pack import Pack

    Choose = Callable[[Sequence[Reading]], Reading]

EACH = "each"
UNCHANGED = "The edit changes nothing here: the picture is written as it was."


def add(commands: argparse._SubParsersAction) -> None:
    text = "edit the faces in picture files; what the edit leaves alone is written as it was"
    parser = command(commands, "edit", run, text)
    parser.usage = "anycost edit IN OUT [options]\n       anycost edit IN... --out DIR [options]"
    text = (
        "a PNG, JPEG, WebP, TIFF or BMP file, then the file to write, which ends in .png, .jpg or .webp; "
        "with --out as many files as you like, or a folder of them"
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="IN", help=text)
    text = "the folder to write to, under the names of the files; it is made if it is missing"
    parser.add_argument("--out", type=Path, metavar="DIR", help=text)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an edit, such as smile=0.5; repeatable (without any, IN is written as it is)",
    )
    parser.add_argument("--quality", choices=("draft", "preview", "full"), default="full")
    parser.add_argument(
        "--seconds", type=_seconds, metavar="S", help="time limit for finding the face's latent"
    )
    text = "edit only where this picture, as large as IN, is white, and not where it is black"
    parser.add_argument("--only", type=Path, metavar="MASK", help=text)
    which = parser.add_mutually_exclusive_group()
    text = "which face, counted from the left, or each of them (default: the one in front)"
    which.add_argument("--face", type=_number_or_each, metavar="N|each", help=text)
    which.add_argument("--at", type=_spot, metavar="X,Y", help="the face at these pixels of the picture")
    add_pack(parser)


def run(chosen: argparse.Namespace) -> int:
    from .edit_many import edit_many

    edits, each = parse_edits(chosen.set), chosen.face == EACH

    def choose(faces: Sequence[Reading]) -> Reading:
        return chosen_face(faces, None if each else chosen.face, chosen.at)

    asked = Asked(edits, chosen.quality, chosen.seconds, choose, chosen.only, each)
    if chosen.out is not None:
        return edit_many(chosen.paths, chosen.out, pack_with_added(chosen.pack), asked)
    if len(chosen.paths) != 2:
        text = (
            "Name the picture and the file OUT to write, or pictures and a folder with --out DIR: see --help."
        )
        raise CoreError("bad-value", text)
    source, target = chosen.paths
    edit_file(source, target, pack_with_added(chosen.pack), asked)
    return 0


def chosen_face(faces: Sequence[Reading], number: int | None, at: tuple[float, float] | None) -> Reading:
    """Face `number` from the left, or that at a spot, or that in front; CoreError where there is none."""
    from ..core.faces.readers import in_front

    count = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
    if number is not None:
        if not 1 <= number <= len(faces):
            text = f"The picture has {count}: give --face a number from 1 to {len(faces)}."
            raise CoreError("no-face", text)
        return faces[number - 1]
    if at is not None:
        face = min(faces, key=lambda face: math.dist(face.sighting.centre, at))
        if math.dist(face.sighting.centre, at) > 2 * face.sighting.size:
            text = f"There is no face at {at[0]:g},{at[1]:g}: `anycost faces` lists where they are."
            raise CoreError("no-face", text)
        return face
    if len(faces) > 1:
        _tell(f"{count} found; editing the one in front (--face and --at choose another).")
    return in_front(faces)


def parse_edits(settings: Sequence[str]) -> dict[str, float]:
    """["smile=0.5", ...] -> {"smile": 0.5, ...}; CoreError "bad-value" for anything else."""
    edits: dict[str, float] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        try:
            edits[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise CoreError("bad-value", f'"{setting}" is not an edit: write NAME=NUMBER, such as smile=0.5.')
    return edits


@dataclass(frozen=True)
class Asked:
    """What is to happen to a picture."""

    edits: Mapping[str, float]
    quality: Quality
    seconds: float | None  # bounds the projection
    choose: Choose  # picks one of the faces, of which there is at least one
    only: Path | None  # a mask of the pixels to edit
    each: bool = False  # edit every face; `choose` is for those who want one


def edit_file(source: Path, target: Path, pack: Pack, asked: Asked) -> None:
    """Finds, projects and edits a face in a picture file; the rest of the picture stays as it is.

    Bad input is refused before the long work. Without an edit there is none: the file is written as it was.
    """
    from ..core.files.pictures import check_writable

    check_writable(target)
    Editor(pack, asked).edit(source, target)


class Editor:
    """Edits files alike, one after the other. CoreError for an edit that the pack does not have."""

    def __init__(self, pack: Pack, asked: Asked, tell: Callable[[str], None] | None = None):
        """`tell` hears what is worth knowing of a file."""
        import numpy as np

        from ..core.editing.edits import edited

        edited(np.zeros((pack.n_style, pack.style_dim), np.float32), asked.edits, pack)
        self.pack, self.asked, self.tell = pack, asked, tell or _tell

    def edit(self, source: Path, target: Path) -> None:
        """Writes `target`; CoreError where that cannot be done."""
        from ..core.files.picture_file import PictureFile
        from ..core.files.pictures import read_mask

        asked, picture = self.asked, PictureFile.read(source)
        only = read_mask(asked.only, picture.size) if asked.only else None  # [H, W]
        layer = None
        if any(asked.edits.values()):
            if picture.cut_off:
                self.tell(f"The end of {shown(source)} is missing or damaged: some of its rows are empty.")
            if only is None or only.any():
                layer = self._layer(picture, only)
            if layer is None:
                self.tell(UNCHANGED)
        picture.write(target, layer)

    @cached_property
    def _session(self) -> Session:
        from ..core.editing.session import Session

        return Session(self.pack)

    def _layer(self, picture: PictureFile, only: np.ndarray | None) -> Layer | None:
        """The edited pixels; None if there are none. Of several faces, each is edited over the one before."""
        from ..core.editing.merged_layers import laid_over, merged

        layers, rgba = [], picture.rgba
        for face in self._faces(picture):
            layer = self._one(rgba, face, only)
            if layer is not None:
                layers.append(layer)
                rgba = laid_over(rgba, layer)
        return merged(layers)

    def _one(self, rgba: np.ndarray, face: FacePoints | None, only: np.ndarray | None) -> Layer | None:
        from tqdm import tqdm

        from ..core.editing.session import STEPS

        asked, session = self.asked, self._session
        self._warn(session.open("picture", rgba, face))
        with tqdm(total=STEPS, desc="Projecting", unit="step", disable=None, leave=False) as bar:
            for step in session.project("picture", seconds=asked.seconds):  # the bar is on a terminal only
                bar.update(step.step - bar.n)
                bar.set_postfix(loss=f"{step.loss:.3f}")
        return session.apply("picture", asked.edits, lambda: False, asked.quality, only)

    def _faces(self, picture: PictureFile) -> list[FacePoints | None]:
        if not self.pack.alignment:
            return [None]
        faces = self._session.faces(picture.rgba)
        if not faces:
            text = f"No face was found in {shown(picture.path)}: place it by hand in `anycost studio`."
            raise CoreError("no-face", f"{text} {self._session.advice}".strip())
        return [face.face_points for face in (faces if self.asked.each else [self.asked.choose(faces)])]

    def _warn(self, opened: OpenedPicture) -> None:
        for sentence in warnings(opened, self.asked.edits):
            self.tell(sentence)


def warnings(opened: OpenedPicture, edits: Mapping[str, float]) -> list[str]:
    """How far a picture is from the pack's, and which of the edits do not work on it."""
    limited = [name for name in opened.limited if edits.get(name)]
    sentences = [
        f"{name} does not work on this picture: it may change little or nothing." for name in limited
    ]
    return [opened.advice, *sentences] if opened.advice else sentences


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _number_or_each(text: str) -> int | str:
    if text == EACH:
        return EACH
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is neither the number of a face nor {EACH}") from None


def _spot(text: str) -> tuple[float, float]:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text} is not a spot: write X,Y in pixels, such as 320,200"
        ) from None
    return x, y


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds from 0 to {MAX_SECONDS:g}")
    return value
