"""Takes rights from this process that a reader of files never needs, on Linux with Landlock."""

from __future__ import annotations

import ctypes
import sys

# linux/landlock.h; the numbers of these calls are the same on every processor
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ASK_VERSION = 1
_NO_NEW_PRIVILEGES = 38  # of prctl
_WRITE, _REMOVE, _MAKE = 1 << 1, 0b11 << 4, 0b1111111 << 6
_SINCE = {2: 1 << 13, 3: 1 << 14}  # version -> moving between folders, cutting off
_CONNECT_AND_LISTEN = 0b11  # TCP, since 4
_SOCKETS_AND_SIGNALS = 0b11  # to processes outside, since 6


def forbid_changes(writes: bool) -> bool:
    """From now on no network, no signal to others and, unless it `writes`, no file made, changed or removed.

    For good, and for all that this process starts. Whether the system could do it.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    files = _WRITE | _REMOVE | _MAKE | sum(right for since, right in _SINCE.items() if version >= since)
    words = [0 if writes else files]
    words += [_CONNECT_AND_LISTEN] if version >= 4 else []
    words += [_SOCKETS_AND_SIGNALS] if version >= 6 else []
    if version < 1 or not any(words):
        return False
    asked = (ctypes.c_uint64 * len(words))(*words)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(asked), ctypes.sizeof(asked), 0)
    if ruleset < 0 or libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    return libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
