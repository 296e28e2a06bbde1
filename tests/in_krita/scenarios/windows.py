"""Windows, views and documents, and what is selected in them: each panel follows its own window."""

from __future__ import annotations

import os

from krita import Selection
from PyQt5.QtWidgets import QMdiArea
from shared import at_rest, closed, in_front, open_panel, opened, sample, select, set_selection, settled

from anycost.krita_plugin.state.picture import Edge, Picture


def run(t):
    docker = open_panel(t)
    document = yield from sample(t, docker, "windows")
    if document is None:
        return
    yield from local_selections(t, docker, document)
    docker.state.set_edit("smile", 0.5)
    yield from t.until(lambda: settled(docker.state))
    yield from background(t, docker, document)
    yield from modes(t, docker, document)
    yield from detached(t, docker, document)
    yield from second_window(t, docker, document)


def seen(docker):
    """What the panel takes for selected."""
    docker.look()
    return docker.state.selection


def comes(t, docker, box, what):
    """Krita tells of a changed selection a moment later."""
    yield from t.until(lambda: seen(docker) == box, 5)
    t.check(what, docker.state.selection == box, docker.state.selection)


def masks_of(node):
    return [child for child in node.childNodes() if child.type() == "selectionmask"]


def local_selections(t, docker, document):
    """What counts is what the marching ants show for the active layer."""
    layer = document.topLevelNodes()[0]
    yield from select(document, 10, 20, 100, 50)
    t.krita.action("add_new_selection_mask").trigger()
    yield from t.until(lambda: masks_of(layer))
    yield from at_rest(document)
    yield from comes(t, docker, (10, 20, 100, 50), "a local selection counts")
    t.check("and the button says so", "selection" in t.widget("anycost_project").text())
    t.screenshot("local_selection.png")
    yield from select(document, 200, 150, 60, 70)
    yield from comes(t, docker, (10, 20, 100, 50), "before a global one")
    other = document.createNode("other", "paintlayer")
    document.rootNode().addChildNode(other, None)
    yield from at_rest(document)
    document.setActiveNode(other)
    yield from comes(t, docker, (200, 150, 60, 70), "which counts for another layer")
    mask = masks_of(layer)[0]
    document.setActiveNode(mask)
    yield from comes(t, docker, (10, 20, 100, 50), "and not for the mask itself")
    document.setActiveNode(layer)
    idle = document.createSelectionMask("idle")  # a script's is not in use: Krita shows no ants for it
    box = Selection()
    box.select(300, 300, 30, 30, 255)
    idle.setSelection(box)
    layer.addChildNode(idle, None)
    yield from at_rest(document)
    yield 0.3
    yield from comes(t, docker, (10, 20, 100, 50), "of two, the one in use")
    mask.setVisible(False)
    yield from comes(t, docker, (200, 150, 60, 70), "a hidden one does not count")
    mask.setVisible(True)
    yield from t.until(lambda: seen(docker) == (10, 20, 100, 50), 5)
    yield from edges(t, docker, document, mask)
    yield from odd_ones(t, docker, document, other)
    for node in (mask, other):
        yield from at_rest(document)
        node.remove()
    yield from set_selection(document, None)
    document.setActiveNode(layer)
    yield from comes(t, docker, (300, 300, 30, 30), "one that a script made, where nothing is in use")
    yield from at_rest(document)
    idle.remove()
    yield from comes(t, docker, None, "none is left")
    yield from at_rest(document)


def edges(t, docker, document, mask):
    """Grown and feathered, a local one is what Krita makes of it."""
    size = document.width(), document.height()
    picture = Picture(*size, bytes(4 * size[0] * size[1]), document_size=size)
    whole = mask.selection().duplicate()
    whole.grow(6, 6)
    whole.feather(4)
    box, found = (0, 0, 160, 120), []
    docker.documents.selected(docker.state.document, picture, box, Edge(6, 4), found.append, t.fail)
    yield from t.until(lambda: found)
    same = found[0].mask == bytes(whole.pixelData(*box))
    t.check("grown and feathered it is Krita's own", same and len(set(found[0].mask)) > 2)


def odd_ones(t, docker, document, other):
    """On a layer without a local selection: a vector one, an empty one, one beside the picture."""
    document.setActiveNode(other)
    yield from t.until(lambda: seen(docker) == (200, 150, 60, 70), 5)
    t.krita.action("convert_to_vector_selection").trigger()
    yield from at_rest(document)
    yield from comes(t, docker, (200, 150, 60, 70), "a vector selection counts")
    state, size = docker.state, (document.width(), document.height())
    for what, box in (("an empty selection", (0, 0, 0, 0)), ("one beside the picture", (-90, -90, 50, 50))):
        yield from select(document, *box)
        docker.look()
        state.project()
        yield from t.until(lambda: state.message, 5)
        chosen, picture = [], Picture(64, 64, bytes(64 * 64 * 4), document_size=size)
        docker.documents.selected(state.document, picture, (0, 0, 64, 64), Edge(), chosen.append, t.fail)
        yield from t.until(lambda found=chosen: found)
        t.check(what + " selects nothing", set(chosen[0].mask) == {0})
        t.check(what + " is a sentence", "empty or beside the picture" in state.message, state.message)
        state.say("")


