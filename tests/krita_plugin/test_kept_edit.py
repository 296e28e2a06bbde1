"""What is kept with a layer comes back whole, and whatever else stands there is refused."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anycost.bridge.messages import FacePoints, Latents, Mix, Placement, Selected
from anycost.krita_plugin.state import kept_edit
from anycost.krita_plugin.state.kept_edit import (
    KeptEdit,
    OtherFace,
    TooDetailed,
    UnreadableEdit,
    packed,
    unpacked,
    where_now,
)
from anycost.krita_plugin.state.picture import HostError

LETTERS = st.characters(min_codepoint=1, exclude_categories=["Cs"])  # all that a message may have
PLACES = st.integers(-(1 << 20), 1 << 20)
SIDES = st.integers(1, 1 << 20)
NUMBERS = st.floats(-1e6, 1e6)
POINTS = st.tuples(NUMBERS, NUMBERS)
BOXES = st.tuples(PLACES, PLACES, SIDES, SIDES)
FACES = st.builds(FacePoints, st.tuples(POINTS, POINTS), st.tuples(POINTS, POINTS))


@st.composite
def masks(draw):
    width, height = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    mask = draw(st.binary(min_size=width * height, max_size=width * height))
    return Selected(draw(st.integers(0, 99)), draw(st.integers(0, 99)), width, height, mask)


@st.composite
def latents(draw):
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 6)))
    size = 4 * shape[0] * shape[1]
    return Latents(shape, draw(st.binary(min_size=size, max_size=size)))


EDITS = st.builds(
    KeptEdit,
    pack=st.text(LETTERS, min_size=1, max_size=30),
    generator=st.text("0123456789abcdef", max_size=64),
    box=BOXES,
    factor=st.integers(1, 9),
    document_size=st.tuples(SIDES, SIDES),
    latents=st.none() | latents(),
    edits=st.dictionaries(st.text(LETTERS, max_size=12), NUMBERS, max_size=5),
    face=st.none() | FACES,
    placement=st.none() | st.builds(Placement, NUMBERS, NUMBERS, st.floats(0.1, 1e5), NUMBERS),
    only=st.none() | masks(),
    by_hand=st.booleans(),
    selection=st.none() | BOXES,
    mix=st.none()
    | st.builds(Mix, st.none(), st.integers(0, 1 << 20), st.floats(0, 1))
    | st.builds(Mix, st.text("0123456789abcdef", min_size=1, max_size=32), st.none(), st.floats(0, 1)),
    place=st.tuples(PLACES, PLACES),
    size=st.tuples(SIDES, SIDES),
    other=st.none() | st.builds(OtherFace, FACES, latents()),
)
ONE = KeptEdit(
    "portraits",
    "",
    (0, 0, 8, 8),
    1,
    (8, 8),
    Latents((2, 3), bytes(24)),
    {"smile": 0.5},
    only=Selected(1, 2, 3, 2, bytes(range(6))),
)
HEAD = struct.Struct(">4sIIII")  # as docs and files of other versions have it


def parts(data):
    _magic, _version, *lengths = HEAD.unpack_from(data)
    start = HEAD.size + lengths[0]
    text = json.loads(data[HEAD.size : start])
    return text, data[start : start + lengths[1]], data[start + lengths[1] :]


def made_of(text, numbers, mask, magic=b"ACKE", version=1):
    body = json.dumps(text).encode() if isinstance(text, dict) else text
    return HEAD.pack(magic, version, len(body), len(numbers), len(mask)) + body + numbers + mask


@given(EDITS)
def test_an_edit_comes_back_whole(edit):
    assert unpacked(packed(edit)) == edit


@given(EDITS, st.data())
def test_a_changed_byte_is_refused_or_still_an_edit(edit, data):
    """No other error than UnreadableEdit comes out, whatever was changed, cut off or added."""
    kept = bytearray(packed(edit))
    for _ in range(data.draw(st.integers(1, 4))):
        kept[data.draw(st.integers(0, len(kept) - 1))] = data.draw(st.integers(0, 255))
    kept = kept[: data.draw(st.integers(0, len(kept)))] + data.draw(st.binary(max_size=3))
    try:
        found = unpacked(bytes(kept))
    except UnreadableEdit:
        return
    assert isinstance(found, KeptEdit)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise):
    with pytest.raises(UnreadableEdit):
        unpacked(noise)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(ONE.data())), VALUES)
def test_any_other_value_is_refused_or_read_as_it_is(name, value):
    text, numbers, mask = parts(packed(ONE))
    try:
        found = unpacked(made_of({**text, name: value}, numbers, mask))
    except UnreadableEdit:
        return
    assert type(getattr(found, name)) in (
        type(getattr(ONE, name)),
        FacePoints,
        Placement,
        Mix,
        tuple,
        type(None),
    )


def test_a_later_version_is_refused():
    with pytest.raises(UnreadableEdit):
        unpacked(made_of(*parts(packed(ONE)), version=2))


def test_a_small_file_does_not_become_a_large_mask():
    """A mask of zeros packs to a thousandth; it is unpacked no further than its box, which is bounded."""
    text, numbers, _ = parts(packed(ONE))
    bomb = zlib.compress(bytes(1 << 24), 9)
    with pytest.raises(UnreadableEdit):
        unpacked(made_of(text, numbers, bomb))
    huge = {**text, "only": [0, 0, 1 << 20, 1 << 20]}
    with pytest.raises(UnreadableEdit):
        unpacked(made_of(huge, numbers, bomb))


def test_deep_and_long_json_is_refused():
    for text in (b"[" * 60_000, b'{"pack":' * 8000, b'{"a":' + b"9" * 60_000 + b"}"):
        with pytest.raises(UnreadableEdit):
            unpacked(made_of(text, bytes(24), b""))
    with pytest.raises(UnreadableEdit):
        unpacked(made_of({"pack": "x" * kept_edit.MOST_JSON}, bytes(24), b""))


def test_a_mask_that_is_too_detailed_is_not_kept(monkeypatch):
    monkeypatch.setattr(kept_edit, "MOST_PACKED", 10)
    noise = bytes((97 * i * i) % 251 for i in range(3000))
    with pytest.raises(TooDetailed):
        packed(replace(ONE, only=Selected(0, 0, 60, 50, noise)))
    monkeypatch.setattr(kept_edit, "MOST_MASK", 2999)
    with pytest.raises(TooDetailed):
        packed(replace(ONE, only=Selected(0, 0, 60, 50, bytes(3000))))


def test_the_key_ends_a_name():
    key = kept_edit.new_key()
    name = kept_edit.with_key("Anycost: Smile +0.60", key)
    assert kept_edit.key_in(name) == kept_edit.key_in(f"Copy of {name}") == key
    assert kept_edit.without_key(name) == "Anycost: Smile +0.60"
    for other in ("Smile", f"{name} Merged", name[:-1], "Anycost #Smile", "#23456", ""):
        assert kept_edit.key_in(other) is None
        assert kept_edit.without_key(other) == other
    assert len({kept_edit.new_key() for _ in range(200)}) == 200


# Where its picture lies after the document was changed

WHOLE = replace(ONE, box=(0, 0, 100, 80), document_size=(100, 80), place=(30, 20), size=(40, 40))


def test_in_the_same_document_it_lies_where_it_did_even_if_the_layer_was_moved():
    assert where_now(WHOLE, (100, 80), (35, 22, 40, 40)) == ((0, 0, 100, 80), None)


@given(st.integers(-29, 29), st.integers(-19, 19))
def test_a_cut_document_moves_it_with_its_layer(dx, dy):
    edit = replace(WHOLE, selection=(25, 15, 50, 50))
    found = where_now(edit, (90, 77), (30 + dx, 20 + dy, 40, 40))
    assert found == ((dx, dy, 100, 80), (25 + dx, 15 + dy, 50, 50))


@pytest.mark.parametrize(
    ("edit", "size", "layer"),
    [
        (WHOLE, (200, 160), (60, 40, 80, 80)),  # scaled
        (WHOLE, (60, 80), (30, 20, 30, 40)),  # cut through the layer
        (replace(WHOLE, box=(500, 0, 100, 80)), (100, 80), (30, 20, 40, 40)),  # beside the document
        (replace(WHOLE, box=(0, 0, 1 << 20, 1 << 20)), (100, 80), (30, 20, 40, 40)),  # vast
        (replace(WHOLE, box=(0, 0, 60_000, 60_000)), (100, 80), (30, 20, 40, 40)),  # more than can be sent
        (replace(WHOLE, factor=90), (100, 80), (30, 20, 40, 40)),  # smaller than one of its pixels
    ],
)
def test_where_it_cannot_lie_is_a_sentence(edit, size, layer):
    with pytest.raises(HostError, match="press Project"):
        where_now(edit, size, layer)
