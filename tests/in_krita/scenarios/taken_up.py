"""An edit that is taken up again: from a reopened file, from copies, and wherever its layer lies."""

# a scenario fails where a widget is missing
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

import os
import time

from krita import Document
from PyQt5.QtCore import QByteArray, QTimer
from shared import (
    Tap,
    applied,
    at_rest,
    closed,
    move_a_slider,
    open_panel,
    opened,
    pixels,
    remove,
    sample,
    select,
    set_selection,
    settled,
    shown,
    written,
)

from anycost.krita_plugin.documents.underlying import Underlying, all_nodes
from anycost.krita_plugin.state.kept_edit import key_in, without_key
from anycost.krita_plugin.state.layer_place import LayerPlace
from anycost.krita_plugin.state.picture import Edge


def run(t):
    docker = open_panel(t)
    document = yield from sample(t, docker, "taken up")
    if document is None:
        return
    yield from reading_leaves_edits_out(t, docker, document)
    document = yield from after_a_new_start(t, docker, document)
    yield from copies(t, docker, document)
    yield from places(t, docker, document)
    yield from keeping(t, docker, document)
    yield from what_is_kept(t, docker, document)
    yield from large(t, docker)


def activate(t, docker, document, node):
    """Select a layer in Krita, until the docker has seen it."""
    yield from at_rest(document)
    document.setActiveNode(node)
    yield from seen(t, docker, document, node)


def seen(t, docker, document, node):
    """Krita has told its views which layer is in use, and the docker looks."""
    id = node.uniqueId().toString()
    yield from t.until(lambda: [layer.id for layer in docker.documents.in_use(document)][:1] == [id])
    yield from at_rest(document)
    docker.look()


def top(document):
    return document.rootNode().childNodes()[-1]


def base(document):
    return document.rootNode().childNodes()[0]


def update(t, docker, document):
    """The docker sees the new layer in use before the artist can select another."""
    state = docker.state
    yield from t.until(lambda: state.applying.can_update)
    yield from t.click(t.widget("anycost_update"))
    yield from t.until(lambda: not state.portrait.applying)
    yield from at_rest(document)
    docker.look()


def add(t, docker, document):
    """A new layer where the artist wants it; the node, or None where it was refused."""
    state = docker.state
    before = {node.uniqueId().toString() for node in all_nodes(document.rootNode())}
    yield from t.until(lambda: state.can_apply)
    state.apply()
    yield from t.until(lambda: not state.portrait.applying)
    yield from at_rest(document)
    new = [node for node in all_nodes(document.rootNode()) if node.uniqueId().toString() not in before]
    if new:  # Krita takes it into use, a moment later
        id = new[0].uniqueId().toString()
        yield from t.until(lambda: any(layer.id == id for layer in docker.documents.in_use(document)), 10)
        docker.look()  # before the artist can select another
    return next(iter(new), None)


def reading_leaves_edits_out(t, docker, document):
    state, before = docker.state, docker.state.portrait.picture.rgba
    layer = yield from applied(t, docker, document, "an edit")
    t.check("the layer's name ends with its key", key_in(layer.name()) is not None, layer.name())
    yield from activate(t, docker, document, layer)
    label = t.widget("anycost_layer")
    said = label.isVisible() and label.text() == "Layer: " + without_key(layer.name())[len("Anycost: ") :]
    t.check("the panel says which layer it is", said, label.text())
    yield from written(t, docker, document)
    document.setModified(False)
    seen, undo = pixels(document), t.krita.action("edit_undo").text()
    first = state.portrait
    state.project()
    yield from t.until(lambda: state.reading is None)
    t.check("Project does not modify the document", not document.modified())
    yield from t.until(lambda: state.portrait is not first and not state.busy and settled(state))
    t.check("Project reads the picture without it", state.portrait.picture.rgba == before)
    t.check("and changes nothing in Krita", pixels(document) == seen)
    t.check("nor its history", t.krita.action("edit_undo").text() == undo, undo)
    t.check("the sliders stay, and the layer is still the face's", state.applying.can_update)


