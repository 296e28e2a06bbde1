"""Every sort of document, and what artists do to documents while the core works; the plugin came by zip."""

from __future__ import annotations

from array import array

from shared import (
    SRGB,
    Tap,
    applied,
    closed,
    covered,
    in_front,
    open_panel,
    opened,
    pixels,
    projected,
    recorded,
    remove,
    select,
    set_selection,
    settled,
    untouched,
)

from anycost.bridge.messages import Layer

# Krita's projection compensates the black point as its canvas does, its conversion of a document does not:
# 6 on average for the darkest inks. Without CMYK nothing differs.
TOLERANCE = {"RGBA": 1, "GRAYA": 1, "CMYKA": 12}


def run(t):
    docker = open_panel(t)
    t.check("without a document nothing can be done", not t.widget("anycost_project").isEnabled())
    docker.state.project()
    docker.state.apply()
    docker.state.set_edit("smile", 1.0)
    t.check("and nothing is complained of", docker.state.message == "", docker.state.message)
    docker.state.projection_seconds = 0.3
    yield from colour_models(t, docker)
    first = yield from selections(t, docker)
    second = yield from two_documents(t, docker, first)
    yield from changes_while_working(t, docker, second)
    yield from wide(t, docker)


def as_srgb(document):
    """The picture as RGBA8, converted by Krita itself from a copy."""
    copy = document.clone()
    copy.setColorSpace("RGBA", "U8", SRGB)
    copy.waitForDone()
    data = bytearray(pixels(copy))
    copy.setModified(False)
    copy.close()
    data[0::4], data[2::4] = data[2::4], data[0::4]
    return bytes(data)


def colour_models(t, docker):
    """All are read and written; the one that is apart most is edited, too."""
    for model, depth in (("RGBA", "U8"), ("RGBA", "U16"), ("CMYKA", "U8"), ("GRAYA", "U8")):
        what = model + " " + depth
        document = yield from opened(t, docker, model, depth)
        before = pixels(document)
        t.check(what + ": is that", document.colorModel() == model, document.colorModel())
        read = []
        docker.documents.read(docker.state.document, True, read.append, t.fail)
        yield from t.until(lambda read=read: read)
        sent, expected = read[0].rgba, as_srgb(document)
        t.check(what + ": is read whole", len(sent) == len(expected), len(sent))
        apart = [abs(a - b) for a, b in zip(sent, expected, strict=True)]
        mean, worst = sum(apart) / len(apart), max(apart)
        t.check(what + ": is read as sRGB", mean <= TOLERANCE[model] and worst <= 48, (mean, worst))
        t.check(what + ": reading changes nothing", pixels(document) == before)
        yield from laid_back(t, docker, document, read[0], what)
        edits = model == "CMYKA" and (yield from projected(t, docker, what))
        if edits:
            yield from edited(t, docker, document, what)
        yield from closed(t, docker, document)
        if edits:
            t.check(what + ": closing it forgets its face", docker.state.portrait is None)


def edited(t, docker, document, what):
    before, size = pixels(document), (document.width(), document.height())
    node = yield from applied(t, docker, document, what)
    t.check(what + ": the layer is 8-bit RGBA", (node.colorModel(), node.colorDepth()) == ("RGBA", "U8"))
    after = pixels(document)
    t.check(what + ": it shows", after != before and covered(node, *size) > 0, covered(node, *size))
    wrong = untouched(before, after, node, *size)
    t.check(what + ": where it is transparent, not a bit changes", not wrong, wrong)
    t.krita.action("edit_undo").trigger()
    undone = yield from t.until(lambda: pixels(document) == before)
    t.check(what + ": one undo takes it away", undone, len(document.rootNode().childNodes()))


