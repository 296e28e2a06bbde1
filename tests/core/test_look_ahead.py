"""What first touches of sliders would wait for is done while nobody works."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from known_face import portraits

from anycost.bridge.messages import EditState
from anycost.commands.demo import SAMPLE
from anycost.core.editing import own_gains
from anycost.core.editing.session import Session
from anycost.core.errors import CoreError
from anycost.core.files.pictures import read_picture
from anycost.core.service import service
from anycost.models.pack import Pack
from anycost.models.widths import SubGenerator

NAMES = ("smile", "skin_tone", "glasses")  # moved, tinted, drawn
PATIENCE = 300.0  # seconds


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def pack() -> Pack:
    few = replace(portraits(), directions=tuple(d for d in portraits().directions if d.name in NAMES))
    few.__dict__["bank"] = portraits().bank  # read before: its file has the others' effects, too
    return few


@pytest.fixture(scope="module")
def w(pack: Pack) -> np.ndarray:
    assert pack.bank is not None
    return np.tile(pack.bank.w[0], (pack.n_style, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def shared(pack: Pack, faces_for_all: None) -> Session:
    """Opening its networks takes seconds."""
    made = Session(pack)
    made.open("a", read_picture(SAMPLE))
    return made


@pytest.fixture
def session(shared: Session, w: np.ndarray) -> Session:
    """Nobody has touched a slider."""
    anew(shared, w)
    return shared


def anew(session: Session, w: np.ndarray) -> None:
    session.restore("a", w)
    session.pictures["a"].gains.clear()


def frames(session: Session) -> list[bytes]:
    """Both ends of every slider, each drawn to its end; how many passes that takes depends on the time."""
    found = []
    for direction in session.pack.directions:
        for value in filter(None, (direction.high, direction.low)):
            state = EditState("a", len(found) + 1, {direction.name: value}, "full")
            *_, last = session.render(state, never)
            found.append(last.rgba)
    return found


def known(session: Session) -> tuple[set[SubGenerator], set[tuple[str, int]]]:
    opened = session.pictures["a"]
    return set(opened.unedited), set(opened.gains)


def test_afterwards_a_first_touch_finds_out_nothing_and_draws_the_same(
    session: Session, pack: Pack, w: np.ndarray
):
    assert session.can_look_ahead
    session.look_ahead(never)
    assert not session.can_look_ahead
    ahead = known(session)
    assert ahead[0] == set(pack.ladder)
    assert ahead[1] >= {("smile", 0), ("smile", 1)}
    drawn = frames(session)
    assert known(session) == ahead
    anew(session, w)
    assert frames(session) == drawn
    assert known(session)[1] == ahead[1]


def test_it_ends_when_there_is_work_and_goes_on_later(session: Session):
    opened = session.pictures["a"]
    session.look_ahead(lambda: bool(opened.gains))
    assert session.can_look_ahead
    before = known(session)
    assert len(before[1]) == 1
    session.look_ahead(never)
    assert not session.can_look_ahead
    assert before[1] < known(session)[1]


def test_only_the_picture_that_was_used_last_is_looked_at(session: Session, w: np.ndarray):
    try:
        session.open("b", read_picture(SAMPLE))
        assert not session.can_look_ahead  # it is not projected
        session.look_ahead(never)
        session.restore("a", w)
        assert session.can_look_ahead
    finally:
        session.close("b")


def test_another_latent_is_looked_at_again_and_a_failure_is_not(
    session: Session, w: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    def failing(*_arguments: object) -> np.ndarray:
        raise CoreError("pack", "The networks are damaged.")

    with monkeypatch.context() as patch:
        patch.setattr(own_gains, "_measured", failing)
        session.look_ahead(never)
    assert not session.can_look_ahead
    session.restore("a", 0.9 * w)
    assert session.can_look_ahead


def test_a_core_does_it_in_pauses(session: Session):
    async def scenario() -> None:
        core = service.Service("unused", lambda: None)
        looking = asyncio.create_task(service.look_ahead_in_pauses(core, 0.02))
        await asyncio.sleep(0.1)
        assert not core.has_desk  # it loads no pack
        core.desk()._session = session  # nothing is asked of the worker yet
        await until(lambda: not session.can_look_ahead)
        assert not core.can_look_ahead
        looking.cancel()
        core.worker.close(PATIENCE)

    asyncio.run(scenario())


async def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
