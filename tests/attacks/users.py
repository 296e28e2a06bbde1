"""What another user of the same machine can do, which takes root to try: without, nothing is tried.

PYTHONPATH=tests .venv/bin/python -m attacks.users
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from wire import Wire, private_home, running

from anycost.bridge import launch, posix
from anycost.bridge.client import Client, ConnectionLost
from anycost.bridge.launch import CoreNotInstalled, find_core

from .figures import Figure, said

NOBODY = "65534"
AS_NOBODY = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", sys.executable, "-I", "-c"]
SPEAKS = """
import socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.settimeout(10)
    try:
        sock.connect(sys.argv[1])
        sock.sendall(b"ACG1" + bytes(8))
        print("answered" if sock.recv(100) else "hung up")
    except OSError as error:
        print(type(error).__name__)
"""
LISTENS = """
import os, socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o777); sock.listen(5)
    print("listening", flush=True)
    peer, _ = sock.accept()
    print("heard", len(peer.recv(100)), flush=True)
"""


def figures() -> list[Figure]:
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        print("skip users: becoming another one takes root")
        return []
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        private_home(Path(folder), patch)
        return [*_at_our_core(Path(folder)), *_with_a_core_of_theirs(Path(folder), patch)]


def _at_our_core(folder: Path) -> list[Figure]:
    """Another user knocks at the core, then again after somebody has opened its folders to all."""
    path = Path(posix.socket_path())
    with running():
        Wire(str(path)).call("pack/open", {})
        private = all(not stat.S_IMODE(place.stat().st_mode) & 0o077 for place in _private(path))
        shut = _spoken(path)
        for place in (folder, path.parent.parent, path.parent):
            place.chmod(0o755)
        path.chmod(0o777)
        opened = _spoken(path)
        for place in (path.parent, path.parent.parent, folder):
            place.chmod(0o700)
    return [
        Figure("socket, log and caches are readable by their user alone", private, "True", private),
        Figure("another user at the core", shut, "PermissionError", shut == "PermissionError"),
        Figure("the same through opened folders", opened, "hung up", opened != "answered"),
    ]


def _private(path: Path) -> list[Path]:
    caches = posix.user_folder("cache") / "anycost"
    return [path.parent, launch.log_path(), *caches.glob("*")]


def _spoken(path: Path) -> str:
    run = subprocess.run([*AS_NOBODY, SPEAKS, path], capture_output=True, text=True, cwd="/")
    return run.stdout.strip() or run.stderr.strip()[-100:]


def _with_a_core_of_theirs(folder: Path, patch: pytest.MonkeyPatch) -> list[Figure]:
    """Another user listens where our core would: does a client of ours speak to it?"""
    place = folder / "theirs"
    (place / "anycost").mkdir(parents=True)
    for part in (folder, place, place / "anycost"):
        part.chmod(0o777)
    patch.setenv("XDG_RUNTIME_DIR", str(place))
    path = place / "anycost" / "core.sock"
    listener = subprocess.Popen([*AS_NOBODY, LISTENS, path], stdout=subprocess.PIPE, text=True, cwd="/")
    assert listener.stdout is not None
    try:
        listener.stdout.readline()
        found = [_refused(lambda: find_core(str(path))), _refused(lambda: Client(str(path)))]
    finally:
        listener.kill()
        heard, _ = listener.communicate()
    refused = all(found) and "heard" not in heard.replace("heard 0", "")
    return [Figure("another user's core in our place", "refused" if refused else heard, "refused", refused)]


def _refused(call) -> bool:
    try:
        return call() is None
    except (CoreNotInstalled, ConnectionLost, PermissionError):
        return True


if __name__ == "__main__":
    sys.exit(not said(figures()))
