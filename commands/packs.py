"""`anycost packs`: lists packs, describes one, makes packs from other programs' model files, and completes
them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import CoreError
from . import packs_complete, packs_import, packs_install, packs_make
from .arguments import changeable_pack, command, open_pack

if TYPE_CHECKING:
    from ..models.bank import Bank
    from ..models.pack import Pack

PORTRAITS, LEAST_PORTRAITS = 256, 8  # of a bank
JUDGED = 96  # of them, on which each direction is measured


def add(commands: argparse._SubParsersAction) -> None:
    packs = commands.add_parser("packs", help="list, describe, import and complete packs", allow_abbrev=False)
    actions = packs.add_subparsers(required=True, metavar="ACTION")
    command(actions, "list", _list_packs, "name the installed packs")
    show = command(actions, "show", _show_pack, "describe one pack")
    show.add_argument("pack", metavar="NAME|DIR")
    packs_import.add(actions)
    text = "measure what a pack's edits do to a head, so that they can be carried over to any picture"
    bank = command(actions, "bank", _bank, text)
    bank.add_argument("pack", metavar="NAME|DIR")
    text = "faces that are drawn and read (default: %(default)s)"
    bank.add_argument("--portraits", type=int, default=PORTRAITS, metavar="N", help=text)
    text = "those on which each edit is measured (default: %(default)s)"
    bank.add_argument("--judged", type=int, default=JUDGED, metavar="N", help=text)
    text = "write a copy of the pack, with the bank, to this folder (default: the pack itself)"
    bank.add_argument("--out", type=Path, metavar="DIR", help=text)
    text = "give a pack a finder of faces, a reader of heads or an attribute network: see `anycost train`"
    readers = command(actions, "readers", _readers, text)
    readers.add_argument("pack", metavar="NAME|DIR")
    readers.add_argument("--finder", type=Path, metavar="FILE.onnx")
    readers.add_argument("--head-reader", type=Path, metavar="FILE.onnx")
    readers.add_argument("--features", type=Path, metavar="FILE.safetensors")
    text = "write a copy of the pack with them to this folder (default: the pack itself)"
    readers.add_argument("--out", type=Path, metavar="DIR", help=text)
    packs_make.add(actions)
    packs_complete.add(actions)
    packs_install.add(actions)


def _list_packs(chosen: argparse.Namespace) -> None:
    from ..models.manifest import PackError, read_manifest
    from ..models.pack import list_packs

    for name, folder in list_packs().items():
        try:
            pack = read_manifest(folder)
            print(f"{name}\t{pack.resolution} px\t{pack.title}\t{folder}")
        except PackError as error:
            print(f"{name}\tcannot be used\t{error}\t{folder}")


def _show_pack(chosen: argparse.Namespace) -> None:
    pack = open_pack(chosen.pack)
    print(f"{pack.title} ({pack.name})\n{pack.folder}")
    print(f"Licence: {pack.licence}\nProvenance: {pack.provenance}")
    parts = {
        "encoder": pack.encoder_path,
        "finder": pack.finder_path,
        "reader of heads": pack.head_reader_path,
        "features": pack.features_path,
        "bank": pack.bank_file,
    }
    have = ", ".join(name for name, path in parts.items() if path) or "only the generator"
    print(f"{pack.resolution} px, w+ [{pack.n_style}, {pack.style_dim}]; has {have}")
    print("Ladder:")
    for rung in pack.ladder:
        print(f"  {rung.title:18s}  {rung.macs / 1e9:8.3f} GMAC")
    print("Edits:" if pack.directions else "Edits: none")
    for d in pack.directions:
        print(f"  {d.name:24s} {d.low:g} to {d.high:g}  {d.group}: {d.label}")


def _bank(chosen: argparse.Namespace) -> None:
    from ..models.manifest import MAX_PORTRAITS

    pack = changeable_pack(chosen)
    if not LEAST_PORTRAITS <= chosen.portraits <= MAX_PORTRAITS:
        raise CoreError("bad-value", f"--portraits takes {LEAST_PORTRAITS} to {MAX_PORTRAITS}.")
    if not 1 <= chosen.judged <= chosen.portraits:
        raise CoreError("bad-value", f"--judged takes 1 to {chosen.portraits}, the number of portraits.")
    print(write_bank(pack, chosen.out, portraits=chosen.portraits, judged=chosen.judged))


def _readers(chosen: argparse.Namespace) -> None:
    from ..lab.networks.finding import SIDE
    from ..models.pack import add_readers

    pack = changeable_pack(chosen)
    given = [file for file in (chosen.finder, chosen.head_reader, chosen.features) if file]
    if not given:
        raise CoreError("bad-value", "Name a file with --finder, --head-reader or --features.")
    if missing := [file for file in given if not file.is_file()]:
        raise CoreError("bad-value", f'There is no file "{missing[0]}".')
    try_out(chosen.finder, chosen.head_reader, chosen.features)
    finder = (chosen.finder, SIDE) if chosen.finder else None
    print(add_readers(pack, finder, chosen.head_reader, chosen.out, features=chosen.features))


def try_out(finder: Path | None, head_reader: Path | None, features: Path | None = None) -> None:
    """CoreError if a network does not answer as its kind does."""
    import numpy as np

    from ..bridge.messages import Placement
    from ..core.faces.drawings import find_faces
    from ..core.faces.head_reader_net import HeadNetwork
    from ..core.faces.onnx_network import OnnxNetwork
    from ..core.faces.pyramid import Pyramid
    from ..models.features import load_features

    blank = np.full((64, 64, 4), 255, np.uint8)
    if finder:
        find_faces(blank, OnnxNetwork(finder, "heat"))
    if head_reader:
        damaged = f'"{head_reader.name}" is no reader of heads: name another file.'
        HeadNetwork(head_reader.read_bytes(), damaged).look(Pyramid(blank), Placement(32, 32, 64))
    if features:
        try:
            load_features(features)
        except ValueError as error:
            raise CoreError("bad-value", f"{error}: name another file.") from None


def write_bank(
    pack: Pack,
    out: Path | None = None,
    *,
    portraits: int = PORTRAITS,
    judged: int = JUDGED,
    replace: bool = False,
    finished: Callable[[Bank], Bank] | None = None,
) -> Path:
    """Makes a pack's bank, says the parts and ways of directions that do not, and adds the sliders that move
    any head; returns the folder.

    That is `out`, or else the pack's own. `finished` may add to the bank what no portrait shows. PackError
    for a pack that can have no bank, and when `out` is taken (unless `replace`); CoreError without weights.
    """
    from ..core.faces.attention_mesh import FILE as MESH
    from ..core.faces.attention_mesh import AttentionMesh
    from ..core.faces.face_parts import FILE as PERSON
    from ..core.faces.face_parts import PersonNetwork
    from ..core.faces.mesh_reader import DAMAGED
    from ..core.files.weights import installed
    from ..lab.directions.bank_making import Maker, alignment_of, make_bank
    from ..lab.directions.head_sliders import with_head_sliders
    from ..lab.directions.ways import described
    from ..models.pack import add_bank, check_target

    alignment_of(pack)  # refused before anybody fetches weights for it
    if out is not None:
        check_target(out, replace)
    if (weights := installed("faces")) is None:
        text = "A bank needs the networks that read faces: run `anycost weights get faces`, then try again."
        raise CoreError("pack", text)
    maker = Maker(pack, AttentionMesh(weights[MESH].read_bytes(), DAMAGED))
    bank = make_bank(maker, portraits, judged)
    directions = described(maker, bank, PersonNetwork(weights[PERSON].read_bytes(), DAMAGED))
    directions, bank = with_head_sliders(directions, bank)
    bank = bank if finished is None else finished(bank)
    return add_bank(pack, bank, directions, out, replace)
