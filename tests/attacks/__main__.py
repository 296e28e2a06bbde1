"""All attacks that take less than ten minutes together, each figure beside what is wanted: `make attack`.

PYTHONPATH=tests .venv/bin/python -m attacks [name...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

SCALE = {"kills": "100", "trainings": "20", "messages": "100000"}
NAMES = ("faults", "users", "disks", "files", "pictures", "window", "trainings", "messages", "kills")
LONGEST = 300.0  # seconds of one


def main(*names: str) -> int:
    missed = []
    for name in names or NAMES:
        begun = time.monotonic()
        print(f"-- {name}", flush=True)
        if not _reached(name):
            missed.append(name)
        print(f"   {time.monotonic() - begun:.0f} s", flush=True)
    print(f"missed: {', '.join(missed)}" if missed else "all figures are reached")
    return bool(missed)


def _reached(name: str) -> bool:
    """A process for each, so that none inherits what another has grown."""
    command, environment = [sys.executable, "-m", f"attacks.{name}"], dict(os.environ)
    if name == "faults":
        command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "tests/faults"]
        environment["ANYCOST_THOROUGH"] = "1"
    elif name in SCALE:
        command.append(SCALE[name])
    try:
        return subprocess.run(command, env=environment, timeout=LONGEST).returncode == 0
    except subprocess.TimeoutExpired:
        print(f"MISS {name} is not done after {LONGEST:.0f} s")
        return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
