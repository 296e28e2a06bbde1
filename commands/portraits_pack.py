"""Assembles the default pack from the runs of its networks, for `make pack`.

python -m anycost.commands.portraits_pack --out models/packs/portraits [--runs runs]
    [--readers | --bank | --sliders]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

from ..lab.directions.head_sliders import with_head_sliders
from ..lab.directions.sliders import portrait_directions
from ..lab.heads.skin_lines import with_lines
from ..lab.networks.finding import SIDE
from ..lab.painter import ALIGNMENT
from ..lab.running import checkpoints
from ..models.features import load_features
from ..models.generator import Generator
from ..models.manifest import Alignment
from ..models.pack import Pack, PackError, add_bank, add_readers
from ..models.widths import SubGenerator, WidthRule
from . import packs_make
from .packs import write_bank

RATIOS = (0.25, 0.5, 0.75, 1.0)
RESOLUTIONS = (16, 32, 64, 128)
# found by `anycost search --budget 16x --budget 6x --budget 2x`: a ratio, or each layer's channels
LADDER: tuple[tuple[int, float | tuple[int, ...]], ...] = (
    (64, 0.25),
    (64, 0.5),
    (128, (256, 256, 256, 256, 192, 192, 144, 144, 96, 96, 32, 32)),
    (128, 1.0),
)
PROVENANCE = (
    "trained on {} pictures by this project's own painter, supervised and adversarially; no photograph, no "
    "other artist's work"
)
CARD = Path(__file__).with_name("portraits_card.md")
LICENCE = Path(__file__).parents[1] / "LICENSE"


def ladder(generator: Generator, rule: WidthRule) -> list[SubGenerator]:
    """The rungs of `LADDER`, cheapest first."""
    return [
        SubGenerator(side, widths)
        if isinstance(widths, tuple)
        else rule.sub_generator(generator.channels, side, widths)
        for side, widths in LADDER
    ]


def assemble(runs: Path, out: Path) -> Path:
    """Writes the pack from the networks' folders in `runs`, and there what each slider does, as
    directions.json. Needs the face weights, for the bank."""
    with tempfile.TemporaryDirectory() as folder:  # so that `out` never has a pack without a bank
        without = write_networks(runs, Path(folder) / out.name)
        return write_bank(Pack.open(without), out, replace=True, finished=with_lines)


def write_networks(runs: Path, out: Path) -> Path:
    """The same without a bank."""
    trained = checkpoints.trained(runs / "portraits")
    trained = dataclasses.replace(trained, resolutions=RESOLUTIONS, ratios=RATIOS)
    features = runs / "attributes" / "features.safetensors"
    found, report = portrait_directions(trained.generator, load_features(features))
    (runs / "directions.json").write_text(json.dumps(report, indent=1) + "\n")
    finder, heads = _readers(runs)
    parts = packs_make.PackParts(
        encoder=runs / "encoder" / "encoder.onnx",
        finder=finder[0],
        head_reader=heads,
        features=features,
        directions=found,
        ladder=ladder(trained.generator, trained.rule),
    )
    return packs_make.write(
        trained,
        out,
        parts,
        name="portraits",
        title="Illustrated portraits",
        licence="Apache-2.0",
        provenance=PROVENANCE.format(trained.pictures),
        alignment=Alignment(**ALIGNMENT),
        documents={"MODEL_CARD.md": CARD.read_text(), "LICENSE": LICENCE.read_text()},
        half=True,
    )


def renew_readers(runs: Path, out: Path) -> Path:
    """Gives the pack in `out` the finder and the reader of heads in `runs`, and the card as it is now."""
    finder, heads = _readers(runs)
    return add_readers(Pack.open(out), finder, heads, documents={"MODEL_CARD.md": CARD.read_text()})


def renew_bank(out: Path) -> Path:
    """Makes the bank of the pack in `out` anew, and renews its card. Needs the face weights."""
    write_bank(Pack.open(out), finished=with_lines)
    return add_readers(Pack.open(out), documents={"MODEL_CARD.md": CARD.read_text()})


def renew_sliders(out: Path) -> Path:
    """Gives the pack in `out` the sliders that move any head and the lines of the skin anew, and the card as
    it is now. Its bank is measured no more than that."""
    pack = Pack.open(out)
    if pack.bank is None:
        raise PackError(f'The pack in "{out}" has no bank: make one with --bank.')
    directions, bank = with_head_sliders(pack.directions, pack.bank)
    add_bank(pack, with_lines(bank), directions)
    return add_readers(Pack.open(out), documents={"MODEL_CARD.md": CARD.read_text()})


def _readers(runs: Path) -> tuple[tuple[Path, int], Path]:
    """The files of the finder, with the side of its pictures, and of the reader of heads."""
    return (runs / "heads_finder" / "finder.onnx", SIDE), runs / "head_reader" / "head_reader.onnx"


def main() -> None:
    parser = argparse.ArgumentParser(description="Assemble the default pack from the runs of its networks.")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the runs")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pack")
    given = parser.add_mutually_exclusive_group()
    text = "only give an existing pack {}, and its card"
    for name, what in (
        ("readers", "the finder and the reader of heads"),
        ("bank", "a new bank"),
        ("sliders", "the sliders that move any head and the lines of the skin"),
    ):
        given.add_argument(f"--{name}", action="store_true", help=text.format(what))
    chosen = parser.parse_args()
    if chosen.bank or chosen.sliders:
        print((renew_bank if chosen.bank else renew_sliders)(chosen.out))
        return
    make = renew_readers if chosen.readers else assemble
    print(make(chosen.runs, chosen.out))


if __name__ == "__main__":
    main()
