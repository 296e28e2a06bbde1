"""The `anycost` command. Every failure is one sentence on stderr; what needs torch is imported by what uses
it.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .. import __version__

DEFAULT_PACK = "portraits"
EXIT_BAD_INPUT, EXIT_UNFORESEEN, EXIT_INTERRUPTED = 2, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code: 0, 2 for what the user can set right, 130 after Ctrl-C."""
    chosen = _parser().parse_args(arguments)
    try:
        return chosen.run(chosen) or 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        code, sentence = _explained(error)
        print(f"anycost: {sentence}", file=sys.stderr)
        return code


def _explained(error: Exception) -> tuple[int, str]:
    # their modules are not all imported
    if type(error).__name__ in ("CoreError", "PackError", "PluginError"):
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
    parser.add_argument("--version", action="version", version=f"anycost {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_edit(commands)
    _add_render(commands)
    _add_packs(commands)
    _add_train(commands)
    _add_data(commands)
    _add_evaluate(commands)
    _add_directions(commands)
    _add_bench(commands)
    _add_calibrate(commands)
    _add_search(commands)
    _add_serve(commands)
    _add_studio(commands)
    _add_plugin(commands)
    return parser


def _command(commands: argparse._SubParsersAction, name: str, run, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(run=run)
    return parser


def _add_pack(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--pack", default=DEFAULT_PACK, metavar="NAME|DIR", help="a pack (default: %(default)s)"
    )


def _open_pack(name: str):
    from ..models.pack import Pack

    return Pack.open(name)


# edit


def _add_edit(commands: argparse._SubParsersAction) -> None:
    parser = _command(commands, "edit", _edit, "edit the face in a picture file")
    parser.add_argument("source", type=Path, metavar="IN", help="a PNG, JPEG, WebP, TIFF or BMP file")
    parser.add_argument("target", type=Path, metavar="OUT", help="a file that ends in .png, .jpg or .webp")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an edit, such as smile=0.5; repeatable",
    )
    parser.add_argument("--quality", choices=("draft", "preview", "full"), default="full")
    parser.add_argument(
        "--seconds", type=_seconds, metavar="S", help="the most that finding the face's latent takes"
    )
    _add_pack(parser)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0 to 86400")
    return value


def _edit(chosen: argparse.Namespace) -> None:
    from .edit_command import edit_file, parse_edits

    edits = parse_edits(chosen.set)
    edit_file(chosen.source, chosen.target, _open_pack(chosen.pack), edits, chosen.quality, chosen.seconds)


# render


def _add_render(commands: argparse._SubParsersAction) -> None:
    parser = _command(commands, "render", _render, "draw latents with any sub-generator of a pack")
    _add_pack(parser)
    latents = parser.add_mutually_exclusive_group(required=True)
    latents.add_argument("--latents", type=Path, metavar="FILE.npy", help="float32 [N, n_style, style_dim]")
    latents.add_argument("--seed", type=int, help="draw one latent from the prior, truncated to 0.7")
    parser.add_argument("--resolution", type=int, metavar="R", help="px (default: the pack's)")
    parser.add_argument(
        "--channels",
        default="full",
        metavar="full|RATIO|C0,C1,...",
        help="widths of the layers (default: full)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png|FILE.npy")


def _render(chosen: argparse.Namespace) -> None:
    from .render_command import render_file

    pack = _open_pack(chosen.pack)
    render_file(pack, chosen.latents, chosen.seed or 0, chosen.resolution, chosen.channels, chosen.out)


# packs


def _add_packs(commands: argparse._SubParsersAction) -> None:
    packs = commands.add_parser("packs", help="list, describe and import packs", allow_abbrev=False)
    actions = packs.add_subparsers(required=True, metavar="ACTION")
    _command(actions, "list", _list_packs, "name the installed packs")
    show = _command(actions, "show", _show_pack, "describe one pack")
    show.add_argument("pack", metavar="NAME|DIR")
    bring = _command(actions, "import", _import_pack, "make a pack of a StyleGAN2 or Anycost generator file")
    bring.add_argument("file", type=Path)
    bring.add_argument("--name", required=True, help="what the pack will be called")
    bring.add_argument(
        "--out", type=Path, metavar="DIR", help="the pack's folder (default: where packs are found)"
    )


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
    from ..models.widths import macs

    pack = _open_pack(chosen.pack)
    print(f"{pack.title} ({pack.name})\n{pack.folder}")
    print(f"Licence: {pack.licence}\nProvenance: {pack.provenance}")
    parts = {"encoder": pack.encoder_path, "finder": pack.finder_path, "features": pack.features_path}
    have = ", ".join(name for name, path in parts.items() if path) or "nothing beside the generator"
    print(f"{pack.resolution} px, w+ [{pack.n_style}, {pack.style_dim}]; has {have}")
    print("Ladder:")
    for rung in pack.ladder:
        print(f"  {rung.title:18s}  {macs(rung.channels) / 1e9:8.3f} GMAC")
    print("Edits:" if pack.directions else "Edits: none")
    for d in pack.directions:
        print(f"  {d.name:24s} {d.low:g} to {d.high:g}  {d.group}: {d.label}")


def _import_pack(chosen: argparse.Namespace) -> None:
    from ..models.importing import import_checkpoint

    print(import_checkpoint(chosen.file, chosen.name, chosen.out))


# train, data, evaluate, directions


def _add_train(commands: argparse._SubParsersAction) -> None:
    text = "train the network that a TOML file describes; under torchrun on many processes"
    parser = _command(commands, "train", _train, text)
    parser.add_argument("config", type=Path, metavar="CONFIG.toml")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", action="store_true", help="go on from the run's last checkpoint")
    start.add_argument("--from-pack", default="", metavar="PACK", help="begin with the network of a pack")
    parser.add_argument(
        "--seen", type=int, default=0, metavar="PICTURES", help="how far into the run the pack's network is"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="the run's folder (default: runs/ and its name)"
    )


def _train(chosen: argparse.Namespace) -> None:
    from .training.train import train_file

    train_file(chosen.config, chosen.out, resume=chosen.resume, pack=chosen.from_pack, seen=chosen.seen)


def _add_data(commands: argparse._SubParsersAction) -> None:
    data = commands.add_parser("data", help="look at what networks are trained on", allow_abbrev=False)
    actions = data.add_subparsers(required=True, metavar="ACTION")
    sheet = _command(actions, "portraits", _data_portraits, "draw a contact sheet of painted portraits")
    sheet.add_argument("--sheet", type=Path, required=True, metavar="OUT.png")
    sheet.add_argument("--rows", type=int, default=5)
    sheet.add_argument("--columns", type=int, default=8)
    sheet.add_argument("--resolution", type=int, default=128, metavar="R", help="px of one portrait")
    sheet.add_argument("--seed", type=int, default=4)
    text = "leave out what goes together in a population, such as age and grey hair"
    sheet.add_argument("--uncorrelated", action="store_true", help=text)
    folder = _command(actions, "folder", _data_folder, "say what a folder of pictures is good for")
    folder.add_argument("folder", type=Path)


def _data_portraits(chosen: argparse.Namespace) -> None:
    from .training.data_command import draw

    draw(chosen.sheet, chosen.rows, chosen.columns, chosen.resolution, chosen.seed, not chosen.uncorrelated)


def _data_folder(chosen: argparse.Namespace) -> None:
    from .training.folder import check

    print(check(chosen.folder))


def _add_evaluate(commands: argparse._SubParsersAction) -> None:
    text = "measure every sub-generator of a pack: cost, FID, distance and agreement with the full one"
    parser = _command(commands, "evaluate", _evaluate, text)
    _add_pack(parser)
    parser.add_argument("--samples", type=int, default=2000, help="pictures (default: %(default)s)")
    parser.add_argument("--data", metavar="portraits|DIR", help="real pictures (default: those of the pack)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="for table and plots (default: evaluation/NAME)"
    )


def _evaluate(chosen: argparse.Namespace) -> None:
    from .evaluation.evaluate_command import evaluate

    pack = _open_pack(chosen.pack)
    evaluate(pack, chosen.samples, chosen.out or Path("evaluation") / pack.name, chosen.data)


def _add_directions(commands: argparse._SubParsersAction) -> None:
    parser = _command(commands, "directions", _directions, "extract edits from a generator by SVMs")
    _add_pack(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors")
    parser.add_argument("--samples", type=int, default=100_000, help="(default: %(default)s, the paper's)")
    text = "an attribute to make an edit of (default: all); repeatable"
    parser.add_argument("--attribute", action="append", metavar="NAME", help=text)


def _directions(chosen: argparse.Namespace) -> None:
    from .training.directions_command import extract_file

    extract_file(_open_pack(chosen.pack), chosen.attribute, chosen.samples, chosen.out)


# bench


def _add_bench(commands: argparse._SubParsersAction) -> None:
    text = "measure how fast this machine draws every rung of a pack's ladder"
    parser = _command(commands, "bench", _bench, text)
    networks = parser.add_mutually_exclusive_group()
    _add_pack(networks)
    text = "a random generator of StyleGAN2's size at 1024 px instead of a pack"
    networks.add_argument("--config-f", action="store_true", help=text)
    parser.add_argument("--engine", metavar="NAME", help="only this engine (default: the fastest)")
    parser.add_argument("--precision", metavar="fp32|bf16|fp16", help="only this precision")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _bench(chosen: argparse.Namespace) -> None:
    from .bench.bench_command import bench

    pack = None if chosen.config_f else _open_pack(chosen.pack)
    bench(pack, chosen.engine, chosen.precision, chosen.json)


def _add_calibrate(commands: argparse._SubParsersAction) -> None:
    text = "measure which engine draws each rung of a pack fastest on this machine, and use it from now on"
    parser = _command(commands, "calibrate", _calibrate, text)
    _add_pack(parser)
    parser.add_argument("--again", action="store_true", help="measure even if it was measured before")


def _calibrate(chosen: argparse.Namespace) -> None:
    from .calibrate_command import print_calibration

    print_calibration(_open_pack(chosen.pack), chosen.again)


def _add_search(commands: argparse._SubParsersAction) -> None:
    text = "find the sub-generators that draw most like the full one within a budget, as the pack's ladder"
    parser = _command(commands, "search", _search, text)
    _add_pack(parser)
    text = "times fewer multiply-accumulates than the full output takes, or ms a picture; repeatable"
    parser.add_argument("--budget", action="append", required=True, metavar="8x|20ms", help=text)
    number = {"type": int, "metavar": "N"}
    parser.add_argument("--generations", default=20, **number, help="(default: %(default)s, the paper's)")
    parser.add_argument("--population", default=50, **number, help="(default: %(default)s, the paper's)")
    parser.add_argument("--samples", default=64, **number, help="latents compared (default: %(default)s)")
    parser.add_argument("--seed", default=0, **number, help="of the search (default: %(default)s)")
    text = "where searches go on from, and ladder and plot go to (default: %(default)s)"
    parser.add_argument("--out", type=Path, default=Path("search"), metavar="DIR", help=text)
    parser.add_argument("--install", action="store_true", help="make the result the pack's ladder")


def _search(chosen: argparse.Namespace) -> None:
    from .search.evolution import Settings
    from .search.search_command import search

    settings = Settings(chosen.population, chosen.generations, chosen.seed)
    search(
        _open_pack(chosen.pack),
        chosen.budget,
        settings,
        chosen.samples,
        chosen.out,
        to_install=chosen.install,
    )


# serve, studio, plugin


def _add_serve(commands: argparse._SubParsersAction) -> None:
    parser = _command(commands, "serve", _serve, "run the core for panels until it is told to leave")
    parser.add_argument("--socket", metavar="PATH", help="where to listen (default: where panels look)")
    _add_pack(parser)


def _serve(chosen: argparse.Namespace) -> int:
    from ..bridge.launch import socket_path
    from .service import main as serve

    return serve(chosen.socket or socket_path(), adopt_stdin=False, pack=chosen.pack)


def _add_studio(commands: argparse._SubParsersAction) -> None:
    parser = _command(commands, "studio", _studio, "open the panel in a window of its own, without Krita")
    parser.add_argument("image", nargs="?", metavar="IMAGE", help="a picture to open")


def _studio(chosen: argparse.Namespace) -> int:
    if not any(importlib.util.find_spec(binding) for binding in ("PyQt5", "PyQt6")):
        raise ImportError("PyQt5")
    image = [chosen.image] if chosen.image else []
    return subprocess.call([sys.executable, "-m", "anycost.krita_plugin.studio", *image])


def _add_plugin(commands: argparse._SubParsersAction) -> None:
    plugin = commands.add_parser("plugin", help="bring the plugin into Krita", allow_abbrev=False)
    actions = plugin.add_subparsers(required=True, metavar="ACTION")
    _command(actions, "install", _install_plugin, "install and enable the plugin for this user's Krita")
    package = _command(actions, "package", _package_plugin, "write the zip for Krita's plugin importer")
    package.add_argument("out", type=Path, nargs="?", default=Path("anycost-krita.zip"), metavar="OUT.zip")


def _install_plugin(chosen: argparse.Namespace) -> None:
    from .plugin_package import install

    print(f"{install()}\nStart Krita again; the panel is in Settings > Dockers > Anycost.")


def _package_plugin(chosen: argparse.Namespace) -> None:
    from .plugin_package import package

    print(package(chosen.out))


if __name__ == "__main__":
    sys.exit(main())
