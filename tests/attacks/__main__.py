"""All attacks, each figure beside what is wanted: `make attack`.

PYTHONPATH=tests .venv/bin/python -m attacks [name...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TOGETHER = ("kills", "faults", "trainings", "disks", "files", "pictures", "users")  # two at a time
ALONE = ("window", "messages")  # which measure how long something takes
LONGEST = 900.0  # seconds of one


def main(*names: str) -> int:
    chosen = names or (*TOGETHER, *ALONE)
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        reached = list(pool.map(_reached, [name for name in chosen if name not in ALONE]))
    reached += [_reached(name) for name in chosen if name in ALONE]
    print(
        f"{time.monotonic() - begun:.0f} s,", "all figures are reached" if all(reached) else "some are MISSed"
    )
    return not all(reached)


def _reached(name: str) -> bool:
    """A process for each, so that none inherits what another has grown."""
    command, environment = [sys.executable, "-m", f"attacks.{name}"], dict(os.environ)
    if name == "faults":
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "tests/faults"]
        environment["ANYCOST_THOROUGH"] = "1"
    begun = time.monotonic()
    try:
        run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        print(f"-- {name}\nMISS not done after {LONGEST:.0f} s", flush=True)
        return False
    print(f"-- {name}, {time.monotonic() - begun:.0f} s, exit {run.returncode}\n{run.stdout}", flush=True)
    return run.returncode == 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
