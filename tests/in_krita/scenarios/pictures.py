"""Pictures of the docker for the documentation, with the pack that is there."""

from __future__ import annotations

import os

from shared import CROWD, open_panel, settled

from anycost.krita_plugin.panel.docker_size import SIZED, give_room

EDITS = {"smile": 1.0, "hair_length": 0.5}


def run(t):
    docker = open_panel(t)
    for other in t.krita.dockers():
        if other.objectName() in CROWD:
            other.setVisible(True)  # Krita's own layout
    yield 0.5
    docker.state.settings.keep_text(SIZED, "")
    give_room(docker, docker.state.settings)
    docker.keeper.words.connect(t.say)
    state = docker.state
    document = t.krita.openDocument(os.environ["DRIVE_PICTURE"])
    t.krita.activeWindow().addView(document)
    yield from t.until(lambda: state.core.connected, 120)
    state.project()
    yield from t.until(lambda: state.portrait is not None and not state.busy, 240)
    known = {direction.name for direction in state.core.opened.directions}
    for name, value in EDITS.items():
        if name in known:
            state.set_edit(name, value)
            yield 0.3
    yield from t.until(lambda: settled(state), 60)
    yield 0.5
    t.check("drawn", settled(state), state.status())
    t.screenshot("docker.png", docker)
    t.screenshot("krita.png")
    count = len(document.rootNode().childNodes())
    state.apply()
    yield from t.until(lambda: len(document.rootNode().childNodes()) > count, 60)
    document.waitForDone()
    yield 1.5
    t.check("applied", len(document.rootNode().childNodes()) > count, state.message)
    t.screenshot("applied.png")
    panel = t.widget("anycost_panel", docker)
    panel.menu.show_settings()
    yield 0.5
    t.screenshot("settings.png", t.widget("anycost_settings", panel))
