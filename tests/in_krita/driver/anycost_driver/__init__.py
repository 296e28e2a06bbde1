"""Runs the scenario $DRIVE_SCENARIO inside Krita, then closes Krita with 0 when every check held, else 1.

A scenario is a file with `run(t)`, a generator: each `yield seconds` gives Krita's event loop its turn. What
it found is in $DRIVE_OUT/result.json. Installed by the tests only.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator

from krita import Extension, Krita
from PyQt5.QtCore import QCoreApplication, QPoint, QProcess, QProcessEnvironment, QTimer
from PyQt5.QtWidgets import QApplication, QLabel, QMessageBox, QWidget

OUT = os.environ["DRIVE_OUT"]
FAST = 89  # a PNG of low compression: packing one took a tenth of a second
BEGIN = time.monotonic()
MODAL_LIMIT = 30.0  # seconds that a dialog nobody asked for may stay open


class Tester:
    """What a scenario is given."""

    def __init__(self):
        self.krita = Krita.instance()
        self.out = OUT
        self.checks = []
        self.figures = {}
        self.error = None

    def check(self, name, ok, detail=""):
        """Record a check; the scenario goes on either way."""
        self.checks.append({"name": name, "ok": bool(ok), "detail": str(detail)[:500]})
        self.say("ok" if ok else "FAILED", name, detail)
        return bool(ok)

    def say(self, *words):
        print("DRIVER", f"{time.monotonic() - BEGIN:.1f}s", *words, file=sys.stderr, flush=True)

    def fail(self, text):
        self.error = self.error or text
        self.say("ERROR", text)

    # Finding

    def window(self):
        return self.krita.activeWindow().qwindow()

    def docker(self, name):
        return next(d for d in self.krita.dockers() if d.objectName() == name)

    def widget(self, name, parent=None):
        """By default in the docker or in all of Krita's window, whose search takes a tenth of a second."""
        for place in (parent,) if parent else (self.docker("anycost"), self.window()):
            found = place.findChild(QWidget, name)
            if found is not None:
                return found
        raise LookupError("no widget called " + name)

    # Waiting and acting: all are generators, `yield from` them

    def until(self, predicate, seconds=120.0):
        """True as soon as the predicate holds, False after the time."""
        end = time.monotonic() + seconds
        while not predicate():
            if time.monotonic() > end:
                return False
            yield 0.02
        return True

    def xdotool(self, *arguments):
        """Real mouse and key events of the X server; Krita goes on handling its own meanwhile."""
        process = QProcess()
        environment = QProcessEnvironment.systemEnvironment()
        environment.remove("PYTHONPATH")
        process.setProcessEnvironment(environment)
        process.start("xdotool", [str(argument) for argument in arguments])
        while process.state() != QProcess.ProcessState.NotRunning:
            yield 0.01
        if process.exitStatus() != QProcess.ExitStatus.NormalExit or process.exitCode() != 0:
            raise RuntimeError(bytes(process.readAllStandardError()).decode())
        yield 0.05

    def click(self, widget, x=None, y=None):
        yield from self.xdotool("mousemove", *self.at(widget, x, y), "click", 1)

    def at(self, widget, x=None, y=None):
        """Screen coordinates of a point of a widget, by default its centre."""
        x = widget.width() // 2 if x is None else round(x)
        y = widget.height() // 2 if y is None else round(y)
        point = widget.mapToGlobal(QPoint(x, y))
        return point.x(), point.y()

    def screenshot(self, name, widget=None):
        QApplication.processEvents()
        screen = QApplication.primaryScreen()
        assert screen is not None
        shown = widget.grab() if widget else screen.grabWindow(0)  # pyright: ignore[reportArgumentType]
        shown.save(os.path.join(OUT, name), None, FAST)


class Driver(Extension):
    """Starts with Krita's first window, steps through the scenario, ends Krita."""

    def setup(self):
        self.tester = Tester()
        self.steps: Iterator[float] | None = None
        self.modal_since = None
        self.watch = QTimer()  # fires inside a dialog's own event loop too
        self.watch.timeout.connect(self.watch_dialogs)
        sys.excepthook = self.uncaught
        faulthandler.enable()  # so that the log tells what crashed
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.windowCreated.connect(self.start)

    def createActions(self, window):
        pass

    def uncaught(self, kind, value, trace):
        self.tester.fail("".join(traceback.format_exception(kind, value, trace)))

    def start(self):
        if self.steps is not None:
            return
        self.watch.start(250)
        try:
            sys.path.append(os.path.dirname(os.environ["DRIVE_SCENARIO"]))  # what scenarios share
            name = os.path.basename(os.environ["DRIVE_SCENARIO"])[: -len(".py")]
            self.steps = self.whole(importlib.import_module(name).run(self.tester))
        except Exception:
            self.tester.fail(traceback.format_exc())
            self.steps = iter(())
        QTimer.singleShot(0, self.step)

    def whole(self, scenario):
        """The scenario, then the mouse off the canvas, as an artist has it who closes the window: over a
        canvas a stroke stands ready, and Krita 5.1 ends it on a tool that closing has deleted."""
        try:
            yield from scenario
        except Exception:
            self.tester.fail(traceback.format_exc())
        yield from self.tester.xdotool("mousemove", 0, 0)
        yield 0.2

    def step(self):
        """One step, unless it comes in the middle of a call from Python: Krita handles timers while it adds a
        layer, and crashes where its layers are asked for before that is done."""
        assert self.steps is not None
        if sys._getframe().f_back is not None:
            QTimer.singleShot(10, self.step)
            return
        try:
            pause = next(self.steps) or 0
        except StopIteration:
            QTimer.singleShot(0, self.finish)
        except Exception:
            self.tester.fail(traceback.format_exc())
            QTimer.singleShot(0, self.finish)
        else:
            QTimer.singleShot(int(pause * 1000), self.step)

    def watch_dialogs(self):
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            self.modal_since = None
            return
        self.modal_since = self.modal_since or time.monotonic()
        if time.monotonic() - self.modal_since < MODAL_LIMIT:
            return
        self.modal_since = None
        words = [label.text() for label in dialog.findChildren(QLabel) if label.text()]
        self.tester.fail(f"a dialog: {dialog.windowTitle()} {words}")
        self.tester.screenshot("dialog.png")
        harmless = (QMessageBox.NoRole, QMessageBox.DestructiveRole, QMessageBox.RejectRole)
        if isinstance(dialog, QMessageBox):
            for button in dialog.buttons():
                if dialog.buttonRole(button) in harmless:
                    button.click()
                    return
        dialog.close()

    def finish(self):
        tester = self.tester
        self.watch.stop()
        tester.screenshot("final.png")
        held = bool(tester.checks) and all(check["ok"] for check in tester.checks)
        code = 0 if held and tester.error is None else 1
        result = {"checks": tester.checks, "figures": tester.figures, "error": tester.error}
        part = os.path.join(OUT, "result.json.part")
        with open(part, "w") as file:
            json.dump(result, file, indent=1)
        os.replace(part, os.path.join(OUT, "result.json"))
        for document in Krita.instance().documents():  # exit with a modified document open crashes Krita 5.1
            document.waitForDone()
            document.setModified(False)
        Krita.instance().activeWindow().close()
        QCoreApplication.exit(code)


Krita.instance().addExtension(Driver(Krita.instance()))
