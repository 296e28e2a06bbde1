"""Which layer has which edit: after renaming, copying, undoing and sweeping, and with an index that lies."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anycost.bridge.messages import Latents
from anycost.krita_plugin.state.edit_layers import INDEX, EditLayers, LayerName, ids_and_keys, is_edit
from anycost.krita_plugin.state.kept_edit import KeptEdit, UnreadableEdit, new_key, with_key


class Kept:
    """A host's documents, as far as they keep bytes."""

    def __init__(self):
        self.bytes = {}

    def keep(self, document, name, data, at_once=False):
        self.bytes[document, name] = data
        if not data:
            del self.bytes[document, name]
        return True

    def kept(self, document, name):
        return self.bytes.get((document, name), b"")


def edit(value):
    return KeptEdit("portraits", "", (0, 0, 8, 8), 1, (8, 8), Latents((1, 1), bytes(4)), {"smile": value})


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def layers(kept):
    return EditLayers(kept)


@pytest.fixture
def smile(layers):
    """A layer with an edit."""
    key = new_key()
    layers.keep("a", "{1}", key, edit(0.5))
    return LayerName("{1}", with_key("Anycost: Smile +0.50", key))


def test_a_layer_is_known_by_its_id_whatever_its_name(layers, smile):
    key = layers.key_of("a", smile)
    assert layers.edit_of("a", key) == edit(0.5)
    assert layers.key_of("a", LayerName("{1}", "the artist's name")) == key
    assert layers.key_of("a", LayerName("{2}", "the artist's name")) is None
    assert layers.key_of("b", smile) is None


def test_a_copy_is_known_by_its_name_and_then_by_its_id(layers, smile):
    copy = LayerName("{2}", f"Copy of {smile.name}")
    key = layers.key_of("a", copy)
    assert key == layers.key_of("a", smile)
    assert layers.key_of("a", LayerName("{2}", "renamed later")) == key
    layers.sweep("a", [LayerName("{2}", "renamed later")])
    assert layers.edit_of("a", key) == edit(0.5)


def test_a_copy_that_nobody_selected_is_known_after_it_is_renamed(layers, smile):
    key = layers.key_of("a", smile)
    layers.learn("a", [LayerName("{2}", f"Copy of {smile.name}"), LayerName("{3}", "paint #abcde")])
    assert layers.key_of("a", LayerName("{2}", "renamed")) == key
    assert sorted(layers.keys("a")) == ["{1}", "{2}"]


def test_what_is_kept_of_layers_that_are_gone_is_swept_and_an_undo_brings_it_back(layers, smile, kept):
    layers.keep("a", "{2}", new_key(), edit(-1.0))
    key = layers.key_of("a", smile)
    layers.sweep("a", [LayerName("{2}", "other")])
    assert list(layers.keys("a")) == ["{2}"]
    assert len(kept.bytes) == 2
    with pytest.raises(UnreadableEdit):
        layers.edit_of("a", key)
    layers.bring_back("a", lambda: [LayerName("{2}", "other"), LayerName("{1}", "renamed")])
    assert layers.key_of("a", LayerName("{1}", "renamed")) == key
    assert layers.edit_of("a", key) == edit(0.5)
    assert sorted(layers.keys("a")) == ["{1}", "{2}"]


def test_a_layer_that_was_cut_and_pasted_gets_its_edit_again(layers, smile, kept):
    layers.sweep("a", [])
    assert list(kept.bytes) == [("a", INDEX)]
    pasted = LayerName("{9}", smile.name)
    assert layers.key_of("a", pasted) is None
    layers.bring_back("a", lambda: [pasted])
    assert layers.edit_of("a", layers.key_of("a", pasted)) == edit(0.5)


def test_where_nothing_was_swept_the_layers_are_not_asked_for(layers, smile):
    layers.bring_back("a", lambda: pytest.fail("they are"))
    layers.sweep("a", [])
    layers.forget("a")
    layers.bring_back("a", lambda: pytest.fail("they are"))


def test_a_copy_that_was_never_selected_is_not_swept(layers, smile):
    layers.sweep("a", [LayerName("{2}", f"Copy of {smile.name}")])
    key = layers.key_of("a", LayerName("{2}", f"Copy of {smile.name}"))
    assert key is not None
    assert layers.edit_of("a", key) == edit(0.5)


def test_nothing_is_written_where_nothing_is_gone(layers, smile, kept):
    before = dict(kept.bytes)
    layers.sweep("a", [smile, LayerName("{7}", "paint")])
    assert kept.bytes == before


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_an_index_that_is_none_counts_as_empty(noise):
    assert ids_and_keys(noise) == {}


@settings(max_examples=50)
@given(
    st.dictionaries(st.text(max_size=80), st.text(max_size=8) | st.integers(-9, 9) | st.none(), max_size=9)
)
def test_of_an_index_only_ids_with_keys_are_read(found):
    found = {**found, "{1}": "abcde"}
    read = ids_and_keys(json.dumps(found).encode())
    assert read["{1}"] == "abcde"
    assert all(found[id] == key and isinstance(key, str) and len(key) == 5 for id, key in read.items())


def test_a_vast_index_is_not_read(layers, kept):
    kept.keep("a", INDEX, b'{"a":' * 100_000)
    assert layers.keys("a") == {}
    many = {f"{{{n}}}": "abcde" for n in range(3000)}
    assert len(ids_and_keys(json.dumps(many).encode())) == 1024


def test_which_layers_are_not_read_as_the_picture(smile):
    keys = {"{1}": "abcde"}
    assert is_edit(LayerName("{1}", "renamed"), keys)
    assert is_edit(LayerName("{9}", f"Copy of {smile.name}"), {})
    assert not is_edit(LayerName("{9}", "Layer #23456"), keys)
    assert not is_edit(LayerName("{9}", "Anycost: Smile +0.50 Merged"), keys)