def laid_back(t, docker, document, picture, what):
    """The picture's own pixels as a layer, transparent in its upper half: what a layer can change at most."""
    before = pixels(document)
    rgba = bytearray(picture.rgba)
    half = len(rgba) // 2
    rgba[3:half:4] = bytes(half // 4)
    layer = Layer(0, 0, picture.width, picture.height, bytes(rgba))
    added = []
    docker.documents.add_layer(docker.state.document, picture, layer, "its own pixels", added.append, t.fail)
    yield from t.until(lambda: added)
    document.waitForDone()
    after = pixels(document)
    upper = len(before) // 2
    t.check(what + ": a transparent layer changes no bit", after[:upper] == before[:upper])
    numbers = [array("H" if document.colorDepth() == "U16" else "B", data) for data in (before, after)]
    unit = 257 if document.colorDepth() == "U16" else 1  # of 16 bits, one level of 8
    apart = [abs(a - b) / unit for a, b in zip(*numbers, strict=True)]
    model = document.colorModel()
    worst, mean = max(apart), 2 * sum(apart) / len(apart)
    kept = mean <= TOLERANCE[model] if model == "CMYKA" else worst <= TOLERANCE[model]
    t.check(what + ": its own pixels come back", kept, (mean, worst))
    yield from remove(document, document.rootNode().childNodes()[-1])
    t.check(what + ": and it can be taken away", pixels(document) == before)


def selections(t, docker):
    document = yield from opened(t, docker)
    state = docker.state
    yield from select(document, 10, 10, 12, 8)
    docker.look()
    t.check("the button names the selection", "selection" in t.widget("anycost_project").text())
    state.project()
    yield from t.until(lambda: state.message, 5)
    t.check("a tiny selection is a sentence", "12 × 8 px" in state.message, state.message)
    t.check("that is shown", t.widget("anycost_error").isVisible() and state.portrait is None)

    width, height = document.width(), document.height()
    document.resizeImage(-400, -350, width + 1000, height + 800)
    document.waitForDone()
    box = (407, 355, width - 20, height - 30)
    around = (407 - box[2] // 2, 355 - box[3] // 2, 2 * box[2], 2 * box[3])
    yield from select(document, *box)
    if (yield from projected(t, docker, "selection")):
        picture = docker.state.portrait.picture
        sent = (picture.left, picture.top, picture.width, picture.height)
        t.check("the selection's box is sent with what is around it", sent == around, (sent, around))
        layers = recorded(docker)
        node = yield from applied(t, docker, document, "selection")
        layer = layers[0]
        place = (layer.x + picture.left, layer.y + picture.top, layer.width, layer.height)
        stored = bytearray(node.pixelData(*place))
        stored[0::4], stored[2::4] = stored[2::4], stored[0::4]
        t.check("the layer lies at the box's place", bytes(stored) == layer.rgba)
    yield from set_selection(document, None)
    return document


def two_documents(t, docker, first):
    """One is edited while the other is projected, until that is cancelled; the other stays."""
    state = docker.state
    name = state.core.opened.directions[0].name
    state.set_edit(name, 0.5)
    yield from t.until(lambda: settled(state))
    second = yield from opened(t, docker)
    t.check("a second document has sliders of its own", state.value(name) == 0.0 and state.portrait is None)
    state.projection_seconds = 20.0
    state.project()
    yield from t.until(lambda: state.busy)
    yield from in_front(t, docker, first)
    t.check("switching back shows the first one's", state.value(name) == 0.5, state.value(name))
    going_on = yield from t.until(lambda: any(p.projecting for p in state.core.portraits()))
    t.check("while the second one's projection goes on", going_on, len(state.core.faces))
    state.set_edit(name, -0.5)
    drawn = yield from t.until(lambda: settled(state))
    t.check("and edits of the first are drawn", drawn, state.status())
    yield from in_front(t, docker, second)
    yield from t.until(lambda: drawable(state))
    state.cancel()
    cancelled = yield from t.until(lambda: not state.busy and settled(state))
    t.check("Cancel keeps the face as it is then", cancelled and drawable(state), state.status())
    yield from closed(t, docker, first)
    return second


def drawable(state):
    return state.portrait is not None and state.portrait.drawable


def changes_while_working(t, docker, document):
    state = docker.state
    tap = state.core.link = Tap(state.core.link)
    document.flatten()
    document.waitForDone()
    yield from applied(t, docker, document, "flattened meanwhile")
    state.apply()
    document.flatten()
    yield from t.until(lambda: not state.portrait.applying)
    document.waitForDone()
    t.check("flattened while the layer was drawn", len(document.rootNode().childNodes()) == 2, state.message)

    document.resizeImage(0, 0, document.width() + 8, document.height())
    document.waitForDone()
    state.apply()
    yield from t.until(lambda: not state.portrait.applying)
    t.check("a resized picture is not written to", "size has changed" in state.message, state.message)

    state.project()
    yield from t.until(lambda: state.portrait.projecting)
    yield from closed(t, docker, document)
    t.check("closed while projecting: forgotten", state.core.faces == {} and state.document is None)
    closings = [method for method, _ in tap.sent if method == "picture/close"]
    t.check("and the core is told", len(closings) == 2, closings)
    state.core.link = tap.link
    t.check("without a document it says so again", state.status() == "Open a picture to begin")


def wide(t, docker):
    """Wider than what can be sent: reduced by two, its layer laid back at its own scale."""
    state, face, size = docker.state, 1200, (16500, 1200)
    state.projection_seconds = 0.2
    document = yield from opened(t, docker)
    document.scaleImage(face, face, 72, 72, "Box")
    document.resizeImage((face - size[0]) // 2, 0, *size)  # the portrait in the middle
    document.waitForDone()
    docker.look()
    if (yield from projected(t, docker, "wide")):
        picture = state.portrait.picture
        sent = (picture.width, picture.height, picture.factor)
        t.check("a wide picture is sent as large as can be", sent == (size[0] // 2, size[1] // 2, 2), sent)
        layers = recorded(docker)
        node = yield from applied(t, docker, document, "wide")
        layer, bounds = layers[-1], node.bounds()
        inside = 2 * layer.x <= bounds.x() and bounds.right() < 2 * (layer.x + layer.width)
        t.check("its layer has the document's scale", inside and bounds.width() > layer.width / 2, bounds)
    yield from closed(t, docker, document)
