"""`anycost packs complete`: makes any generator's pack anycost without its data, step by step."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..lab.completing.amounts import NAMES, Amounts
from .arguments import changeable_pack, command

if TYPE_CHECKING:
    from ..models.pack import Pack


def add(actions: argparse._SubParsersAction) -> None:
    text = (
        "give a pack what its generator lacks, from its own pictures: sliders, rough and quick drawing, an "
        "encoder, a ladder, a bank. Says first how long that takes; goes on where it was stopped"
    )
    parser = command(actions, "complete", _complete, text)
    parser.add_argument("pack", metavar="NAME|DIR")
    text = "write a copy of the pack to this folder and complete that (default: the pack itself)"
    parser.add_argument("--out", type=Path, metavar="DIR", help=text)
    text = f"do only this step: one of {', '.join(NAMES)}; repeatable"
    parser.add_argument("--step", action="append", choices=NAMES, default=[], metavar="STEP", help=text)
    parser.add_argument("--estimate", action="store_true", help="only say how long the steps take here")
    number = {"type": int, "metavar": "N"}
    text = f"drawn to teach the generator narrow widths and low resolutions (default: {Amounts.pictures})"
    parser.add_argument("--pictures", **number, help=text)
    text = f"drawn to train the encoder (default: {Amounts.encoder_pictures})"
    parser.add_argument("--encoder-pictures", **number, help=text)
    parser.add_argument("--samples", **number, help=f"read for the sliders (default: {Amounts.samples})")


def _complete(chosen: argparse.Namespace) -> None:
    from ..lab.completing.completing import complete
    from ..lab.running import distributed

    pack = changeable_pack(chosen)
    given = {name: getattr(chosen, name) for name in ("pictures", "encoder_pictures", "samples")}
    sizes = {name: value for name, value in given.items() if value is not None}
    with distributed.processes():
        folder = complete(pack, chosen.out, sizes, chosen.step, _bank, only_estimate=chosen.estimate)
        if distributed.rank() == 0 and not chosen.estimate:
            print(folder)


def _bank(pack: Pack, out: Path, portraits: int, judged: int) -> Path:
    from .packs import write_bank

    return write_bank(pack, out, portraits=portraits, judged=judged, replace=True)
