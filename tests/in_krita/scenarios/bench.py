"""Figures from inside Krita: slider released to first and last frame, and the longest stall of the UI."""

from __future__ import annotations

import os
import time

from PyQt5.QtCore import Qt, QTimer
from shared import Seen, open_panel, settled

EDITS = int(os.environ.get("DRIVE_EDITS", "40"))
TICK_MS = 5


class Ticker:
    """A timer of 5 ms; how late it comes tells how long the UI thread was busy, or the machine.

    `work` is the processor time that the UI thread took between two ticks: what the panel and Krita cost,
    whatever else the machine does.
    """

    def __init__(self):
        self.restart()
        self.timer = QTimer()
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.tick)
        self.timer.start(TICK_MS)

    def tick(self):
        now = (time.perf_counter(), time.thread_time())
        if self.last is not None:
            self.gaps.append(1000 * (now[0] - self.last[0]))
            self.work.append(1000 * (now[1] - self.last[1]))
        self.last = now

    def restart(self):
        self.gaps, self.work, self.last = [], [], None


def quantile(values, share):
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else None


def run(t):
    docker = open_panel(t)
    state = docker.state
    document = t.krita.openDocument(os.environ["DRIVE_PICTURE"])
    t.krita.activeWindow().addView(document)
    began = time.perf_counter()
    yield from t.until(lambda: state.core.connected, 120)
    t.figures["document open to ready, s"] = round(time.perf_counter() - began, 1)
    ticker = Ticker()
    yield 1.0
    t.figures["longest gap while idle, ms"] = quantile(ticker.gaps, 1.0)

    state.projection_seconds = 5.0
    ticker.restart()
    began = time.perf_counter()
    state.project()
    yield from t.until(lambda: state.portrait is not None and state.portrait.frame is not None, 60)
    t.figures["Project to first face, ms"] = round(1000 * (time.perf_counter() - began))
    yield from t.until(lambda: not state.busy and settled(state), 120)
    t.figures["longest gap while projecting, ms"] = quantile(ticker.gaps, 1.0)
    t.figures["most UI work in a gap while projecting, ms"] = quantile(ticker.work, 1.0)
    if not t.check("projected", state.portrait is not None and settled(state), state.message):
        return
    calibrated = yield from calibration(t)
    t.check("calibrated", calibrated)
    yield from releases(t, state, ticker)
    yield from reading(t, docker, document, ticker)


def calibration(t):
    """Waits for the core to measure its engines, which it does as soon as nobody asks for anything; False
    when it did not, because it has done so before."""
    label = t.widget("anycost_connection")
    began = yield from t.until(lambda: "measuring" in label.text(), 30)
    ended = yield from t.until(lambda: "measuring" not in label.text())
    return began and ended


def releases(t, state, ticker):
    """Dragged a little, then let go: the times from the release on."""
    name = state.core.opened.directions[0].name
    seen = Seen(state)
    first, last, gaps, work = [], [], [], []
    for index in range(EDITS):
        ticker.restart()
        for step in range(3):
            state.set_edit(name, (index % 9 - 4) / 5 + step / 50, dragging=True)
            yield 0.03
        before = len(seen.frames)
        began = time.perf_counter()
        state.set_edit(name, (index % 9 - 4) / 5 + 0.07, dragging=False)
        stamp = state.portrait.stamp
        while not any(frame.stamp >= stamp for frame in seen.frames[before:]):
            yield 0.001
        first.append(1000 * (time.perf_counter() - began))
        while not settled(state):
            yield 0.001
        last.append(1000 * (time.perf_counter() - began))
        gaps += ticker.gaps
        work += ticker.work
    t.figures["released to first frame, ms (p50, p95)"] = [quantile(first, 0.5), quantile(first, 0.95)]
    t.figures["released to last frame, ms (p50, p95)"] = [quantile(last, 0.5), quantile(last, 0.95)]
    t.figures["longest gap while frames arrive, ms"] = quantile(gaps, 1.0)
    t.figures["most UI work in a gap while frames arrive, ms"] = quantile(work, 1.0)
    t.figures["gaps, ms (p50, p95, p99)"] = [quantile(gaps, share) for share in (0.5, 0.95, 0.99)]
    t.figures["frames"] = len(seen.frames)
    t.check("measured", len(first) == EDITS)


def reading(t, docker, document, ticker):
    """A document of 24 megapixels, to bytes that can be sent."""
    document.scaleImage(6000, 4000, 72, 72, "Bilinear")
    document.waitForDone()
    yield 1.0
    ticker.restart()
    read, began, busy = [], time.perf_counter(), time.thread_time()
    docker.documents.read(docker.state.document, True, read.append, t.fail)
    yield from t.until(lambda: read)
    t.figures["reading 6000 x 4000, ms"] = round(1000 * (time.perf_counter() - began))
    t.figures["work of the UI thread for it, ms"] = round(1000 * (time.thread_time() - busy))
    t.figures["longest gap while reading it, ms"] = quantile(ticker.gaps, 1.0)
    t.check("read in full", (read[0].width, read[0].height) == (6000, 4000))
