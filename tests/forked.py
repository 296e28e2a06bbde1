"""Processes that begin with torch and what the lab needs imported: forks of a server that imports them once.

Importing them takes a process longer than most of its tests.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import torch

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["preloaded"])
PATIENCE = 900.0  # seconds after which a process counts as hung


def start(function: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """A process that calls a module's function, on one thread."""
    process = CONTEXT.Process(target=_call, args=(function, arguments))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # for the server, which the first one starts
        process.start()
    return process


def run(said: Path, function: Callable[..., Any], *arguments: Any) -> tuple[int, str]:
    """The exit code of such a process, or minus the signal that ended it, and its stderr, kept in a file."""
    process = start(_saying, said, function, arguments)
    process.join(PATIENCE)
    code = process.exitcode
    if code is None:
        process.kill()
        pytest.fail(f"still at work after {PATIENCE:.0f} s")
    return code, said.read_text()


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    multiprocessing.set_start_method("fork", force=True)  # for workers that paint, as in a process of its own
    function(*arguments)


def _saying(said: Path, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT), 2)
    function(*arguments)
