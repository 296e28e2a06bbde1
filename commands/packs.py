"""`anycost packs`: lists packs, describes one, and makes packs from other programs' model files."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import command, open_pack


def add(commands: argparse._SubParsersAction) -> None:
    packs = commands.add_parser("packs", help="list, describe and import packs", allow_abbrev=False)
    actions = packs.add_subparsers(required=True, metavar="ACTION")
    command(actions, "list", _list_packs, "name the installed packs")
    show = command(actions, "show", _show_pack, "describe one pack")
    show.add_argument("pack", metavar="NAME|DIR")
    bring = command(actions, "import", _import_pack, "make a pack from a StyleGAN2 or Anycost generator file")
    bring.add_argument("file", type=Path)
    bring.add_argument("--name", required=True, help="the pack's name")
    bring.add_argument(
        "--out", type=Path, metavar="DIR", help="the pack's folder (default: where packs are found)"
    )
    text = "the generator draws other things: edit the middle square of pictures"
    bring.add_argument("--no-faces", action="store_true", help=text)


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
    parts = {"encoder": pack.encoder_path, "finder": pack.finder_path, "features": pack.features_path}
    have = ", ".join(name for name, path in parts.items() if path) or "only the generator"
    print(f"{pack.resolution} px, w+ [{pack.n_style}, {pack.style_dim}]; has {have}")
    print("Ladder:")
    for rung in pack.ladder:
        print(f"  {rung.title:18s}  {rung.macs / 1e9:8.3f} GMAC")
    print("Edits:" if pack.directions else "Edits: none")
    for d in pack.directions:
        print(f"  {d.name:24s} {d.low:g} to {d.high:g}  {d.group}: {d.label}")


def _import_pack(chosen: argparse.Namespace) -> None:
    from ..models.importing import import_checkpoint

    draws_faces = not chosen.no_faces
    print(import_checkpoint(chosen.file, chosen.name, chosen.out, draws_faces=draws_faces))
