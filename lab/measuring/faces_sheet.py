"""A sheet of pictures with their faces read, to look at.

python -m anycost.lab.measuring.faces_sheet --out docs/read.png

It needs the weights of `anycost weights get faces`, and matplotlib for its photograph: Commodore Grace
Hopper, by the US Navy, in the public domain. The others are our painter's.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ...core.errors import CoreError
from ...core.faces.marks import marked
from ...core.faces.readers import Readers
from ...core.files.whole_file import write_bytes
from ..painter import paint

CELL = 400  # px
COLUMNS = 4
POSES = (
    {"turn": 0.9, "smile": 0.8, "skin_tone": 0.1, "hair_length": 0.8},
    {"turn": -0.9, "nod": 0.6, "glasses": 1.0, "age": 0.9, "masculine": 1.0, "hair_length": 0.1},
    {"mouth_open": 0.9, "brow_raise": 0.8, "skin_tone": 0.8, "hair_length": 0.4},
)


def photograph() -> Image.Image:
    """The photograph that matplotlib ships; CoreError without matplotlib."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise CoreError("bad-picture", "The photograph comes with matplotlib: pip install matplotlib.")
    path = Path(found.origin).parent / "mpl-data" / "sample_data" / "grace_hopper.jpg"
    return Image.open(path).convert("RGBA")


def pictures() -> Iterator[Image.Image]:
    """Eight pictures [RGBA]: one photograph in four ways, and drawings."""
    photo = photograph()
    drawings = list(_drawings())
    yield photo
    yield photo.convert("L").convert("RGBA").rotate(150, Image.Resampling.BICUBIC, expand=True)
    together = Image.new("RGBA", (1100, 700), "#7a8a80")
    together.paste(photo, (540, 60))
    together.paste(drawings[0].resize((420, 420)), (60, 180))
    yield together
    wide = Image.new("RGBA", (1000, 1000), "#6b6257")
    for corner, width in (((80, 90), 128), ((420, 380), 256), ((760, 820), 64)):
        wide.paste(photo.resize((width, width * 606 // 512), Image.Resampling.LANCZOS), corner)
    yield wide
    yield from drawings
    both = Image.new("RGBA", (512, 512), "#7a8a80")
    for place, drawing in zip(((0, 0), (256, 256)), drawings, strict=False):
        both.paste(drawing.resize((256, 256)), place)
    yield both


def _drawings() -> Iterator[Image.Image]:
    for seed, pose in enumerate(POSES):
        torch.manual_seed(seed)
        rgb = paint({name: torch.tensor([value]) for name, value in pose.items()}, 512).rgb[
            0
        ]  # [3, 512, 512]
        yield Image.fromarray(((rgb.permute(1, 2, 0) + 1) * 127.5).byte().numpy()).convert("RGBA")


def sheet(readers: Readers, shown: Sequence[Image.Image]) -> Image.Image:
    """Pictures with what was read, in rows of COLUMNS."""
    rows = -(-len(shown) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * CELL, rows * CELL), "#202020")
    for number, picture in enumerate(shown):
        rgba = np.array(picture)
        cell = Image.fromarray(marked(rgba, readers.read(rgba))).convert("RGB")
        cell.thumbnail((CELL - 8, CELL - 8), Image.Resampling.LANCZOS)
        column, row = number % COLUMNS, number // COLUMNS
        corner = column * CELL + (CELL - cell.width) // 2, row * CELL + (CELL - cell.height) // 2
        whole.paste(cell, corner)
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description="A sheet of pictures with their faces read.")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    data = io.BytesIO()
    sheet(Readers(), list(pictures())).save(data, "PNG")
    write_bytes(chosen.out, data.getvalue())


if __name__ == "__main__":
    main()
