"""`anycost packs install`, `update`, `remove`, `verify` and `bundle`: packs travel as one file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import CoreError
from .arguments import command, open_pack

DAMAGED = 2  # exit code: something is to be mended


def add(actions: argparse._SubParsersAction) -> None:
    text = "install a pack from its archive or folder, an address, or an index of packs"
    install = command(actions, "install", _install, text)
    install.add_argument("source", metavar="URL|FILE|NAME")
    install.add_argument("--sha256", default="", metavar="HEX", help="what the archive must have")
    text = "an index of packs, for NAME (default: ANYCOST_PACK_INDEX)"
    install.add_argument("--index", default="", metavar="URL|FILE", help=text)
    text = "bring installed packs to the newest version of where they came from; mends damaged ones"
    command(actions, "update", _update, text).add_argument(
        "names", nargs="*", metavar="NAME", help="(default: all that have been installed)"
    )
    remove = command(actions, "remove", _remove, "delete a pack of yours")
    remove.add_argument("name", metavar="NAME")
    text = "read every file of packs and try their networks; says which file is damaged"
    command(actions, "verify", _verify, text).add_argument(
        "packs", nargs="*", metavar="NAME|DIR", help="(default: all that are installed)"
    )
    bundle = command(actions, "bundle", _bundle, "write a pack as one file, for others to install")
    bundle.add_argument("pack", metavar="NAME|DIR")
    bundle.add_argument("--out", type=Path, metavar="FILE.zip", help="(default: NAME.zip)")
    text = "an index of packs to put it into; it is made if there is none"
    bundle.add_argument("--index", type=Path, metavar="FILE.json", help=text)
    bundle.add_argument("--version", default="1", help="as the index tells it (default: %(default)s)")


def _install(chosen: argparse.Namespace) -> None:
    from ..core.files.get_packs import install
    from ..core.files.pack_index import VARIABLE

    index = chosen.index or os.environ.get(VARIABLE, "")
    with _bar(chosen.source) as progress:
        found = install(chosen.source, progress, sha256=chosen.sha256.lower(), index=index)
    print(f"{found.name}: installed {f'in {found.folder}' if found.new else 'already'}")


def _update(chosen: argparse.Namespace) -> int:
    from ..core.files.get_packs import update
    from ..core.files.packs_folder import installed

    names = list(dict.fromkeys(chosen.names)) or installed()
    if not names:
        raise CoreError("bad-value", "No pack here came by `anycost packs install`: install one first.")
    failed = False
    for name in names:
        try:
            with _bar(name) as progress:
                found = update(name, progress)
        except CoreError as error:
            print(f"anycost: {error}", file=sys.stderr)
            failed = True
            continue
        version = f" to version {found.version}" if found.version else ""
        print(f"{name}: {f'updated{version}' if found.new else 'up to date'}")
    return DAMAGED if failed else 0


def _remove(chosen: argparse.Namespace) -> None:
    from ..core.files.packs_folder import remove

    print(f"{chosen.name}: removed from {remove(chosen.name)}")


def _verify(chosen: argparse.Namespace) -> int:
    from ..models.pack import list_packs

    packs = list_packs()
    folders = [packs.get(name) or open_pack(name).folder for name in chosen.packs] or list(packs.values())
    return max(map(_verified, folders), default=0)


def _verified(folder: Path) -> int:
    """Says whether a pack is sound, and else what is damaged and what to do; the exit code."""
    from ..models.manifest import read_manifest

    problems = _problems(folder)
    for problem in problems:
        print(f"anycost: {problem}", file=sys.stderr)
    if problems:
        print(f"{folder.name}: damaged; {_remedy(folder)}")
        return DAMAGED
    manifest = read_manifest(folder)
    print(f"{manifest.name}: sound, {len(manifest.files)} files")
    return 0


def _problems(folder: Path) -> list[str]:
    from ..core.files.pack_check import damage, limited

    if problems := damage(folder):
        return problems
    try:
        limited("anycost.commands.packs_install:try_networks", folder)
    except CoreError as error:
        return [str(error)]
    return []


def try_networks(folder: str) -> None:
    """CoreError if one of a pack's ONNX networks does not answer as its kind does."""
    import numpy as np

    from ..core.faces.onnx_network import OnnxNetwork
    from .packs import try_out

    pack = open_pack(folder)
    try_out(pack.finder_path, pack.head_reader_path)
    if pack.encoder_path is None:
        return
    side = pack.encoder_size
    answer = OnnxNetwork(pack.encoder_path, "latents")(np.zeros((1, 3, side, side), np.float32))
    if answer.shape != (pack.n_style, pack.style_dim):
        text = f'The encoder of "{pack.title}" does not fit its generator: get the pack again.'
        raise CoreError("pack", text)


def _remedy(folder: Path) -> str:
    from ..core.files.packs_folder import origin_of
    from ..models.pack import BUILT_IN, user_packs_folder

    if folder.parent == BUILT_IN:
        return "install Anycost again."
    if folder.parent != user_packs_folder():
        return "get it again from its maker."
    origin, name = origin_of(folder.name), folder.name
    if origin is None:
        return f"`anycost packs remove {name}`, then get it again from its maker."
    return f"`anycost packs update {name}` gets it again from {origin.index or origin.source}."


def _bundle(chosen: argparse.Namespace) -> None:
    from ..core.files.pack_archive import bundle
    from ..core.files.pack_index import Entry, add
    from ..models.pack import file_sha256

    pack = open_pack(chosen.pack)
    out = chosen.out or Path(f"{pack.name}.zip")
    bundle(pack, out)
    sha256, size = file_sha256(out), out.stat().st_size
    if chosen.index:
        url = os.path.relpath(out.absolute(), chosen.index.absolute().parent).replace(os.sep, "/")
        add(chosen.index, pack.name, Entry(url, sha256, size, chosen.version))
    print(f"{out}\n{size} bytes, SHA-256 {sha256}")


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], object]]:
    """A progress bar that appears with the first bytes."""
    from tqdm import tqdm

    bar = None

    def progress(done: int, size: int) -> None:
        nonlocal bar
        if bar is None:
            bar = tqdm(total=size, desc=f"Fetching {what}", unit="B", unit_scale=True, disable=None)
        bar.update(done - bar.n)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()
