"""Every sort of document, and what artists do to documents while the core works; the plugin came by zip."""

from __future__ import annotations

from array import array

from shared import (
    SRGB,
    Tap,
    applied,
    closed,
    covered,
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
    yield 0.2
    t.check("without a document nothing can be done", not t.widget("anycost_project").isEnabled())
    docker.state.project()
    docker.state.apply()
    docker.state.set_edit("smile", 1.0)
    t.check("and nothing is complained of", docker.state.message == "", docker.state.message)
    docker.state.projection_seconds = 0.3
    yield from colour_models(t, docker)
    yield from selections(t, docker)
    yield from two_documents(t, docker)
    yield from changes_while_working(t, docker)
    yield from large(t, docker)


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
    for model, depth in (("RGBA", "U8"), ("RGBA", "U16"), ("CMYKA", "U8"), ("GRAYA", "U8")):
        what = model + " " + depth
        document = yield from opened(t, docker, model, depth)
        before = pixels(document)
        t.check(what + ": is that", document.colorModel() == model, document.colorModel())
        if not (yield from projected(t, docker, what)):
            yield from closed(t, docker, document)
            continue
        sent, expected = docker.state.portrait.picture.rgba, as_srgb(document)
        t.check(what + ": is read whole", len(sent) == len(expected), len(sent))
        apart = [abs(a - b) for a, b in zip(sent, expected, strict=True)]
        mean, worst = sum(apart) / len(apart), max(apart)
        t.check(what + ": is read as sRGB", mean <= TOLERANCE[model] and worst <= 48, (mean, worst))
        t.check(what + ": reading changes nothing", pixels(document) == before)
        yield from laid_back(t, docker, document, what)
        node = yield from applied(t, docker, document, what)
        t.check(what + ": the layer is 8-bit RGBA", (node.colorModel(), node.colorDepth()) == ("RGBA", "U8"))
        after, size = pixels(document), (document.width(), document.height())
        t.check(what + ": it shows", after != before and covered(node, *size) > 0, covered(node, *size))
        wrong = untouched(before, after, node, *size)
        t.check(what + ": where it is transparent, not a bit changes", not wrong, wrong)
        t.krita.action("edit_undo").trigger()
        undone = yield from t.until(lambda d=document, b=before: pixels(d) == b)
        t.check(what + ": one undo takes it away", undone, len(document.rootNode().childNodes()))
        yield from closed(t, docker, document)
        t.check(what + ": closing it forgets its face", docker.state.portrait is None)


def laid_back(t, docker, document, what):
    """The picture's own pixels as a layer, transparent in its upper half: what a layer can change at most."""
    picture, before = docker.state.portrait.picture, pixels(document)
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
    yield 0.1
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
    yield from closed(t, docker, document)


def two_documents(t, docker):
    state = docker.state
    first = yield from opened(t, docker)
    yield from projected(t, docker, "first of two")
    name = state.core.opened.directions[0].name
    state.set_edit(name, 0.5)
    yield from t.until(lambda: settled(state))
    second = yield from opened(t, docker)
    t.check("a second document has sliders of its own", state.value(name) == 0.0 and state.portrait is None)
    state.projection_seconds = 1.5
    state.project()
    yield from t.until(lambda: state.busy)
    window = t.krita.activeWindow()
    view = next(view for view in window.views() if view.document() == first)
    window.showView(view)
    view.setVisible()
    yield from t.until(lambda: t.krita.activeDocument() == first)
    docker.look()
    t.check("switching back shows the first one's", state.value(name) == 0.5, state.value(name))
    finished = yield from t.until(lambda: len(state.core.faces) == 2 and not working(state))
    t.check("while the second one's projection goes on", finished, len(state.core.faces))
    state.set_edit(name, -0.5)
    drawn = yield from t.until(lambda: settled(state))
    t.check("and edits of the first are drawn", drawn, state.status())
    state.projection_seconds = 0.3
    yield from closed(t, docker, second)
    yield from closed(t, docker, first)
    t.check("both are forgotten", state.core.faces == {}, state.core.faces)


def working(state):
    """Whether any document is being projected."""
    return bool(state.core.searching) or any(p.projecting for p in state.core.portraits())


def changes_while_working(t, docker):
    state = docker.state
    state.projection_seconds = 20.0
    document = yield from opened(t, docker)
    state.project()
    yield from t.until(lambda: state.portrait is not None and state.portrait.drawable)
    state.cancel()
    cancelled = yield from t.until(lambda: not state.busy and settled(state))
    t.check("Cancel keeps the face as it is then", cancelled and state.portrait.drawable, state.status())

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


def large(t, docker):
    """Sent as it is, and wider than what can be: reduced by two, its layer laid back at its own scale."""
    state = docker.state
    state.projection_seconds = 0.2
    for what, face, size, factor in (("large", 2101, (5001, 2101), 1), ("wide", 1200, (16500, 1200), 2)):
        document = yield from opened(t, docker)
        document.scaleImage(face, face, 72, 72, "Box")
        document.resizeImage((face - size[0]) // 2, 0, *size)  # the portrait in the middle of a wide canvas
        document.waitForDone()
        docker.look()
        if (yield from projected(t, docker, what)):
            picture = state.portrait.picture
            sent = (picture.width, picture.height, picture.factor)
            expected = (size[0] // factor, size[1] // factor, factor)
            t.check(f"a {what} picture is sent as large as can be", sent == expected, sent)
            layers = recorded(docker)
            node = yield from applied(t, docker, document, what)
            layer, bounds = layers[-1], node.bounds()
            left, right = factor * layer.x, factor * (layer.x + layer.width)
            inside = left <= bounds.x() and bounds.right() < right
            t.check("its layer has the document's scale", inside and bounds.width() > layer.width / 2, bounds)
        yield from closed(t, docker, document)
