"""What the subcommands' parsers share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..bridge.messages import DEFAULT_PACK

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


def add_pack(parser: argparse._ActionsContainer) -> None:
    """Adds --pack."""
    parser.add_argument(
        "--pack", default=DEFAULT_PACK, metavar="NAME|DIR", help="a pack (default: %(default)s)"
    )


def open_pack(name: str) -> Pack:
    """The pack that --pack names."""
    from ..models.pack import Pack

    return Pack.open(name)
