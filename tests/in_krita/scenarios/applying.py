"""Apply as the artist chooses it: only in the selection, as one more layer, or in the place of the last."""

from __future__ import annotations

from krita import Selection
from PyQt5.QtCore import QByteArray, QRect
from shared import (
    Tap,
    applied,
    move_a_slider,
    open_panel,
    pixels,
    remove,
    sample,
    select,
    set_selection,
    settled,
    untouched,
)

from anycost.krita_plugin.state.kept_edit import without_key
from anycost.krita_plugin.state.picture import Edge, Picture

FEATHER = 6  # pixels, as typed
EDGES = (Edge(), Edge(grow=9), Edge(grow=-9), Edge(feather=7), Edge(5, 6), Edge(-5, 6))


def run(t):
    docker = open_panel(t)
    document = yield from sample(t, docker, "applying")
    if document is None:
        return
    apply = t.widget("anycost_apply")
    t.check("with every slider at 0 there is nothing to apply", not apply.isEnabled(), apply.toolTip())
    yield from updating(t, docker, document)
    yield from masks(t, docker, document)
    yield from only_selected(t, docker, document)


def names(group):
    return [without_key(node.name()) for node in group.childNodes()]


def updated(t, state, document):
    """Press Update; when its layer has come."""
    yield from t.until(lambda: state.applying.can_update)
    yield from t.click(t.widget("anycost_update"))
    yield from t.until(lambda: not state.portrait.applying)
    document.waitForDone()


def updating(t, docker, document):
    state, root = docker.state, document.rootNode()
    first = yield from applied(t, docker, document, "the first layer")
    first.setOpacity(128)
    root.addChildNode(document.createNode("the artist's", "paintlayer"), None)
    document.waitForDone()
    before, was = pixels(document), names(root)
    direction = state.core.opened.directions[0]
    state.set_edit(direction.name, direction.high / 2)
    yield from updated(t, state, document)
    is_now = [*was[:-2], state.layer_name(state.portrait), "the artist's"]
    t.check("an update takes the layer's place", names(root) == is_now and is_now != was, names(root))
    t.check("and its opacity", root.childNodes()[-2].opacity() == 128)
    t.check("and shows another edit", pixels(document) != before)
    for _ in range(2):
        t.krita.action("edit_undo").trigger()
        document.waitForDone()
        yield 0.1
    t.check("two undos bring the older one back", names(root) == was, names(root))
    t.check("to the bit", pixels(document) == before)
    docker.look()  # the older layer may be in use again, with its own edit
    state.set_edit(direction.name, direction.high / 2)
    yield from updated(t, state, document)
    t.check("which is updated then", names(root) == is_now, names(root))

    group = document.createNode("a group", "grouplayer")
    root.addChildNode(group, None)
    moved = root.childNodes()[-3]
    yield from remove(document, moved)
    group.addChildNode(moved, None)
    document.waitForDone()
    state.set_edit(direction.name, direction.high)
    yield from updated(t, state, document)
    t.check("an update stays in its group", names(group) == [state.layer_name(state.portrait)], names(root))
    yield from remove(document, group)
    count = len(root.childNodes())
    yield from updated(t, state, document)
    t.check("where the layer is gone, one is added on top", len(root.childNodes()) == count + 1, names(root))
    yield from t.until(lambda: settled(state))


