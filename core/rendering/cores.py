"""The processor cores that this process may use; torch counts the machine's, more in a container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import torch


def usable_cores() -> int:
    """How many threads can run at once here."""
    if not hasattr(os, "sched_getaffinity"):
        return torch.get_num_threads()
    return max(1, min(torch.get_num_threads(), len(os.sched_getaffinity(0))))


def use_available_cores() -> None:
    """Makes torch use exactly these cores."""
    torch.set_num_threads(usable_cores())


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch works in the calling thread alone. Its threads wait for one another after each operation: beside
    a busy Krita, short ones then take many times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def threads() -> ThreadPoolExecutor:
    """A thread for each of these cores, for short work of NumPy and OpenCV, which release Python's lock."""
    return ThreadPoolExecutor(usable_cores(), "carry")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=threads.cache_clear)  # threads stay behind
