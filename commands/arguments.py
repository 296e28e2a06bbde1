"""What the subcommands' parsers share."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..bridge.messages import DEFAULT_PACK
from ..core.errors import CoreError

if TYPE_CHECKING:
    from ..models.pack import Pack


def command(
    commands: argparse._SubParsersAction,
    name: str,
    run: Callable[[argparse.Namespace], int | None],
    text: str,
) -> argparse.ArgumentParser:
    """Adds a subcommand that `run` carries out; returns its parser."""
    parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(run=run)
    return parser


def shape(text: str) -> tuple[int, int]:
    """The type of --shape: width to height, like 4:3 or 512x384."""
    found = re.fullmatch(r"(\d{1,4})[:x](\d{1,4})", text)
    if found is None:
        raise argparse.ArgumentTypeError("give width and height, like 4:3")
    return int(found[1]), int(found[2])


def add_pack(parser: argparse._ActionsContainer) -> None:
    """Adds --pack."""
    parser.add_argument(
        "--pack", default=DEFAULT_PACK, metavar="NAME|DIR", help="a pack (default: %(default)s)"
    )


def add_pack_or_run(parser: argparse._ActionsContainer) -> None:
    """Adds --pack, which may also name a training run."""
    text = "a pack, or the folder of a generator's training run (default: %(default)s)"
    parser.add_argument("--pack", default=DEFAULT_PACK, metavar="NAME|DIR|RUN", help=text)


def add_features(parser: argparse._ActionsContainer) -> None:
    """Adds --features, for a training run."""
    text = "for a run: the attribute network that judges and compares its pictures"
    parser.add_argument("--features", type=Path, metavar="RUN|FILE.safetensors", help=text)


@contextmanager
def pack_or_run(name: str, features: Path | None = None) -> Iterator[Pack]:
    """The pack that --pack names, or that of a run with the attribute network `features`, which is gone
    afterwards; CoreError or PackError for others."""
    from .packs_make import is_run, run_as_pack

    if is_run(name):
        with run_as_pack(Path(name), features) as pack:
            yield pack
        return
    if features:
        raise CoreError("bad-value", "--features is for a training run: leave it out, packs have their own.")
    yield open_pack(name)


def open_pack(name: str) -> Pack:
    """The pack that --pack names."""
    from ..models.pack import Pack

    return Pack.open(name)


def pack_with_added(name: str) -> Pack:
    """The same with the directions that others made for it; stderr names those that cannot be used."""
    from ..core.files.added_directions import with_added

    pack, problems = with_added(open_pack(name))
    for problem in problems:
        print(problem, file=sys.stderr)
    return pack


def changeable_pack(chosen: argparse.Namespace) -> Pack:
    """The pack that is chosen, if it may be changed or a copy is asked for (--out)."""
    pack = open_pack(chosen.pack)
    if pack.built_in and chosen.out is None:
        text = f'The pack "{pack.title}" came with Anycost and stays as it is: write a copy with --out DIR.'
        raise CoreError("bad-value", text)
    return pack
