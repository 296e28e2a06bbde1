"""What tests of the panel's state share: the core's end of the wire, a host, and what the core answers."""

from __future__ import annotations

from anycost.bridge.answer import Answer, Fault
from anycost.krita_plugin.state.edit_layers import LayerName
from anycost.krita_plugin.state.kept_edit import without_key
from anycost.krita_plugin.state.picture import Picture

DIRECTIONS = [
    {"name": "smile", "label": "Smile", "group": "Expression", "low": -1.0, "high": 1.0},
    {"name": "age", "label": "Age", "group": "Face", "low": -1.0, "high": 1.0},
]
PACK = {"title": "Portraits", "packs": ["portraits", "mine"], "loss": "pixels", "directions": DIRECTIONS}
PLACEMENT = {"placement": {"x": 32.0, "y": 30.0, "size": 40.0, "angle": 0.0}}


def face_at(x, y, eyes=10.0, score=0.9, roll=0.0):
    """A found face whose eyes and mouth have their middle at (x, y)."""
    return {
        "eyes": [[x - eyes / 2, y - eyes / 2], [x + eyes / 2, y - eyes / 2]],
        "mouth": [[x - 2, y + eyes / 2], [x + 2, y + eyes / 2]],
        "nose": [x, y],
        "chin": [x, y + eyes],
        "turn": [0.0, 0.0, roll],
        "score": score,
    }


ONE = {"faces": [face_at(32.0, 30.0)], "advice": ""}
TWO = {"faces": [face_at(16.0, 30.0), face_at(48.0, 34.0)], "advice": ""}
NONE = {"faces": [], "advice": "More are found with the weights of others."}
PIXEL = b"\1\2\3\4"


class Wire:
    """The core's end, in the test's hands: requests wait here until the test answers them."""

    def __init__(self):
        self.open = {}  # number -> (method, params, done, data)
        self.sent = []  # methods in order
        self.cancelled = []

    def request(self, method, params, done, data=b""):
        number = len(self.sent) + 1
        self.sent.append(method)
        self.open[number] = (method, dict(params), done, data)
        return number

    def cancel(self, request_id):
        self.cancelled.append(request_id)

    def asked(self, method):
        """The parameters of the one request of this method that waits."""
        (params,) = [p for m, p, _, _ in self.open.values() if m == method]
        return params

    def waiting(self, method):
        return sum(m == method for m, _, _, _ in self.open.values())

    def answer(self, method, result=None, data=b"", fault=None):
        number = next(n for n, entry in self.open.items() if entry[0] == method)
        self.open.pop(number)[2](Answer(result or {}, data, fault))

    def die(self, state):
        for number in list(self.open):
            self.open.pop(number)[2](Answer({}, b"", Fault("disconnected", "gone")))
        state.core.link_lost()


class Keeping:
    """Keeps bytes in documents, as a host does."""

    keeps = True
    batches = None

    def __init__(self):
        self.kept_bytes = {}  # by document and name
        self.changed = set()  # the names that were a change of the document
        self.takes = True  # whether documents take what is to be kept

    def keep(self, document, name, data, at_once=False):
        self.kept_bytes[document, name] = data
        self.changed.update([name] if at_once else [])
        return self.takes

    def kept(self, document, name):
        return self.kept_bytes.get((document, name), b"")

    def layer_names(self, document):
        return []

    def painted(self, document, layer):
        return 0, 0, 1, 1

    def read_under(self, document, layer, edit, done, failed):
        failed("There are no layers.")


class Desk(Keeping):
    """A host with documents of 64 x 64 pixels. The test says what of them is selected."""

    selects = True

    def __init__(self):
        super().__init__()
        self.selection = None  # a Selected
        self.asked = []  # boxes and edges
        self.layers = []  # each gets its number from 1 as its name
        self.replaced = []  # by the last one
        self.refuse = ""
        self.under = []  # the layers under which a picture was read again

    def read(self, document, around, done, failed, up_to_active=False):
        if self.refuse:
            failed(self.refuse)
        else:
            done(Picture(64, 64, bytes(64 * 64 * 4), document_size=(64, 64)))

    def add_layer(self, document, picture, layer, name, done, failed, replaced=(), place=None, mask=None):
        if self.refuse:
            failed(self.refuse)
            return
        self.layers.append((document, layer, without_key(name)))
        self.replaced = list(replaced)
        self.place, self.mask = place, mask
        done(len(self.layers))

    def layer_names(self, document):
        return [LayerName(str(n), name) for n, (of, _, name) in enumerate(self.layers, 1) if of == document]

    def read_under(self, document, layer, edit, done, failed):
        self.under.append((document, layer.id))
        self.read(document, False, done, failed)

    def selected(self, document, picture, box, edge, done, failed):
        if self.refuse:
            failed(self.refuse)
            return
        self.asked.append((box, edge))
        done(self.selection)


def show(state, stamp, index=1, side=2, document=None):
    portrait = state.portrait if document is None else state.core.faces[document].portrait
    size = {"format": "rgba8", "width": side, "height": side}
    params = {
        "picture": portrait.name,
        "stamp": stamp,
        "pass": index,
        "passes": 3,
        "resolution": 128,
        "side": 128,
    }
    params.update(ratio=0.5, ms=31.4, attachment=size)
    state.core.notified("frame", params, PIXEL * side * side)


def show_part(state, stamp, index=2, passes=3, side=2):
    """A frame of the selection alone."""
    size = {"format": "rgba8", "width": side, "height": side}
    params = {"picture": state.portrait.name, "stamp": stamp, "pass": index, "passes": passes}
    params.update(resolution=128, side=128, ratio=1.0, ms=12.0, whole=False, x=40, y=30, attachment=size)
    state.core.notified("frame", params, PIXEL * side * side)


def project(state, wire):
    """Project the current document to the end; its first edit has been drawn."""
    state.project()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    finish_projection(wire)
    show(state, state.portrait.stamp)
    wire.answer("edit", {"complete": True})


def finish_projection(wire):
    latents = {"stopped": "done", "attachment": {"format": "f32", "shape": [2, 3]}}
    wire.answer("picture/project", latents, b"\0" * 24)


def progress(state, step=40, loss=0.18):
    params = {"picture": state.portrait.name, "step": step, "steps": 100, "loss": loss, "stage": "refine"}
    state.core.notified("project/progress", params, b"")


def find(state, wire, found):
    """Project as far as the faces."""
    state.project()
    wire.answer("picture/faces", found)


def open_face(state, wire, index):
    """Pick a face that was not projected yet, and project it to its first frame."""
    state.pick(state.faces.all[index])
    wire.answer("picture/open", PLACEMENT)
    finish_projection(wire)
    show(state, state.portrait.stamp)
    wire.answer("edit", {"complete": True})


def apply(state, wire, update=False):
    """Apply, and let the core answer with a layer of one pixel."""
    state.apply(update=update)
    size = {"format": "rgba8", "width": 1, "height": 1}
    wire.answer("picture/apply", {"x": 0, "y": 0, "attachment": size}, PIXEL)
