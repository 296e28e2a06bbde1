"""`anycost plugin`: installs the plugin into Krita, or writes its zip."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import weights
from .arguments import command

INSTALL = (
    "Installs and enables the plugin for this user's Krita, then fetches what `anycost weights get` does. "
    "With ANYCOST_OFFLINE=1 in the environment nothing is fetched."
)


def add(commands: argparse._SubParsersAction) -> None:
    plugin = commands.add_parser("plugin", help="install the plugin into Krita", allow_abbrev=False)
    actions = plugin.add_subparsers(required=True, metavar="ACTION")
    install = command(actions, "install", _install, "install and enable the plugin for this user's Krita")
    install.description = INSTALL
    package = command(actions, "package", _package, "write the zip for Krita's plugin importer")
    package.add_argument("out", type=Path, nargs="?", default=Path("anycost-krita.zip"), metavar="OUT.zip")


def _install(chosen: argparse.Namespace) -> None:
    from .plugin_package import install

    print(f"{install()}\nStart Krita again; the panel is in Settings > Dockers > Anycost.")
    weights.fetch_recommended()


def _package(chosen: argparse.Namespace) -> None:
    from .plugin_package import package

    print(package(chosen.out))
