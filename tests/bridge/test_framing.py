"""Frames: any split decodes the same, and what is not ours is refused before it costs anything."""

from __future__ import annotations

import gc
import itertools
import json
import struct
import tracemalloc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anycost.bridge import protocol
from anycost.bridge.framing import LARGE, Decoder, encode
from anycost.bridge.protocol import (
    MAGIC,
    MAX_ATTACHMENT,
    MAX_DEPTH,
    MAX_JSON,
    MAX_VALUES,
    MessageLimits,
    ProtocolError,
)

numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
messages = st.dictionaries(st.text(max_size=8), values, max_size=4)
frames = st.lists(st.tuples(messages, st.binary(max_size=300)), max_size=4)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(stream) + 1) for cut in cuts} | {0, len(stream)})
    return [stream[a:b] for a, b in itertools.pairwise(places)] or [b""]


@pytest.mark.slow
@given(frames, st.lists(st.integers(0, 5000), max_size=12))
def test_any_split_decodes_the_same(sent, cuts):
    """One byte at a time, too."""
    stream = b"".join(encode(message, attachment) for message, attachment in sent)
    for split in (pieces(stream, cuts), [bytes([byte]) for byte in stream]):
        decoder = Decoder()
        received = [pair for piece in split for pair in decoder.feed(piece)]
        assert received == sent
        assert all(type(attachment) is bytes for _, attachment in received)