def soft_selection(document):
    """A slope from wholly selected to not at all, as soft brushes leave it, beside a hole."""
    width, height = document.width() // 2, document.height() // 2
    slope = bytes(255 - 255 * x // width for x in range(width))
    selection = Selection()
    selection.setPixelData(QByteArray(slope * height), width // 2, height // 2, width, height)
    hole = Selection()
    hole.select(width // 2 + 20, height // 2 + 20, 30, 30, 255)
    selection.subtract(hole)
    return selection


def selected(t, docker, picture, box, edge):
    """What the docker's host finds selected in a box of the picture."""
    found = []
    docker.documents.selected(docker.state.document, picture, box, edge, found.append, t.fail)
    yield from t.until(lambda: found)
    return found[0]


def masks(t, docker, document):
    """Made of a small part of the selection, they are what Krita makes of the whole one."""
    yield from set_selection(document, soft_selection(document))
    size = document.width(), document.height()
    picture = Picture(*size, bytes(4 * size[0] * size[1]), document_size=size)
    box = (size[0] // 3, size[1] // 3, size[0] // 4, size[1] // 4)
    before = bytes(document.selection().pixelData(0, 0, *size))
    for edge in EDGES:
        whole = document.selection().duplicate()  # selection() itself is the document's own
        if edge.grow > 0:
            whole.grow(edge.grow, edge.grow)
        elif edge.grow < 0:
            whole.shrink(-edge.grow, -edge.grow, False)
        if edge.feather:
            whole.feather(edge.feather)
        only = yield from selected(t, docker, picture, box, edge)
        same = only.mask == bytes(whole.pixelData(*box)) and (only.x, only.y) == box[:2]
        t.check(f"a mask of {edge} is Krita's own", same and len(set(only.mask)) > 2, len(set(only.mask)))
    t.check("the artist's selection stays", bytes(document.selection().pixelData(0, 0, *size)) == before)

    half = Picture(60, 50, bytes(4 * 60 * 50), left=20, top=30, factor=2, document_size=size)
    only = yield from selected(t, docker, half, (5, 6, 40, 30), Edge())
    rows = bytes(document.selection().pixelData(30, 42, 80, 60))
    means = [
        sum(rows[80 * (2 * y + dy) + 2 * x + dx] for dy in (0, 1) for dx in (0, 1)) / 4
        for y in range(30)
        for x in range(40)
    ]
    apart = max(abs(a - b) for a, b in zip(only.mask, means, strict=True))
    t.check("for a reduced picture it is averaged", apart <= 1, apart)
    yield from set_selection(document, None)
    only = yield from selected(t, docker, picture, box, Edge())
    t.check("without a selection there is none", only is None)


def only_selected(t, docker, document):
    """The panel's controls, by the mouse; what is sent."""
    state, box = docker.state, t.widget("anycost_only_selected")
    docker.look()
    t.check("without a selection it cannot be chosen", not box.isEnabled())
    place = state.portrait.placement
    left, top, side = round(place.x), round(place.y - place.size / 4), round(place.size / 4)
    yield from select(document, left, top, side, side)
    docker.look()
    yield from t.click(box, 8)
    t.check("with one it can", state.only_selected and t.widget("anycost_grow").isVisible())
    yield from t.click(t.widget("anycost_feather"))
    yield from t.xdotool("key", "ctrl+a", "type", FEATHER)
    yield from t.xdotool("key", "Return")
    t.check("a typed feather counts", state.edge == Edge(0, FEATHER), state.edge)
    t.screenshot("only_selected.png", docker)
    tap = state.core.link = Tap(state.core.link)
    move_a_slider(state)
    count, before = len(document.rootNode().childNodes()), pixels(document)
    yield from t.click(t.widget("anycost_apply"))
    yield from t.until(lambda: not state.portrait.applying)
    document.waitForDone()
    nodes = document.rootNode().childNodes()
    t.check("Apply adds its layer", len(nodes) == count + 1, state.message)
    bounds, faded = nodes[-1].bounds(), side + 2 * FEATHER
    allowed = QRect(left - FEATHER, top - FEATHER, faded, faded)
    t.check("which keeps to the selection", allowed.contains(bounds) and not bounds.isEmpty(), bounds)
    wrong = untouched(before, pixels(document), nodes[-1], document.width(), document.height())
    t.check("and changes no bit where it is transparent", not wrong, wrong)
    sent = [params for method, params in tap.sent if method == "picture/apply"]
    form = sent[0].get("attachment", {}).get("format")
    t.check("and sends what is selected", len(sent) == 1 and form == "gray8", sent)
    state.core.link = tap.link
    state.set_only_selected(False)
    yield from set_selection(document, None)
    docker.look()
