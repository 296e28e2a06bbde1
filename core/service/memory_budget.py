"""Bounds the core's memory, so that a computation that runs wild fails and the machine does not.

Linux counts what a process may write and shares with nobody (RLIMIT_DATA), threads' stacks included. macOS
and Windows offer nothing like it to a process itself. With the driver of a graphics card, which reserves much
more than it uses, there is no bound either.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SHARE = 0.75  # of the machine's memory, or of the container's
LEAST = 4 << 30  # bytes: an imported face model of 1024 px with e4e's encoder, and libraries' threads
GRAPHICS = ("/dev/nvidiactl", "/dev/kfd")  # NVIDIA's, AMD's
GROUPS = Path("/sys/fs/cgroup")


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
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(LEAST, int(SHARE * min([machine, *_of_groups()])))


def _of_groups() -> Iterator[int]:
    """The limits of the control groups that this process is in: a container's, a service's."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield from _limits(GROUPS, path, "memory.max")
            elif "memory" in controllers.split(","):
                yield from _limits(GROUPS / "memory", path, "memory.limit_in_bytes")


def _limits(root: Path, path: str, file: str) -> Iterator[int]:
    group = root / path.strip("/")
    for folder in (group, *group.parents):
        if folder.is_relative_to(root):
            with suppress(OSError, ValueError):  # a container sees its own group as the root; "max"
                yield int((folder / file).read_text())
