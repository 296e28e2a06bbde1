"""Long work in steps between the program's own events."""

from __future__ import annotations

import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from PyQt5.QtCore import QTimer

from anycost.krita_plugin.slices import Slices
from anycost.krita_plugin.state.picture import HostError

qt_loop.application()


def never(_outcome):
    pytest.fail("This way was not to be taken.")


def counting(noted, to, error=""):
    for number in range(to):
        noted.append(number)
        yield
    if error:
        raise HostError(error)
    return to


def test_other_events_come_between_the_steps():
    noted, done = [], []
    held = Slices(counting(noted, 5), done.append, never)
    beat = QTimer()
    beat.timeout.connect(lambda: noted.append("event"))
    beat.start(0)
    assert noted == []
    assert qt_loop.until(lambda: done)
    beat.stop()
    assert held is not None
    assert done == [5]
    assert [entry for entry in noted if entry != "event"] == [0, 1, 2, 3, 4]
    assert all("event" in noted[noted.index(n) : noted.index(n + 1)] for n in range(4))


def test_a_refusal_ends_them_with_its_sentence():
    noted, failed = [], []
    held = Slices(counting(noted, 2, "No room."), never, failed.append)
    assert qt_loop.until(lambda: failed)
    assert held is not None
    assert (noted, failed) == ([0, 1], ["No room."])
