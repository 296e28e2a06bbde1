"""Where the panel puts the core: in the user's folder for data. Updates replace the plugin's own folder.

Each installation is a folder with a virtual environment, named after the version. It counts once `mark` has
written its last file, so that an interrupted one is never used.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import List, NamedTuple, Optional

from ...bridge import launch, system
from ...bridge.file_writing import writing
from ...bridge.version import VERSION

MARK = "anycost.json"
GONE = ".gone-"  # begins the names of folders that are being deleted
MAX_MARK = 1 << 16  # bytes


class InstalledCore(NamedTuple):
    """An installation by the panel that the noted Python belongs to."""

    folder: Path
    version: str
    kind: str  # a key of install_steps.KINDS


def home() -> Path:
    return system.user_folder("data") / "anycost" / "core"


def downloads() -> Path:
    """Downloads stay here until they are installed, so that an interrupted one goes on where it was."""
    return home() / "downloads"


def wheels(kind: str) -> Path:
    """Those for one build of PyTorch: pip would take another build that it finds beside it."""
    return downloads() / kind


def log_path() -> Path:
    return home() / "install.log"


def core_wheel() -> Optional[Path]:
    """The wheel that came with the plugin."""
    found = Path(__file__).parents[2] / "wheel" / f"anycost_krita-{VERSION}-py3-none-any.whl"
    return found if found.exists() else None


def list_of(what: str) -> Path:
    """A list of libraries that came with the plugin, for pip: their `versions`, or the files of `pip`, of the
    `libraries` or of `pytorch` with their hashes."""
    return Path(__file__).parents[2] / "wheel" / f"{what}.txt"


def missing() -> bool:
    """Whether no Python is noted that could have the core."""
    try:
        launch.core_python()
    except launch.CoreNotInstalled:
        return True
    return False


def installed() -> Optional[InstalledCore]:
    """What the panel has installed and starts; None for a core that somebody else has installed, or none."""
    python = launch.noted_python()
    if python is None or home() not in Path(python).parents:
        return None
    folder = home() / Path(python).relative_to(home()).parts[0]
    try:
        with open(folder / MARK, "rb") as file:
            said = json.loads(file.read(MAX_MARK).decode("utf-8"))
        return InstalledCore(folder, str(said["version"])[:40], str(said["kind"])[:40])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return InstalledCore(folder, "?", "")


def outdated() -> Optional[InstalledCore]:
    """The installed core if it is of another version than this plugin, which can bring its own."""
    found = installed()
    return found if found is not None and found.version != VERSION and core_wheel() is not None else None


def new_folder() -> Path:
    """A name for one more installation. Windows cannot replace files that a core has open."""
    used = set(os.listdir(home())) if home().exists() else set()
    names = [VERSION, *(f"{VERSION}-{number}" for number in range(2, len(used) + 3))]
    return home() / next(name for name in names if name not in used)


def mark(folder: Path, kind: str) -> None:
    """From now on this is the installation. OSError when that cannot be written."""
    with writing(folder / MARK) as file:
        file.write(json.dumps({"version": VERSION, "kind": kind}).encode() + b"\n")
    launch.note_python(str(system.python_of(folder)))


def put_away(keep: Optional[Path], fetched: bool) -> List[Path]:
    """Takes every installation but one out of use, and what was `fetched`; all that is to be deleted."""
    gone: List[Path] = []
    for path in sorted(home().iterdir()) if home().exists() else []:
        if path.is_dir() and path != keep and (fetched or path != downloads()):
            try:
                if path.name.startswith(GONE):  # of an earlier time
                    gone.append(path)
                    continue
                gone.append(path.rename(path.with_name(GONE + uuid.uuid4().hex)))
            except OSError:  # Windows, where a program has it open
                gone.append(path)
    return gone


def delete(folders: List[Path]) -> List[str]:
    """Deletes folders; what could not be. This takes seconds: not for Krita's own thread."""
    for folder in folders:
        shutil.rmtree(str(folder), ignore_errors=True)
    return [str(folder) for folder in folders if folder.exists()]


def forget() -> None:
    """No Python is noted any more, if it was ours."""
    if installed() is not None:
        launch.config_path().unlink()


def free_bytes() -> int:
    """The room where the core goes."""
    folder = next((path for path in (home(), *home().parents) if path.exists()), Path(tempfile.gettempdir()))
    return shutil.disk_usage(str(folder)).free
