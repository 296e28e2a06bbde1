"""All attacks, each figure beside what is wanted: `make attack`.

PYTHONPATH=tests .venv/bin/python -m attacks [name...]
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

# Two at a time, the longest first. A core that starts from nothing takes twice as long to come back as a fork
# of one, so that most of those that are killed are forks.
TOGETHER = (
    *("kills 45 1 forked", "kills 45 2 forked", "messages", "faults", "kills 10 3 fresh", "trainings"),
    *("pictures", "disks", "files", "users"),
)
ALONE = ("window",)  # where a flood is the heavier the less else runs
LONGEST = 900.0  # seconds of one
MEMORY = "/dev/shm"  # where files cost no time: a call that fails does so on any disk


def main(*names: str) -> int:
    known = {attack.split()[0] for attack in (*TOGETHER, *ALONE)}
    if not known.issuperset(names):
        print("There are these attacks:", *sorted(known))
        return 2
    chosen = [attack for attack in (*TOGETHER, *ALONE) if not names or attack.split()[0] in names]
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        reached = list(pool.map(_reached, [attack for attack in chosen if attack not in ALONE]))
    reached += [_reached(attack) for attack in chosen if attack in ALONE]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = f"{time.monotonic() - begun:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processors"
    print(f"{seconds}: {'all figures are reached' if all(reached) else 'some are MISSed'}")
    return not all(reached)


def _reached(attack: str) -> bool:
    """A process for each, so that none inherits what another has grown."""
    name, *arguments = attack.split()
    command, environment = [sys.executable, "-m", f"attacks.{name}", *arguments], dict(os.environ)
    if name == "faults":
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "tests/faults"]
        environment["ANYCOST_THOROUGH"] = "1"
        if os.path.isdir(MEMORY):
            environment["TMPDIR"] = MEMORY
    begun = time.monotonic()
    try:
        run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        print(f"-- {attack}\nMISS not done after {LONGEST:.0f} s", flush=True)
        return False
    print(f"-- {attack}, {time.monotonic() - begun:.0f} s, exit {run.returncode}\n{run.stdout}", flush=True)
    return run.returncode == 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
