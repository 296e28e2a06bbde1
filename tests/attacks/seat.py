"""A panel without a screen, at a real core, that works as an artist does. It imports no torch."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import skimage.data
from panel_wire import Desk
from PIL import Image
from PyQt5.QtCore import QProcess, QTimer
from PyQt5.QtWidgets import QApplication
from wire import private_home

from anycost.bridge.answer import Answer
from anycost.bridge.qt_client import CoreKeeper
from anycost.bridge.version import VERSION
from anycost.krita_plugin.panel.panel import Panel
from anycost.krita_plugin.state.picture import Picture
from anycost.krita_plugin.state.portrait import Portrait
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.wiring import connect

PORTRAIT = Path(__file__).parents[2] / "commands" / "sample" / "portrait.png"
PATIENCE = 300.0  # seconds


@cache
def application() -> QApplication:
    return QApplication(["attack"])


def own_home(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """`private_home` with a copy of the user's face weights, where there are such."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    private_home(folder, patch)
    faces = Path("anycost", "weights", "faces")
    if (data / faces).is_dir():
        shutil.copytree(data / faces, folder / "DATA_HOME" / faces)


@cache
def drawn_portrait() -> Picture:
    return _whole(Image.open(PORTRAIT))


@cache
def photograph() -> Picture:
    """A person whom the default pack cannot draw: her edits are carried."""
    return _whole(Image.fromarray(skimage.data.astronaut()))


def _whole(image: Image.Image) -> Picture:
    return Picture(*image.size, image.convert("RGBA").tobytes(), document_size=image.size)


class PictureDesk(Desk):
    """Every document is the same picture."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture

    def read(self, document, around, done, failed, up_to_active=False):
        done(self.picture)


class Gaps:
    """What lies between the ticks of a 5 ms timer of the window's thread: the time, and the thread's own
    work, which other programs do not lengthen."""

    def __init__(self) -> None:
        self.longest_ms = self.most_work_ms = 0.0
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._ticked)
        self._timer.start()

    def _ticked(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self.longest_ms = max(self.longest_ms, 1e3 * (now - self._last))
        self.most_work_ms = max(self.most_work_ms, 1e3 * (worked - self._worked))
        self._last, self._worked = now, worked

    def stop(self) -> None:
        self._timer.stop()


class Seat:
    """One panel with its state, its host and its keeper of a core."""

    def __init__(self, document: int = 1, path: str = "", picture: Picture | None = None) -> None:
        application()
        self._closed = False
        self.host = PictureDesk(picture or drawn_portrait())
        self.keeper = CoreKeeper("attack", VERSION, path)
        self.state = PanelState(self.keeper.client, self.host)
        connect(self.keeper, self.state.core)
        self.panel = Panel(self.state, self.keeper.start, self.keeper.report)
        self.panel.show()
        self.state.set_document(document)
        self.keeper.start()

    @property
    def portrait(self) -> Portrait:
        found = self.state.portrait
        assert found is not None, self.state.message
        return found

    @property
    def sliders(self) -> list[str]:
        opened = self.state.core.opened
        return [slider.name for slider in opened.directions] if opened else []

    @property
    def pid(self) -> int:
        return int(self.keeper.hello_answer.get("pid", 0))

    @property
    def connected(self) -> bool:
        return self.state.core.connected and bool(self.sliders)

    @property
    def projected(self) -> bool:
        found = self.state.portrait
        return found is not None and found.drawable and not self.state.busy  # with another search

    @property
    def drawn(self) -> bool:
        """Whether what is on the screen is the newest edit, drawn to its end."""
        found = self.state.portrait
        return (
            self.projected
            and found is not None
            and found.in_flight is None
            and found.frame is not None
            and found.frame.stamp == found.stamp
        )

    @property
    def calibrated(self) -> bool:
        """Whether the core has said that it is; each look asks it again."""
        said: list[Answer] = []
        self.keeper.client.request("core/status", {}, said.append)
        self.until(lambda: said, 10)
        self.wait(0.5)
        return bool(said and said[0].result.get("calibrated"))

    def until(self, what: Callable[[], object], seconds: float = PATIENCE) -> bool:
        """Handles events until something holds; False where it does not in time."""
        end = time.monotonic() + seconds
        while not what():
            application().processEvents()
            if not (self.keeper.running or self._closed):  # it gave up: the artist presses the button
                self.keeper.start()
            if time.monotonic() > end:
                return False
            time.sleep(0.002)
        return True

    def wait(self, seconds: float) -> None:
        self.until(lambda: False, seconds)

    def project(self, seconds: float = 1.0) -> bool:
        self.state.set_projection_seconds(seconds)
        self.state.project()
        return self.until(lambda: self.projected)

    def close(self) -> None:
        self._closed, process = True, self.keeper.process
        self.keeper.stop()
        self.panel.close()
        self.until(lambda: _gone(process), 20)


def _gone(process: QProcess | None) -> bool:
    """Whether a keeper's core has ended; the keeper then deletes what stood for it."""
    try:
        return process is None or process.state() == QProcess.ProcessState.NotRunning
    except RuntimeError:
        return True
