"""`anycost edit`: one picture file in, the edited one out, without Krita."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ..models.pack import Pack
from .directions import edited
from .errors import CoreError
from .faces import Layer
from .pictures import check_writable, read_picture, write_picture
from .session import STEPS, Session


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
            raise CoreError("bad-value", f'"{setting}" is no edit: write NAME=NUMBER, such as smile=0.5.')
    return edits


def edit_file(
    source: Path, target: Path, pack: Pack, edits: Mapping[str, float], quality: str, seconds: float | None
) -> None:
    """Finds, projects and edits the face of a picture file; the rest of the picture stays as it is.

    `seconds` bounds the projection. Everything that can be refused is refused before the long work.
    """
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
    """A picture uint8 [H, W, 4] with a layer laid over it."""
    picture = Image.fromarray(rgba)
    picture.alpha_composite(Image.fromarray(layer.rgba), (layer.x, layer.y))
    return np.array(picture)
