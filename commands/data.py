"""`anycost data`: contact sheets of portraits, heads and cars, a cache of heads, what your own pictures are
good for, and packing them for training.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import CoreError
from .arguments import command, shape

if TYPE_CHECKING:
    from torch import Tensor

MOST_PIXELS = 64 << 20  # of a sheet


def add(commands: argparse._SubParsersAction) -> None:
    data = commands.add_parser("data", help="look at training pictures", allow_abbrev=False)
    actions = data.add_subparsers(required=True, metavar="ACTION")
    portraits = command(actions, "portraits", _portraits, "draw a contact sheet of painted portraits")
    portraits.add_argument("--sheet", type=Path, required=True, metavar="OUT.png")
    _sheet(portraits)
    heads = command(actions, "heads", _heads, "draw a contact sheet of rendered heads, or many to learn from")
    where = heads.add_mutually_exclusive_group(required=True)
    where.add_argument("--sheet", type=Path, metavar="OUT.png")
    where.add_argument("--cache", type=Path, metavar="DIR", help="draw heads with their labels into a folder")
    _sheet(heads)
    heads.add_argument("--labels", action="store_true", help="draw what each pixel shows instead")
    heads.add_argument("--count", type=int, default=50_000, help="heads that the folder shall have")
    heads.add_argument("--wide", type=float, default=1.5, help="how much more than the usual frame it shows")
    text = "into a folder: lean towards white hair, beards, hats, scarves, glasses and profiles"
    heads.add_argument("--rare", action="store_true", help=text)
    heads.add_argument("--processes", type=int, default=1, help="how many draw at once")
    cars = command(actions, "cars", _cars, "draw a contact sheet of cars")
    cars.add_argument("--sheet", type=Path, required=True, metavar="OUT.png")
    _sheet(cars)
    folder = command(actions, "folder", _folder, "say what a folder, zip or LMDB of pictures is good for")
    folder.add_argument("folder", type=Path, metavar="FOLDER|ZIP|LMDB")
    text = "decode and resize a folder, zip or LMDB once, for training; goes on where it was stopped"
    pack = command(actions, "pack", _pack, text)
    pack.add_argument("folder", type=Path, metavar="FOLDER|ZIP|LMDB")
    pack.add_argument("--out", type=Path, required=True, metavar="FILE", help="data.folder of a training")
    pack.add_argument("--resolution", type=int, required=True, metavar="R", help="px of the longer side")
    text = (
        "width to height (default: %(default)s); others than squares are trained with black rows or columns"
    )
    pack.add_argument("--shape", type=shape, default="1:1", metavar="W:H", help=text)
    pack.add_argument("--processes", type=int, default=1, metavar="N", help="how many decode at once")


def _sheet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=5)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--resolution", type=int, default=128, metavar="R", help="px of one picture")
    parser.add_argument("--seed", type=int, default=4)
    text = "leave out the correlations of a population, such as grey hair with age"
    parser.add_argument("--uncorrelated", action="store_true", help=text)


def _portraits(chosen: argparse.Namespace) -> None:
    draw(chosen.sheet, chosen.rows, chosen.columns, chosen.resolution, chosen.seed, not chosen.uncorrelated)


def _heads(chosen: argparse.Namespace) -> None:
    if chosen.cache is not None:
        _cache(chosen)
        return
    _check(chosen.sheet, chosen.rows, chosen.columns, chosen.resolution, chosen.seed)
    from ..lab.heads.heads_sheet import heads_sheet

    sizes = (chosen.rows, chosen.columns, chosen.resolution, chosen.seed)
    _write(chosen.sheet, heads_sheet(*sizes, not chosen.uncorrelated, chosen.labels))


def _cache(chosen: argparse.Namespace) -> None:
    if chosen.count < 1 or chosen.processes < 1:
        raise CoreError("bad-value", "A cache has at least one head and one process: give larger numbers.")
    if not 32 <= chosen.resolution <= 1024 or not 1 <= chosen.wide <= 4:
        text = "A cache's pictures have 32 to 1024 pixels and are 1 to 4 times as wide as the usual frame."
        raise CoreError("bad-value", text)
    from ..lab.data.head_cache import CacheKind, fill

    kind = CacheKind(chosen.resolution, chosen.wide, chosen.seed, chosen.rare)
    fill(chosen.cache, chosen.count, kind, chosen.processes)


def _cars(chosen: argparse.Namespace) -> None:
    _check(chosen.sheet, chosen.rows, chosen.columns, chosen.resolution, chosen.seed)
    if chosen.resolution % 8:
        raise CoreError("bad-value", f"A car's picture is a multiple of 8 px wide, not {chosen.resolution}.")
    from ..lab.cars.car_sheet import car_sheet

    sizes = (chosen.rows, chosen.columns, chosen.resolution, chosen.seed)
    _write(chosen.sheet, car_sheet(*sizes, not chosen.uncorrelated))


def _pack(chosen: argparse.Namespace) -> None:
    from ..lab.data.folder import to_pack
    from ..lab.data.packed import pack

    if chosen.processes < 1:
        raise CoreError("bad-value", "Packing needs at least one process: give a larger number.")
    files = to_pack(chosen.folder, chosen.resolution, chosen.shape)
    count = pack(files, chosen.out, chosen.processes)
    print(f'"{chosen.out}" holds {count} pictures of {files.frame}. Name it as data.folder.')


def _folder(chosen: argparse.Namespace) -> None:
    from ..lab.data.folder import check

    print(check(chosen.folder))


def draw(
    out: Path, rows: int = 5, columns: int = 8, resolution: int = 128, seed: int = 4, correlated: bool = True
) -> None:
    """Writes a sheet of rows x columns portraits of `resolution` px to the picture file `out`.

    CoreError "bad-value" for sizes out of range or a file that cannot be written.
    """
    _check(out, rows, columns, resolution, seed)
    from ..lab.painter.contact_sheet import contact_sheet

    _write(out, contact_sheet(rows, columns, resolution, seed, correlated))


def _check(out: Path, rows: int, columns: int, resolution: int, seed: int) -> None:
    from ..core.files.pictures import check_writable

    check_writable(out)
    if rows < 1 or columns < 1:
        raise CoreError("bad-value", "A sheet has at least one row and one column: give larger numbers.")
    if not 32 <= resolution <= 1024:
        raise CoreError("bad-value", f"A sheet's pictures have 32 to 1024 pixels, not {resolution}.")
    if rows * columns * resolution**2 > MOST_PIXELS:
        text = "The sheet would have more than 64 megapixels: give fewer or smaller pictures."
        raise CoreError("bad-value", text)
    if not 0 <= seed < 2**63:
        raise CoreError("bad-value", f"A seed is a number from 0 to 2^63 - 1, not {seed}.")


def _write(out: Path, sheet: Tensor) -> None:
    """Writes uint8 [H, W, 3] as an opaque picture."""
    import numpy as np

    from ..core.files.pictures import write_picture

    rgb = sheet.numpy()
    opaque = np.full((*rgb.shape[:2], 1), 255, np.uint8)
    write_picture(out, np.concatenate([rgb, opaque], axis=2))
