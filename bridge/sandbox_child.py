"""`python -m anycost.bridge.sandbox_child MEMORY SECONDS PATIENCE WRITTEN`: the limited end of sandbox.py.

Takes its limits first, then answers calls from its standard input until that ends.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import IO, Any, Dict, Tuple

from .landlock import forbid_changes
from .plain_values import receive, send

OPEN_FILES = 64
MOST_SENT = 4 << 30  # bytes of a call, which comes from us


def main(memory: int, seconds: int, patience: float, written: int) -> None:
    calls, answers = _pipes()
    if os.name != "nt":
        _limit(memory, written)
        forbid_changes(writes=written > 0)
    while True:
        try:
            function, *arguments = receive(calls, MOST_SENT)
        except EOFError:
            return
        if os.name != "nt":
            _allow(seconds, patience)
        send(answers, _answer(function, arguments, memory))


def _pipes() -> Tuple[IO[bytes], IO[bytes]]:
    """Both ends for calls and answers. What else the process prints or asks for goes nowhere."""
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return calls, answers


def _limit(memory: int, written: int) -> None:
    import resource

    for what, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _allow(seconds: int, patience: float) -> None:
    """Time for one more call. Both signals end the process, also within a library."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))
    signal.setitimer(signal.ITIMER_REAL, patience)


def _answer(function: str, arguments: Any, memory: int) -> Dict[str, Any]:
    module, _, name = function.partition(":")
    try:
        return {"value": getattr(importlib.import_module(module), name)(*arguments)}
    except MemoryError:
        return {"message": f"cannot be read: it needs more than {memory >> 20} MiB of memory"}
    except Exception as error:
        if type(error).__module__.startswith("anycost."):
            return {"kind": getattr(error, "kind", ""), "message": str(error)}
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return {"message": f"cannot be read ({what})"}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
