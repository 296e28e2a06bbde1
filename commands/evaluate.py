"""`anycost evaluate`: measures every metric of the paper for every sub-generator of a pack or a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import add_features, add_pack_or_run, command, pack_or_run


def add(commands: argparse._SubParsersAction) -> None:
    text = "measure every sub-generator of a pack or run: cost, FID, distance and agreement with the full one"
    parser = command(commands, "evaluate", run, text)
    add_pack_or_run(parser)
    add_features(parser)
    parser.add_argument("--samples", type=int, default=2000, help="pictures (default: %(default)s)")
    parser.add_argument(
        "--data", metavar="portraits|heads|cars|DIR", help="real pictures (default: those of the pack)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the table and plots (default: evaluation/NAME)"
    )


def run(chosen: argparse.Namespace) -> None:
    from ..lab.measuring.every_metric import evaluate

    with pack_or_run(chosen.pack, chosen.features) as pack:
        evaluate(pack, chosen.samples, chosen.out or Path("evaluation") / pack.name, chosen.data)