@pytest.mark.parametrize("step", [LARGE - 1, LARGE // 3, 1 << 16])
def test_large_attachments_come_whole_however_they_are_split(step):
    large = [bytes(range(251)) * (length // 251 + 1) for length in (LARGE, 2 * LARGE)]
    sent = [({"a": 1}, large[0]), ({"b": 2}, b"small"), ({"c": 3}, large[1]), ({}, b"")]
    stream = b"".join(encode(message, attachment) for message, attachment in sent)
    decoder = Decoder()
    pieces = (stream[at : at + step] for at in range(0, len(stream), step))
    assert [pair for piece in pieces for pair in decoder.feed(piece)] == sent


@given(st.binary(min_size=12, max_size=200))
def test_garbage_is_refused_or_waits_for_more(data):
    decoder = Decoder()
    if data.startswith(MAGIC):
        data = b"X" + data
    with pytest.raises(ProtocolError):
        decoder.feed(data)


@given(st.binary(min_size=2, max_size=60) | messages.map(lambda m: json.dumps(m).encode()))
def test_a_body_is_an_object_or_refused(body):
    frame = struct.pack(">4sII", MAGIC, len(body), 0) + body
    try:
        expected = json.loads(body)
    except ValueError:
        expected = None
    if isinstance(expected, dict):
        assert Decoder().feed(frame) == [(expected, b"")]
    else:
        with pytest.raises(ProtocolError):
            Decoder().feed(frame)


@pytest.mark.parametrize(
    "lengths",
    [(MAX_JSON + 1, 0), (2**32 - 1, 0), (0, 0), (1, 0), (2, MAX_ATTACHMENT + 1), (2, 2**32 - 1)],
)
def test_sizes_are_refused_with_the_header_alone(lengths):
    with pytest.raises(ProtocolError):
        Decoder().feed(struct.pack(">4sII", MAGIC, *lengths))


def test_a_promised_attachment_takes_no_memory_before_it_comes():
    tracemalloc.start()
    try:
        decoder = Decoder()
        assert decoder.feed(struct.pack(">4sII", MAGIC, 2, MAX_ATTACHMENT) + b"{}" + bytes(1000)) == []
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_small_limit_holds():
    frame = encode({}, bytes(11))
    assert Decoder(MessageLimits(2, 1, 11)).feed(frame) == [({}, bytes(11))]
    with pytest.raises(ProtocolError, match="larger than 10"):
        Decoder(MessageLimits(2, 1, 10)).feed(frame)
    with pytest.raises(ProtocolError, match="2 bytes of JSON"):
        Decoder(MessageLimits(2, 99, 11)).feed(encode({"a": 1}))
    with pytest.raises(ProtocolError, match="at most 3 values"):
        Decoder(MessageLimits(99, 3, 11)).feed(encode({"a": [1, 2, 3]}))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * MAX_JSON,
        b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
        b'{"a":' * MAX_DEPTH + b"{}" + b"}" * MAX_DEPTH,
        b'{"a":[' + b"[]," * (MAX_VALUES // 2) + b"1]}",
        b'{"n":' + b"9" * 250_000 + b"}",
        b'{"n": NaN}',
        b'{"n": -Infinity}',
        b'{"n": 1e999}',
        b"\xff\xfe{}",
        b"[1, 2]",
        b"null",
        b'{"a": 1} trailing',
    ],
    ids=[
        "deep list",
        "very deep object",
        "deep object",
        "many values",
        "long number",
        "NaN",
        "infinity",
        "huge",
        "not UTF-8",
        "list",
        "null",
        "tail",
    ],
)
def test_hostile_json_is_refused(body):
    with pytest.raises(ProtocolError, match="JSON"):
        Decoder().feed(struct.pack(">4sII", MAGIC, len(body), 0) + body)


def test_encode_keeps_the_limits():
    with pytest.raises(ProtocolError, match="JSON"):
        encode({"a": "x" * MAX_JSON})
    with pytest.raises(ProtocolError, match="values"):
        encode({"a": [0] * MAX_VALUES})
    with pytest.raises(ValueError, match="JSON compliant"):
        encode({"a": float("nan")})


def test_as_deep_and_as_many_as_may_be():
    deep: dict = {}
    for _ in range(MAX_DEPTH - 1):
        deep = {"a": deep}
    for message in (deep, {"a": [0] * (MAX_VALUES - 1)}):
        assert Decoder().feed(encode(message)) == [(message, b"")]


def test_messages_are_parsed_one_by_one():
    """So that their reader can give way between them, and those before a broken one count."""
    received = Decoder().messages(encode({"n": 1}) + encode({"n": 2}) + b"GET / HTTP/1.1\r\n")
    assert next(received) == ({"n": 1}, b"")
    assert next(received) == ({"n": 2}, b"")
    with pytest.raises(ProtocolError):
        next(received)


@pytest.mark.parametrize("length", [100_000, 3 * LARGE])
def test_what_a_dropped_decoder_held_is_freed_at_once(length):
    """And not whenever Python looks for cycles: 30 peers that die in mid-frame would hold gigabytes."""
    gc.disable()
    try:
        decoder = Decoder()
        decoder.feed(encode({}, bytes(length))[:-1])
        assert decoder.held > length
        held = weakref.ref(decoder)
        del decoder
        assert held() is None
    finally:
        gc.enable()


def test_python_does_not_look_for_cycles_while_it_parses():
    """Of thousands of lists it would, through all that the program has."""
    looks = []
    gc.callbacks.append(lambda phase, info: looks.append(phase))
    try:
        frame = encode({"a": [[]] * (MAX_VALUES // 2 - 1)})
        looks.clear()
        received = Decoder().feed(frame)
        assert len(looks) <= 2  # one that was due before
    finally:
        gc.callbacks.pop()
    assert gc.isenabled()
    assert len(received) == 1


def test_lone_surrogates_survive():
    message = {"name": "\ud800"}
    assert Decoder().feed(encode(message)) == [(message, b"")]


@given(st.integers(-10, 20000), st.integers(-10, 20000))
def test_a_description_says_how_many_bytes(width, height):
    fits = min(width, height) >= 1 and max(width, height) <= protocol.MAX_SIDE
    if fits and width * height * 4 <= MAX_ATTACHMENT:
        assert protocol.attachment_bytes(protocol.rgba8(width, height)) == width * height * 4
        assert protocol.attachment_bytes(protocol.f32([width, height])) == width * height * 4
    else:
        with pytest.raises(ProtocolError):
            protocol.attachment_bytes(protocol.rgba8(width, height))


@pytest.mark.parametrize(
    "description",
    [
        None,
        [],
        {},
        {"format": "rgba8"},
        {"format": "rgba8", "width": 2.0, "height": 2},
        {"format": "rgba8", "width": True, "height": 2},
        {"format": "rgb8", "width": 2, "height": 2},
        {"format": "f32", "shape": []},
        {"format": "f32", "shape": [1] * 5},
        {"format": "f32", "shape": "22"},
    ],
)
def test_a_wrong_description_is_refused(description):
    with pytest.raises(ProtocolError):
        protocol.attachment_bytes(description)


def test_described_compares_with_what_came():
    body = {"attachment": protocol.rgba8(2, 3)}
    assert protocol.described(body, bytes(24), "rgba8") == protocol.rgba8(2, 3)
    with pytest.raises(ProtocolError, match="23 bytes"):
        protocol.described(body, bytes(23), "rgba8")
    with pytest.raises(ProtocolError, match="f32"):
        protocol.described(body, bytes(24), "f32")


@pytest.mark.parametrize(
    ("message", "sort"),
    [
        (protocol.request(1, "edit", {}), "request"),
        (protocol.notification("frame"), "notification"),
        (protocol.cancel(4), "notification"),
        (protocol.result(1, {}), "result"),
        (protocol.error(1, -32000, "No face.", "no-face"), "error"),
        (protocol.error(None, -32700, "Not JSON."), "error"),
    ],
)
def test_messages_know_their_sort(message, sort):
    assert protocol.check(json.loads(json.dumps(message))) == sort


@pytest.mark.parametrize("number", [None, [], {}, 1.0, True, -1, "1", "\ud800", 1e300, 2**53])
def test_a_cancel_names_a_request(number):
    assert protocol.cancelled_id(protocol.cancel(4)) == 4
    with pytest.raises(ProtocolError, match="whole number"):
        protocol.cancelled_id({"params": {"id": number}})


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"jsonrpc": "2.0"},
        {"jsonrpc": "1.0", "method": "edit", "id": 1},
        {"jsonrpc": "2.0", "method": 5, "id": 1},
        {"jsonrpc": "2.0", "method": "edit", "id": "one"},
        {"jsonrpc": "2.0", "method": "edit", "id": True},
        {"jsonrpc": "2.0", "method": "edit", "id": 1, "params": [1]},
        {"jsonrpc": "2.0", "id": 1, "result": 5},
        {"jsonrpc": "2.0", "id": None, "result": {}},
        {"jsonrpc": "2.0", "id": 1, "error": "no"},
    ],
)
def test_other_objects_are_refused(message):
    with pytest.raises(ProtocolError):
        protocol.check(message)


@given(st.integers(0, 40_000), st.lists(st.integers(1, 9000), min_size=1, max_size=6), st.booleans())
def test_large_attachments_in_pieces_of_changing_size(length, sizes, reused):
    """Small and large pieces are kept differently; a buffer that its owner fills again is not kept at all."""
    attachment = bytes(range(256)) * (length // 256)
    stream = encode({"n": length}, attachment) + encode({})
    decoder, received, at = Decoder(), [], 0
    for size in itertools.cycle(sizes):
        piece = bytearray(stream[at : at + size])
        received += decoder.feed(piece if reused else bytes(piece))
        piece[:] = bytes(len(piece))
        at += size
        if at >= len(stream):
            break
    assert received == [({"n": length}, attachment), ({}, b"")]


def test_a_slow_stream_costs_no_more_than_its_bytes():
    decoder = Decoder()
    decoder.feed(encode({}, bytes(80_000))[:20])
    tracemalloc.start()
    try:
        for _ in range(50_000):
            decoder.feed(b"x")
        assert tracemalloc.get_traced_memory()[1] < 160_000
    finally:
        tracemalloc.stop()
