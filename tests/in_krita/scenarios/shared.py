"""What the scenarios share."""

from __future__ import annotations

import os

from krita import Selection

from anycost.krita_plugin.state.topic import Topic

SRGB = "sRGB-elle-V2-srgbtrc.icc"
PROFILES = {"RGBA": SRGB, "GRAYA": "Gray-D50-elle-V2-srgbtrc.icc", "CMYKA": "Chemical proof"}
CROWD = ("ColorSelectorNg", "sharedtooldocker", "PresetDocker")  # leave the panel and the layers the room


class Tap:
    """Stands between state and client and remembers what was sent."""

    def __init__(self, link):
        self.link = link
        self.sent = []

    def request(self, method, params, done, data=b""):
        self.sent.append((method, dict(params)))
        return self.link.request(method, params, done, data)

    def cancel(self, number):
        self.link.cancel(number)

    def edits(self):
        return [params for method, params in self.sent if method == "edit"]


class Seen:
    """Every frame that came on screen, and every word of the connection."""

    def __init__(self, state):
        self.state = state
        self.frames = []
        self.words = []
        state.listeners.append(self.note)

    def note(self, topic):
        if topic is Topic.FRAME and self.state.portrait and self.state.portrait.frame:
            self.frames.append(self.state.portrait.newest)
        elif topic is Topic.CONNECTION and self.state.core.words not in self.words[-1:]:
            self.words.append(self.state.core.words)


def settled(state):
    """The newest edit is on screen in its last pass."""
    frame = state.portrait and state.portrait.frame
    return frame and frame.stamp == state.portrait.stamp and frame.index == frame.passes


def drag(t, slider, shares, hold_until=lambda: True):
    """Press the handle where it is and move it through `shares` of the groove, each a real mouse event. Let
    go when `hold_until` holds."""
    middle = slider.height() / 2
    yield from t.xdotool(
        "mousemove", *t.at(slider, slider.position_x(slider.value()), middle), "mousedown", 1
    )
    for share in shares:
        value = slider.minimum() + share * (slider.maximum() - slider.minimum())
        yield from t.xdotool("mousemove", *t.at(slider, slider.position_x(value), middle))
    yield from t.until(hold_until)
    yield from t.xdotool("mouseup", 1)


def at_rest(document):
    """Krita is done with the picture and has told its dockers: it crashes when a node goes before they have
    heard that it came. A selection is a node too."""
    document.waitForDone()
    yield 0.1


def set_selection(document, selection):
    yield from at_rest(document)
    document.setSelection(selection)
    yield from at_rest(document)


def select(document, x, y, width, height):
    selection = Selection()
    selection.select(x, y, width, height, 255)
    yield from set_selection(document, selection)


def remove(document, node):
    yield from at_rest(document)
    node.remove()
    yield from at_rest(document)


def pixels(document):
    """The whole picture as Krita shows it, in its own colour model."""
    return bytes(document.pixelData(0, 0, document.width(), document.height()))


def open_panel(t):
    """A window of the screen's size with the docker in front; the docker."""
    t.krita.setBatchmode(True)  # or a dialog asks for the profile of some PNGs
    t.window().setGeometry(0, 0, 1600, 1000)
    docker = t.docker("anycost")
    for other in t.krita.dockers():
        if other.objectName() in CROWD:
            other.setVisible(False)
    docker.setVisible(True)
    docker.raise_()
    return docker


def recorded(docker):
    """The layers that the state hands to Krita from now on, as the core sent them."""
    layers = []
    add_layer = type(docker.documents).add_layer

    def record(document, picture, layer, name, *rest):
        layers.append(layer)
        return add_layer(docker.documents, document, picture, layer, name, *rest)

    docker.documents.add_layer = record
    return layers


def opened(t, docker, model="RGBA", depth="U8"):
    """The sample picture in another colour model, in front and seen by the docker."""
    document = t.krita.openDocument(os.environ["DRIVE_PICTURE"])
    if (model, depth) != ("RGBA", "U8"):
        document.setColorSpace(model, depth, PROFILES[model])
    yield from shown(t, docker, document)
    return document


