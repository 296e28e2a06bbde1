"""`anycost train`: trains the network that a TOML file describes, on one process or under torchrun."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import command


def add(commands: argparse._SubParsersAction) -> None:
    text = "train the network that a TOML file describes; under torchrun on many processes"
    parser = command(commands, "train", run, text)
    parser.add_argument("config", type=Path, metavar="CONFIG.toml")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", action="store_true", help="continue from the run's last checkpoint")
    start.add_argument("--from-pack", default="", metavar="PACK", help="start with the network of a pack")
    parser.add_argument(
        "--seen",
        type=int,
        default=0,
        metavar="PICTURES",
        help="how many pictures the pack's network counts as having seen",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="the run's folder (default: runs/ and the file's name)"
    )


def run(chosen: argparse.Namespace) -> None:
    from ..lab.running.config import read
    from ..lab.training import train

    out = chosen.out or Path("runs") / chosen.config.stem
    train(read(chosen.config), out, resume=chosen.resume, pack=chosen.from_pack, seen=chosen.seen)
