"""`anycost evaluate`: measures every metric of the paper for every sub-generator of a pack."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import add_pack, command, open_pack


def add(commands: argparse._SubParsersAction) -> None:
    text = "measure every sub-generator of a pack: cost, FID, distance and agreement with the full one"
    parser = command(commands, "evaluate", run, text)
    add_pack(parser)
    parser.add_argument("--samples", type=int, default=2000, help="pictures (default: %(default)s)")
    parser.add_argument(
        "--data", metavar="portraits|heads|DIR", help="real pictures (default: those of the pack)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the table and plots (default: evaluation/NAME)"
    )


def run(chosen: argparse.Namespace) -> None:
    from ..lab.measuring.every_metric import evaluate

    pack = open_pack(chosen.pack)
    evaluate(pack, chosen.samples, chosen.out or Path("evaluation") / pack.name, chosen.data)
