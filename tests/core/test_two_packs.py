"""Two programs on one core, each with its own pack: neither gets edits by the other's."""

from __future__ import annotations

import os

import pytest
from small_pack import small_pack
from wire import Wire, private_home, running

from anycost.bridge import posix, protocol

SIDE = 32
SIZE = protocol.rgba8(SIDE, SIDE)
PICTURE = os.urandom(SIDE * SIDE * 4)


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    """The folders of two packs of the same shape and of another look, and a core."""
    folder = tmp_path_factory.mktemp("two")
    with pytest.MonkeyPatch.context() as patch:
        (folder / "home").mkdir()
        private_home(folder / "home", patch)
        with running():
            yield [str(small_pack(folder / name, name, seed)) for seed, name in enumerate(("one", "two"), 1)]


@pytest.fixture
def panels(packs):
    with Wire(posix.socket_path()) as one, Wire(posix.socket_path()) as two:
        yield one, two


def opened(wire: Wire) -> bytes:
    """Opens the picture, and returns its latents."""
    wire.call("picture/open", {"picture": "p", "attachment": SIZE}, PICTURE)
    return wire.answer(wire.ask("picture/project", {"picture": "p", "steps": 1}))[1]


def restored(wire: Wire, latents: bytes) -> None:
    wire.call("picture/open", {"picture": "p", "attachment": SIZE}, PICTURE)
    wire.call("picture/restore", {"picture": "p", "attachment": protocol.f32([4, 4])}, latents)


def drawn(wire: Wire) -> bytes:
    asked = {"picture": "p", "edits": {"smile": 1.0}, "side": 16, "quality": "full"}
    message, pixels = wire.answer(wire.ask("picture/thumbnail", asked))
    assert "result" in message, message
    return pixels


def test_another_program_s_pack_is_told_and_refused_until_the_own_is_back(packs, panels):
    one, two = panels
    own = one.call("pack/open", {"pack": packs[0]})["pack_hash"]
    latents = opened(one)
    before = drawn(one)
    other = two.call("pack/open", {"pack": packs[1]})["pack_hash"]
    assert other != own
    assert one.wait_for("pack/opened") == {"title": "Small", "pack_hash": other}
    edit = {"picture": "p", "stamp": 2, "edits": {"smile": 1.0}, "quality": "full", "dragging": False}
    asked = [
        ("edit", edit, b""),
        ("picture/apply", {"picture": "p", "edits": {"smile": 1.0}}, b""),
        ("picture/thumbnail", {"picture": "p", "edits": {}, "side": 16, "quality": "full"}, b""),
        ("picture/project", {"picture": "p", "steps": 1}, b""),
        ("picture/faces", {"attachment": SIZE}, PICTURE),
        ("picture/open", {"picture": "p", "attachment": SIZE}, PICTURE),
        ("picture/restore", {"picture": "p", "attachment": protocol.f32([4, 4])}, latents),
    ]
    for method, params, attachment in asked:
        assert one.refusal(method, params, attachment)[1] == "other-pack", method
    restored(two, latents)  # which is the first one's own concern
    assert drawn(two) != before
    assert one.call("pack/open", {"pack": packs[0]})["pack_hash"] == own
    restored(one, latents)
    assert drawn(one) == before
    assert two.wait_for("pack/opened")["pack_hash"] == own


def test_a_request_is_for_the_pack_that_it_names(packs, panels):
    one, _ = panels
    first = one.call("pack/open", {"pack": packs[0]})["pack_hash"]
    second = one.call("pack/open", {"pack": packs[1]})["pack_hash"]
    late = {"picture": "p", "attachment": SIZE}
    assert one.refusal("picture/open", {**late, "pack_hash": first}, PICTURE)[1] == "other-pack"
    one.call("picture/open", {**late, "pack_hash": second}, PICTURE)
    one.call("core/unload")
    one.call("picture/open", {**late, "pack_hash": second}, PICTURE)
    assert one.refusal("picture/open", {**late, "pack_hash": []}, PICTURE)[1] == "bad-value"


def test_a_program_that_opened_no_pack_uses_the_one_that_is_open(packs, panels):
    one, two = panels
    one.call("pack/open", {"pack": packs[0]})
    two.call("picture/open", {"picture": "p", "attachment": SIZE}, PICTURE)


def test_a_projection_that_loses_its_pack_says_so(packs, panels):
    one, two = panels
    one.call("pack/open", {"pack": packs[0]})
    one.call("picture/open", {"picture": "p", "attachment": SIZE}, PICTURE)
    projection = one.ask("picture/project", {"picture": "p", "steps": 100_000, "seconds": 3600})
    one.wait_for("project/progress")
    two.call("pack/open", {"pack": packs[1]})
    assert one.answer(projection)[0]["error"]["data"]["kind"] == "other-pack"
