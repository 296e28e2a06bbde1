"""Cores that begin with torch imported, which takes half of a core's start: forks of one process.

`python -m attacks.forked_cores SOCKET` is that process. A panel starts a program in place of Python that asks
it for a core, hands on its standard streams, and ends as that core does. What is killed is the core.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anycost.bridge import launch

STARTER = """#!{python} -SE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    socket.send_fds(server, [json.dumps([sys.argv[-1], dict(os.environ)]).encode()], [0, 1, 2])
    server.shutdown(socket.SHUT_WR)
    code = int(server.makefile().read() or 1)
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


@contextmanager
def forked_cores(folder: Path) -> Iterator[None]:
    """Until the block ends, clients of this process start such cores."""
    path, starter = str(folder / "forks.sock"), folder / "python"
    server = subprocess.Popen([sys.executable, "-m", "attacks.forked_cores", path], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"listening\n"
        starter.write_text(STARTER.format(python=sys.executable, path=path))
        starter.chmod(0o700)
        launch.note_python(str(starter))
        yield
    finally:
        server.kill()
        server.communicate()
        Path(path).unlink()
        starter.unlink()


def serve(path: str) -> None:
    from anycost.core.service import desk  # noqa: F401, I001 (it first says that onnxruntime is to be silent)
    import onnx  # noqa: F401
    import onnxruntime  # noqa: F401

    gc.freeze()  # none of this is garbage in any fork
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(8)
        print("listening", flush=True)
        while True:
            asking, _ = listener.accept()
            _reap()
            if not os.fork():
                listener.close()
                _watch(asking)
                os._exit(0)
            asking.close()


def _reap() -> None:
    """Takes leave of watchers that have ended; their cores' work then counts as this process's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _watch(asking: socket.socket) -> None:
    """Starts a core and tells how it ended."""
    text, streams, _, _ = socket.recv_fds(asking, 1 << 16, 3)
    while data := asking.recv(1 << 16):
        text += data
    core = os.fork()
    if not core:
        asking.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        _be_core(*json.loads(text))
    for stream in (0, 1, 2, *streams):
        os.close(stream)
    code = os.waitstatus_to_exitcode(os.waitpid(core, 0)[1])
    asking.sendall(str(code).encode())


def _be_core(path: str, environment: dict[str, str]) -> None:
    """What core/service/__main__.py does."""
    from anycost.core.service.service import main

    os.environ.clear()
    os.environ.update(environment)
    os.chdir("/")
    code = 1
    try:
        code = main(path)
        logging.shutdown()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
