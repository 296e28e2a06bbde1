"""Tries mutations of the corpus for some minutes; what is a fault is kept in the corpus, for the tests.

PYTHONPATH=tests .venv/bin/python -m fuzz [minutes] [target...]
"""

from __future__ import annotations

import faulthandler
import hashlib
import random
import resource
import sys
import time
from collections import Counter

from .mutation import mutated
from .targets import CORPUS, TARGETS, kept

MINUTES = 5.0
MEMORY = 6 << 30  # bytes; one that takes more is a fault
SLOW = 10.0  # seconds; likewise
HUNG = 60.0  # after these the program ends and says where it was


def main(minutes: float = MINUTES, *names: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chosen = names or tuple(TARGETS)
    corpora = {name: [path.read_bytes() for path in kept(name)] for name in chosen}
    seed = time.time_ns()
    rng, tried, faults = random.Random(seed), Counter[str](), Counter[str]()
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        name = rng.choice(chosen)
        data = mutated(rng.choice(corpora[name]), corpora[name], rng)
        tried[name] += 1
        fault = _tried(name, data)
        if fault and faults[name] < 20:
            faults[name] += 1
            path = CORPUS / name / f"found-{hashlib.sha256(data).hexdigest()[:12]}"
            path.write_bytes(data)
            print(f"{name}: {fault}: {path}", flush=True)
    print(f"{sum(tried.values())} inputs in {minutes:g} min, seed {seed}: {dict(tried)}")
    print(f"{sum(faults.values())} faults (wanted: 0) {dict(faults) or ''}")
    return bool(faults)


def _tried(name: str, data: bytes) -> str:
    """What went wrong; nothing if nothing did."""
    faulthandler.dump_traceback_later(HUNG, exit=True)
    begun = time.process_time()
    try:
        TARGETS[name].try_on(data)
    except (Exception, RecursionError) as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        faulthandler.cancel_dump_traceback_later()
    seconds = time.process_time() - begun
    return f"{seconds:.0f} s" if seconds > SLOW else ""


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if sys.argv[1:] else MINUTES, *sys.argv[2:]))
