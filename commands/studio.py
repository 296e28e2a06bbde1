"""`anycost studio`: opens the panel in its own window, without Krita."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys

from .arguments import command


def add(commands: argparse._SubParsersAction) -> None:
    parser = command(commands, "studio", run, "open the panel in its own window, without Krita")
    parser.add_argument("image", nargs="?", metavar="IMAGE", help="a picture to open")


def run(chosen: argparse.Namespace) -> int:
    if not any(importlib.util.find_spec(binding) for binding in ("PyQt5", "PyQt6")):
        raise ImportError("PyQt5")
    image = [chosen.image] if chosen.image else []
    return subprocess.call([sys.executable, "-m", "anycost.krita_plugin.studio", *image])
