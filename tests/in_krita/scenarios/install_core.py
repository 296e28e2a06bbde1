"""From a profile without a core to the first applied edit: the docker installs it from a folder of wheels."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from krita import Krita
from shared import closed, drag, open_panel, settled

from anycost.bridge import launch
from anycost.krita_plugin.install import install_place
from anycost.krita_plugin.install.install_run import InstallStage
from anycost.krita_plugin.panel.panel_menu import PanelMenu
from anycost.krita_plugin.qt import QtCore, QtWidgets

MOST_CLICKS = 6
NOWHERE = "http://127.0.0.1:9/simple"  # an index that does not answer
LONGEST_GAP = 2.0  # seconds: a freeze, not a benchmark


class Gaps(QtCore.QTimer):
    """The longest time in which Krita handled no timer."""

    def __init__(self):
        super().__init__()
        self.longest, self._last = 0.0, time.monotonic()
        self.timeout.connect(self._beat)
        self.start(5)

    def _beat(self):
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last), now


def run(t):
    shown = t.docker("anycost").isVisible()
    docker = open_panel(t)
    card = t.widget("anycost_install")
    yield from t.until(card.isVisible, 5)
    t.check("without a core the docker offers to install it", card.isVisible(), install_place.missing())
    t.check("and shows nothing else", not t.widget("anycost_panel").isVisible())
    words = t.widget("anycost_install_text").text()
    told = all(w in words for w in ("GB", "36 MB", "core", "Apache-2.0"))
    t.check("it tells size, place and licence", told, words)
    t.screenshot("install.png", docker)
    clicks = Clicks(t)
    clicks.count = 0 if shown else 3  # Settings, Dockers, Anycost
    yield from cancelled(t, card)
    if (yield from installed(t, clicks, card)):
        yield from networks(t, card, docker)
        yield from first_edit(t, clicks, docker)


class Clicks:
    """What the artist does with the mouse, counted."""

    def __init__(self, t):
        self.t, self.count = t, 0

    def on(self, widget):
        self.count += 1
        yield from self.t.click(widget)


def cancelled(t, card):
    installer = card.installer
    empty = Path(os.environ["XDG_DATA_HOME"], "leerer Ordner für Räder")
    empty.mkdir()
    installer.install("cpu", empty)
    yield from t.until(lambda: installer.stage is InstallStage.RUNNING)
    t.screenshot("installing.png", t.docker("anycost"))
    yield from t.click(t.widget("anycost_install_cancel"))
    stopped = yield from t.until(lambda: installer.stage is InstallStage.NONE)
    left = [path.name for path in install_place.home().iterdir() if path.name[0].isdigit()]
    t.check("an installation can be cancelled", stopped and install_place.missing() and not left, left)


def installed(t, clicks, card):
    """By a real click, the folder pasted into the dialog."""
    installer, gaps = card.installer, Gaps()
    begin = time.monotonic()
    lines = []
    installer.progressed.connect(lambda: lines.append(installer.progress.words))
    yield from clicks.on(t.widget("anycost_install_folder"))
    dialogs = lambda: card.findChildren(QtWidgets.QFileDialog)  # noqa: E731
    yield from t.until(lambda: dialogs() and dialogs()[0].isVisible())
    yield 0.3
    clipboard = QtWidgets.QApplication.clipboard()
    assert clipboard is not None
    clipboard.setText(os.environ["DRIVE_WHEELS"])  # xdotool types no umlauts here
    yield from t.xdotool("key", "ctrl+a", "key", "ctrl+v")
    yield from t.xdotool("key", "Return")
    running = yield from t.until(lambda: installer.busy, 10)
    t.check("the folder is taken", running, card.title.text())
    yield from t.until(lambda: not installer.busy)
    done = installer.stage is InstallStage.ROUGH and not install_place.missing()
    if not t.check("the core is installed", done, installer.sentence or installer.stage):
        t.fail(installer.log[-2000:])
        return
    t.check(
        "its progress is told in lines", len(set(lines)) > 3 and not [w for w in lines if "\n" in w], lines
    )
    t.check("Krita never stood still", gaps.longest < LONGEST_GAP, gaps.longest)
    gaps.stop()
    t.figures["install_seconds"] = round(time.monotonic() - begin, 1)
    t.figures["install_longest_gap_ms"] = round(1000 * gaps.longest)
    place = Path(launch.core_python())
    t.check("outside the plugin's folder", install_place.home() in place.parents, place)
    t.check("the panel is there", t.widget("anycost_panel").isVisible())
    t.check("the folder had no face networks", "mediapipe" in card.text.text(), card.text.text())
    t.screenshot("rough.png", t.docker("anycost"))
    yield from t.click(t.widget("anycost_install_cancel"))
    yield from t.until(lambda: not card.isVisible(), 5)
    t.check("which can be put away", not card.isVisible())
    return True


def networks(t, card, docker):
    """They are fetched later, by the menu; then taken from a folder if the computer has them."""
    installer = card.installer
    os.environ["PIP_INDEX_URL"] = NOWHERE
    menu = docker.findChild(PanelMenu)
    next(entry for entry in menu.actions() if entry.text() == "Get the face networks").trigger()
    yield from t.until(lambda: installer.stage is InstallStage.ROUGH)
    t.check("without a network the docker says so", "cannot be reached" in card.text.text(), card.text.text())
    if "DRIVE_FACES" in os.environ:
        installer.get_networks(Path(os.environ["DRIVE_FACES"]))
        yield from t.until(lambda: not installer.busy)
        t.check("the face networks come from a folder", installer.stage is InstallStage.EXACT, installer.log)
        t.screenshot("exact.png", docker)
        shutil.rmtree(Path(os.environ["XDG_DATA_HOME"], "anycost", "weights"))  # others go on without
    yield from t.click(t.widget("anycost_install_cancel"))
    yield from t.until(lambda: not card.isVisible(), 5)


def first_edit(t, clicks, docker):
    state = docker.state
    document = Krita.instance().openDocument(os.environ["DRIVE_PICTURE"])
    clicks.count += 2  # Open File, and the file: the dialog is Krita's
    document.waitForDone()
    Krita.instance().activeWindow().addView(document)
    ready = yield from t.until(lambda: state.core.connected)
    t.check("the installed core starts", ready, docker.keeper.report())
    if not ready:
        return
    state.projection_seconds = 0.3
    yield from clicks.on(t.widget("anycost_project"))
    yield from t.until(lambda: state.portrait is not None and not state.busy and settled(state))
    slider = t.widget("anycost_slider_" + state.core.opened.directions[0].name)
    clicks.count += 1
    yield from drag(t, slider, [0.6, 0.75, 0.9])
    yield from t.until(lambda: settled(state))
    count = len(document.rootNode().childNodes())
    yield from clicks.on(t.widget("anycost_apply"))
    applied = yield from t.until(lambda: len(document.rootNode().childNodes()) == count + 1)
    t.check("the first edit is applied", applied, state.message)
    t.check(f"after {clicks.count} clicks", clicks.count <= MOST_CLICKS)
    yield from closed(t, docker, document)
