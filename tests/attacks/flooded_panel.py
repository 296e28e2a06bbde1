"""The longest gap of a 5 ms timer on the thread of a real panel, offscreen, while its core floods it.

    PYTHONPATH=tests .venv/bin/python -m attacks.flooded_panel [kinds]

The gap is what an artist's pen would wait. On a machine that does other work, what the thread itself computed
between two ticks says more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from panel_wire import Desk
from PyQt5 import QtCore, QtWidgets

from anycost.bridge.qt_client import CoreKeeper
from anycost.krita_plugin.panel.panel import Panel
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.wiring import connect

from .flooding_core import KINDS

SECONDS = 4.0
WANTED_MS = 16


class Gaps:
    """A timer and the longest time between two of its ticks."""

    def __init__(self) -> None:
        self.gap = self.computed = 0.0  # seconds
        self._at, self._computed = time.perf_counter(), time.thread_time()
        self._timer = QtCore.QTimer()
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(5)

    def _tick(self) -> None:
        at, computed = time.perf_counter(), time.thread_time()
        self.gap = max(self.gap, at - self._at)
        self.computed = max(self.computed, computed - self._computed)
        self._at, self._computed = at, computed

    def stop(self) -> None:
        self._timer.stop()


def flooded(kind: str, folder: Path) -> Gaps:
    """What happens to a panel whose core floods it once a face is shown."""
    path = str(folder / "core.sock")
    core = subprocess.Popen(
        [sys.executable, "-m", "attacks.flooding_core", path, kind], stdout=subprocess.PIPE
    )
    assert core.stdout is not None
    core.stdout.readline()
    keeper = CoreKeeper("attack", "0", path)
    state = PanelState(keeper.client, Desk())
    connect(keeper, state.core)
    panel = Panel(state, keeper.start, keeper.report)
    panel.show()
    state.set_document(1)
    try:
        keeper.start()
        _run_until(lambda: state.can_project)
        state.project()
        _run_until(lambda: state.portrait is not None and state.portrait.in_flight is not None)
        _run(0.5)  # the panel lays itself out
        gaps = Gaps()
        _run(SECONDS)
        gaps.stop()
    finally:
        core.kill()
        core.communicate()
        keeper.stop()
        panel.close()
        panel.deleteLater()
    os.unlink(path)
    return gaps


def _run(seconds: float) -> None:
    loop = QtCore.QEventLoop()
    QtCore.QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec_()


def _run_until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        _run(0.01)


def main(*kinds: str) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QtWidgets.QApplication(["attack"])
    assert "torch" not in sys.modules  # nor in Krita, whose own objects Python then looks through in a moment
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds or KINDS:
            gaps = flooded(kind, Path(folder))
            print(
                f"a core that floods with {kind}: longest gap {1e3 * gaps.gap:.1f} ms, of which "
                f"{1e3 * gaps.computed:.1f} computed (wanted: at most {WANTED_MS})",
                flush=True,
            )
    application.quit()


if __name__ == "__main__":
    main(*sys.argv[1:])
