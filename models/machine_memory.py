"""How much memory there is: the machine's, or its container's."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")


def memory_here() -> int:
    """Bytes of memory that programs on this machine have together."""
    return min([_of_machine(), *_of_groups()])


def _of_machine() -> int:
    if sys.platform == "win32":
        status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return status.physical
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of Windows; only its begin has names."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("physical", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 6),
    )


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
