"""Two processes that work together, as under torchrun."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
from forked import CONTEXT, PATIENCE, start

from anycost.lab.running.distributed import processes


class Pair:
    """Two processes of one group. All tests use the same two: what they import takes seconds."""

    def __init__(self):
        self._ends: list[Connection] = []
        self._processes: list[BaseProcess] = []

    def run(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Call a module's function in both and return the results; an error in either fails the test."""
        if not self._ends:
            self._start()
        for end in self._ends:
            end.send((function, arguments))
        found: dict[Connection, Any] = {}
        while len(found) < 2:
            answered = wait([end for end in self._ends if end not in found], PATIENCE)
            for end in [end for end in self._ends if end in answered]:
                found[end], error = _answer(end)
                if error:
                    self.close()  # the other may be waiting for this one
                    pytest.fail(error)
            if not answered:
                self.close()
                pytest.fail(f"no answer after {PATIENCE:.0f} s")
        return [found[end] for end in self._ends]

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.join()
        self._ends, self._processes = [], []

    def _start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for rank in (0, 1):
            mine, theirs = CONTEXT.Pipe()
            self._processes.append(start(_serve, rank, port, theirs))
            theirs.close()
            self._ends.append(mine)


def _answer(end: Connection) -> tuple[Any, str | None]:
    """A result, or the error."""
    try:
        return end.recv()
    except EOFError:
        return None, "one of the two processes died"


def _serve(rank: int, port: int, end: Connection) -> None:
    """Call the requested functions until the other end closes."""
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
        CUDA_VISIBLE_DEVICES="",
    )  # fmt: skip
    try:
        with processes():
            while True:
                function, arguments = end.recv()
                try:
                    end.send((function(*arguments), None))
                except Exception:
                    end.send((None, traceback.format_exc()))
    except EOFError:
        os._exit(0)  # at once: a thread of the group sometimes calls abort() in an orderly exit
