"""Going back, presets, variations, mixing and comparing, in a docker as narrow as it gets; and the history in
the .kra, opened again."""

from __future__ import annotations

import os

from krita import InfoObject  # pyright: ignore[reportAttributeAccessIssue]
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QListWidget
from shared import closed, drag, open_panel, projected, sample, settled, shown, written

from anycost.krita_plugin.state.comparing import Manner

NARROW = 220  # pixels
KEPT = "anycost-history"


def run(t):
    docker = open_panel(t)
    t.window().resizeDocks([docker], [NARROW], Qt.Orientation.Horizontal)
    state = docker.state
    document = yield from sample(t, docker, "history")
    if document is None:
        return
    names = [direction.name for direction in state.core.opened.directions]
    yield from going_back(t, state, names[0])
    yield from presets(t, state)
    yield from variations(t, state)
    yield from mixing(t, state)
    yield from comparing(t, state)
    yield from applying(t, state, document)
    yield from opening_again(t, docker, document)


def icon(t, name, picture=None):
    """Open what an icon opens."""
    yield from t.click(t.widget(f"anycost_open_{name}"))
    yield 0.1
    if picture is not None:
        t.screenshot(picture, t.docker("anycost"))


def item(t, name, row, x=None):
    """Click a picture or a line of a list."""
    found = t.widget(f"anycost_{name}")
    assert isinstance(found, QListWidget)
    middle = found.visualItemRect(found.item(row)).center()
    yield from t.click(found.viewport(), middle.x() if x is None else x, middle.y())


def going_back(t, state, name):
    slider = t.widget(f"anycost_slider_{name}")
    yield from drag(t, slider, [0.7, 0.9])
    value = state.value(name)
    yield from t.xdotool("key", "ctrl+z")
    back = yield from t.until(lambda: state.value(name) == 0)
    t.check("Ctrl+Z on a slider takes the drag back", back and value > 0, (value, state.value(name)))
    yield from t.xdotool("key", "ctrl+shift+z")
    again = yield from t.until(lambda: state.value(name) == value)
    t.check("Ctrl+Shift+Z makes it again", again, state.value(name))
    yield from t.until(lambda: settled(state))

    def remembered():
        return any(
            one.picture and one.adjustment == state.portrait.adjustment for one in state.history.states
        )

    t.check("what rests is remembered, with its picture", (yield from t.until(remembered)))
    yield from t.click(t.widget("anycost_undo"))
    undone = yield from t.until(lambda: state.value(name) == 0)
    t.check("the button undoes too", undone)
    yield from icon(t, "history")
    yield from item(t, "history", 0)
    there = yield from t.until(lambda: state.value(name) == value)
    t.check("a click on a state goes back to it", there, state.value(name))
    yield from t.until(lambda: settled(state))
    t.screenshot("history.png", t.docker("anycost"))


def presets(t, state):
    yield from icon(t, "presets", "presets.png")
    before, listed = dict(state.portrait.edits), t.widget("anycost_presets")
    if not t.check("the pack's presets are listed", listed.count() > 0 and listed.isVisible()):
        return
    yield from item(t, "presets", 1)
    put_on = yield from t.until(lambda: state.portrait.edits != before)
    t.check("a click puts one on", put_on, state.portrait.edits)
    full = dict(state.portrait.edits)
    yield from drag(t, t.widget("anycost_preset_strength"), [0.5, 1 / 3])
    half = yield from t.until(lambda: state.portrait.edits != full)
    t.check("its strength scales it", half, state.portrait.edits)
    yield from saving(t, state, listed)
    rows = t.widget("anycost_panel").sliders.sliders.values()
    usual = [row for row in rows if row.isVisible()]
    yield from t.click(t.widget("anycost_search"))
    yield from t.xdotool("type", "eye")
    words = [row.direction.label for row in rows if row.isVisible()]
    t.check("a search filters the sliders", words and all("eye" in one.lower() for one in words), words)
    t.screenshot("search.png", t.docker("anycost"))
    yield from icon(t, "presets")
    t.check("and none stays hidden without it", [row for row in rows if row.isVisible()] == usual)


def saving(t, state, listed):
    edits = dict(state.portrait.edits)
    yield from t.click(t.widget("anycost_preset_save"))
    yield from t.until(lambda: QApplication.activeModalWidget() is not None)
    yield from t.xdotool("type", "zz mine")
    yield from t.xdotool("key", "Return")
    saved = yield from t.until(lambda: listed.item(0).text() == "zz mine")
    t.check("the sliders are saved as a preset, above those of the plugin", saved, listed.item(0).text())
    kept = os.listdir(os.path.join(os.environ["XDG_DATA_HOME"], "anycost", "presets"))
    t.check("in the user's data folder", len(kept) == 1, kept)
    yield from item(t, "presets", 1, 7)
    star = yield from t.until(lambda: listed.item(0).text() != "zz mine")
    t.check("a click on its star brings a preset to the top", star, listed.item(0).text())
    t.check("and puts it not on", state.portrait.edits == edits, state.portrait.edits)


