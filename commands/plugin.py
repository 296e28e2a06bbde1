"""`anycost plugin`: installs the plugin into Krita, takes it away again, or writes its zip."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import weights
from .arguments import command

INSTALL = (
    "Installs and enables the plugin for this user's Krita (also the Flatpak), then fetches what "
    "`anycost weights get` does. With ANYCOST_OFFLINE=1 in the environment nothing is fetched."
)
UNINSTALL = "Removes exactly what `anycost plugin install` wrote. Files that were changed since are kept."


def add(commands: argparse._SubParsersAction) -> None:
    plugin = commands.add_parser("plugin", help="install the plugin into Krita", allow_abbrev=False)
    actions = plugin.add_subparsers(required=True, metavar="ACTION")
    install = command(actions, "install", _install, "install and enable the plugin for this user's Krita")
    install.description = INSTALL
    uninstall = command(actions, "uninstall", _uninstall, "remove what install wrote")
    uninstall.description = UNINSTALL
    package = command(actions, "package", _package, "write the zip for Krita's plugin importer")
    package.add_argument("out", type=Path, nargs="?", default=Path("anycost-krita.zip"), metavar="OUT.zip")


def _install(chosen: argparse.Namespace) -> None:
    from .plugin_install import install

    for folder in install():
        print(folder)
    print("Start Krita again; the panel is in Settings > Dockers > Anycost.")
    weights.fetch_recommended()


def _uninstall(chosen: argparse.Namespace) -> None:
    from .plugin_install import uninstall

    cleared, kept = uninstall()
    for folder in cleared:
        print(f"removed {folder}")
    for path in kept:
        print(f"kept {path}, which was changed")


def _package(chosen: argparse.Namespace) -> None:
    from .plugin_package import package

    out = package(chosen.out)
    print(f"{out} ({out.stat().st_size / 1e6:.0f} MB, the core and its weights included)")
