"""The one thread that renders. It runs tasks in turn; projections give way to them after every step."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

from ..errors import CoreError
from ..stopping import not_wanted, stopping

PATIENCE = 0.5  # seconds that a projection waits during endless edits before it gets a step


class Job:
    """Requested work. `future` brings what it returned or the exception that it raised."""

    def __init__(self, run: Callable[[Job], Any], picture: str | None = None):
        self.picture = picture  # of an edit; a newer edit of the same picture replaces this one
        self.cancelled = False  # nobody waits for the answer any more
        self.superseded = False  # a newer edit state is waiting
        self.future: Future[Any] = Future()
        self.future.set_running_or_notify_cancel()  # only the worker ends it, never the event loop that waits
        self._run = run

    def stopped(self) -> bool:
        """What a renderer asks between two generator blocks, and a network while it runs."""
        return self.cancelled or self.superseded

    def check(self) -> None:
        """Raises CoreError "cancelled" once nobody waits for the answer."""
        if self.cancelled:
            raise not_wanted()

    def advance(self) -> bool:
        """Does the work, or one step of it; True when it has ended."""
        self.future.set_result(self._unless_superseded())
        return True

    def _unless_superseded(self) -> Any:
        try:
            return False if self.superseded else self._run(self)
        except CoreError as error:
            if error.kind == "cancelled" and self.superseded and not self.cancelled:
                return False  # the newer one stopped it in the middle
            raise

    def abandon(self) -> None:
        """Releases what a job holds that is cancelled halfway."""


class Projection(Job):
    """A job whose run is a generator of short steps; `future` brings what the generator returns."""

    def __init__(self, run: Callable[[Job], Generator[None, None, Any]]):
        super().__init__(run)
        self.stepped_at = time.monotonic()
        self._steps: Generator[None, None, Any] | None = None

    def advance(self) -> bool:
        self._steps = steps = self._steps or self._run(self)
        try:
            next(steps)
        except StopIteration as end:
            self.future.set_result(end.value)
            return True
        self.stepped_at = time.monotonic()
        return False

    def abandon(self) -> None:
        if self._steps is not None:
            self._steps.close()


class Worker:
    """Runs jobs on its own thread, in the order they came. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._tasks: deque[Job] = deque()
        self._projections: deque[Projection] = deque()  # the next one comes first
        self._running: Job | None = None
        self._idle_since = time.monotonic()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="render", daemon=True)
        self._thread.start()

    def task(self, run: Callable[[Job], Any]) -> Job:
        """Runs `run(job)` once. A long one should ask `job.stopped` now and then."""
        return self._add(self._tasks, Job(run))

    def edit(self, picture: str, run: Callable[[Job], bool]) -> Job:
        """The same for the newest edit of `picture`. Older ones stop; those not begun return False."""
        job = Job(run, picture)
        with self._changed:
            for older in [*self._tasks, self._running]:
                if older is not None and older.picture == picture:
                    older.superseded = True
            return self._add(self._tasks, job)

    def project(self, run: Callable[[Job], Generator[None, None, Any]]) -> Job:
        """Runs the generator `run(job)` step by step, between tasks."""
        return self._add(self._projections, Projection(run))

    def cancel(self, job: Job) -> None:
        """Makes `job` end soon: before it begins, or at its next step."""
        with self._changed:
            job.cancelled = True
            self._changed.notify()

    @property
    def work_waits(self) -> bool:
        """Whether anything is to be done after the current job."""
        return bool(self._tasks or self._projections)

    def idle_seconds(self) -> float:
        """How long there has been nothing to do."""
        with self._changed:
            busy = self._running or self._tasks or self._projections
            return 0.0 if busy else time.monotonic() - self._idle_since

    def close(self, seconds: float) -> bool:
        """Cancels every job and ends the thread; False when it is still busy after `seconds`."""
        with self._changed:
            self._closed = True
            for job in [*self._tasks, *self._projections, self._running]:
                if job is not None:
                    job.cancelled = True
            self._changed.notify()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _add(self, queue: deque[Any], job: Job) -> Job:
        with self._changed:
            if self._closed:
                job.future.set_exception(CoreError("cancelled", "The core is leaving."))
            else:
                queue.append(job)
                self._changed.notify()
        return job

    def _work(self) -> None:
        while True:
            with self._changed:
                self._running = None
                self._idle_since = time.monotonic()
                self._changed.wait_for(lambda: self._tasks or self._projections or self._closed)
                if not self._tasks and not self._projections:
                    return
                self._running = job = self._next()
            if not _advance(job):
                assert isinstance(job, Projection)
                with self._changed:
                    self._projections.append(job)

    def _next(self) -> Job:
        """The next job: first what was cancelled, then tasks, then projections in turn."""
        for job in [*self._tasks, *self._projections]:
            if job.cancelled:
                (self._projections if isinstance(job, Projection) else self._tasks).remove(job)
                return job
        first = self._projections[0] if self._projections else None
        if first and (not self._tasks or time.monotonic() - first.stepped_at > PATIENCE):
            return self._projections.popleft()
        return self._tasks.popleft()


def _advance(job: Job) -> bool:
    try:
        if job.cancelled:
            job.abandon()
            job.check()
        with stopping(job.stopped):
            return job.advance()
    except BaseException as error:  # errors are data: they go to whoever asked, and the thread lives on
        sudden = not isinstance(error, Exception)  # SystemExit would end the event loop that waits for this
        job.future.set_exception(RuntimeError(repr(error)) if sudden else error)
        return True
