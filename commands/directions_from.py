"""`anycost directions from`: makes a direction from two folders of pictures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .arguments import command, open_pack
from .directions_added import add_own_pack, add_words, changed, measured


def add(actions: argparse._SubParsersAction) -> None:
    text = "make a direction from pictures without something and pictures with it, or from pairs of them"
    parser = command(actions, "from", _from, text)
    parser.add_argument(
        "without", type=Path, metavar="WITHOUT", help="a folder of pictures without it, or before"
    )
    text = "a folder of pictures with it, or after: with the same file names, they are pairs"
    parser.add_argument("having", type=Path, metavar="WITH", help=text)
    add_own_pack(parser)
    add_words(parser)
    text = "write the direction to this file (default: add it to the pack, as `anycost directions add` does)"
    parser.add_argument("--to", type=Path, metavar="FILE.safetensors", help=text)
    parser.add_argument("--no-measure", action="store_true", help="see `anycost directions add`")


def _from(chosen: argparse.Namespace) -> None:
    from ..core.editing.session import Session
    from ..core.files.added_directions import put, write
    from ..lab.directions.from_pictures import as_direction, direction_between, encoded, in_words, pictures_in
    from ..models.direction_file import DirectionFile

    name = chosen.name or chosen.having.resolve().name
    files = [pictures_in(folder) for folder in (chosen.without, chosen.having)]
    pack = open_pack(chosen.pack)
    session = Session(pack)
    without, having = (encoded(session, pictures) for pictures in files)
    made = direction_between(without, having, pack)
    print(in_words(made, (without, having)), file=sys.stderr)
    direction = as_direction(made, name, name.replace("_", " ").capitalize(), "Added")
    file = measured(pack, changed(DirectionFile(direction), chosen), chosen.no_measure)
    print(write(chosen.to, file) if chosen.to else put(pack, file))
