"""The protocol by hand, and real core processes: for tests that do what no proper client does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from anycost.bridge import launch, posix, protocol
from anycost.bridge.framing import Decoder, encode

PATIENCE = 300.0  # seconds after which a test fails; none should come near


class Wire:
    """A connection that sends anything and receives one message at a time."""

    def __init__(self, path: str, hello: bool = True):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.notifications: list[tuple[str, dict[str, Any], bytes]] = []
        self.pack: dict[str, Any] = {}
        self._decoder = Decoder()
        self._received: list[tuple[dict[str, Any], bytes]] = []
        self._number = 0
        if hello:
            self.core = self.call("hello", {"protocol": protocol.PROTOCOL, "client": "test", "version": "0"})

    def ask(self, method: str, params: dict[str, Any] | None = None, attachment: bytes = b"") -> int:
        """Send a request without waiting; return its id."""
        self._number += 1
        self.socket.sendall(encode(protocol.request(self._number, method, params), attachment))
        return self._number

    def tell(self, message: dict[str, Any]) -> None:
        self.socket.sendall(encode(message))

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next message; EOFError if the core closed the connection."""
        while not self._received:
            data = self.socket.recv(1 << 18)
            if not data:
                raise EOFError
            self._received = self._decoder.feed(data)
        return self._received.pop(0)

    def answer(self, number: int | None) -> tuple[dict[str, Any], bytes]:
        """The reply to a request; keeps notifications that come before it."""
        while True:
            message, attachment = self.receive()
            if "method" in message:
                self.notifications.append((message["method"], message["params"], attachment))
            elif message["id"] == number:
                return message, attachment

    def call(self, method: str, params: dict[str, Any] | None = None, attachment: bytes = b"") -> dict:
        """The result of a request that must succeed."""
        message, _ = self.answer(self.ask(method, params, attachment))
        return message["result"]

    def refusal(self, method: str, params: dict[str, Any] | None = None, attachment: bytes = b"") -> tuple:
        """Code, kind and message of a request that must be refused."""
        error = self.answer(self.ask(method, params, attachment))[0]["error"]
        return error["code"], error["data"]["kind"], error["message"]

    def wait_for(self, method: str) -> dict[str, Any]:
        """The next notification of `method`."""
        while True:
            message, attachment = self.receive()
            self.notifications.append((message["method"], message["params"], attachment))
            if message["method"] == method:
                return message["params"]

    def frames(self) -> list[dict[str, Any]]:
        return [params for method, params, _ in self.notifications if method == "frame"]

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def private_home(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Keep sockets, logs and settings of this process and its cores in `folder`; cores run this Python."""
    for name in ("RUNTIME_DIR", "CONFIG_HOME", "STATE_HOME", "DATA_HOME", "CACHE_HOME"):
        (folder / name).mkdir(mode=0o700)
        patch.setenv(f"XDG_{name}", str(folder / name))
    patch.setenv("OMP_NUM_THREADS", "1")  # threads that wait for each other crawl in parallel tests
    noted = launch.config_path()
    noted.parent.mkdir()
    noted.write_text(json.dumps({"python": sys.executable}))


def start(path: str | None = None) -> subprocess.Popen[bytes]:
    """Start a core as a program would; `stdin` is our end of its standard input."""
    process = subprocess.Popen(
        launch.core_command(path),
        env=launch.core_environment(),
        cwd="/",
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    path = path or posix.socket_path()
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(path) == 0:
                break
        time.sleep(0.01)
    return process


@contextmanager
def running(path: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A core that runs for the length of a block and is always gone after it."""
    process = start(path)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stderr):
            assert pipe is not None
            pipe.close()


def write(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Write to a core's standard input; no data closes it."""
    assert process.stdin is not None
    if data:
        process.stdin.write(data)
        process.stdin.flush()
    else:
        process.stdin.close()


def ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a core that is about to leave."""
    return process.wait(PATIENCE)


def socket_files() -> list[str]:
    return [name for name in os.listdir(os.path.dirname(posix.socket_path())) if name.endswith(".sock")]