def variations(t, state):
    yield from icon(t, "variations")
    edits, stamp = state.portrait.adjustment, state.portrait.stamp
    strip = t.widget("anycost_shelf").strips["variations"].variations
    yield from t.click(t.widget("anycost_surprise"))
    drawn = yield from t.until(lambda: strip.all and all(one.picture for one in strip.all))
    t.check("variations are drawn", drawn, len(strip.all))
    pictures = {one.picture.rgba for one in strip.all}
    t.check("each is another face", len(pictures) == len(strip.all), len(pictures))
    same = state.portrait.adjustment == edits and state.portrait.stamp == stamp
    t.check("and the edit is left alone", same, state.portrait.stamp)
    yield 0.2
    t.screenshot("variations.png", t.docker("anycost"))
    yield from item(t, "variations", 2)
    taken = yield from t.until(lambda: state.portrait.adjustment == strip.all[2].adjustment)
    t.check("a click takes one", taken, state.portrait.adjustment)
    yield from t.until(lambda: settled(state))


def mixing(t, state):
    yield from icon(t, "mixing")
    mixes = t.widget("anycost_shelf").mixing.mixing
    if not mixes.can_make_up:
        return
    yield from t.click(t.widget("anycost_mix_made_up"))
    chosen = yield from t.until(
        lambda: state.portrait.mix is not None and state.portrait.mix.seed is not None
    )
    t.check("a made-up face can be mixed in", chosen, state.portrait.mix)
    yield from t.until(lambda: settled(state))
    before = state.portrait.frame.rgba
    yield from drag(t, t.widget("anycost_mix_middle"), [0.6, 0.9])
    yield from t.until(lambda: settled(state))
    other = state.portrait.frame.rgba != before
    t.check("features come with their slider", other and state.portrait.mix.middle > 0.5, state.portrait.mix)
    t.screenshot("mixing.png", t.docker("anycost"))


def comparing(t, state):
    yield from icon(t, "comparing")
    preview = t.widget("anycost_preview")
    yield from t.click(t.widget("anycost_wipe"))
    square = preview.square()
    y = square.center().y()
    yield from t.xdotool("mousemove", *t.at(preview, square.center().x(), y), "mousedown", 1)
    yield from t.xdotool("mousemove", *t.at(preview, square.left() + 0.3 * square.width(), y), "mouseup", 1)
    at = state.comparing.line
    t.check("the mouse drags the line", state.comparing.manner is Manner.WIPE and abs(at - 0.3) < 0.05, at)
    t.screenshot("split.png", t.docker("anycost"))
    yield from t.click(t.widget("anycost_difference"))
    yield 0.1
    t.check("the difference is shown", state.comparing.manner is Manner.DIFFERENCE)
    t.screenshot("difference.png", t.docker("anycost"))
    yield from t.click(t.widget("anycost_difference"))
    t.check("and ends with a second press", state.comparing.manner is Manner.NOW)
    yield from icon(t, "comparing")


def applying(t, state, document):
    count = len(document.rootNode().childNodes())
    yield from t.click(t.widget("anycost_apply"))
    came = yield from t.until(lambda: len(document.rootNode().childNodes()) == count + 1)
    document.waitForDone()
    yield from t.until(lambda: not state.portrait.applying)
    t.check("the applied state is marked", came and state.history.states[0].applied, state.history.states[0])
    yield from icon(t, "history", "states.png")
    adjustment = state.portrait.adjustment
    yield from t.xdotool("mousemove", 500, 500, "key", "ctrl+z")
    gone = yield from t.until(lambda: len(document.rootNode().childNodes()) == count)
    kept = state.portrait.adjustment == adjustment
    t.check("after Apply, Ctrl+Z takes the layer back, not the sliders", gone and kept)
    document.waitForDone()


def looking(t, state, document):
    """A state more is written; who only looked is not asked to save, who discards something is."""
    document.setModified(False)
    before = bytes(document.annotation(KEPT))
    state.set_edit(state.core.opened.directions[0].name, 0.123)
    came = yield from t.until(lambda: bytes(document.annotation(KEPT)) != before)
    t.check("what rests is written, and does not modify the document", came and not document.modified())
    state.history.discard(state.history.states[0])
    t.check("what is discarded does", document.modified())


def opening_again(t, docker, document):
    state, path = docker.state, os.path.join(t.out, "history.kra")
    told = [(one.adjustment.edits, one.applied) for one in state.history.states]
    names = yield from written(t, docker, document)
    t.check("the history is written into the document", KEPT in names, names)
    document.waitForDone()
    t.check("it is saved", document.saveAs(path) or document.exportImage(path, InfoObject()))
    yield from closed(t, docker, document)
    document = t.krita.openDocument(path)
    yield from shown(t, docker, document)
    if not (yield from projected(t, docker, "opened again")):
        return
    back = [(one.adjustment.edits, one.applied) for one in state.history.states]
    t.check("and comes back with the .kra", back == told and told, (back, told))
    t.check("with pictures", all(one.picture for one in state.history.states))
    yield from looking(t, state, document)
