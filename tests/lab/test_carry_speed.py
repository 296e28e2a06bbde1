"""Timing carried edits: what is asked of a session, and what of it is measured. Nothing is timed here."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from anycost.core.editing.session import EditState, Session
from anycost.lab.bench import carry_speed
from anycost.models.pack import Pack


@pytest.fixture(scope="module")
def opened(faces_for_all: None) -> Session:
    pytest.importorskip("matplotlib")
    return Session(Pack.open("portraits"))


@pytest.fixture
def session(opened: Session) -> Session:
    """With the photograph open at half its size."""
    if carry_speed.NAME not in opened.pictures or opened.picture_size(carry_speed.NAME) != (256, 300):
        carry_speed.enlarged(opened, 0.5)
    return opened


@pytest.mark.slow
def test_each_value_is_drawn_while_dragging_and_fully(session: Session, monkeypatch: pytest.MonkeyPatch):
    asked: list[EditState] = []
    frames: list[EditState] = []
    render = session.render

    def recorded(state: EditState, stopped) -> Iterator:
        asked.append(state)
        for frame in render(state, stopped):
            frames.append(state)
            yield frame

    monkeypatch.setattr(session, "render", recorded)
    times = carry_speed.frame_times(session, {"smile": 1.0, "glasses": 1.0}, values=2)
    assert times.first.shape == times.last.shape == (2,)
    assert (times.first > 0).all()
    assert times.touch > 0
    rough, full = asked[::2], asked[1::2]
    assert {(state.quality, state.dragging) for state in rough} == {("auto", True)}
    assert {(state.quality, state.dragging) for state in full} == {("full", False)}
    values = [state.edits["smile"] for state in full]
    assert len(values) == 2 + carry_speed.WARM_UP
    assert all(0.5 <= value <= 1 and value != other for value, other in pairwise(values))
    assert all(frames.count(state) == 1 for state in rough)  # only the first counts


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux reports peak memory")
def test_apply_is_measured_where_the_picture_is_open(session: Session, monkeypatch: pytest.MonkeyPatch):
    block = np.zeros(0, np.uint8)

    def apply(*_) -> None:
        nonlocal block
        block = np.ones(50_000_000, np.uint8)

    monkeypatch.setattr(session, "apply", apply)
    found = carry_speed.applied(session, {"smile": 1.0})
    assert found.seconds > 0
    assert found.peak_bytes == pytest.approx(len(block), rel=0.2)


@pytest.mark.slow
def test_the_photograph_lies_in_the_middle_of_a_larger_one(session: Session):
    assert session.picture_size(carry_speed.NAME) == (256, 300)
    before = session.pictures[carry_speed.NAME].placement
    carry_speed.enlarged(session, 1.0, (1500, 1000))
    assert session.picture_size(carry_speed.NAME) == (1500, 1000)
    assert session.pictures[carry_speed.NAME].placement.size == pytest.approx(2 * before.size, rel=0.1)


def test_the_table_has_a_row_for_each_kind(monkeypatch: pytest.MonkeyPatch):
    times = carry_speed.FrameTimes(123.0, np.array([10.0, 20.0, 30.0]), np.array([40.0, 40.0, 40.0]))
    monkeypatch.setattr(carry_speed, "Session", lambda pack: None)
    monkeypatch.setattr(carry_speed, "enlarged", lambda *_: None)
    monkeypatch.setattr(carry_speed, "_square", lambda session: 512.0)
    monkeypatch.setattr(carry_speed, "frame_times", lambda session, edits: times)
    monkeypatch.setattr(carry_speed, "applied_afresh", lambda pack, kind: carry_speed.Applied(1.5, 2_000_000))
    lines = carry_speed.carry_speed("portraits").splitlines()
    assert lines[2] == "| moved: smile | 123 | 20 | 29 | 40 | 40 | 1.50 | 2 |"
    assert len(lines) == 2 + len(carry_speed.EDITS)