def background(t, docker, document):
    """Documents that no view shows change nothing; a copy that a script shows has no faces yet."""
    state, mine = docker.state, docker.state.document
    behind = t.krita.openDocument(os.environ["DRIVE_PICTURE"])
    behind.waitForDone()
    copy = document.clone()
    yield from at_rest(copy)
    docker.look()
    t.check(
        "a document in the background changes nothing", state.document == mine and state.value("smile") == 0.5
    )
    window = t.krita.activeWindow()
    view = window.addView(copy)
    yield from t.until(lambda: window.activeView().document() == copy)
    docker.look()
    t.check("a copy is another document", state.document not in (None, mine) and state.portrait is None)
    copy.setModified(False)
    copy.close()
    behind.setModified(False)
    behind.close()
    del view
    yield from t.until(lambda: window.activeView() and window.activeView().document() == document)
    docker.look()
    t.check("when it is closed, the first is back", state.document == mine and state.value("smile") == 0.5)


def modes(t, docker, document):
    """Documents in tabs or in windows within the window."""
    area = t.window().findChild(QMdiArea)
    usual = area.viewMode()
    area.setViewMode(QMdiArea.SubWindowView)
    second = yield from opened(t, docker)
    t.check("a second subwindow has its own sliders", docker.state.portrait is None)
    yield from in_front(t, docker, document)
    t.check("going back brings the first one's", docker.state.value("smile") == 0.5, docker.state.status())
    area.setViewMode(usual)
    yield from closed(t, docker, second)


def detached(t, docker, document):
    """Off the window, closed, opened again."""
    state = docker.state
    docker.setFloating(True)
    yield from at_rest(document)
    docker.look()
    t.check("detached it follows its window", state.document is not None and state.value("smile") == 0.5)
    t.screenshot("detached.png")
    docker.setFloating(False)
    docker.setVisible(False)
    yield from at_rest(document)
    docker.setVisible(True)
    docker.raise_()
    yield from t.until(lambda: docker.isVisible())
    t.check("opened again it shows the face", t.widget("anycost_slider_smile", docker).value() == 50)


def second_window(t, docker, document):
    """One with its own document, then one more view of the first; then it is closed while it projects."""
    first, state = t.krita.activeWindow(), docker.state
    mine, base = state.document, len(state.core.viewer.showing(state.document))
    window = t.krita.openWindow()
    window.qwindow().show()
    other = t.krita.openDocument(os.environ["DRIVE_PICTURE"])
    other.waitForDone()
    window.addView(other)
    window.activate()
    found = []

    def docker_there():
        kinds = window.qwindow().findChildren(type(docker))
        found[:] = [one for one in kinds if one.objectName() == "anycost"]
        return found and found[0].state.document is not None

    yield from t.until(docker_there, 20)
    theirs = found[0].state
    theirs.projection_seconds = 0.3
    for one in (docker, found[0]):
        one.look()
    t.check("the new window's panel shows its own", theirs.document not in (None, mine), theirs.document)
    t.check("and has nothing of the first", theirs.portrait is None and theirs.value("smile") == 0)
    t.check("while the first keeps to its own", state.document == mine and state.value("smile") == 0.5)
    counts = len(document.rootNode().childNodes()), len(other.rootNode().childNodes())
    state.apply()
    yield from t.until(lambda: not state.portrait.applying)
    document.waitForDone()
    now = len(document.rootNode().childNodes()), len(other.rootNode().childNodes())
    t.check("its Apply paints its own picture", now == (counts[0] + 1, counts[1]), (counts, now))
    t.screenshot("two_windows.png")

    window.addView(document)
    yield from t.until(lambda: window.activeView().document() == document)
    found[0].look()
    t.check("a second view shows the same face", theirs.portrait is state.portrait and base == 1)
    theirs.set_edit("smile", -0.4)
    yield from t.until(lambda: settled(state))
    sliders = [t.widget("anycost_slider_smile", one).value() for one in (docker, found[0])]
    t.check("and moves the same slider", sliders == [-40, -40], sliders)

    theirs.project()
    yield from t.until(lambda: state.busy)
    other.setModified(False)
    window.qwindow().close()
    yield from t.until(lambda: len(t.krita.windows()) == 1)
    left = yield from t.until(lambda: state.core.viewer.showing(mine) == [state], 10)
    t.check("a closed window's panel is forgotten", left)
    first.activate()
    docker.look()
    settings, preview = state.settings, state.settings.now.canvas_preview
    for on in (not preview, preview):
        settings.set("canvas_preview", on)
    docker.keeper.ready.emit(docker.keeper.hello_answer)  # as when a core comes back
    yield from t.until(lambda: state.core.connected)
    yield 0.3
    t.check("nothing of it listens to the core or to settings", t.error is None, t.error)
    yield from t.until(lambda: not state.busy and settled(state))
    done = state.portrait is not None and state.value("smile") == -0.4
    t.check("what it began goes on", done, (state.message, state.status()))
