"""A document that does not take, or does not give, what is kept with layers: told, and nothing is lost."""

from __future__ import annotations

import pytest
from panel_wire import ONE, PACK, PIXEL, PLACEMENT, Desk, Wire, apply, finish_projection, project, show
from PyQt5.QtCore import QByteArray
from qt_loop import settle, until

from anycost.krita_plugin.documents import annotations
from anycost.krita_plugin.documents.annotations import UNREADABLE, Annotations
from anycost.krita_plugin.state.batch import EditBatch, edited_face
from anycost.krita_plugin.state.batch_host import Item, Put
from anycost.krita_plugin.state.edit_layers import INDEX, NOT_KEPT, EditLayers, LayerName
from anycost.krita_plugin.state.kept_history import NAME
from anycost.krita_plugin.state.picture import HostError, Picture
from anycost.krita_plugin.state.state import PanelState


class KritaDocument:
    """As far as Krita's documents keep bytes. `wrong` says how its calls fail."""

    def __init__(self):
        self.held = {}
        self.changed = False
        self.wrong = ""

    def annotation(self, name):
        if self.wrong == "cannot read":
            raise RuntimeError("wrapped C/C++ object of type Document has been deleted")
        return QByteArray(self.held.get(name, b""))

    def annotationTypes(self):
        return list(self.held)

    def setAnnotation(self, name, description, data):
        if self.wrong == "raises":
            raise MemoryError
        if self.wrong == "takes the history alone" and not name.endswith(NAME):
            return
        if self.wrong != "does nothing":
            self.held[name] = bytes(data)[: 9 if self.wrong == "takes a part" else None]
            self.changed = True

    def removeAnnotation(self, name):
        if self.wrong == "raises":
            raise RuntimeError
        if self.wrong != "does nothing":
            del self.held[name]
            self.changed = True

    def modified(self):
        return self.changed

    def setModified(self, changed):
        self.changed = changed


class KritaDesk(Desk):
    """A host whose documents are all this one, as documents/document.py keeps with it."""

    def __init__(self, document):
        super().__init__()
        self.annotations = Annotations(lambda number: document)

    def keep(self, document, name, data, at_once=False):
        return self.annotations.keep(document, name, data, at_once)

    def kept(self, document, name):
        return self.annotations.kept(document, name)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(annotations, "EVERY_MS", 20)
    settle(0)  # there is an application


@pytest.fixture
def document():
    return KritaDocument()


@pytest.fixture
def desk(document):
    return KritaDesk(document)


@pytest.fixture
def smiling(state, wire):
    """The face in front smiles, and is drawn."""
    project(state, wire)
    state.set_edit("smile", 0.6)
    settled(state, wire)
    return state


def settled(state, wire):
    show(state, state.portrait.stamp)
    while wire.waiting("edit"):
        wire.answer("edit", {"complete": True})


def reopened(document):
    """The edits of the document's first layer, as another Krita reads them from the .kra."""
    layers = EditLayers(Annotations(lambda number: document))
    key = layers.key_of("a", LayerName("1", "the artist's name"))
    return None if key is None else dict(layers.edit_of("a", key).edits)


FAILS = ("raises", "does nothing", "takes a part", "takes the history alone")


@pytest.mark.parametrize("wrong", FAILS)
def test_a_layer_stays_and_is_told_and_what_was_not_taken_is_tried_again(
    smiling, wire, desk, document, wrong
):
    document.wrong = wrong
    apply(smiling, wire)
    assert len(desk.layers) == 1
    assert smiling.message == NOT_KEPT
    assert not smiling.portrait.applying
    key = smiling.portrait.layer.key
    assert smiling.core.edit_layers.edit_of("a", key).edits == {"smile": 0.6}  # already now, from here
    document.wrong = ""
    assert until(lambda: reopened(document) == {"smile": 0.6}, 20)
    assert until(lambda: document.held.get("anycost-" + NAME), 20)


def test_what_is_tried_again_is_the_newest_and_changes_the_document(smiling, wire, desk, document):
    document.wrong = "raises"
    apply(smiling, wire)
    smiling.set_edit("smile", -0.5)
    settled(smiling, wire)
    apply(smiling, wire)
    document.wrong, document.changed = "", False
    assert until(lambda: len(document.held) >= 4, 20)  # two edits, their index, the history
    assert document.changed
    keys = desk.annotations.kept("a", INDEX)
    settle(0.1)
    assert document.held["anycost-" + INDEX] == keys
    assert reopened(document) == {"smile": 0.6}