def after_a_new_start(t, docker, document):
    """Save, close, reopen, select: within two seconds the sliders work again."""
    state, path = docker.state, os.path.join(t.out, "taken up.kra")
    layer = top(document)
    layer.setName("the artist's name")
    base(document).setPixelData(QByteArray(b"\x20\x30\x40\xff" * 16), 0, 0, 4, 4)  # it goes on below
    document.refreshProjection()
    group = document.createNode("a group", "grouplayer")
    document.rootNode().addChildNode(group, None)
    yield from remove(document, layer)
    group.addChildNode(layer, None)
    over = document.createNode("over", "paintlayer")
    over.setPixelData(QByteArray(b"\xff\x00\x00\xff" * 64), 0, 0, 8, 8)
    document.rootNode().addChildNode(over, None)
    yield from at_rest(document)
    edits = dict(state.portrait.edits)
    document.saveAs(path)
    yield from at_rest(document)
    yield from closed(t, docker, document)
    tap = state.core.link = Tap(state.core.link)
    document = t.krita.openDocument(path)
    yield from shown(t, docker, document)
    t.check("a reopened document has no face yet", state.portrait is None)
    begun = time.monotonic()
    yield from activate(t, docker, document, document.nodeByName("the artist's name"))
    for what, holds in (
        ("its picture is read", lambda: state.portrait is not None),
        ("its first frame is shown", lambda: state.portrait.frame is not None),
    ):
        yield from t.until(holds)
        t.figures[f"seconds from selecting a layer until {what}"] = round(time.monotonic() - begun, 2)
    back = yield from t.until(lambda: settled(state))
    t.figures["seconds until a reopened edit is drawn"] = round(time.monotonic() - begun, 2)
    t.check("selecting its layer brings the sliders back", back and state.portrait.edits == edits)
    methods = [method for method, _ in tap.sent]
    t.check("without a projection", "picture/project" not in methods, methods)
    state.core.link = tap.link
    rgba = state.portrait.picture.rgba
    t.check("from what lies below the layer now", rgba[:16] == b"\x40\x30\x20\xff" * 4, rgba[:8])
    t.check("in the name that the artist gave it", state.portrait.layer.name == "the artist's name")
    t.screenshot("taken_up.png")
    direction = state.core.opened.directions[0]
    state.set_edit(direction.name, direction.high / 2)
    yield from update(t, docker, document)
    group = document.nodeByName("a group")
    names = [node.name() for node in group.childNodes()]
    t.check("an update takes its place in the group", len(names) == 1 and "Anycost" in names[0], names)
    return document


def copies(t, docker, document):
    """A copy has another id: its name still has the key, and the docker remembers it."""
    state = docker.state
    direction = state.core.opened.directions[0]
    layer = document.nodeByName("a group").childNodes()[0]
    yield from activate(t, docker, document, layer)
    t.krita.action("duplicatelayer").trigger()
    yield from at_rest(document)
    copy = document.activeNode()
    t.check("Krita gives a copy another id", copy.uniqueId() != layer.uniqueId(), copy.name())
    yield from seen(t, docker, document, copy)
    copy.setName("a renamed copy")
    yield from at_rest(document)
    state.set_edit(direction.name, direction.low)
    yield from t.until(lambda: settled(state))
    yield from add(t, docker, document)  # the panel is at another layer now
    yield from activate(t, docker, document, copy)
    back = yield from t.until(lambda: state.value(direction.name) == direction.high / 2, 20)
    t.check("a copy brings back its edit", back, state.value(direction.name))
    yield from t.until(lambda: settled(state))
    before = len(document.nodeByName("a group").childNodes())
    yield from update(t, docker, document)
    inside = [node.name() for node in document.nodeByName("a group").childNodes()]
    t.check("an update of the copy leaves the first alone", len(inside) == before == 2, inside)

    other = document.clone()
    other.setFileName(os.path.join(t.out, "copy.kra"))
    yield from shown(t, docker, other)
    yield from activate(t, docker, other, top(other))
    back = yield from t.until(lambda: state.portrait is not None and settled(state))
    t.check("a duplicated document brings its edits along", back and state.value(direction.name) != 0)
    yield from closed(t, docker, other)
    yield from shown(t, docker, document)