def shown(t, docker, document):
    """Brings a document in front, until the docker has seen it."""
    document.waitForDone()
    t.krita.activeWindow().addView(document)
    yield from t.until(lambda: t.krita.activeDocument() == document)
    docker.look()
    yield from t.until(lambda: docker.state.core.connected)


def written(t, docker, document):
    """The names of what is kept in the document, once it holds the newest of all."""
    kept, prefix = docker.documents.kept, "anycost-"

    def holds(name):
        return bytes(document.annotation(name)) == kept(docker.state.document, name[len(prefix) :])

    def ours():
        return [name for name in document.annotationTypes() if name.startswith(prefix)]

    yield from t.until(lambda: all(map(holds, ours())), 10)
    return ours()


def sample(t, docker, what):
    """The sample picture, projected: the document in front if an earlier scenario left its face there, else a
    new one. Without layers above the first, a selection or a moved slider; None where it does not project."""
    state = docker.state
    state.projection_seconds = 0.3
    if state.portrait is None:
        document = yield from opened(t, docker)
        return document if (yield from projected(t, docker, what)) else None
    document = t.krita.activeDocument()
    first, *others = document.rootNode().childNodes()
    document.setActiveNode(first)  # else Krita would select one layer after the other as they go
    for node in others:
        yield from remove(document, node)
    yield from set_selection(document, None)
    docker.look()
    state.reset_all()
    yield from t.until(lambda: settled(state))
    return document


def in_front(t, docker, document):
    """Goes back to a document, as a click on its tab does."""
    window = t.krita.activeWindow()
    view = next(view for view in window.views() if view.document() == document)
    window.showView(view)
    view.setVisible()
    yield from t.until(lambda: t.krita.activeDocument() == document)
    docker.look()


def closed(t, docker, document):
    document.waitForDone()
    document.setModified(False)
    document.close()
    yield from t.until(lambda: all(document != other for other in t.krita.documents()))
    yield 0.1  # its views go a moment later
    docker.look()


def projected(t, docker, what):
    """Project the document in front; whether that came to an end."""
    state = docker.state
    state.project()
    yield from t.until(lambda: state.portrait is not None and not state.busy and settled(state))
    done = state.portrait is not None and not state.busy
    t.check(what + ": projects", done, (state.message, state.status()))
    return done


def applied(t, docker, document, what):
    """Apply to the document in front, with a slider moved; the new node."""
    count = len(document.rootNode().childNodes())
    move_a_slider(docker.state)
    docker.state.apply()
    yield from t.until(lambda: not docker.state.portrait.applying)
    document.waitForDone()
    nodes = document.rootNode().childNodes()
    t.check(what + ": Apply adds one layer", len(nodes) == count + 1, docker.state.message)
    return nodes[-1]


def move_a_slider(state):
    """So that there is something to apply."""
    first = state.core.opened.directions[0]
    if not state.changes:
        state.set_edit(first.name, first.high)


def untouched(before, after, node, width, height):
    """Every pixel under which the node is transparent is the same to the bit; else where one is not."""
    size = len(before) // (width * height)  # bytes of a pixel
    alphas = bytes(node.pixelData(0, 0, width, height))[3::4]
    for row in range(height):
        line = slice(size * width * row, size * width * (row + 1))
        if before[line] == after[line]:
            continue
        for x in range(width):
            pixel = slice(size * (width * row + x), size * (width * row + x + 1))
            if alphas[width * row + x] == 0 and before[pixel] != after[pixel]:
                return f"pixel {x} of row {row} changed from {before[pixel]} to {after[pixel]}"
    return ""


def covered(node, width, height):
    """Which share of the picture a node is not transparent in."""
    alphas = bytes(node.pixelData(0, 0, width, height))[3::4]
    return 1 - alphas.count(0) / len(alphas)
