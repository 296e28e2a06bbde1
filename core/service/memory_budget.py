"""Bounds the core's memory, so that a computation that runs wild fails and the machine does not.

Linux counts what a process may write and shares with nobody (RLIMIT_DATA), threads' stacks included. macOS
and Windows offer nothing like it to a process itself. With the driver of a graphics card, which reserves much
more than it uses, there is no bound either.
"""

from __future__ import annotations

import os
import sys

from ...models.machine_memory import memory_here

SHARE = 0.75  # of the machine's memory, or of the container's
LEAST = 4 << 30  # bytes: an imported face model of 1024 px with e4e's encoder, and libraries' threads
GRAPHICS = ("/dev/nvidiactl", "/dev/kfd")  # NVIDIA's, AMD's


def limit_memory() -> int | None:
    """Bounds this process from now on, and tells to how many bytes; None where it cannot be bounded.

    A lower limit that holds already stays.
    """
    if sys.platform != "linux" or any(map(os.path.exists, GRAPHICS)):
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = min([budget(), *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)])
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    return most


def budget() -> int:
    """The core's share of the memory that there is, in bytes."""
    return max(LEAST, int(SHARE * memory_here()))
