"""`anycost edit`: edits the face in a picture file, without Krita."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..bridge.messages import MAX_SECONDS
from ..core.errors import CoreError
from .arguments import add_pack, command, open_pack

if TYPE_CHECKING:
    import numpy as np

    from ..bridge.messages import FacePoints, Layer, OpenedPicture, Quality
    from ..core.editing.session import Session
    from ..core.faces.reading import Reading
    from ..core.files.picture_file import PictureFile
    from ..models.pack import Pack

    Choose = Callable[[Sequence[Reading]], Reading]

UNCHANGED = "The edit changes nothing here: the picture is written as it was."


def add(commands: argparse._SubParsersAction) -> None:
    text = "edit the face in a picture file; what the edit leaves alone is written as it was"
    parser = command(commands, "edit", run, text)
    parser.add_argument("source", type=Path, metavar="IN", help="a PNG, JPEG, WebP, TIFF or BMP file")
    parser.add_argument("target", type=Path, metavar="OUT", help="a file that ends in .png, .jpg or .webp")
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
    text = "which face, counted from the left (default: the one in front)"
    which.add_argument("--face", type=int, metavar="N", help=text)
    which.add_argument("--at", type=_spot, metavar="X,Y", help="the face at these pixels of the picture")
    add_pack(parser)


def run(chosen: argparse.Namespace) -> None:
    edits = parse_edits(chosen.set)

    def choose(faces: Sequence[Reading]) -> Reading:
        return chosen_face(faces, chosen.face, chosen.at)

    asked = Asked(edits, chosen.quality, chosen.seconds, choose, chosen.only)
    edit_file(chosen.source, chosen.target, open_pack(chosen.pack), asked)


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


def edit_file(source: Path, target: Path, pack: Pack, asked: Asked) -> None:
    """Finds, projects and edits a face in a picture file; the rest of the picture stays as it is.

    Bad input is refused before the long work. Without an edit there is none: the file is written as it was.
    """
    import numpy as np

    from ..core.editing.edits import edited
    from ..core.files.picture_file import PictureFile
    from ..core.files.pictures import check_writable, read_mask

    check_writable(target)
    edited(np.zeros((pack.n_style, pack.style_dim), np.float32), asked.edits, pack)
    picture = PictureFile.read(source)
    only = read_mask(asked.only, picture.size) if asked.only else None  # [H, W]
    layer = None
    if any(asked.edits.values()):
        if picture.cut_off:
            _tell(f'The end of "{source}" is missing: its last rows are grey.')
        if only is None or only.any():
            layer = _layer(picture, pack, asked, only)
        if layer is None:
            _tell(UNCHANGED)
    picture.write(target, layer)


def _layer(picture: PictureFile, pack: Pack, asked: Asked, only: np.ndarray | None) -> Layer | None:
    """The edited pixels; None if there are none."""
    from tqdm import tqdm

    from ..core.editing.session import STEPS, Session

    session = Session(pack)
    face = _face(session, picture, asked.choose) if pack.alignment else None
    opened = session.open("picture", picture.rgba, face, whole=True)
    warn(opened, asked.edits)
    with tqdm(total=STEPS, desc="Projecting", unit="step", disable=None) as bar:  # on a terminal only
        for step in session.project("picture", seconds=asked.seconds):
            bar.update(step.step - bar.n)
            bar.set_postfix(loss=f"{step.loss:.3f}")
    return session.apply("picture", asked.edits, lambda: False, asked.quality, only)


def _face(session: Session, picture: PictureFile, choose: Choose) -> FacePoints:
    faces = session.faces(picture.rgba)
    if not faces:
        text = f'No face was found in "{picture.path}": place it by hand in `anycost studio`.'
        raise CoreError("no-face", f"{text} {session.advice}".strip())
    return choose(faces).face_points


def warn(opened: OpenedPicture, edits: Mapping[str, float]) -> None:
    """Says on stderr how far a picture is from the pack's, and which of the edits do not work on it."""
    if opened.advice:
        _tell(opened.advice)
    for name in opened.limited:
        if edits.get(name):
            _tell(f"{name} does not work on this picture: it may change little or nothing.")


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)


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
