"""The whole core as a process, with a small pack: every method, and what happens on errors."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_face import portrait, with_colour_finder
from PIL import Image
from wire import PATIENCE, Wire, private_home, running

from anycost.bridge import messages, posix, protocol
from anycost.bridge.framing import encode
from anycost.bridge.messages import Placement
from anycost.core.errors import CoreError
from anycost.core.files.added_directions import put, remove
from anycost.core.service import service
from anycost.models.direction_file import DirectionFile
from anycost.models.manifest import PackError
from anycost.models.pack import Direction, Pack

PICTURE = portrait(Placement(150, 160, 150, 0), 320, 300)  # uint8 [300, 320, 4]
DRAFT = {"edits": {}, "quality": "draft", "dragging": False}
FULL = {"edits": {"smile": 0.5, "age": -0.25}, "quality": "full", "dragging": False}


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        private_home(folder, patch)
        yield folder


@pytest.fixture(scope="module")
def pack(tiny_pack, tmp_path_factory):
    """The tiny pack, with a finder that sees the drawn portrait."""
    return with_colour_finder(tiny_pack, tmp_path_factory.mktemp("seeing") / "tiny")


@pytest.fixture(scope="module")
def core(home):
    """One core for all tests; the first test that opens the pack waits for it."""
    with running() as process:
        yield process


@pytest.fixture
def wire(core, pack):
    with Wire(posix.socket_path()) as wire:
        wire.pack = wire.call("pack/open", {"pack": str(pack)})
        yield wire


@pytest.fixture
def other(core):
    with Wire(posix.socket_path()) as wire:
        yield wire


def opened(wire: Wire, picture: str, rgba: np.ndarray = PICTURE) -> dict:
    height, width = rgba.shape[:2]
    params = {"picture": picture, "attachment": protocol.rgba8(width, height)}
    return wire.call("picture/open", params, rgba.tobytes())["placement"]


def projected(wire: Wire, picture: str, steps: int = 1) -> bytes:
    """Open and project a picture; return its latents."""
    opened(wire, picture)
    message, latents = wire.answer(wire.ask("picture/project", {"picture": picture, "steps": steps}))
    assert message["result"]["stopped"] == "done"
    wire.notifications.clear()
    return latents


def drawn(wire: Wire, picture: str, stamp: int, state: dict = FULL) -> bytes:
    """Return the last frame of an edit."""
    wire.notifications.clear()
    assert wire.call("edit", {"picture": picture, "stamp": stamp, **state})["complete"]
    return wire.notifications[-1][2]


def test_loading_is_told_in_words(core, pack):
    with Wire(posix.socket_path()) as wire:
        wire.call("pack/open", {"pack": str(pack)})
        texts = [params["text"] for method, params, _ in wire.notifications if method == "core/state"]
    assert texts[0] == "Loading model 1/3"
    assert texts[-1] == "Ready"


def test_a_pack_describes_itself(wire):
    assert (wire.pack["name"], wire.pack["title"], wire.pack["resolution"]) == ("tiny", "Tiny", 32)
    assert wire.pack["directions"][0] == {
        "name": "smile",
        "label": "Smile",
        "group": "Test",
        "low": -1.0,
        "high": 1.0,
        "tip": "",
        "default": 0.0,
        "heading": "",
    }
    assert wire.pack["problems"] == []
    assert [rung["resolution"] for rung in wire.pack["rungs"]] == [8, 16, 32]
    assert all(rung["macs"] > 0 and rung["channels"] for rung in wire.pack["rungs"])
    assert wire.pack["loss"]
    assert isinstance(wire.pack["packs"], list)


def test_an_added_direction_shows_without_a_restart_and_pictures_stay_open(wire, pack):
    projected(wire, "added")
    before = drawn(wire, "added", 1, {**FULL, "edits": {"smile": 0.5}})
    own = Pack.open(pack)
    step = np.full((own.n_style, own.style_dim), 0.3, np.float32)
    said = {"tip": "Closes one eye", "translations": {"de": {"label": "Zwinkern", "group": "Neu"}}}
    wink = Direction("wink", "Wink", "Added", -1.0, 1.0, step, default=0.5, **said)
    broken = put(own, DirectionFile(replace(wink, name="broken", vector=step[1:]), author="Ann"))
    told = 0
    while not told:  # the core looks every other second, and must have looked once before
        put(own, DirectionFile(wink, order=told + 1.5))
        wire.call("core/status")
        told = sum(method == "packs/changed" for method, _, _ in wire.notifications)
        time.sleep(0.2)
    again = wire.call("pack/open", {"pack": str(pack), "language": "de_CH"})
    assert [direction["name"] for direction in again["directions"]] == ["smile", "wink", "age"]
    wink = again["directions"][1]
    shown = tuple(wink[key] for key in ("label", "group", "heading", "tip", "default"))
    assert shown == ("Zwinkern", "Added", "Neu", "Closes one eye", 0.5)
    plain = wire.call("pack/open", {"pack": str(pack), "language": "fr"})["directions"][1]
    assert plain == wink | {"label": "Wink", "heading": ""}
    (problem,) = again["problems"]
    assert "broken.safetensors" in problem
    assert "by Ann" in problem
    assert drawn(wire, "added", 2, {**FULL, "edits": {"smile": 0.5}}) == before
    assert drawn(wire, "added", 3, {**FULL, "edits": {"wink": 1.0}}) != before
    broken.unlink()
    remove("tiny", "wink")
    assert wire.call("pack/open", {"pack": str(pack)})["directions"] == wire.pack["directions"]
    message, _ = wire.answer(
        wire.ask("edit", {"picture": "added", "stamp": 4, **FULL, "edits": {"wink": 1.0}})
    )
    assert message["error"]["data"]["kind"] == "unknown-direction"


def test_every_face_of_a_picture_is_listed_and_can_be_opened(wire):
    two = np.concatenate([PICTURE, PICTURE], axis=1)  # [300, 640, 4]
    params = {"attachment": protocol.rgba8(640, 300)}
    found = wire.call("picture/faces", params, two.tobytes())
    first, second = found["faces"]
    assert first["eyes"][0][0] + 320 == pytest.approx(second["eyes"][0][0], abs=3)
    assert "anycost weights get faces" in found["advice"]
    for face in (first, second):
        place = {"eyes": face["eyes"], "mouth": face["mouth"]}
        opened = wire.call("picture/open", {"picture": "f", "face": place, **params}, two.tobytes())
        assert opened["placement"]["x"] == pytest.approx(np.mean(place["eyes"], axis=0)[0], abs=5)


def test_a_picture_without_faces_is_no_error(wire):
    params = {"attachment": protocol.rgba8(64, 64)}
    assert wire.call("picture/faces", params, bytes([255]) * 64 * 64 * 4)["faces"] == []


def test_a_pack_that_is_loaded_is_not_loaded_again(wire, pack):
    wire.notifications.clear()
    assert wire.call("pack/open", {"pack": str(pack)}) == wire.pack
    assert "Loading model 3/3" not in [params.get("text") for _, params, _ in wire.notifications]


def test_the_walk_of_one_edit(wire):
    placement = opened(wire, "a")
    assert np.hypot(placement["x"] - 150, placement["y"] - 160) < 2
    assert placement["size"] == pytest.approx(150, rel=0.03)

    message, latents = wire.answer(wire.ask("picture/project", {"picture": "a", "steps": 3}))
    result = message["result"]
    assert (result["stopped"], result["step"]) == ("done", 3)
    assert protocol.described(result, latents, "f32")["shape"] == [8, 16]
    progress = [params for method, params, _ in wire.notifications if method == "project/progress"]
    assert [params["step"] for params in progress] == [0, 1, 2, 3]
    assert progress[-1]["loss"] == result["loss"]
    assert progress[0]["stage"] == "encoder"
    previews = wire.frames()
    assert previews
    assert {(params["picture"], params["stamp"]) for params in previews} == {("a", 0)}

    wire.notifications.clear()
    assert wire.call("edit", {"picture": "a", "stamp": 1, **FULL}) == {"stamp": 1, "complete": True}
    passes = [(params, data) for method, params, data in wire.notifications if method == "frame"]
    assert [params["pass"] for params, _ in passes] == list(range(1, len(passes) + 1))
    last, pixels = passes[-1]
    assert (last["passes"], last["resolution"], last["stamp"]) == (len(passes), 32, 1)
    assert last["side"] == pytest.approx(150, rel=0.03)
    assert protocol.described(last, pixels, "rgba8") == protocol.rgba8(last["side"], last["side"])
    assert {0, 255} <= set(pixels[3::4])  # what the edit has left alone, and what it has changed

    assert wire.refusal("picture/apply", {"picture": "a", "edits": {"smile": 0}})[1] == "no-change"
    message, layer = wire.answer(wire.ask("picture/apply", {"picture": "a", "edits": FULL["edits"]}))
    result = message["result"]
    size = protocol.described(result, layer, "rgba8")
    assert 0 <= result["x"] <= 320 - size["width"]
    assert 0 <= result["y"] <= 300 - size["height"]
    pixels = np.frombuffer(layer, np.uint8).reshape(size["height"], size["width"], 4)
    below = PICTURE[result["y"] : result["y"] + size["height"], result["x"] : result["x"] + size["width"]]
    assert set(np.unique(pixels[..., 3])) <= {0, 255}
    assert (pixels != below).any(axis=2)[pixels[..., 3] == 255].all()  # what did not change is left out

    assert wire.call("picture/close", {"picture": "a"}) == {}
    assert wire.refusal("edit", {"picture": "a", "stamp": 2, **FULL})[1] == "unknown-picture"


def test_latents_bring_a_projection_back(wire, other):
    latents = projected(wire, "a", steps=2)
    face = drawn(wire, "a", 1)
    opened(other, "b")
    other.call("picture/restore", {"picture": "b", "attachment": protocol.f32([8, 16])}, latents)
    assert drawn(other, "b", 1) == face


def test_pictures_of_two_connections_are_two(wire, other):
    projected(wire, "a")
    assert other.refusal("edit", {"picture": "a", "stamp": 1, **DRAFT})[1] == "unknown-picture"
    opened(other, "a")
    assert other.refusal("edit", {"picture": "a", "stamp": 1, **DRAFT})[1] == "not-projected"
    drawn(wire, "a", 1)


def test_a_thumbnail_leaves_the_newest_edit_alone_and_mixes_only_own_pictures(wire, other):
    projected(wire, "face")
    projected(wire, "second")
    before = drawn(wire, "face", 1)

    def small(by: Wire, **changes) -> tuple[dict, bytes]:
        asked = {"picture": "face", "edits": {"smile": 1.0}, "side": 16, "quality": "draft", **changes}
        return by.answer(by.ask("picture/thumbnail", asked))

    message, alone = small(wire)
    assert message["result"] == {"attachment": protocol.rgba8(16, 16)}
    assert drawn(wire, "face", 1) == before
    made_up = {"picture": None, "seed": 5, "coarse": 1.0, "middle": 1.0, "fine": 1.0}
    _, with_seed = small(wire, mix=made_up)
    assert with_seed == small(wire, mix=made_up)[1] != alone
    of_second = {**made_up, "picture": "second", "seed": None}
    assert "result" in small(wire, mix=of_second)[0]
    message, _ = small(other, mix=of_second)
    assert message["error"]["data"]["kind"] == "unknown-picture"  # each connection has its own
    message, _ = small(wire, mix={**of_second, "picture": "third"})
    assert message["error"]["data"]["kind"] == "unknown-picture"


def test_the_newest_edit_wins(wire):
    projected(wire, "a")
    requests = [protocol.request(100 + n, "edit", {"picture": "a", "stamp": n, **FULL}) for n in range(1, 31)]
    wire.socket.sendall(b"".join(map(encode, requests)))
    replies = [wire.answer(100 + n)[0]["result"] for n in range(1, 31)]
    assert [reply["stamp"] for reply in replies] == list(range(1, 31))
    assert replies[-1]["complete"]
    assert not all(reply["complete"] for reply in replies)
    stamps = [params["stamp"] for params in wire.frames()]
    assert stamps == sorted(stamps)
    assert (wire.frames()[-1]["stamp"], wire.frames()[-1]["resolution"]) == (30, 32)
    wire.notifications.clear()
    assert wire.call("edit", {"picture": "a", "stamp": 29, **FULL}) == {"stamp": 29, "complete": False}
    assert not wire.frames()


def test_edits_are_answered_while_a_projection_runs(wire):
    opened(wire, "a")
    projection = wire.ask("picture/project", {"picture": "a", "steps": 10_000, "seconds": 60})
    wire.wait_for("project/progress")
    state = {**DRAFT, "edits": {"smile": 0.5}}
    for stamp in (1, 2, 3):
        edit = wire.ask("edit", {"picture": "a", "stamp": stamp, **state})
        while (message := wire.receive()[0]).get("id") != edit:  # and not the projection's end
            assert "method" in message
        assert message["result"] == {"stamp": stamp, "complete": True}
    wire.notifications.clear()
    wire.wait_for("frame")  # the projection draws it, with the newest edit
    assert wire.frames()[-1]["stamp"] == 3
    wire.tell(protocol.cancel(projection))
    assert wire.answer(projection)[0]["error"]["data"]["kind"] == "cancelled"
    drawn(wire, "a", 4)  # the best latent so far is kept


def test_a_picture_is_projected_once_at_a_time(wire):
    opened(wire, "a")
    projection = wire.ask("picture/project", {"picture": "a", "steps": 10_000})
    wire.wait_for("project/progress")
    assert wire.refusal("picture/project", {"picture": "a"})[1] == "busy"
    wire.tell(protocol.cancel(projection))
    assert wire.answer(projection)[0]["error"]["data"]["kind"] == "cancelled"
    projected(wire, "a")


def test_a_request_and_its_cancel_in_one_piece(wire):
    opened(wire, "a")
    request = protocol.request(900, "picture/project", {"picture": "a", "steps": 10_000})
    wire.socket.sendall(encode(request) + encode(protocol.cancel(900)))
    assert wire.answer(900)[0]["error"]["data"]["kind"] == "cancelled"


def test_a_client_that_vanishes_takes_its_projection_along(wire):
    before = wire.call("core/status")["pictures"]
    with Wire(posix.socket_path()) as vanishing:
        opened(vanishing, "a")
        vanishing.ask("picture/project", {"picture": "a", "steps": 10_000})
        vanishing.wait_for("project/progress")
        assert wire.call("core/status")["pictures"] == before + 1
    projected(wire, "b")  # after the worker's remaining jobs
    assert wire.call("core/status")["pictures"] == before + 1


def test_another_pack_takes_the_place_of_the_first(wire, other, pack, tmp_path):
    opened(wire, "a")
    projection = wire.ask("picture/project", {"picture": "a", "steps": 10_000})
    wire.wait_for("project/progress")
    second = with_colour_finder(pack, tmp_path / "second")
    other.call("pack/open", {"pack": str(second)})
    error = wire.answer(projection)[0]["error"]
    assert (error["code"], error["data"]["kind"]) == (protocol.CORE_ERROR, "other-pack")
    assert wire.refusal("edit", {"picture": "a", "stamp": 1, **DRAFT})[1] == "unknown-picture"


def test_a_pack_that_cannot_be_opened_leaves_the_other_in_place(wire, tmp_path):
    projected(wire, "a")
    face = drawn(wire, "a", 1)
    code, kind, message = wire.refusal("pack/open", {"pack": str(tmp_path)})
    assert (code, kind) == (protocol.CORE_ERROR, "pack")
    assert str(tmp_path) in message
    assert wire.refusal("pack/open", {"pack": "no such pack"})[1] == "pack"
    assert drawn(wire, "a", 2) == face


def test_an_unloaded_model_comes_back_with_the_next_edit(wire):
    projected(wire, "a")
    face = drawn(wire, "a", 1)
    assert wire.call("core/unload") == {}
    status = wire.call("core/status")
    assert (status["loaded"], status["pack"], status["resident_bytes"] > 1 << 20) == (False, "tiny", True)
    assert drawn(wire, "a", 2) == face
    assert wire.call("core/status")["loaded"]
    wire.call("core/unload")
    wire.call("picture/close", {"picture": "a"})
    assert wire.refusal("edit", {"picture": "a", "stamp": 3, **DRAFT})[1] == "unknown-picture"


def test_a_peer_that_does_not_read_gets_the_newest_frames(wire):
    """It is sent far more than the socket holds, and loses only frames that newer ones replaced."""
    projected(wire, "a")
    numbers = range(1000, 1400)
    requests = [protocol.request(n, "edit", {"picture": "a", "stamp": n, **FULL}) for n in numbers]
    sender = threading.Thread(target=lambda: [wire.socket.sendall(encode(request)) for request in requests])
    sender.start()
    with Wire(posix.socket_path()) as reader:
        for _ in range(50):  # meanwhile others are served
            reader.call("core/status")
        projected(reader, "b")
    answers = {}
    while len(answers) < len(numbers):
        message, attachment = wire.receive()
        if "method" in message:
            wire.notifications.append((message["method"], message["params"], attachment))
        else:
            answers[message["id"]] = message
    sender.join(PATIENCE)
    complete = [n for n in numbers if answers[n].get("result", {}).get("complete")]
    refused = {answers[n]["error"]["data"]["kind"] for n in numbers if "error" in answers[n]}
    assert refused <= {"busy"}
    assert wire.frames()[-1]["stamp"] == complete[-1]
    assert wire.frames()[-1]["resolution"] == 32


GOOD_OPEN = {"picture": "v", "attachment": protocol.rgba8(4, 2)}
GOOD_EDIT = {"picture": "v", "stamp": 1, **DRAFT}


@pytest.mark.parametrize(
    ("method", "params", "data"),
    [
        ("pack/open", {"pack": 5}, b""),
        ("pack/open", {"pack": ""}, b""),
        ("pack/open", {"pack": "x" * 5000}, b""),
        ("picture/open", {}, bytes(32)),
        ("picture/open", {**GOOD_OPEN, "picture": ["v"]}, bytes(32)),
        ("picture/open", {**GOOD_OPEN, "picture": "v" * 300}, bytes(32)),
        ("picture/open", GOOD_OPEN, bytes(31)),
        ("picture/open", GOOD_OPEN, b""),
        ("picture/open", {"picture": "v"}, bytes(32)),
        ("picture/open", {"picture": "v", "attachment": protocol.f32([4, 2])}, bytes(32)),
        ("picture/open", {"picture": "v", "attachment": protocol.rgba8(16385, 1)}, bytes(16385 * 4)),
        ("picture/open", {"picture": "v", "attachment": protocol.rgba8(16384, 16384)}, bytes(32)),
        ("picture/project", {"picture": "v", "steps": 0}, b""),
        ("picture/project", {"picture": "v", "steps": 1.5}, b""),
        ("picture/project", {"picture": "v", "seconds": -1}, b""),
        ("picture/project", {"picture": "v", "seconds": "1"}, b""),
        ("picture/restore", {"picture": "v"}, b""),
        ("picture/restore", {"picture": "v", "attachment": protocol.rgba8(8, 16)}, bytes(512)),
        ("edit", {**GOOD_EDIT, "stamp": -1}, b""),
        ("edit", {**GOOD_EDIT, "stamp": True}, b""),
        ("edit", {**GOOD_EDIT, "stamp": 2**53}, b""),
        ("edit", {**GOOD_EDIT, "edits": [["smile", 1]]}, b""),
        ("edit", {**GOOD_EDIT, "edits": {"smile": "1"}}, b""),
        ("edit", {**GOOD_EDIT, "edits": {"smile": True}}, b""),
        ("edit", {**GOOD_EDIT, "edits": {str(n): 0 for n in range(300)}}, b""),
        ("edit", {**GOOD_EDIT, "quality": "best"}, b""),
        ("edit", {**GOOD_EDIT, "quality": ["draft"]}, b""),
        ("edit", {**GOOD_EDIT, "dragging": 1}, b""),
        ("edit", {**GOOD_EDIT, "region": [0.1, 0.1, 0.2]}, b""),
        ("edit", {**GOOD_EDIT, "region": {"left": 0.1}}, b""),
        ("edit", {**GOOD_EDIT, "region": [0.1, 0.1, 0.1, 0.2]}, b""),
        ("edit", {**GOOD_EDIT, "region": [0.2, 0.1, 0.1, 0.2]}, b""),
        ("edit", {**GOOD_EDIT, "region": [-0.1, 0.1, 0.2, 0.2]}, b""),
        ("edit", {**GOOD_EDIT, "region": [0.1, 0.1, 0.2, 1.5]}, b""),
        ("edit", {**GOOD_EDIT, "region": [0, 0, True, 1]}, b""),
        ("edit", {**GOOD_EDIT, "region": ["0", "0", "1", "1"]}, b""),
        ("edit", {**GOOD_EDIT, "frame_ms": 0}, b""),
        ("edit", {**GOOD_EDIT, "frame_ms": 1e9}, b""),
        ("edit", {**GOOD_EDIT, "frame_ms": "33"}, b""),
        ("picture/apply", {"picture": "v"}, b""),
    ],
)
def test_wrong_parameters_are_refused(wire, method, params, data):
    code, kind, message = wire.refusal(method, params, data)
    assert (code, kind) == (protocol.INVALID_PARAMS, "bad-value")
    assert message.endswith(".")


def test_what_a_pack_or_picture_does_not_allow(wire):
    grey = np.full((64, 64, 4), 128, np.uint8)
    size = {"picture": "g", "attachment": protocol.rgba8(64, 64)}
    assert wire.refusal("picture/open", size, grey.tobytes())[1] == "no-face"
    assert wire.refusal("picture/open", size, bytes(64 * 64 * 4))[1] == "bad-picture"
    assert wire.refusal("picture/project", {"picture": "g"})[1] == "unknown-picture"
    projected(wire, "a")
    for edits, kind in (({"wings": 1.0}, "unknown-direction"), ({"smile": 1e6}, "bad-value")):
        assert wire.refusal("edit", {**GOOD_EDIT, "picture": "a", "edits": edits})[:2] == (-32000, kind)
        assert wire.refusal("picture/apply", {"picture": "a", "edits": edits})[1] == kind
    for shape in ([16, 8], [128], [8, 16]):
        attachment = {"picture": "a", "attachment": protocol.f32(shape)}
        data = np.full(shape, np.nan, "<f4").tobytes()
        assert wire.refusal("picture/restore", attachment, data)[1] == "bad-value"
    assert projected(wire, "a")


def test_an_edit_that_was_refused_does_not_spoil_a_projection(wire):
    opened(wire, "a")
    wire.refusal("edit", {"picture": "a", "stamp": 5, **DRAFT, "edits": {"wings": 1.0}})
    projected(wire, "a", steps=2)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (CoreError("no-face", "No face here."), "no-face", "No face here."),
        (PackError("The pack is broken."), "pack", "The pack is broken."),
        (MemoryError(), "no-space", "not enough memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "no-space", "memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "no-space", "memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "no-space", "disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "no-space", "disk is full"),
        (ImportError("No module named torch"), "internal", "install Anycost again"),
        (ZeroDivisionError("surprise"), "internal", "core.log"),
    ],
)
def test_every_exception_has_its_sentence(error, kind, words):
    refused = service.refusal(error)
    assert (refused.code, refused.kind) == (protocol.CORE_ERROR, kind)
    assert words in refused.message


def test_a_core_killed_while_it_works_is_noticed(tmp_path, pack):
    tmp_path.chmod(0o700)
    path = str(tmp_path / "own.sock")
    with running(path) as process, Wire(path) as wire:
        wire.ask("pack/open", {"pack": str(pack)})
        assert wire.wait_for("core/state")["text"].startswith("Loading")
        process.send_signal(signal.SIGKILL)
        with pytest.raises((EOFError, ConnectionError)):
            wire.receive()


def test_a_core_leaves_in_the_middle_of_its_work(tmp_path, pack):
    tmp_path.chmod(0o700)
    path = str(tmp_path / "own.sock")
    with running(path) as process, Wire(path) as wire:
        wire.ask("pack/open", {"pack": str(pack)})
        wire.wait_for("core/state")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert not os.path.exists(path)


def test_an_idle_core_gives_the_models_memory_back(pack):
    async def scenario():
        core = service.Service(str(pack), lambda: None)
        await asyncio.wrap_future(core.worker.task(lambda job: core.desk().open_pack(str(pack))).future)
        assert core.desk().loaded
        resting = asyncio.create_task(service.rest_when_idle(core, 0.02))
        end = time.monotonic() + PATIENCE
        while core.desk().loaded:
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
        resting.cancel()
        core.worker.close(PATIENCE)

    asyncio.run(scenario())


def test_a_calm_core_measures_its_engines_once(pack, home):
    """Requests that come meanwhile go first; the artist hears nothing of it."""

    async def scenario():
        core = service.Service(str(pack), lambda: None)
        told = []
        core.announce = told.append
        measuring = asyncio.create_task(service.calibrate_when_calm(core, 0.02))
        await asyncio.sleep(0.1)
        assert told == []  # it loads no pack
        await asyncio.wrap_future(core.worker.task(lambda job: core.desk().open_pack(str(pack))).future)
        end = time.monotonic() + PATIENCE
        while core.wants_calibration:
            assert time.monotonic() < end
            task = core.worker.task(lambda job: "asked for")
            assert await asyncio.wrap_future(task.future) == "asked for"
            await asyncio.sleep(0.3)
        measuring.cancel()
        core.worker.close(PATIENCE)
        return told

    told = asyncio.run(scenario())
    assert told.count("Ready") == 1
    assert told[-1] == "Ready"  # from opening the pack


def test_the_example_of_the_documentation_runs(wire, pack, tmp_path):
    page = Path(service.__file__).parents[2] / "docs" / "protocol.md"
    (example,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    (tmp_path / "panel.py").write_text(example)
    Image.fromarray(PICTURE).save(tmp_path / "in.png")
    command = [sys.executable, "panel.py", "in.png", "layer.png", str(pack)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("a layer at ")
    assert "step 1 of" in done.stdout
    with Image.open(tmp_path / "layer.png") as layer:
        assert layer.mode == "RGBA"
        assert layer.getchannel("A").getextrema() == (0, 255)


def test_the_ten_lines_of_the_documentation_run(wire, tmp_path):
    page = Path(service.__file__).parents[2] / "docs" / "directions.md"
    (client,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    lines = [line for line in client.splitlines() if line]
    assert len(lines) == 10
    Image.fromarray(PICTURE).save(tmp_path / "in.png")
    command = [sys.executable, "-c", client.replace('"seconds": 10', '"steps": 1')]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "out.png") as out:
        assert (np.array(out.convert("RGBA")) != PICTURE).any()


def test_the_documentation_names_everything():
    page = (Path(service.__file__).parents[2] / "docs" / "protocol.md").read_text()
    told = set(re.findall(r"`([a-z/$-]+)`", page))
    core = service.Service("portraits", lambda: None)
    assert {*core.capabilities, "hello", *protocol.KINDS, *messages.QUALITIES} <= told
    core.worker.close(PATIENCE)
