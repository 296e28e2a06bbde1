"""Long work on the window's thread, a few milliseconds at a time between the program's own events."""

from __future__ import annotations

from typing import Callable, Generator, Generic, TypeVar

from .qt import QtCore
from .state.picture import HostError

Result = TypeVar("Result")
Steps = Generator[None, None, Result]  # yields where the program's events may come


class OneAtATime:
    """One layer comes into Krita's documents at a time. Krita handles timers while it adds one, and crashes
    where it is asked for layers then."""

    def __init__(self) -> None:
        self._taken = False

    def free(self) -> Steps[None]:
        """Steps until nobody adds one."""
        while self._taken:
            yield

    def __enter__(self) -> None:
        self._taken = True

    def __exit__(self, *_error: object) -> None:
        self._taken = False


class Slices(Generic[Result]):
    """Does steps until they return or raise HostError; then calls `done` with what they return, or `failed`
    with the error's sentence, once and never before this has returned."""

    def __init__(
        self,
        steps: Steps[Result],
        done: Callable[[Result], None],
        failed: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self._steps = steps
        self._done = done
        self._failed = failed
        self._go_on()

    def _go_on(self) -> None:
        QtCore.QTimer.singleShot(0, self._step)

    def _step(self) -> None:
        try:
            next(self._steps)
        except StopIteration as end:
            self._done(end.value)
        except HostError as error:
            self._failed(str(error))
        else:
            self._go_on()
