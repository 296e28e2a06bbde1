"""The `anycost` command: reads the command line and runs the subcommand.

Every failure is one sentence on stderr. Subcommands import torch only when they run, so `--help` is quick.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ..bridge.shown_names import plain
from ..bridge.version import VERSION
from ..core.errors import CoreError
from ..models.manifest import PackError
from . import (
    bench,
    calibrate,
    data,
    directions,
    edit,
    evaluate,
    faces,
    packs,
    plugin,
    render,
    search,
    serve,
    studio,
    train,
    weights,
)

SUBCOMMANDS = (
    edit,
    faces,
    render,
    packs,
    weights,
    train,
    data,
    evaluate,
    directions,
    bench,
    calibrate,
    search,
    serve,
    studio,
    plugin,
)  # in the order of --help
EXIT_BAD_INPUT, EXIT_UNFORESEEN, EXIT_INTERRUPTED = 2, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0, 2 for what the user can put right, 130 after Ctrl-C, 1
    for anything else.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files need not be text in any encoding
    chosen = _parser().parse_args(arguments)
    try:
        return chosen.run(chosen) or 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        code, sentence = _explained(error)
        print(f"anycost: {plain(sentence)}", file=sys.stderr)
        return code


def _explained(error: Exception) -> tuple[int, str]:
    if isinstance(error, (CoreError, PackError)):
        return EXIT_BAD_INPUT, str(error)
    if isinstance(error, ImportError):
        return EXIT_BAD_INPUT, f"A library is missing ({error}): install Anycost again."
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return EXIT_BAD_INPUT, "There is not enough memory: close other programs or take a smaller picture."
    if os.environ.get("ANYCOST_DEBUG"):
        raise error
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return EXIT_UNFORESEEN, f"Something unforeseen went wrong ({what}); ANYCOST_DEBUG=1 shows where."


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"anycost: {message}; see {self.prog} --help.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="anycost", description="Face editing with one generator that runs at many costs.")
    parser.add_argument("--version", action="version", version=f"anycost {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for subcommand in SUBCOMMANDS:
        subcommand.add(commands)
    return parser
