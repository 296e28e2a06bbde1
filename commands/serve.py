"""`anycost serve`: runs the core for panels to connect to, until it is told to leave."""

from __future__ import annotations

import argparse

from .arguments import add_pack, command


def add(commands: argparse._SubParsersAction) -> None:
    parser = command(commands, "serve", run, "run the core for panels, until it is told to leave")
    parser.add_argument("--socket", metavar="PATH", help="where to listen (default: where panels look)")
    add_pack(parser)


def run(chosen: argparse.Namespace) -> int:
    from ..bridge.system import socket_path
    from ..core.service.service import main

    return main(chosen.socket or socket_path(), adopt_stdin=False, pack=chosen.pack)
