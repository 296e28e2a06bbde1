"""A photograph, $DRIVE_PHOTO: what is moved, tinted and drawn comes as three layers, and all else stays."""

from __future__ import annotations

import os

from shared import covered, open_panel, pixels, settled, untouched

EDITS = {"smile": 1.0, "skin_tone": 0.6, "glasses": 1.0}  # moved, tinted, drawn
MOST = 0.5  # of the photograph that one edit may touch


def run(t):
    docker = open_panel(t)
    state = docker.state
    state.projection_seconds = 0.5
    document = t.krita.openDocument(os.environ["DRIVE_PHOTO"])
    t.krita.activeWindow().addView(document)
    docker.look()
    yield from t.until(lambda: state.core.connected)
    yield from t.click(t.widget("anycost_project"))
    yield from t.until(lambda: state.message or (state.portrait and not state.busy and settled(state)))
    if not t.check("the face is found and projected", state.portrait is not None, state.message):
        return
    yield 0.2
    t.screenshot("photo_panel.png", docker)
    size = document.width(), document.height()
    for name, value in EDITS.items():
        t.check(name + ": its slider works on it", name not in state.limited, state.limited)
        state.reset_all()
        state.set_edit(name, value)
        yield from t.until(lambda: settled(state))
        before, count = pixels(document), len(document.rootNode().childNodes())
        yield from t.click(t.widget("anycost_apply"))
        yield from t.until(lambda: not state.portrait.applying)
        document.waitForDone()
        nodes = document.rootNode().childNodes()
        if not t.check(name + ": Apply adds a layer", len(nodes) == count + 1, state.message):
            continue
        after, share = pixels(document), covered(nodes[-1], *size)
        t.figures[name + ": share of the photograph"] = round(share, 4)
        t.check(name + ": it touches a part of the photograph", 0 < share < MOST, share)
        t.check(name + ": and shows", after != before)
        wrong = untouched(before, after, nodes[-1], *size)
        t.check(name + ": where it is transparent, not a bit changes", not wrong, wrong)
        t.screenshot(f"photo_{name}.png", docker)
    t.screenshot("photo.png")
