"""Runs functions of ours on files that nobody vouches for, in a process that has limits, as browsers do.

A decoder that runs wild then takes its own process along and nothing else. Only plain values come back: see
plain_values.py. The other end is sandbox_child.py.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Optional

from .launch import core_environment
from .plain_values import WrongValue, receive, send

MiB = 1 << 20
LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class SandboxLimits:
    """What a sandbox may use. On Windows only `patience` and `answer` hold, on macOS all but `memory`."""

    memory: int = 1024 * MiB  # bytes
    seconds: int = 10  # of a processor, for one call
    patience: float = 60.0  # seconds until a call is ended, whatever it does
    written: int = 0  # bytes of the largest file that it may write
    answer: int = 512 * MiB  # bytes of one


class Refusal(Exception):
    """The function raised an error of ours: its kind and its sentence."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind
        self.message = message


class Breakage(Exception):
    """The call came to no end of its own. The text fits after a file's name: "cannot be read: it takes…"."""


class Sandbox:
    """A process for one call after the other, from any thread. It starts with the first and lives on.

    After a call that broke it, the next one starts another.
    """

    def __init__(self, limits: SandboxLimits, python: str = sys.executable):
        self.limits = limits
        self._python = python
        self._process: Optional[subprocess.Popen] = None
        self._turn = threading.Lock()

    def call(self, function: str, *arguments: Any) -> Any:
        """What "package.module:function" returns for these plain arguments.

        Refusal for an error of ours, Breakage for everything else.
        """
        with self._turn:
            process, late = self._running(), threading.Event()
            end = threading.Timer(self.limits.patience, lambda: (late.set(), process.kill()))
            end.daemon = True
            end.start()
            try:
                send(process.stdin, [function, *arguments])  # type: ignore[arg-type]
                return _result(receive(process.stdout, self.limits.answer))  # type: ignore[arg-type]
            except (Refusal, Breakage):
                raise
            except (EOFError, OSError, WrongValue):
                self._end()
                raise Breakage(self._why(process.returncode, late.is_set())) from None
            except BaseException:  # such as KeyboardInterrupt: nobody would fetch the answer
                self._end()
                raise
            finally:
                end.cancel()

    def close(self) -> None:
        """Ends the process, also in the midst of a call; another call starts one again."""
        self._kill()
        while not self._turn.acquire(timeout=LOOK_EVERY_S):  # the call may only now have started its process
            self._kill()
        try:
            self._end()
        finally:
            self._turn.release()

    def _kill(self) -> None:
        process = self._process
        if process is not None:
            process.kill()

    def _running(self) -> subprocess.Popen:
        if self._process is None or self._process.poll() is not None:
            self._end()
            limits = self.limits
            self._process = subprocess.Popen(
                [self._python, "-m", "anycost.bridge.sandbox_child"]
                + [
                    str(number) for number in (limits.memory, limits.seconds, limits.patience, limits.written)
                ],
                env={**core_environment(), "OPENBLAS_NUM_THREADS": "1"},  # each takes address space
                cwd=os.path.abspath(os.sep),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
            atexit.register(self._end)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        atexit.unregister(self._end)
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        process.wait()

    def _why(self, code: int, late: bool) -> str:
        if late:
            return f"cannot be read: it takes more than {self.limits.patience:g} s"
        if os.name != "nt" and code == -signal.SIGXCPU:
            return f"cannot be read: it takes more than {self.limits.seconds} s"
        return "cannot be read: it makes the program that reads it crash"


def _result(answer: Any) -> Any:
    if not isinstance(answer, dict):
        raise WrongValue
    if "value" in answer:
        return answer["value"]
    kind, message = answer.get("kind"), answer.get("message")
    if isinstance(kind, str) and isinstance(message, str):
        raise Refusal(kind, message)
    if isinstance(message, str):
        raise Breakage(message)
    raise WrongValue
