"""What differs between systems, from posix.py or windows.py: both have the same names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING or os.name != "nt":
    from .posix import (
        Connection,
        Listener,
        connect,
        is_own_descriptor,
        locked,
        on_end_signal,
        open_to_others,
        python_of,
        socket_path,
        user_folder,
    )
else:
    from .windows import (
        Connection,
        Listener,
        connect,
        is_own_descriptor,
        locked,
        on_end_signal,
        open_to_others,
        python_of,
        socket_path,
        user_folder,
    )

__all__ = [
    "Connection",
    "Listener",
    "connect",
    "is_own_descriptor",
    "locked",
    "on_end_signal",
    "open_to_others",
    "python_of",
    "socket_path",
    "user_folder",
]