def places(t, docker, document):
    """Above the active layer, in a group with a mask; locked groups, masks and isolated layers."""
    state, root = docker.state, document.rootNode()
    move_a_slider(state)
    t.check("an artist can choose", t.widget("anycost_apply").menu() is not None)
    state.applying.set_place(LayerPlace.ABOVE)
    yield from activate(t, docker, document, base(document))
    lying = Underlying(document, {}, up_to=base(document).uniqueId().toString())
    size = 0, 0, document.width(), document.height()
    same = bytes(lying.document.pixelData(*size)) == bytes(base(document).pixelData(*size))
    lying.close()
    t.check(
        "what lies up to a layer is read alone",
        same and bytes(base(document).pixelData(*size)) != pixels(document),
    )
    second = yield from add(t, docker, document)
    there = second is not None and root.childNodes()[1].uniqueId() == second.uniqueId()
    t.check("above the active layer", there, [node.name() for node in root.childNodes()])
    yield from activate(t, docker, document, base(document))
    mask = document.createNode("a mask", "filtermask")
    base(document).addChildNode(mask, None)
    yield from activate(t, docker, document, mask)
    third = yield from add(t, docker, document)
    there = third is not None and root.childNodes()[1].uniqueId() == third.uniqueId()
    t.check("a mask in use counts as its layer", there, [node.name() for node in root.childNodes()])
    yield from remove(document, mask)
    group = document.createNode("locked", "grouplayer")
    root.addChildNode(group, None)
    inside = document.createNode("inside", "paintlayer")
    group.addChildNode(inside, None)
    group.setLocked(True)
    yield from activate(t, docker, document, inside)
    yield from add(t, docker, document)
    t.check("a locked group is a sentence", "“locked” is locked" in state.message, state.message)
    t.check("and stays as it was", len(group.childNodes()) == 1)
    yield from remove(document, group)

    state.applying.set_place(LayerPlace.GROUP)
    place = state.portrait.placement
    left, upper, side = round(place.x), round(place.y - place.size / 4), round(place.size / 4)
    yield from select(document, left, upper, side, side)
    docker.look()
    state.set_only_selected(True)
    state.set_edge(Edge())
    direction = state.core.opened.directions[0]
    state.set_edit(direction.name, direction.high)
    yield from t.until(lambda: settled(state))
    before, steps = pixels(document), len(root.childNodes())
    yield from add(t, docker, document)
    group = top(document)
    kinds = sorted(node.type() for node in group.childNodes())
    t.check("a group with a mask", kinds == ["paintlayer", "transparencymask"], (kinds, state.message))
    after, row = pixels(document), 4 * document.width()
    changed = [y for y in range(document.height()) if before[row * y :][:row] != after[row * y :][:row]]
    inside = bool(changed) and upper <= changed[0] and changed[-1] < upper + side
    t.check("whose mask is the selection", inside, (changed[:1], changed[-1:], upper, side, state.selection))
    t.krita.action("edit_undo").trigger()
    undone = yield from t.until(lambda: len(root.childNodes()) == steps and pixels(document) == before)
    t.check("in one undo step", undone, len(root.childNodes()))
    t.krita.action("edit_redo").trigger()
    yield from t.until(lambda: len(root.childNodes()) == steps + 1)
    yield from set_selection(document, None)
    yield from activate(t, docker, document, top(document).childNodes()[0])
    t.check("a layer in the group is the group's edit", state.portrait.layer.masked)
    yield from update(t, docker, document)
    kinds = sorted(node.type() for node in top(document).childNodes())
    t.check("an update keeps the group and its mask", kinds == ["paintlayer", "transparencymask"], kinds)
    state.set_only_selected(False)
    state.set_edit(direction.name, direction.low / 2)
    yield from t.until(lambda: settled(state))
    before = pixels(document)
    yield from add(t, docker, document)
    after, lower = pixels(document), row * (upper + side)
    beyond = after[lower:] != before[lower:]
    t.check("without a selection the mask shows all", beyond and len(top(document).childNodes()) == 2)
    state.applying.set_place(LayerPlace.TOP)

    top(document).setLocked(True)
    yield from update(t, docker, document)
    t.check("a locked layer is not replaced", "is locked" in state.message, state.message)
    top(document).setLocked(False)
    isolate = t.krita.action("isolate_active_layer")
    yield from activate(t, docker, document, base(document))
    isolate.trigger()
    yield from t.until(isolate.isChecked)
    count = len(root.childNodes())
    yield from add(t, docker, document)
    t.check("while a layer is isolated, one is added too", len(root.childNodes()) == count + 1)
    if isolate.isChecked():
        isolate.trigger()
    yield from at_rest(document)


