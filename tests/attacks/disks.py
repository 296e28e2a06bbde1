"""The core and the commands on a full disk and on a read-only one. It takes root: without, nothing is tried.

PYTHONPATH=tests .venv/bin/python -m attacks.disks
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from wire import Wire, ended, private_home, running, write

from anycost.bridge import launch, posix

from .figures import Figure, said
from .seat import PORTRAIT, drawn_portrait

SIZE = "8m"
COMMANDS = {
    "edit": ["edit", str(PORTRAIT), "{disk}/out.png", "--seconds", "0", "--set", "smile=0.5"],
    "packs bundle": ["packs", "bundle", "portraits", "--out", "{disk}/pack.zip"],
    "plugin package": ["plugin", "package", "{disk}/plugin.zip"],
    "plugin install": ["plugin", "install"],
}
BROUGHT = {"out.png": b"the old picture", "pack.zip": b"the old pack", "config/kritarc": b"[a]\nb=1\n"}


@contextmanager
def small_disk(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of some megabytes, which also holds all that this user's programs keep."""
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], check=True)
    try:
        for kind in ("DATA", "CACHE", "STATE", "CONFIG"):
            patch.setenv(f"XDG_{kind}_HOME", str(disk / kind.lower()))
            (disk / kind.lower()).mkdir()
        launch.note_python(sys.executable)
        for name, data in BROUGHT.items():
            (disk / name).write_bytes(data)
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def fill(disk: Path) -> None:
    with suppress(OSError), open(disk / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1024))


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)


def commands(disk: Path) -> tuple[int, list[str]]:
    """How many commands failed with one sentence and left the old file alone; what went wrong."""
    good, wrong = 0, []
    for name, words in COMMANDS.items():
        before = tree(disk)
        run = subprocess.run(
            [sys.executable, "-m", "anycost", *(word.format(disk=disk) for word in words)],
            capture_output=True, text=True, cwd="/",
        )  # fmt: skip
        lines = run.stderr.strip().splitlines()
        told = run.returncode == 2 and len(lines) == 1 and lines[0].startswith("anycost: ")
        lost = [file for file, data in before.items() if tree(disk).get(file) != data]
        left = [file for file in tree(disk).keys() - before.keys() if file.endswith(".part")]
        good += told and not lost and not left
        if not told:
            wrong.append(f"{name}: exit {run.returncode}, {' '.join(lines)[-200:]}")
        wrong += [f"{name}: {file} is another one" for file in lost] + [
            f"{name} left {file}" for file in left
        ]
    return good, wrong


def tree(disk: Path) -> dict[str, bytes]:
    files = [path for path in disk.rglob("*") if path.is_file() and path.name != "filler"]
    return {str(path.relative_to(disk)): path.read_bytes() for path in files}


def the_core_works() -> str:
    """What does not, or nothing."""
    picture = drawn_portrait()
    size = {"format": "rgba8", "width": picture.width, "height": picture.height}
    with running() as core:
        wire = Wire(posix.socket_path())
        wire.call("pack/open", {"pack": "portraits"})
        wire.call("picture/open", {"picture": "f", "attachment": size}, picture.rgba)
        wire.call("picture/project", {"picture": "f", "steps": 1})
        wire.call("picture/apply", {"picture": "f", "edits": {"smile": 0.5}})
        if core.poll() is not None:
            return "the core ended"
        write(core, b"")
        code = ended(core)
        return "" if code == 0 else f"the core left with {code}"


def figures() -> list[Figure]:
    if os.geteuid() != 0 or not shutil.which("mount"):
        print("skip disks: mounting one takes root")
        return []
    found = []
    for kind, make in (("full", fill), ("read-only", make_read_only)):
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            private_home(Path(folder), patch)
            with small_disk(Path(folder), patch) as disk:
                make(disk)
                wrong = the_core_works()
                found.append(Figure(f"the core on a {kind} disk", wrong or "works", "works", not wrong))
                good, words = commands(disk)
                text = f"commands on a {kind} disk that say so in one sentence and lose nothing"
                all_good = good == len(COMMANDS)
                found.append(Figure(text, good, str(len(COMMANDS)), all_good, "; ".join(words)))
    return found


if __name__ == "__main__":
    sys.exit(not said(figures()))
