"""Starts the real Krita under Xvfb in a profile of its own and lets the driver plugin run a scenario."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
SCREEN = "1600x1000x24"
NEEDED = ("krita", "Xvfb", "xdotool")
# Krita's Python takes its prefix from the first python3 on PATH: a virtual environment there leaves it dead
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
FOREIGN = ("PYTHON", "PYENV", "QT_", "KDE_", "LD_", "XDG_", "ANYCOST_")
FOREIGN_NAMES = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "VIRTUAL_ENV")
LEAVE_SECONDS = 120.0  # for the core, once Krita is gone


def missing() -> list[str]:
    """The programs that are needed and not installed."""
    absent = [name for name in NEEDED if shutil.which(name, path=SYSTEM_PATH) is None]
    if not Path("/usr/lib/python3/dist-packages/PyQt5/QtNetwork.abi3.so").exists():
        absent.append("python3-pyqt5")
    return absent


@dataclass
class Outcome:
    """What one run of Krita came to."""

    code: int | None  # Krita's own; None: it had to be ended
    problems: list[str]  # empty when all is well
    checks: list[str] = field(default_factory=list)
    figures: dict = field(default_factory=dict)
    seconds: float = 0.0


class Profile:
    """Krita's folders for one or more runs: config, data, cache, runtime and home below `root`."""

    def __init__(self, root: Path):
        self.root = root
        for name in ("config", "data", "cache", "state", "home", "run"):
            (root / name).mkdir(parents=True, exist_ok=True)
        (root / "run").chmod(0o700)
        # llvmpipe draws Krita's canvas slower than QPainter does
        (root / "config" / "kritadisplayrc").write_text("[General]\nOpenGLRenderer=none\n")
        self._add_driver()

    @property
    def resources(self) -> Path:
        return self.root / "data" / "krita"

    def variables(self) -> dict[str, str]:
        """The variables that make programs use this profile."""
        folders = {"CONFIG_HOME": "config", "DATA_HOME": "data", "CACHE_HOME": "cache", "STATE_HOME": "state"}
        found = {f"XDG_{name}": str(self.root / folder) for name, folder in folders.items()}
        return {**found, "XDG_RUNTIME_DIR": str(self.root / "run"), "HOME": str(self.root / "home")}

    def _add_driver(self) -> None:
        plugins = self.resources / "pykrita"
        shutil.copytree(HERE / "driver", plugins, dirs_exist_ok=True)
        (self.root / "config" / "kritarc").write_text("[python]\nenable_anycost_driver=true\n")

    def run(self, scenario: str, out: Path, variables: dict[str, str], limit: float = 120.0) -> Outcome:
        """Run scenarios/`scenario`.py; pictures and logs are left in `out`."""
        out.mkdir(parents=True, exist_ok=True)
        run_id = uuid.uuid4().hex
        environment = {
            **{k: v for k, v in os.environ.items() if k not in FOREIGN_NAMES and not k.startswith(FOREIGN)},
            **self.variables(),
            **variables,
            "PATH": SYSTEM_PATH,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "DRIVE_OUT": str(out),
            "DRIVE_ID": run_id,
            "DRIVE_SCENARIO": str(HERE / "scenarios" / f"{scenario}.py"),
        }
        begin = time.monotonic()
        try:
            with _display(out) as display:
                code = _krita({**environment, "DISPLAY": display}, out, limit)
            problems = _problems(code, out, _left_behind(run_id))
        finally:
            for pid in _processes(run_id):
                os.kill(pid, signal.SIGKILL)
        outcome = Outcome(code, problems, seconds=time.monotonic() - begin)
        if (out / "result.json").exists():
            result = json.loads((out / "result.json").read_text())
            outcome.checks = [check["name"] for check in result["checks"]]
            outcome.figures = result["figures"]
        return outcome


@contextmanager
def _display(out: Path) -> Iterator[str]:
    """An X server of our own; its display's name."""
    read, write = os.pipe()
    # -noreset: else it resets when its last client leaves, and refuses one that comes at that moment
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"]
    with open(out / "xvfb.log", "wb") as log:
        server = subprocess.Popen(command, pass_fds=[write], stdout=log, stderr=log, start_new_session=True)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()  # up to the newline: it is written by itself
        if not number:
            raise RuntimeError("Xvfb did not start: " + (out / "xvfb.log").read_text())
        yield f":{number}"
    finally:
        _end(server)


def _krita(environment: dict[str, str], out: Path, limit: float) -> int | None:
    with open(out / "krita.log", "wb") as log:
        krita = subprocess.Popen(
            ["krita", "--nosplash"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        return krita.wait(limit)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end(krita)


def _end(process: subprocess.Popen) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _problems(code: int | None, out: Path, left: list[str]) -> list[str]:
    log = (out / "krita.log").read_text(errors="replace")
    found = [f"plugin {name} did not load" for name in re.findall(r'Error loading plugin "(.*)"', log)]
    found += [f"left behind: {command}" for command in left]
    if code is None:
        found.append("Krita did not end in time")
    if not (out / "result.json").exists():
        return [*found, f"Krita ended with {code} and no result; the end of its log:\n{log[-3000:]}"]
    result = json.loads((out / "result.json").read_text())
    found += [f"{check['name']}: {check['detail']}" for check in result["checks"] if not check["ok"]]
    if result["error"]:
        found.append(result["error"])
    if not found and code != 0:
        found.append(f"Krita ended with {code}")
    return found


def _left_behind(run_id: str) -> list[str]:
    """Commands of this run's processes that outlive Krita; the core has a moment to leave."""
    end = time.monotonic() + LEAVE_SECONDS
    while (left := _processes(run_id)) and time.monotonic() < end:
        time.sleep(0.05)
    return list(left.values())


def _processes(run_id: str) -> dict[int, str]:
    """Process ids and commands that carry this run's id in their environment."""
    found, needle = {}, f"DRIVE_ID={run_id}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if needle in (process / "environ").read_bytes().split(b"\0"):
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(process.name)] = words.decode(errors="replace").strip()
        except OSError:
            continue
    return {pid: words for pid, words in found.items() if words}  # a zombie has no words any more
