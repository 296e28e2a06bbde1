"""A sheet of pictures and what edits make of them, to look at.

python -m anycost.lab.measuring.carry_sheet --out docs/carried.png
python -m anycost.lab.measuring.carry_sheet --pictures a.jpg,b.png --edits smile=1,jaw=-1 --out sheet.png

Rows are pictures, columns the original and the edits; a cell is the square around the face. Without pictures
it takes two photographs and a drawing of our painter's. It needs the weights of `anycost weights get faces`,
matplotlib for Commodore Grace Hopper, by the US Navy, and scikit-image for the astronaut Eileen Collins, by
NASA; both are in the public domain.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from ...core.editing.session import Session
from ...core.errors import CoreError
from ...core.faces.onnx_network import OnnxNetwork
from ...core.faces.placement import crop
from ...core.faces.readers import Readers
from ...core.files.pictures import read_picture
from ...core.files.whole_file import write_bytes
from ...models.pack import Pack, PackError
from ..painter import paint
from .carry_report import CarriedPicture, parsed_edit
from .faces_sheet import photograph

CELL = 320  # px
GAP = 4
EDITS = "smile=1,age=1,grey=1,skin_tone=0.6,glasses=1"
DRAWN = {"smile": -0.3, "turn": 0.2, "hair_length": 0.7, "skin_tone": 0.6}
DRAWN_SIDE = 512  # px


def astronaut() -> Image.Image:
    """The photograph that scikit-image ships; CoreError without scikit-image."""
    if importlib.util.find_spec("skimage") is None:
        raise CoreError("bad-picture", "The astronaut comes with scikit-image: pip install scikit-image.")
    from skimage import data

    return Image.fromarray(data.astronaut()).convert("RGBA")


def drawing() -> Image.Image:
    """A portrait by our painter."""
    torch.manual_seed(3)
    pose = {name: torch.tensor([value]) for name, value in DRAWN.items()}
    rgb = paint(pose, DRAWN_SIDE).rgb[0]  # [3, 512, 512]
    return Image.fromarray(((rgb.permute(1, 2, 0) + 1) * 127.5).byte().numpy()).convert("RGBA")


def examples() -> dict[str, np.ndarray]:
    """Three pictures uint8 [H, W, 4]."""
    shown = {"hopper": photograph(), "astronaut": astronaut(), "drawing": drawing()}
    return {name: np.array(image) for name, image in shown.items()}


def cells(picture: CarriedPicture, edits: Sequence[str], side: int) -> Iterator[np.ndarray]:
    """The square around a picture's face, uint8 [side, side, 3]: as it is, then with each edit."""
    placement = picture.opened.placement
    yield crop(picture.rgba, placement, side)
    for edit in edits:
        after, _ = picture.applied(dict([parsed_edit(edit)]))
        yield crop(after, placement, side)


def carry_sheet(rows: Sequence[Sequence[np.ndarray]], labels: Sequence[str]) -> Image.Image:
    """Rows of equal cells [side, side, 3] under a line of labels."""
    side = len(rows[0][0])
    line = max(16, side // 12)
    size = len(labels) * (side + GAP) + GAP, line + len(rows) * (side + GAP) + GAP
    sheet = Image.new("RGB", size, "#202020")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(0.6 * line)
    for column, label in enumerate(labels):
        draw.text((GAP + column * (side + GAP) + side / 2, line / 2 + GAP), label, "#f0f0f0", font, "mm")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            corner = GAP + column * (side + GAP), line + GAP + number * (side + GAP)
            sheet.paste(Image.fromarray(cell), corner)
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description="A sheet of pictures and what edits make of them.")
    parser.add_argument("--pictures", help="files, separated by commas (default: three examples)")
    parser.add_argument("--edits", default=EDITS, help="NAME=VALUE, separated by commas")
    parser.add_argument("--cell", type=int, default=CELL, help="px a side")
    parser.add_argument("--pack", default="portraits")
    parser.add_argument("--out", type=Path, required=True, help="a PNG file")
    chosen = parser.parse_args()
    edits = chosen.edits.split(",")
    try:
        session = Session(Pack.open(chosen.pack))
        finder = session.pack.finder_path
        readers = Readers(OnnxNetwork(finder, "heat") if finder else None)
        paths = [Path(name) for name in chosen.pictures.split(",")] if chosen.pictures else []
        pictures = {path.stem: read_picture(path) for path in paths} or examples()
        rows = [
            list(cells(CarriedPicture(session, readers, name, rgba), edits, chosen.cell))
            for name, rgba in pictures.items()
        ]
    except (CoreError, PackError) as error:
        sys.exit(f"anycost: {error}")
    data = io.BytesIO()
    carry_sheet(rows, ["original", *edits]).save(data, "PNG", optimize=True)
    write_bytes(chosen.out, data.getvalue())


if __name__ == "__main__":
    main()
