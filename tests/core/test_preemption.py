"""A newer edit or a cancel ends the running pass, on the rendering thread and over the socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from slow_pack import SIDE, STYLES, make_slow_pack
from wire import PATIENCE, Wire, private_home, running

from anycost.bridge import posix, protocol
from anycost.bridge.messages import EditState, Frame, Latents, OpenPicture, Progress, Region, RestorePicture
from anycost.core.errors import CoreError
from anycost.core.service.desk import Desk
from anycost.core.service.worker import Job, Worker

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 4), np.uint8)
PICTURE[..., 3] = 255
EYE = (0.25, 0.25, 0.375, 0.375)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_slow_pack(tmp_path_factory.mktemp("packs") / "slow")


@pytest.fixture
def latents() -> np.ndarray:
    return np.random.default_rng(1).normal(size=STYLES).astype("<f4")


# On the rendering thread


class Bench:
    """A worker and a desk with the picture "a" open; edits are drawn in full."""

    def __init__(self, pack: Path, latents: np.ndarray):
        self.worker = Worker()
        self.desk = Desk(str(pack), lambda words: None)
        self.frames: list[tuple[int, int]] = []  # stamp and pass
        self.on_frame: Callable[[int, int], None] = lambda stamp, index: None
        picture = OpenPicture("a", 64, 64, PICTURE.tobytes())
        self.worker.task(lambda job: self.desk.open(picture)).future.result(PATIENCE)
        projected = RestorePicture("a", Latents(latents.shape, latents.tobytes()))
        self.worker.task(lambda job: self.desk.restore(projected))

    def edit(self, stamp: int, region: Region | None = None) -> Job:
        state = EditState("a", stamp, {"smile": stamp / 10}, "full", region=region)
        return self.worker.edit("a", lambda job: self.desk.edit(state, job, self._seen))

    def passes(self, stamp: int) -> list[int]:
        return [index for other, index in self.frames if other == stamp]

    def _seen(self, message: Frame | Progress) -> None:
        assert isinstance(message, Frame)
        self.frames.append((message.stamp, message.index))
        self.on_frame(*self.frames[-1])


@pytest.fixture
def bench(pack: Path, latents: np.ndarray) -> Iterator[Bench]:
    bench = Bench(pack, latents)
    yield bench
    assert bench.worker.close(PATIENCE)


def test_a_newer_edit_ends_the_slow_pass_of_the_older(bench: Bench):
    jobs = []

    def on_frame(stamp: int, index: int) -> None:
        if stamp < 4:  # the next pass is slow; the artist is faster
            jobs.append(bench.edit(stamp + 1))
        else:
            bench.worker.cancel(jobs[-1])

    bench.on_frame = on_frame
    jobs.append(bench.edit(1))
    for stamp in (1, 2, 3):
        assert jobs[stamp - 1].future.result(PATIENCE) is False
    with pytest.raises(CoreError) as cancelled:
        jobs[3].future.result(PATIENCE)
    assert cancelled.value.kind == "cancelled"
    assert bench.frames == [(1, 1), (2, 1), (3, 1), (4, 1)]
    session = bench.desk._session
    assert session is not None
    assert session.timings.median(session.pack.ladder[-1]) is None  # it was never completed


@pytest.mark.slow
def test_a_newer_edit_ends_what_follows_the_region(bench: Bench):
    newer = []

    def on_frame(stamp: int, index: int) -> None:
        if (stamp, index) == (2, 2):
            newer.append(bench.edit(3, Region(*EYE)))
        if (stamp, index) == (3, 1):
            bench.worker.cancel(newer[0])

    bench.on_frame = on_frame
    assert bench.edit(1).future.result(PATIENCE) is True
    assert bench.edit(2, Region(*EYE)).future.result(PATIENCE) is False
    with pytest.raises(CoreError):
        newer[0].future.result(PATIENCE)
    assert [bench.passes(stamp) for stamp in (1, 2, 3)] == [[1, 2], [1, 2], [1]]


# Over the socket


@pytest.fixture
def wire(pack: Path, latents: np.ndarray, tmp_path: Path) -> Iterator[Wire]:
    """A connection to a separate core, with the picture "a" open."""
    with pytest.MonkeyPatch.context() as patch:
        private_home(tmp_path, patch)
        with running(), Wire(posix.socket_path()) as wire:
            wire.call("pack/open", {"pack": str(pack)})
            wire.call(
                "picture/open", {"picture": "a", "attachment": protocol.rgba8(64, 64)}, PICTURE.tobytes()
            )
            shape = protocol.f32(latents.shape)
            wire.call("picture/restore", {"picture": "a", "attachment": shape}, latents.tobytes())
            yield wire


def edit(stamp: int, **more: Any) -> dict[str, Any]:
    values = {"edits": {"smile": stamp / 10}, "quality": "full", "dragging": False}
    return {"picture": "a", "stamp": stamp, **values, **more}


def passes(wire: Wire, stamp: int) -> list[int]:
    return [frame["pass"] for frame in wire.frames() if frame["stamp"] == stamp]


@pytest.mark.slow
def test_edits_overtake_the_slow_pass_and_the_region_comes_before_it(wire: Wire):
    older = wire.ask("edit", edit(1))
    wire.wait_for("frame")
    newer = wire.ask("edit", edit(2))
    assert wire.answer(older)[0]["result"] == {"stamp": 1, "complete": False}
    if not passes(wire, 2):
        wire.wait_for("frame")
    wire.tell(protocol.cancel(newer))
    assert wire.answer(newer)[0]["error"]["data"]["kind"] == "cancelled"
    assert (passes(wire, 1), passes(wire, 2)) == ([1], [1])

    assert wire.call("edit", edit(3))["complete"]
    wire.notifications.clear()
    assert wire.call("edit", edit(4, region=list(EYE)))["complete"]
    frames = [(params, data) for method, params, data in wire.notifications if method == "frame"]
    (first, _), (part, pixels), (last, whole) = frames
    assert [first["whole"], part["whole"], last["whole"]] == [True, False, True]
    assert [frame["side"] for frame in (first, part, last)] == [128, 128, 128]
    assert (part["x"], part["y"], part["resolution"], part["pass"]) == (32, 32, SIDE, 2)
    assert protocol.described(part, pixels, "rgba8") == protocol.rgba8(16, 16)
    found = np.frombuffer(pixels, np.uint8).reshape(16, 16, 4).astype(int)
    square = np.frombuffer(whole, np.uint8).reshape(128, 128, 4)
    # at its edge, the rough pass around it says how far to draw
    assert np.abs(found - square[32:48, 32:48])[6:-6, 6:-6].max() <= 1
