"""Every reader takes its corpus, and some mutations of it: what it refuses, it refuses in one sentence."""

from __future__ import annotations

import os
import random
import struct
from contextlib import suppress
from inspect import signature

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anycost.bridge import messages
from anycost.bridge.framing import Decoder
from anycost.bridge.protocol import MAGIC, ProtocolError

from .mutation import mutated
from .targets import TARGETS, kept

QUICK = 3000  # mutations of each target: about a minute of a processor for all


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_and_mutations_of_it(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # slow, and nothing here is for long
    target, rng = TARGETS[name], random.Random(name)
    corpus = [path.read_bytes() for path in kept(name)]
    for data in corpus:
        target.try_on(data)
    for _ in range(QUICK):
        data = mutated(rng.choice(corpus), corpus, rng)
        try:
            target.try_on(data)
        except Exception as error:
            raise AssertionError(f"{name}: {data[:300]!r}") from error


def all_messages() -> list[type[messages.Message]]:
    kinds = [kind for kind in vars(messages).values() if isinstance(kind, type)]
    return [kind for kind in kinds if issubclass(kind, messages.Message) and hasattr(kind, "of")]


FIELDS = sorted({field for kind in all_messages() for field in getattr(kind, "__dataclass_fields__", {})})
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 64), 1 << 64),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["rgba8", "gray8", "f32", "full", "draft", "en", "portraits"]),
)
NAMES = st.sampled_from([*FIELDS, "attachment", "format", "width", "height", "shape", "id"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=40)
@given(data=st.dictionaries(NAMES, VALUES, max_size=8), attachment=st.binary(max_size=16))
def test_values_that_no_message_has_are_refused(data: dict, attachment: bytes):
    for kind in all_messages():
        read = kind.of  # type: ignore[attr-defined]
        arguments = (data, attachment)[: len(signature(read).parameters)]
        with suppress(ProtocolError):
            read(*arguments)


PIECES = st.one_of(st.binary(max_size=40), st.sampled_from([MAGIC, b"{}", b'{"id":1}', bytes(12)]))


@settings(max_examples=100)
@given(pieces=st.lists(PIECES, max_size=6))
def test_a_stream_of_anything_is_cut_into_the_same_messages(pieces: list[bytes]):
    data = struct.pack(">4sII", MAGIC, 2, 0) + b"{}" + b"".join(pieces)
    assert _decoded(data, len(data)) == _decoded(data, 1)


def _decoded(data: bytes, step: int) -> tuple[list[object], str]:
    """The messages, and why there are no more; those that came in one piece with the error are lost."""
    decoder, found = Decoder(), []
    try:
        for start in range(0, len(data), step):
            found += [(message, bytes(rest)) for message, rest in decoder.feed(data[start : start + step])]
    except ProtocolError as error:
        return [], str(error)
    return found, ""
