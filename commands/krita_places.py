"""Where the Kritas of this user keep their settings and resources, on every system."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..core.errors import CoreError
from .kritarc import resource_folder

FLATPAK = ".var/app/org.kde.krita"
STORE = "Packages/*Krita_*/LocalCache"  # from Microsoft's store
MAX_KRITARC = 16 << 20  # bytes


class Place(NamedTuple):
    """One Krita's settings file and resource folder."""

    kritarc: Path
    resources: Path
    sandboxed: bool = False  # its programs cannot use a Python from outside


def places(
    system: str = sys.platform, environ: Mapping[str, str] = os.environ, home: Path | None = None
) -> list[Place]:
    """The usual Krita, whether it is there or not, and those in sandboxes that this user has started.

    CoreError "bad-value" when a settings file cannot be read.
    """
    home = home or Path.home()
    found = []
    for config, data, sandboxed in _folders(system, environ, home):
        kritarc = config / "kritarc"
        moved = resource_folder(read_kritarc(kritarc), str(home))
        usable = moved is not None and os.path.isdir(moved) and os.access(moved, os.W_OK)
        found.append(Place(kritarc, Path(moved) if moved and usable else data / "krita", sandboxed))
    return found


def _folders(system: str, environ: Mapping[str, str], home: Path) -> list[tuple[Path, Path, bool]]:
    """Of each Krita the folder of settings and that of data."""
    if system == "win32":
        local = Path(environ.get("LOCALAPPDATA") or home / "AppData/Local")
        roaming = Path(environ.get("APPDATA") or home / "AppData/Roaming")
        stores = sorted(local.glob(STORE))
        return [(local, roaming, False), *((store / "Local", store / "Roaming", False) for store in stores)]
    if system == "darwin":
        library = home / "Library"
        return [(library / "Preferences", library / "Application Support", False)]
    flatpak = home / FLATPAK
    usual = _xdg(environ, "CONFIG", home / ".config"), _xdg(environ, "DATA", home / ".local/share"), False
    return [usual, (flatpak / "config", flatpak / "data", True)] if flatpak.is_dir() else [usual]


def _xdg(environ: Mapping[str, str], kind: str, usual: Path) -> Path:
    given = environ.get(f"XDG_{kind}_HOME", "")
    return Path(given) if os.path.isabs(given) else usual


def read_kritarc(path: Path) -> bytes:
    """What the file holds, nothing where there is none; CoreError "bad-value" when it cannot be read."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_KRITARC:
            text = f'"{path}" is not a settings file: move it elsewhere, then try again.'
            raise CoreError("bad-value", text)
        return path.read_bytes()
    except FileNotFoundError:  # also where a link leads nowhere
        return b""
    except OSError as error:
        text = f'"{path}" cannot be read ({error.strerror}): correct its permissions, then try again.'
        raise CoreError("bad-value", text) from None
