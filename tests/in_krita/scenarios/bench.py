"""Figures from inside Krita: from a slider to the canvas, a reopened edit, the longest stall of the UI.

A pen's stroke waits for the UI thread as the ticker does. The canvas shows the picture at 100 %.
"""

from __future__ import annotations

import os
import time

from PyQt5.QtCore import Qt, QTimer
from shared import Seen, closed, open_panel, settled, written

from anycost.krita_plugin.canvas.canvas_overlay import CanvasOverlay

EDITS = int(os.environ.get("DRIVE_EDITS", "40"))
TICK_MS = 5
LARGE = 6000, 4000


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

    def tell(self, figures, when):
        """The figures since the last restart."""
        figures[f"longest gap {when}, ms"] = quantile(self.gaps, 1.0)
        figures[f"most UI work in a gap {when}, ms"] = quantile(self.work, 1.0)


class Canvases:
    """Notes when a canvas has been painted, and which frame it then shows."""

    def __init__(self, state):
        self.painted = []  # seconds, the frame's stamp, whether that is its last pass
        paint_event = CanvasOverlay.paintEvent

        def paint(overlay, event):
            paint_event(overlay, event)
            if overlay.laid and state.portrait is not None and state.portrait.frame is not None:
                frame = state.portrait.frame
                self.painted.append((time.perf_counter(), frame.stamp, frame.index == frame.passes))

        CanvasOverlay.paintEvent = paint  # pyright: ignore[reportAttributeAccessIssue]

    def first(self, stamp, in_full=False):
        """When the canvas first showed an edit of this stamp or a later one; None as long as it has not."""
        return next(
            (at for at, found, full in self.painted if found >= stamp and (full or not in_full)), None
        )


def quantile(values, share):
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else None


def run(t):
    docker = open_panel(t)
    state = docker.state
    canvases = Canvases(state)  # before there is one
    began = time.perf_counter()
    document = t.krita.openDocument(os.environ["DRIVE_PICTURE"])
    view = t.krita.activeWindow().addView(document)
    yield from t.until(lambda: state.core.connected, 120)
    t.figures["document open to ready, s"] = round(time.perf_counter() - began, 1)
    view.canvas().setZoomLevel(1.0)
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
    ticker.tell(t.figures, "while projecting")
    if not t.check("projected", state.portrait is not None and settled(state), state.message):
        return
    yield from calibration(t, docker)
    yield from drags(t, state, ticker, canvases)
    yield from applying(t, state, document, ticker, "a layer of 512 px")
    document = yield from reopening(t, docker, document)
    yield from reading(t, docker, document, ticker)
    yield from applying_large(t, docker, document, ticker)


def calibration(t, docker):
    """Waits for the core to measure its engines, which it does as soon as nobody asks for anything."""
    told = []

    def calibrated():
        if not told or told[-1] is not None:
            told.append(None)
            docker.keeper.client.request("core/status", {}, lambda answer: told.append(answer.result))
        return any(status and status["calibrated"] for status in told)

    began = time.perf_counter()
    t.check("calibrated", (yield from t.until(calibrated)))
    t.figures["waited for calibration, s"] = round(time.perf_counter() - began, 1)


