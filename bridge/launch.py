"""How a client finds the core or starts it: command, environment, first answer."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Dict, Iterator, List, Mapping, Optional

from . import system
from .client import Client, ConnectionLost
from .file_writing import writing

# Krita, an AppImage, a snap, a Flatpak or a virtual environment set these for themselves; a program that the
# panel starts must not follow them.
FOREIGN_PREFIXES = ("PYTHON", "QT_", "QML", "CONDA", "APPIMAGE", "SNAP", "FLATPAK")
FOREIGN_NAMES = ("VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "APPDIR", "ARGV0", "OWD", "LD_PRELOAD")
PATH_LISTS = ("PATH", "LD_LIBRARY_PATH", "XDG_DATA_DIRS", "XDG_CONFIG_DIRS")
BUNDLES = ("APPDIR", "SNAP")  # variables that name the folder of a bundle
MOUNTS = "/tmp/.mount_"  # where AppImages are mounted, also for one that sets no variable


class CoreNotInstalled(Exception):
    """The core cannot be started; the text is a sentence for the artist that says what to do."""


def config_path() -> Path:
    """The file in which an installation notes which Python has the core."""
    return system.user_folder("config") / "anycost" / "core.json"


def log_path() -> Path:
    """The core's log; a few older ones lie beside it."""
    return system.user_folder("state") / "anycost" / "core.log"


def noted_python() -> Optional[str]:
    """What is noted there, whether it still exists or not; None where nothing can be read."""
    try:
        with open(config_path(), "rb") as file:
            python = json.loads(file.read(1 << 16).decode("utf-8"))["python"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return python if isinstance(python, str) else None


def note_python(python: str) -> None:
    """Notes that this Python has the core. OSError when it cannot be written."""
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path) as file:
        file.write(json.dumps({"python": python}, indent=1).encode() + b"\n")


def core_python() -> str:
    """The Python that has the core; CoreNotInstalled when none is noted or it is gone."""
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
        text = "The Python that had Anycost's core is gone: run `anycost plugin install` in a terminal again."
        raise CoreNotInstalled(text)
    return python


def core_command(path: Optional[str] = None, python: Optional[str] = None) -> List[str]:
    """Program and arguments of a core that listens at `path` and ends when its standard input closes.

    `python` is the interpreter that has the core, by default the noted one.
    """
    return [python or core_python(), "-m", "anycost.core.service", path or system.socket_path()]


def is_core(process: int) -> bool:
    """Whether a process runs the core; False where the system does not tell."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            command = file.read(1 << 16).split(b"\0")
    except OSError:
        return False
    served = [os.path.basename(part) for part in command[1:3]] == [b"anycost", b"serve"]
    return served or command[1:3] == [b"-m", b"anycost.core.service"]


def core_environment(environ: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    """This process's environment (or `environ`) without the variables of the program that starts the core."""
    source = os.environ if environ is None else environ
    bundles = [source[name].rstrip("/") for name in BUNDLES if len(source.get(name, "")) > 1]
    kept = {}
    for name, value in source.items():
        if name in FOREIGN_NAMES or name.startswith(FOREIGN_PREFIXES):
            continue
        if name in PATH_LISTS:
            value = os.pathsep.join(entry for entry in value.split(os.pathsep) if _outside(entry, bundles))
        if value or name not in PATH_LISTS:
            kept[name] = value
    kept["PYTHONUTF8"] = "1"  # the core's output is read as UTF-8, whatever the system's code page
    kept["PYTHONSAFEPATH"] = "1"  # never import what lies in the artist's folder
    return kept


def _outside(entry: str, bundles: List[str]) -> bool:
    return (
        bool(entry)
        and not entry.startswith(MOUNTS)
        and not any((entry + "/").startswith(bundle + "/") for bundle in bundles)
    )


def find_core(path: Optional[str] = None) -> Optional[Client]:
    """A connection to the running core, or None.

    CallError when it speaks another protocol version, CoreNotInstalled when others can enter its folder.
    """
    path = path or system.socket_path()
    try:
        if system.open_to_others(path):
            text = "The folder {} must be one that only you can enter: remove it, then try again."
            raise CoreNotInstalled(text.format(os.path.dirname(path)))
        return Client(path)
    except (FileNotFoundError, ConnectionRefusedError, ConnectionLost):
        return None
    except PermissionError as error:
        raise CoreNotInstalled(str(error)) from None


@contextmanager
def start_core(
    path: Optional[str] = None, seconds: float = 60.0, python: Optional[str] = None
) -> Iterator[Client]:
    """A connection to the running core, or else to one that lives as long as the block.

    CoreNotInstalled when there is no core to start, or it does not answer within `seconds`.
    """
    running = find_core(path)
    if running is not None:
        with running:
            yield running
        return
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            core_command(path, python),
            env=core_environment(),
            cwd=os.path.abspath(os.sep),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        try:
            with _first_answer(process, path, seconds, complaints) as client:
                yield client
        finally:
            _end(process)


def _first_answer(process: subprocess.Popen, path: Optional[str], seconds: float, complaints: IO) -> Client:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        client = find_core(path)  # first: a core that finds another one running ends, and that one will do
        if client is not None:
            return client
        if process.poll() is not None:
            break
        time.sleep(0.02)
    complaints.seek(0)
    lines = complaints.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
    text = "The core did not start ({}): run `anycost serve` in a terminal to see why."
    raise CoreNotInstalled(text.format(lines[-1] if lines else "it did not answer in time"))


def _end(process: subprocess.Popen) -> None:
    assert process.stdin is not None
    process.stdin.close()  # the core's sign to leave
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
