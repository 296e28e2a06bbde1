"""Picture bombs against the reader of pictures: processor time, memory, answer."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from picture_bombs import BOMBS

from anycost.core.files.pictures import LIMITS

from .figures import Figure, said

MOST_MIB = LIMITS.memory >> 20
ONE = (
    "import sys; from pathlib import Path; from picture_bombs import answer; print(answer(Path(sys.argv[1])))"
)


def attacked(path: Path) -> tuple[str, float, float]:
    """The answer about a file, the seconds of a processor that it took, and the seconds until it came.

    A new program asks each time, so that its children are this file's sandbox alone.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", ONE, path],
        **{"capture_output": True, "text": True, "timeout": 200, "cwd": Path(__file__).parents[1]},
    )
    after, waited = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout.strip() if done.returncode == 0 else f"rc {done.returncode}", used, waited


def figures() -> list[Figure]:
    longest, wrong, details = 0.0, [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, made in BOMBS.items():
            path = Path(folder) / "bomb"
            path.write_bytes(made(99))
            told, used, waited = attacked(path)
            longest = max(longest, used)
            details.append(f"{name}: {used:.1f} s, {'refused' if told else 'read'}, after {waited:.1f} s")
            if told.startswith("rc") or (told and not told.endswith(".")):
                wrong.append(f"{name}: {told}")
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10  # of the largest of all
    seconds = LIMITS.seconds + 3  # with two Pythons to start
    count = f"{len(BOMBS) - len(wrong)} of {len(BOMBS)}"
    return [
        Figure("picture bombs read or told in one sentence", count, "all", not wrong, "; ".join(wrong)),
        Figure(
            "processor time of the worst",
            f"{longest:.1f} s",
            f"{seconds} s",
            longest <= seconds,
            "; ".join(details),
        ),
        Figure("memory of the worst", f"{most} MiB", f"{MOST_MIB} MiB", most <= MOST_MIB),
    ]


if __name__ == "__main__":
    sys.exit(not said(figures()))
