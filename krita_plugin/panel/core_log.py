"""The end of what the core wrote: in its log, and on its output, which only who started it hears."""

from __future__ import annotations

import os
from pathlib import Path

from ...bridge.launch import log_path

TAIL = 32 << 10  # bytes of the log


def log_end(output: str) -> str:
    """The end of the log, then the end of the output; either may be missing."""
    return "\n".join(filter(None, [_tail(log_path()), output.strip()]))


def _tail(path: Path) -> str:
    """The last lines of a file; nothing where there is none."""
    try:
        if not path.is_file():  # opening a pipe would wait
            return ""
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            data = file.read(TAIL)
    except OSError:
        return ""
    if size > TAIL:
        data = data.partition(b"\n")[2]  # a line that was cut
    return data.decode("utf-8", "replace").strip()
