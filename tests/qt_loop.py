"""A Qt application without a screen, with an event loop that the test drives, and folders for a core."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import torch
from PyQt5.QtCore import QEvent, QProcess
from PyQt5.QtWidgets import QApplication
from torch.utils.data import DataLoader, TensorDataset

_held: list[QApplication] = []
_raised: list[BaseException] = []


def application() -> QApplication:
    """This process's one application."""
    if not _held:
        # A DataLoader that comes after the first QProcess takes SIGCHLD from it: no end would be noticed.
        next(iter(DataLoader(TensorDataset(torch.zeros(1)), num_workers=1)))
        sys.excepthook = lambda _kind, error, _trace: _raised.append(error)  # instead of PyQt's abort()
        _held.append(QApplication(["tests"]))
    return _held[0]


def until(predicate: Callable[[], object], seconds: float = 300.0) -> bool:
    """Handle events until the predicate holds; False if the time runs out."""
    app = application()
    end = time.monotonic() + seconds
    while not predicate():
        app.processEvents()
        if _raised:
            raise _raised.pop()
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def settle(seconds: float = 0.05) -> None:
    """Let pending answers arrive, then delete objects that wait for deletion."""
    until(lambda: False, seconds)
    application().sendPostedEvents(None, QEvent.Type.DeferredDelete)


def gone(process: QProcess | None) -> bool:
    """Whether a keeper's process has ended; the keeper then deletes what stood for it."""
    try:
        return process is None or process.state() == QProcess.ProcessState.NotRunning
    except RuntimeError:
        return True


@contextmanager
def core_home(folder: Path, monkeypatch, pack: Path | None = None) -> Iterator[Path]:
    """Folders in which this process finds and starts a separate core; yields the runtime folder."""
    runtime = folder / "run"
    runtime.mkdir(parents=True, mode=0o700)
    config = folder / "config"
    (config / "anycost").mkdir(parents=True)
    (config / "anycost" / "core.json").write_text(json.dumps({"python": sys.executable}))
    for name, value in (
        ("XDG_RUNTIME_DIR", runtime),
        ("XDG_CONFIG_HOME", config),
        ("XDG_DATA_HOME", folder / "data"),
        ("XDG_STATE_HOME", folder / "state"),
        ("XDG_CACHE_HOME", folder / "cache"),
        ("OMP_NUM_THREADS", "1"),
    ):
        monkeypatch.setenv(name, str(value))
    if pack is not None:
        monkeypatch.setenv("ANYCOST_PACK", str(pack))
    yield runtime
