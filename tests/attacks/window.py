"""A core that floods: the most work between two ticks of a 5 ms timer on the thread of the panel's window.

PYTHONPATH=tests .venv/bin/python -m attacks.window
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from anycost.bridge.framing import encode
from anycost.bridge.protocol import MAGIC, PROTOCOL, notification, result

SECONDS = 3.0
WANTED_MS = 16.0


def _frame(text: bytes) -> bytes:
    """One whose JSON no `encode` would make."""
    return struct.pack(">4sII", MAGIC, len(text), 0) + text


FLOODS = {
    "nothing": b"",
    "tiny notifications": encode(notification("x")),
    "short states": encode(notification("core/state", {"text": "Ready " * 16})),
    "changing states": b"".join(encode(notification("core/state", {"text": f"At {k}"})) for k in range(9999)),
    "a state of 200 KB": encode(notification("core/state", {"text": "word " * 40_000})),
    "1 MB of lists": _frame(b'{"jsonrpc":"2.0","method":"x","params":{"j":[' + b"[]," * 349_000 + b"0]}}"),
    "1 MB of numbers": _frame(b'{"jsonrpc":"2.0","method":"x","params":{"j":[' + b"1.5," * 250_000 + b"0]}}"),
    "attachments of 64 MiB": encode(notification("frame", {"picture": "nobody"}), bytes(64 << 20)),
    "an error of 200 KB": encode(
        {"jsonrpc": "2.0", "id": 2, "error": {"code": 1, "message": "e" * 200_000, "data": {"kind": "pack"}}}
    ),
}


def serve(path: str, kind: str) -> None:
    """A core that greets, waits for a line on its standard input, and floods each peer until it is killed."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        print("listening", flush=True)
        while True:
            peer, _ = listener.accept()
            peer.recv(1 << 16)
            welcome = {"protocol": PROTOCOL, "version": "x", "pid": 1, "capabilities": []}
            peer.sendall(encode(result(1, welcome)))
            sys.stdin.readline()
            try:
                while FLOODS[kind]:
                    peer.sendall(FLOODS[kind] * max(1, (1 << 20) // len(FLOODS[kind])))
            except OSError:
                continue


def longest_gaps() -> None:
    """Prints the work and the gap of each flood in ms."""
    from .seat import Gaps, Seat

    found = {}
    for number, kind in enumerate(FLOODS):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / f"core{number}.sock")
            command = [sys.executable, "-m", "attacks.window", "serve", path, kind]
            core = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert core.stdin is not None
            assert core.stdout is not None
            core.stdout.readline()
            seat = Seat(path=path)
            seat.until(lambda seat=seat: seat.keeper.is_ready, 20)
            seat.wait(0.5)
            gaps = Gaps()
            core.stdin.write("\n" * 99)
            core.stdin.flush()
            seat.wait(SECONDS)
            gaps.stop()
            found[kind] = gaps.most_work_ms, gaps.longest_ms
            seat.close()
            core.kill()
            core.communicate()
    print(json.dumps(found))


def figures():
    from .figures import Figure

    run = subprocess.run([sys.executable, "-m", "attacks.window", "gaps"], stdout=subprocess.PIPE, text=True)
    found = json.loads(run.stdout.splitlines()[-1])
    what = "the window's longest work in one piece, ms"
    return [
        Figure(
            f"{what}, in a flood of {kind}", f"{work:.1f}", "at most 16", work <= WANTED_MS, f"gap {gap:.1f}"
        )
        for kind, (work, gap) in found.items()
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(*sys.argv[2:])
    elif sys.argv[1:2] == ["gaps"]:
        longest_gaps()
    else:
        from .figures import said

        sys.exit(not said(figures()))
