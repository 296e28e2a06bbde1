"""A direction that somebody adds while Krita runs, and the panel in German."""

from __future__ import annotations

import json
import math
import os
import random
import struct
from pathlib import Path

from PyQt5.QtWidgets import QComboBox, QLabel, QPushButton, QToolButton
from shared import open_panel, sample, settled

from anycost.krita_plugin.panel.direction_slider import ResetLabel
from anycost.krita_plugin.panel.panel import Panel
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.words import use_language

SAID = {
    "name": "wobble",
    "label": "Wobble <b>bold",  # refused: no text may hold markup
    "group": "Expression",
    "low": -1.0,
    "high": 1.0,
    "tip": "Moves everything a little",
    "translations": {"de": {"label": "Wackeln"}},
    "order": 1.5,
    "author": "Ann",
}
SHORTENED = ("anycost_connection", "anycost_status")  # their tips have all of it


def run(t):
    docker = open_panel(t)
    if (yield from sample(t, docker, "added")) is not None:
        yield from comes_and_goes(t, docker)


def comes_and_goes(t, docker):
    state, file = docker.state, place()
    names = [slider.name for slider in state.core.opened.directions]
    before = state.portrait.frame.rgba
    write(file, SAID)
    yield from t.until(lambda: str(file) in state.message)
    t.check("added: a wrong file is told as its author's", "by Ann" in state.message, state.message)
    t.check("added: the pack stays open", state.core.connected and state.portrait.drawable, state.status())
    state.say("")
    write(file, {**SAID, "label": "Wobble"})
    yield from t.until(lambda: len(state.core.opened.directions) > len(names))
    now = [slider.name for slider in state.core.opened.directions]
    t.check("added: it stands where it says", now == [names[0], "wobble", *names[1:]], now)
    label = t.widget("anycost_label_wobble")
    yield from t.until(label.isVisible)
    t.check("added: its tip shows", "Moves everything" in label.toolTip(), label.toolTip())
    state.set_edit("wobble", 1.0)
    yield from t.until(lambda: settled(state))
    t.check("added: it edits the face that was open", state.portrait.frame.rgba != before, state.message)
    t.screenshot("added.png", docker)
    yield from in_german(t, docker)
    file.unlink()
    yield from t.until(lambda: [slider.name for slider in state.core.opened.directions] == names)
    t.check("added: its edit goes with it", "wobble" not in state.portrait.edits, state.portrait.edits)


def in_german(t, docker):
    """Another panel on the same face: the language counts from a start on."""
    use_language(["de"])
    state = PanelState(docker.keeper.client, docker.documents, docker.state.core, docker.state.settings)
    state.set_document(docker.state.document)
    state.core.notified("packs/changed", {}, b"")
    yield from t.until(lambda: "Wackeln" in [slider.label for slider in state.core.opened.directions])
    panel = Panel(state, lambda: None, lambda: "")
    panel.setWindowTitle("Anycost")
    panel.resize(220, 760)
    panel.show()
    yield 0.5
    t.check("added: the panel is as narrow in German", panel.width() == 220, panel.width())
    t.check("added: nothing is cut off in German", not cut_off(panel), cut_off(panel))
    t.screenshot("german.png", panel)
    for name in panel.shelf.buttons:
        panel.shelf.toggle(name)
        yield 0.3
        t.check(f"added: {name} fits in German", panel.width() == 220 and not cut_off(panel), cut_off(panel))
        t.screenshot(f"german_{name}.png", panel)
    state.core.viewer.leave(state)
    panel.close()
    panel.deleteLater()
    use_language(["en"])
    state.core.notified("packs/changed", {}, b"")
    yield from t.until(lambda: "Wobble" in [slider.label for slider in state.core.opened.directions])


def cut_off(panel):
    """Buttons and labels whose text needs more room than they have, and that do not wrap or shorten it."""
    found = []
    for widget in panel.findChildren((QPushButton, QToolButton, QLabel, QComboBox)):
        if isinstance(widget, ResetLabel):
            continue  # it ends in a dot
        text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
        wraps = isinstance(widget, QLabel) and (widget.wordWrap() or "…" in text)
        if widget.isVisible() and text and not wraps and widget.objectName() not in SHORTENED:
            need = widget.fontMetrics().boundingRect(text.replace("&", "")).width()
            if need > widget.width():
                found.append((widget.objectName(), text, need, widget.width()))
    return found


def place():
    """Where a direction of the user's for the open pack goes."""
    pack = json.loads((Path(os.environ["ANYCOST_PACK"]) / "pack.json").read_text())
    return Path(os.environ["XDG_DATA_HOME"], "anycost", "directions", pack["name"], "wobble.safetensors")


def write(file, said):
    """A direction's file, by hand: Krita's Python has no libraries for it."""
    generator = json.loads((Path(os.environ["ANYCOST_PACK"]) / "pack.json").read_text())["generator"]
    shape = [2 * int(math.log2(generator["resolution"])) - 2, generator["style_dim"]]
    numbers = random.Random(5)
    row = [numbers.gauss(0, 0.3) for _ in range(shape[1])]
    vector = struct.pack(f"<{shape[0] * shape[1]}f", *row * shape[0])
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, len(vector)]}
    head = json.dumps({"__metadata__": {"anycost.direction": json.dumps(said)}, "vector": entry}).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(struct.pack("<Q", len(head)) + head + vector)
    part.replace(file)
