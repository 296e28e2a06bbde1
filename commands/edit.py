"""`anycost edit`: edits the face in a picture file, without Krita."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..bridge.messages import MAX_SECONDS
from ..core.errors import CoreError
from .arguments import add_pack, command, open_pack

if TYPE_CHECKING:
    import numpy as np

    from ..bridge.messages import Layer, Quality
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
    add_pack(parser)


def run(chosen: argparse.Namespace) -> None:
    edits = parse_edits(chosen.set)
    edit_file(chosen.source, chosen.target, open_pack(chosen.pack), edits, chosen.quality, chosen.seconds)


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
) -> None:
    """Finds, projects and edits the face in a picture file; the rest of the picture stays as it is.

    `seconds` bounds the projection. Bad input is refused before the long work.
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
    session.open("picture", rgba)
    with tqdm(total=STEPS, desc="Projecting", unit="step", disable=None) as bar:  # on a terminal only
        for step in session.project("picture", seconds=seconds):
            bar.update(step.step - bar.n)
            bar.set_postfix(loss=f"{step.loss:.3f}")
    layer = session.apply("picture", edits, lambda: False, quality)
    write_picture(target, composited(rgba, layer))


def composited(rgba: np.ndarray, layer: Layer) -> np.ndarray:
    """A picture uint8 [H, W, 4] with the layer over it."""
    import numpy as np
    from PIL import Image

    picture = Image.fromarray(rgba)
    picture.alpha_composite(
        Image.frombytes("RGBA", (layer.width, layer.height), layer.rgba), (layer.x, layer.y)
    )
    return np.array(picture)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds from 0 to {MAX_SECONDS:g}")
    return value
