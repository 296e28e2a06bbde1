"""`anycost directions`: extracts a pack's edits by SVMs on what its attribute network reads.

With a verb (add, list, remove, from) it makes and keeps directions that others bring to a pack.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import CoreError
from . import directions_added, directions_from
from .arguments import add_pack_or_run, command, pack_or_run

Run = Callable[[argparse.Namespace], None]

if TYPE_CHECKING:
    from ..models.features import Features
    from ..models.pack import Pack


def add(commands: argparse._SubParsersAction) -> None:
    parser = command(commands, "directions", run, "extract edits from a generator, and add edits to packs")
    parser.description = (
        "Without an ACTION: extract edits from a generator by SVMs on what an attribute network reads."
    )
    add_pack_or_run(parser)
    parser.add_argument("--out", type=Path, metavar="FILE.safetensors", help="where to write them")
    parser.add_argument("--samples", type=int, default=100_000, help="(default: %(default)s, the paper's)")
    text = (
        "what judges the pictures: features.safetensors of a run, or Anycost's published attribute predictor "
        "(default: the pack's network)"
    )
    parser.add_argument("--reader", type=Path, metavar="FILE", help=text)
    text = "an attribute to make an edit for (default: all); repeatable"
    parser.add_argument("--attribute", action="append", metavar="NAME", help=text)
    actions = parser.add_subparsers(metavar="ACTION")
    directions_added.add(actions)
    directions_from.add(actions)
    for action in actions.choices.values():
        action.set_defaults(run=_by_itself(action.get_default("run")))


def _by_itself(run: Run) -> Run:
    """An action that refuses what only measuring takes; a --pack before it counts."""

    def checked(chosen: argparse.Namespace) -> None:
        for option in ("out", "reader", "attribute"):
            if getattr(chosen, option) is not None:
                raise CoreError("bad-value", f"--{option} is for `anycost directions` without an action.")
        run(chosen)

    return checked


def run(chosen: argparse.Namespace) -> None:
    if chosen.out is None:
        raise CoreError(
            "bad-value", "Name the file to write with --out FILE.safetensors, or an action: --help."
        )
    with pack_or_run(chosen.pack) as pack:
        extract_file(pack, chosen.attribute, chosen.samples, chosen.out, chosen.reader)


def extract_file(
    pack: Pack, names: Sequence[str] | None, samples: int, out: Path, reader: Path | None = None
) -> None:
    """Writes the directions of the attributes `names` (None: all) to `out`, with a report beside it.

    `reader` is the file of an attribute network or of a published attribute predictor; without it the pack's
    network reads.

    CoreError for a pack without an attribute network, an unknown name, too few samples, or another ending.
    """
    from ..lab.directions.sliders import extract, write
    from ..lab.running import distributed

    if not out.parent.is_dir():
        raise CoreError("bad-value", f'There is no folder "{out.parent}" to write to: name another file.')
    if out.suffix != ".safetensors":
        raise CoreError("bad-value", f'"{out.name}" must end in .safetensors: the report is {out.stem}.json.')
    features = _reader(pack, reader)
    with distributed.processes():
        try:
            directions, report = extract(pack, features, names, samples)
        except ValueError as error:
            raise CoreError("bad-value", str(error)) from None
        if distributed.rank() == 0:
            write(directions, report, out)


def _reader(pack: Pack, file: Path | None) -> Features:
    """The network that judges pictures."""
    from ..lab.networks.attribute_predictor import load_predictor
    from ..models.features import load_features

    if file is not None:
        try:
            return load_features(file)
        except ValueError:
            return load_predictor(file)
    if pack.features_path is None:
        text = "has no attribute network to judge its pictures: name one with --reader."
        raise CoreError("pack", f'The pack "{pack.title}" {text}')
    try:
        return load_features(pack.features_path)
    except ValueError as error:
        raise CoreError("pack", f"{error}: install the pack again.") from None
