"""Where the core listens, and how a client finds or starts it. The one place that knows paths and child environments."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Dict, List, Mapping, Optional

MAX_SOCKET_PATH = 100  # bytes; sockaddr_un holds 108 on Linux and 104 on macOS, with the final zero

# Krita, an AppImage, a snap or a virtual environment set these for themselves; in the core they name the wrong files.
_FOREIGN_PREFIXES = ("PYTHON", "QT_", "QML", "CONDA", "APPIMAGE", "SNAP")
_FOREIGN_NAMES = ("VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "APPDIR", "ARGV0", "OWD", "LD_PRELOAD")
_PATH_LISTS = ("PATH", "LD_LIBRARY_PATH", "XDG_DATA_DIRS", "XDG_CONFIG_DIRS")


class CoreNotInstalled(Exception):
    """The core cannot be started; the text is a sentence for the artist that says what to do."""


def socket_path() -> str:
    """The absolute path of the core's socket, the same for every program of this user.

    On a system without Unix sockets this is the function that would name the pipe.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        path = os.path.join(runtime, "anycost", "core.sock")
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
            return path
    return os.path.join(tempfile.gettempdir(), f"anycost-{os.getuid()}", "core.sock")


def config_path() -> Path:
    """The file in which `anycost plugin install` notes which Python has the core."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(home) if os.path.isabs(home) else Path.home() / ".config"
    return base / "anycost" / "core.json"


def core_python() -> str:
    """The Python that has the core installed; CoreNotInstalled when nobody noted one or it is gone."""
    path = config_path()
    try:
        with open(path, "rb") as file:
            noted = json.loads(file.read(1 << 16).decode("utf-8"))
        python = noted["python"]
    except FileNotFoundError:
        text = "Anycost's core is not installed: run `anycost plugin install` in a terminal, then try again."
        raise CoreNotInstalled(text) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        text = "{} cannot be read: run `anycost plugin install` in a terminal to write it again."
        raise CoreNotInstalled(text.format(path)) from None
    if not isinstance(python, str) or not os.path.isabs(python) or not os.access(python, os.X_OK):
        text = "The Python that had Anycost's core is gone: run `anycost plugin install` in a terminal, then try again."
        raise CoreNotInstalled(text)
    return python


def core_command(path: Optional[str] = None) -> List[str]:
    """Program and arguments of a core that listens at `path` (socket_path()) and leaves when its standard input closes."""
    return [core_python(), "-m", "anycost.core.service", path or socket_path()]


def core_environment(environ: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    """This process's environment (or `environ`) without what belongs to the program that starts the core."""
    source = os.environ if environ is None else environ
    bundles = [
        source[name].rstrip("/") for name in ("APPDIR", "SNAP") if source.get(name, "").startswith("/")
    ]
    kept = {}
    for name, value in source.items():
        if name in _FOREIGN_NAMES or name.startswith(_FOREIGN_PREFIXES):
            continue
        if name in _PATH_LISTS:
            value = os.pathsep.join(entry for entry in value.split(os.pathsep) if _outside(entry, bundles))
            if not value:
                continue
        kept[name] = value
    kept["PYTHONUTF8"] = "1"  # what the core prints is read as UTF-8 whatever the system's code page
    kept["PYTHONSAFEPATH"] = (
        "1"  # a folder called anycost or numpy where the artist works must not be imported
    )
    return kept


def _outside(entry: str, bundles: List[str]) -> bool:
    return bool(entry) and not any(
        entry == bundle or entry.startswith(bundle + "/") for bundle in bundles if bundle
    )
