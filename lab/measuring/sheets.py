"""Unpicked pictures of a pack to look at: the seeds are always the same.

python -m anycost.lab.measuring.sheets --pack portraits --out docs

writes samples.png (the same portraits by every rung), faces.png (many, by the full generator) and, for a pack
with an encoder, encoded.png (painted portraits that training never saw, each above its reconstruction).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.pack import Pack
from ..running.grids import save_sheet
from .reals import portraits
from .reconstruction import of_file
from .subject import Subject, normals, of_pack

PSI = 0.7
SEED = 0
COLUMNS = 8
FACES = 64
ENCODED = 32


def samples(pack: Pack, subject: Subject) -> list[Tensor]:
    """One row [N, 3, R, R] per rung, from cheapest to full, enlarged smoothly as in the panel."""
    w = subject.latents(normals(COLUMNS, subject.generator.style_dim, SEED), PSI)
    size = (pack.resolution, pack.resolution)
    drawn = (subject.generator(w, rung.resolution, rung.channels) for rung in pack.ladder)
    return [F.interpolate(row, size, mode="bilinear") for row in drawn]


def faces(subject: Subject) -> list[Tensor]:
    """The full generator's portraits, in rows [COLUMNS, 3, R, R]."""
    w = subject.latents(normals(FACES, subject.generator.style_dim, SEED + 1), PSI)
    return [subject.generator(part) for part in w.split(COLUMNS)]


def encoded(pack: Pack, subject: Subject) -> list[Tensor]:
    """Rows [COLUMNS, 3, R, R] of painted portraits, each followed by what the full generator draws from its
    encoded latents. Empty for a pack without an encoder."""
    if pack.encoder_path is None:
        return []
    encode = of_file(pack.encoder_path, pack.encoder_size, subject)
    pictures = portraits(subject.resolutions[-1], ENCODED).read(torch.arange(ENCODED))
    return list(_pairs(pictures, subject.generator(encode(pictures))))


def _pairs(above: Tensor, below: Tensor) -> Iterator[Tensor]:
    for pair in zip(above.split(COLUMNS), below.split(COLUMNS), strict=True):
        yield from pair


@torch.inference_mode()
def save_all(pack: Pack, folder: Path) -> None:
    """Writes a pack's sheets to a folder."""
    subject = of_pack(pack)
    sheets = {
        "samples.png": samples(pack, subject),
        "faces.png": faces(subject),
        "encoded.png": encoded(pack, subject),
    }
    for name, rows in sheets.items():
        if rows:
            save_sheet(rows, folder / name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw unpicked pictures of a pack.")
    parser.add_argument("--pack", default="portraits", help="name or folder of a pack")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()
    save_all(Pack.open(arguments.pack), arguments.out)


if __name__ == "__main__":
    main()
