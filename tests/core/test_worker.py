"""The rendering thread: what runs when, what is stopped, and that nothing kills the thread."""

from __future__ import annotations

import threading
import time

import pytest

from anycost.core.errors import CoreError
from anycost.core.service.worker import PATIENCE, Worker

WAIT = 300.0  # seconds after which a test fails


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    assert worker.close(WAIT)


class Gate:
    """A job that reports when it runs, then waits until it may continue."""

    def __init__(self):
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self, job):
        self.entered.set()
        assert self.open.wait(WAIT)
        return not job.stopped()


@pytest.fixture
def gate(worker):
    """Holds the worker until it opens."""
    gate = Gate()
    worker.task(gate)
    assert gate.entered.wait(WAIT)
    yield gate
    gate.open.set()


def test_tasks_run_in_order_on_one_thread(worker):
    seen = []
    jobs = [worker.task(lambda job, n=n: seen.append((n, threading.get_ident()))) for n in range(20)]
    jobs[-1].future.result(WAIT)
    assert [n for n, _ in seen] == list(range(20))
    assert {thread for _, thread in seen}.isdisjoint({threading.get_ident()})
    assert len({thread for _, thread in seen}) == 1


def test_the_newest_edit_of_a_picture_wins(worker, gate):
    drawn = []

    def draw(stamp):
        return lambda job: bool(drawn.append(stamp)) or not job.superseded

    old = [worker.edit("a", draw(stamp)) for stamp in range(5)]
    other = worker.edit("b", draw("b"))
    newest = worker.edit("a", draw(5))
    gate.open.set()
    assert newest.future.result(WAIT) is True
    assert other.future.result(WAIT) is True
    assert [job.future.result(WAIT) for job in old] == [False] * 5
    assert drawn == ["b", 5]


def test_an_edit_that_runs_is_told_to_stop(worker):
    running = Gate()
    old = worker.edit("a", running)
    assert running.entered.wait(WAIT)
    assert not old.stopped()
    newer = worker.edit("a", lambda job: True)
    assert old.stopped()
    running.open.set()
    assert old.future.result(WAIT) is False
    assert newer.future.result(WAIT) is True


def test_an_edit_waits_for_one_step_of_a_projection(worker):
    order = []
    reached, go_on = threading.Event(), threading.Event()

    def project(job):
        for step in range(6):
            order.append(step)
            if step == 2:
                reached.set()
                assert go_on.wait(WAIT)
            yield
        return "done"

    projection = worker.project(project)
    assert reached.wait(WAIT)
    edit = worker.edit("a", lambda job: bool(order.append("edit")) or True)
    go_on.set()
    assert edit.future.result(WAIT)
    assert projection.future.result(WAIT) == "done"
    assert order == [0, 1, 2, "edit", 3, 4, 5]


def test_projections_take_turns(worker, gate):
    order = []

    def project(name):
        def steps(job):
            for step in range(3):
                order.append((name, step))
                yield
            return name

        return steps

    jobs = [worker.project(project(name)) for name in "ab"]
    gate.open.set()
    assert [job.future.result(WAIT) for job in jobs] == ["a", "b"]
    assert order == [(name, step) for step in range(3) for name in "ab"]


def test_endless_edits_do_not_starve_a_projection(worker):
    def steps(job):
        yield
        return "done"

    def again(job):
        time.sleep(0.01)
        if not projection.future.done():
            worker.task(again)

    worker.task(lambda job: time.sleep(PATIENCE / 10))
    projection = worker.project(steps)
    worker.task(again)
    assert projection.future.result(WAIT) == "done"


def test_cancel_before_and_while_running(worker):
    running, ran = Gate(), []
    first = worker.task(lambda job: running(job) or job.check())
    assert running.entered.wait(WAIT)
    second = worker.task(lambda job: ran.append("second"))
    worker.cancel(second)
    worker.cancel(first)
    running.open.set()
    for job in (first, second):
        with pytest.raises(CoreError) as cancelled:
            job.future.result(WAIT)
        assert cancelled.value.kind == "cancelled"
    assert ran == []


def test_a_cancelled_projection_is_closed(worker):
    closed, begun = threading.Event(), threading.Event()

    def steps(job):
        try:
            while True:
                begun.set()
                yield
        finally:
            closed.set()

    job = worker.project(steps)
    assert begun.wait(WAIT)
    worker.cancel(job)
    with pytest.raises(CoreError):
        job.future.result(WAIT)
    assert closed.is_set()


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), SystemExit(3), KeyboardInterrupt()])
def test_exceptions_go_to_whoever_asked(worker, error):
    def fail(job):
        raise error

    def fail_later(job):
        yield
        raise error

    for job in (worker.task(fail), worker.project(fail_later)):
        received = job.future.exception(WAIT)
        assert isinstance(received, Exception)  # never one that would end an event loop
        assert received is error or repr(error) in str(received)
    assert worker.task(lambda job: "alive").future.result(WAIT) == "alive"


def test_idle_time_counts_from_the_last_work(worker, gate):
    assert worker.idle_seconds() == 0.0
    gate.open.set()
    worker.task(lambda job: None).future.result(WAIT)
    deadline = time.monotonic() + WAIT
    while worker.idle_seconds() == 0.0 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert worker.idle_seconds() > 0.0


def test_closing_ends_everything_that_was_asked():
    worker = Worker()
    gate = Gate()
    running = worker.task(gate)
    assert gate.entered.wait(WAIT)
    queued = worker.task(lambda job: "never")
    projection = worker.project(lambda job: (step for step in (None,)))
    assert not worker.close(0.01)
    gate.open.set()
    assert worker.close(WAIT)
    assert running.future.result(0) is False  # it was told to stop
    for job in (queued, projection, worker.task(lambda job: "too late")):
        with pytest.raises(CoreError):
            job.future.result(0)