def test_earlier_layers_keep_their_edits(smiling, wire, desk, document):
    apply(smiling, wire)
    before = dict(document.held)
    document.wrong = "raises"
    smiling.set_edit("smile", 0.1)
    settled(smiling, wire)
    apply(smiling, wire)
    assert before.items() <= document.held.items()
    assert reopened(document) == {"smile": 0.6}


def test_what_is_to_go_and_does_not_is_tried_again(document):
    kept = Annotations(lambda number: document)
    kept.keep("a", "one", b"1", at_once=True)
    document.wrong = "raises"
    assert not kept.keep("a", "one", b"", at_once=True)
    assert kept.kept("a", "one") == b""
    document.wrong = ""
    assert until(lambda: not document.held, 20)


def test_a_document_that_is_closed_meanwhile_ends_it(document):
    documents = [document]
    kept = Annotations(lambda number: documents[0] if documents else None)
    document.wrong = "raises"
    assert not kept.keep("a", "one", b"1", at_once=True)
    documents.clear()
    kept.forget("a")
    settle(0.1)
    assert kept.kept("a", "one") == b""


def test_a_document_that_cannot_be_read_is_told_and_its_layers_edits_stay(smiling, wire, desk, document):
    apply(smiling, wire)
    document.wrong = "cannot read"
    smiling.set_edit("smile", 0.1)
    settled(smiling, wire)
    apply(smiling, wire)
    assert len(desk.layers) == 2
    assert smiling.message == UNREADABLE
    assert not smiling.portrait.applying
    document.wrong = ""
    settle(0.1)
    assert reopened(document) == {"smile": 0.6}
    layers = EditLayers(Annotations(lambda number: document))
    second = layers.key_of("a", LayerName("2", f"Anycost #{smiling.portrait.layer.key}"))
    assert second is not None
    assert dict(layers.edit_of("a", second).edits) == {"smile": 0.1}


def test_a_layer_that_cannot_be_looked_up_is_told_and_looked_up_later(smiling, wire, desk, document):
    apply(smiling, wire)
    wire.open.clear()
    state = PanelState(wire, desk)
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    state.set_document("a")
    document.wrong = "cannot read"
    state.taken_up.look([LayerName("1", "smile")])
    assert state.message == UNREADABLE
    document.wrong = ""
    state.taken_up.look([LayerName("1", "smile")])
    wire.answer("picture/open", PLACEMENT)
    wire.answer("picture/restore")
    assert state.portrait is not None
    assert state.portrait.edits == {"smile": 0.6}


def test_a_history_that_could_not_be_read_is_not_written_over(smiling, wire, desk, document):
    apply(smiling, wire)
    assert until(lambda: document.held.get("anycost-" + NAME), 20)
    before = document.held["anycost-" + NAME]
    wire = Wire()
    state = PanelState(wire, desk)
    document.wrong = "cannot read"
    state.set_document("a")
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    project(state, wire)
    document.wrong = ""
    state.set_edit("age", 0.5)
    settled(state, wire)
    apply(state, wire)
    assert len(desk.layers) == 2
    settle(0.1)
    assert document.held["anycost-" + NAME] == before
    assert state.message == NOT_KEPT


class Layered:
    """A source that gives each edit a layer of its own."""

    def read(self, item, done, failed):
        done(Picture(64, 64, bytes(64 * 64 * 4), document_size=(64, 64)))

    def put(self, item, picture, layer, done, failed):
        done(Put(layer=LayerName("1", "Anycost: Smile +0.60 #abcde")))

    def finish(self, done, failed):
        done(None)


def test_a_batch_goes_on_and_is_told(smiling, wire, document):
    document.wrong = "raises"
    face = edited_face(smiling)
    assert face is not None
    batch = EditBatch(smiling, face, Layered(), [Item("one", 1)], 2.0, lambda: None)
    batch.start()
    wire.answer("picture/faces", ONE)
    wire.answer("picture/open", PLACEMENT)
    finish_projection(wire)
    size = {"format": "rgba8", "width": 1, "height": 1}
    wire.answer("picture/apply", {"x": 0, "y": 0, "attachment": size}, PIXEL)
    assert [item.name for item in batch.done] == ["one"]
    assert smiling.message == NOT_KEPT
    document.wrong = ""
    assert until(lambda: reopened(document) == {"smile": 0.6}, 20)


def test_no_more_than_the_most_is_kept(document):
    with pytest.raises(ValueError, match="the most"):
        Annotations(lambda number: document).keep("a", "one", bytes(annotations.MOST_KEPT + 1))
    document.held["anycost-one"] = bytes(9)
    document.wrong = "cannot read"
    with pytest.raises(HostError):
        Annotations(lambda number: document).kept("a", "one")
