"""`anycost edit`: edits the face in a picture file, without Krita."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..bridge.messages import MAX_SECONDS
from ..core.errors import CoreError
from .arguments import add_pack, command, open_pack

if TYPE_CHECKING:
    import numpy as np

    from ..bridge.messages import FacePoints, Layer, Quality
    from ..core.editing.session import Session
    from ..core.faces.reading import Reading
    from ..models.pack import Pack


def add(commands: argparse._SubParsersAction) -> None:
    parser = command(commands, "edit", run, "edit the face in a picture file")
    parser.add_argument("source", type=Path, metavar="IN", help="a PNG, JPEG, WebP, TIFF or BMP file")
    parser.add_argument("target", type=Path, metavar="OUT", help="a file that ends in .png, .jpg or .webp")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an edit, such as smile=0.5; repeatable",
    )
    parser.add_argument("--quality", choices=("draft", "preview", "full"), default="full")
    parser.add_argument(
        "--seconds", type=_seconds, metavar="S", help="time limit for finding the face's latent"
    )
    which = parser.add_mutually_exclusive_group()
    text = "which face, counted from the left (default: the one in front)"
    which.add_argument("--face", type=int, metavar="N", help=text)
    which.add_argument("--at", type=_spot, metavar="X,Y", help="the face at these pixels of the picture")
    add_pack(parser)


def run(chosen: argparse.Namespace) -> None:
    edits = parse_edits(chosen.set)

    def choose(faces: Sequence[Reading]) -> Reading:
        return chosen_face(faces, chosen.face, chosen.at)

    pack = open_pack(chosen.pack)
    edit_file(chosen.source, chosen.target, pack, edits, chosen.quality, chosen.seconds, choose)


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
        print(f"{count} found; editing the one in front (--face and --at choose another).", file=sys.stderr)
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


def edit_file(
    source: Path,
    target: Path,
    pack: Pack,
    edits: Mapping[str, float],
    quality: Quality,
    seconds: float | None,
    choose: Callable[[Sequence[Reading]], Reading],
) -> None:
    """Finds, projects and edits a face in a picture file; the rest of the picture stays as it is.

    `seconds` bounds the projection; `choose` picks one of the faces, of which there is at least one. Bad
    input is refused before the long work.
    """
    import numpy as np
    from tqdm import tqdm

    from ..core.editing.edits import edited
    from ..core.editing.session import STEPS, Session
    from ..core.files.pictures import check_writable, read_picture, write_picture

    check_writable(target)
    edited(np.zeros((pack.n_style, pack.style_dim), np.float32), edits, pack)
    rgba = read_picture(source)  # [H, W, 4]
    session = Session(pack)
    session.open("picture", rgba, _face(session, rgba, source, choose) if pack.alignment else None)
    with tqdm(total=STEPS, desc="Projecting", unit="step", disable=None) as bar:  # on a terminal only
        for step in session.project("picture", seconds=seconds):
            bar.update(step.step - bar.n)
            bar.set_postfix(loss=f"{step.loss:.3f}")
    layer = session.apply("picture", edits, lambda: False, quality)
    write_picture(target, composited(rgba, layer))


def _face(
    session: Session, rgba: np.ndarray, source: Path, choose: Callable[[Sequence[Reading]], Reading]
) -> FacePoints:
    faces = session.faces(rgba)
    if not faces:
        text = f'No face was found in "{source}": place it by hand in `anycost studio`. {session.advice}'
        raise CoreError("no-face", text.strip())
    return choose(faces).face_points


def composited(rgba: np.ndarray, layer: Layer) -> np.ndarray:
    """A picture uint8 [H, W, 4] with the layer over it."""
    import numpy as np
    from PIL import Image

    picture = Image.fromarray(rgba)
    picture.alpha_composite(
        Image.frombytes("RGBA", (layer.width, layer.height), layer.rgba), (layer.x, layer.y)
    )
    return np.array(picture)


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
