"""Whether what this thread computes is still wanted: the worker says, long computations ask now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import CoreError

Stopped = Callable[[], bool]

ASK_EVERY = 0.002  # seconds, where another thread computes

_here = threading.local()


def not_wanted() -> CoreError:
    """Nobody waits for the answer any more."""
    return CoreError("cancelled", "This was cancelled.")


@contextmanager
def stopping(stopped: Stopped) -> Iterator[None]:
    """Within the block, `stopped()` tells whether this thread's work is no longer wanted."""
    before = getattr(_here, "stopped", None)
    _here.stopped = stopped
    try:
        yield
    finally:
        _here.stopped = before


def is_stopped() -> bool:
    """Whether this thread's work is no longer wanted; never, outside of such a block."""
    stopped = getattr(_here, "stopped", None)
    return stopped is not None and stopped()


def check_wanted() -> None:
    """Raises CoreError "cancelled" where this thread's work is no longer wanted."""
    if is_stopped():
        raise not_wanted()
