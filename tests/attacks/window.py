"""A core that floods: the most work between two ticks of a 5 ms timer on the thread of a real panel's window.

    PYTHONPATH=tests .venv/bin/python -m attacks.window [flood...]

That work is what an artist's pen would wait for on a machine that does nothing else.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .figures import Figure, said
from .flooding_core import KINDS
from .seat import Gaps, Seat

SECONDS = 3.0
WANTED_MS = 16.0


def flooded(kind: str) -> Gaps:
    """What happens to a panel whose core floods it once a face is shown."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "core.sock")
        command = [sys.executable, "-m", "attacks.flooding_core", path, kind]
        core = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert core.stdout is not None
        core.stdout.readline()
        seat = Seat(path=path)
        try:
            seat.until(lambda: seat.state.can_project)
            seat.state.project()
            seat.until(lambda: seat.state.portrait is not None and seat.portrait.in_flight is not None)
            seat.wait(0.5)  # the panel lays itself out
            gaps = Gaps()
            seat.wait(SECONDS)
            gaps.stop()
        finally:
            core.kill()
            core.communicate()
            seat.close()
    return gaps


def figures(*kinds: str) -> Iterator[Figure]:
    for kind in kinds or KINDS:
        gaps = flooded(kind)
        what = f"the window's longest work in one piece in a flood of {kind}, ms"
        work, gap = gaps.most_work_ms, f"gap {gaps.longest_ms:.1f}"
        yield Figure(what, f"{work:.1f}", "at most 16", work <= WANTED_MS, gap)


if __name__ == "__main__":
    assert "torch" not in sys.modules  # nor in Krita, whose own objects Python then looks through in a moment
    sys.exit(not said(figures(*sys.argv[1:])))
