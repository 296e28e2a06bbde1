"""`anycost search`: evolves the ladder of a pack or run, for budgets in multiply-accumulates or ms."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..core.errors import CoreError
from .arguments import add_features, add_pack_or_run, command, pack_or_run
from .packs_make import is_run


def add(commands: argparse._SubParsersAction) -> None:
    text = "find a ladder: for each budget, the sub-generator that draws most like the full one"
    parser = command(commands, "search", run, text)
    add_pack_or_run(parser)
    add_features(parser)
    text = "how many times fewer multiply-accumulates than the full generator, or ms a picture; repeatable"
    parser.add_argument("--budget", action="append", required=True, metavar="8x|20ms", help=text)
    number = {"type": int, "metavar": "N"}
    parser.add_argument("--generations", default=20, **number, help="(default: %(default)s, the paper's)")
    parser.add_argument("--population", default=50, **number, help="(default: %(default)s, the paper's)")
    parser.add_argument("--samples", default=64, **number, help="latents compared (default: %(default)s)")
    parser.add_argument("--seed", default=0, **number, help="of the search (default: %(default)s)")
    text = "compare by LPIPS, as the paper does (default: by the pack's own features, if it has them)"
    parser.add_argument("--perceptual", choices=("lpips-alex", "lpips-vgg"), default="", help=text)
    text = "folder for the ladder, the plot and the state of an unfinished search (default: %(default)s)"
    parser.add_argument("--out", type=Path, default=Path("search"), metavar="DIR", help=text)
    parser.add_argument("--install", action="store_true", help="make the result the pack's ladder")


def run(chosen: argparse.Namespace) -> None:
    from ..lab.search.evolution import SearchSettings
    from ..lab.search.searcher import search

    if chosen.install and is_run(chosen.pack):
        text = "A run has no ladder: leave out --install, and give the file to `anycost packs make --ladder`."
        raise CoreError("bad-value", text)
    settings = SearchSettings(chosen.population, chosen.generations, chosen.seed)
    with pack_or_run(chosen.pack, chosen.features) as pack:
        search(
            pack,
            chosen.budget,
            settings,
            chosen.samples,
            chosen.out,
            to_install=chosen.install,
            perceptual=chosen.perceptual,
        )