def what_is_kept(t, docker, document):
    """What is kept of layers that are gone is swept; what a file brings that is none is a sentence."""
    state = docker.state
    for node in document.rootNode().childNodes()[1:]:
        yield from remove(document, node)
    docker.look()
    kept = len(edits_in(document))
    document.save()
    yield from t.until(lambda: not edits_in(document))
    t.check("after a save nothing is kept of layers that are gone", kept and not edits_in(document), kept)
    t.check("which does not modify the document", not document.modified())
    layer = yield from add(t, docker, document)
    yield from t.until(lambda: len(edits_in(document)) == 1)
    t.check("what is kept of other layers is swept", len(edits_in(document)) == 1, edits_in(document))
    size = sum(document.annotation(name).size() for name in edits_in(document))
    t.figures["bytes kept with a layer"] = size
    t.check("a layer takes less than 64 KiB", size < 1 << 16, size)
    gone = layer.uniqueId().toString()
    yield from remove(document, layer)
    yield from add(t, docker, document)
    for left in (1, 2):
        t.krita.action("edit_undo").trigger()
        yield from t.until(lambda n=left: len(document.rootNode().childNodes()) == n)
    yield from activate(t, docker, document, top(document))
    t.check("an undo brings a swept edit back", state.portrait.layer.ids == (gone,), state.message)
    for name in edits_in(document):
        document.setAnnotation(name, "", QByteArray(b"ACKE" + b"\xff" * 4000))
    path = os.path.join(t.out, "hostile.kra")
    document.saveAs(path)
    yield from closed(t, docker, document)
    hostile = t.krita.openDocument(path)
    yield from shown(t, docker, hostile)
    yield from activate(t, docker, hostile, top(hostile))
    told = yield from t.until(lambda: "cannot be read" in state.message)
    t.check("what is none is a sentence", told, (state.message, state.status()))
    yield from closed(t, docker, hostile)


def keeping(t, docker, document):
    """What anybody keeps in the document: the newest counts, the document takes it once a second."""
    documents, number = docker.documents, docker.state.document
    for data in (b"first", b"second", b"third"):
        documents.keep(number, "test", data)
    t.check("the newest of what is kept counts", documents.kept(number, "test") == b"third")
    first = bytes(document.annotation("anycost-test"))
    t.check("the document takes the first at once", first == b"first", first)
    taken = yield from t.until(lambda: bytes(document.annotation("anycost-test")) == b"third", 20)
    t.check("and the newest a moment later", taken, bytes(document.annotation("anycost-test")))
    documents.keep(number, "test", b"")
    gone = yield from t.until(lambda: "anycost-test" not in document.annotationTypes(), 20)
    t.check("none takes it away", gone and documents.kept(number, "test") == b"")


def edits_in(document):
    return [name for name in document.annotationTypes() if name.startswith("anycost-edit-")]


def large(t, docker):
    """2048 pixels a side: the document without its edits is had in the blink of an eye, and Krita goes on."""
    document: Document = yield from opened(t, docker)
    document.scaleImage(2048, 2048, 72, 72, "Box")
    document.waitForDone()
    plain = pixels(document)
    node = document.createNode("Anycost: large #abcde", "paintlayer")
    node.setPixelData(QByteArray(b"\x10\x20\x30\xff" * 750 * 750), 500, 500, 750, 750)
    document.rootNode().addChildNode(node, None)  # pyright: ignore[reportArgumentType]
    yield from at_rest(document)
    gaps, last = [], [time.monotonic()]

    def tick():
        gaps.append(time.monotonic() - last[0])
        last[0] = time.monotonic()

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(5)
    yield 0.1
    gaps.clear()
    begun = last[0] = time.monotonic()
    lying = Underlying(document, {})
    t.figures["ms until 2048 px are had without edits"] = round(1000 * (time.monotonic() - begun))
    yield 0.05
    timer.stop()
    t.figures["longest pause of Krita's events meanwhile, ms"] = round(1000 * max(gaps))
    found = bytes(lying.document.pixelData(0, 0, 2048, 2048))
    t.check("a large picture is read without its edits, to the bit", found == plain)
    lying.close()
    yield from closed(t, docker, document)