def drags(t, state, ticker, canvases):
    """A slider is moved, held until the canvas shows it, moved on and let go: the times until the canvas
    shows the first of it, and until it shows the released edit in full."""
    name = state.core.opened.directions[0].name
    seen = Seen(state)
    figures = {"a slider's move to the canvas": [], "a release to the panel in full": []}
    on_canvas = figures["a release to the canvas in full"] = []
    gaps, work = [], []
    for index in range(EDITS):
        ticker.restart()
        began = time.perf_counter()
        state.set_edit(name, (index % 9 - 4) / 5 + 0.03, dragging=True)
        stamp = state.portrait.stamp
        yield from t.until(lambda stamp=stamp: canvases.first(stamp) is not None, 10)
        figures["a slider's move to the canvas"].append(1000 * (canvases.first(stamp) - began))
        for step in range(3):
            state.set_edit(name, (index % 9 - 4) / 5 + 0.04 + step / 100, dragging=True)
            yield 0.03
        yield 0.2
        began = time.perf_counter()
        state.set_edit(name, (index % 9 - 4) / 5 + 0.07, dragging=False)
        stamp = state.portrait.stamp
        while not settled(state):
            yield 0.001
        figures["a release to the panel in full"].append(1000 * (time.perf_counter() - began))
        yield from t.until(lambda stamp=stamp: canvases.first(stamp, in_full=True) is not None, 10)
        on_canvas.append(1000 * (canvases.first(stamp, in_full=True) - began))
        gaps += ticker.gaps
        work += ticker.work
    for what, times in figures.items():
        t.figures[f"{what}, ms (p50, p95)"] = [quantile(times, 0.5), quantile(times, 0.95)]
    ticker.gaps, ticker.work = gaps, work
    ticker.tell(t.figures, "while frames arrive")
    t.figures["gaps, ms (p50, p95, p99)"] = [quantile(gaps, share) for share in (0.5, 0.95, 0.99)]
    t.figures["frames"] = len(seen.frames)
    t.check("measured", len(on_canvas) == EDITS)


def applying(t, state, document, ticker, what):
    """Press Apply with a slider at its end, until the layer is there and drawn."""
    first = state.core.opened.directions[0]
    state.set_edit(first.name, first.high)
    yield from t.until(lambda: settled(state))
    count = len(document.rootNode().childNodes())
    ticker.restart()
    began = time.perf_counter()
    state.apply()
    yield from t.until(lambda: not state.portrait.applying)
    t.figures[f"Apply, {what}, ms"] = round(1000 * (time.perf_counter() - began))
    yield 1.0  # Krita draws it
    ticker.tell(t.figures, f"while applying {what}")
    document.waitForDone()
    t.check(f"applied {what}", len(document.rootNode().childNodes()) == count + 1, state.message)


def reopening(t, docker, document):
    """Save, close, open again: until the edit of the active layer is drawn, and its sliders work."""
    path = os.path.join(t.out, "bench.kra")
    document.setActiveNode(document.rootNode().childNodes()[-1])
    docker.look()
    yield from written(t, docker, document)
    document.saveAs(path)
    yield from closed(t, docker, document)
    began = time.perf_counter()
    document = t.krita.openDocument(path)
    t.krita.activeWindow().addView(document)
    t.figures["a .kra is open after, s"] = round(time.perf_counter() - began, 2)
    state = docker.state
    back = yield from t.until(lambda: state.portrait is not None and settled(state), 20)
    t.figures["and its edit is drawn again after, s"] = round(time.perf_counter() - began, 2)
    t.check("a reopened edit is back", back and state.changes, (state.message, state.status()))
    return document


def reading(t, docker, document, ticker):
    """A document of 24 megapixels, to bytes that can be sent."""
    document.scaleImage(*LARGE, 72, 72, "Bilinear")
    document.waitForDone()
    yield 1.0
    ticker.restart()
    read, began, busy = [], time.perf_counter(), time.thread_time()
    docker.documents.read(docker.state.document, True, read.append, t.fail)
    yield from t.until(lambda: read)
    t.figures["reading 6000 x 4000, ms"] = round(1000 * (time.perf_counter() - began))
    t.figures["work of the UI thread for it, ms"] = round(1000 * (time.thread_time() - busy))
    ticker.tell(t.figures, "while reading it")
    t.check("read in full", (read[0].width, read[0].height) == LARGE)


def applying_large(t, docker, document, ticker):
    """A face of most of its height."""
    state, before = docker.state, docker.state.portrait
    state.project()
    yield from t.until(lambda: state.portrait is not before and not state.busy and settled(state))
    yield from applying(t, state, document, ticker, "in 6000 x 4000")
    bounds = document.rootNode().childNodes()[-1].bounds()
    t.figures["layer in 6000 x 4000, px"] = [bounds.width(), bounds.height()]
