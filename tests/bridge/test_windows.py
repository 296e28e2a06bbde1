"""The bridge's Windows part, as far as Linux can run it: all but the calls of Windows themselves, for which
sockets stand in.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import os
import socket
import subprocess
import sys
import termios
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from anycost.bridge import launch, protocol, server, system, windows
from anycost.bridge.client import Client, ConnectionLost
from anycost.bridge.messages import Welcome
from anycost.bridge.protocol import AlreadyRunning, ServerError

ME, OTHER = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
PATH = windows.PIPE.format(ME)
ROOT = Path(__file__).parents[2]


def failure(winerror: int) -> OSError:
    error = FileNotFoundError("no pipe") if winerror == windows.FILE_NOT_FOUND else OSError("refused")
    error.winerror = winerror  # pyright: ignore[reportAttributeAccessIssue]
    return error


class Sockets:
    """Win32's methods over Unix sockets; `owners` are the pipes that there are, and whose they are."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.owners: dict[str, str] = {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.ends: dict[int, socket.socket] = {}
        self.made: list[tuple[str, bool]] = []

    def own_user(self) -> str:
        return ME

    def owner(self, handle: int) -> str:
        return self.owners[PATH]

    def server_process(self, handle: int) -> int:
        if handle not in self.ends:
            raise failure(windows.FILE_NOT_FOUND)
        return 4711

    def create_pipe(self, path: str, user: str, first: bool) -> int:
        if first and path in self.owners:
            raise failure(windows.ACCESS_DENIED)
        if first:
            self.listener.bind(str(self.folder / "pipe"))
            self.listener.listen(8)
            self.listener.setblocking(False)
        self.owners.setdefault(path, user)
        self.made.append((user, first))
        return len(self.made)

    def open_pipe(self, path: str) -> int:
        end = socket.socket(socket.AF_UNIX)
        try:
            end.connect(str(self.folder / "pipe"))
        except OSError:
            raise failure(windows.FILE_NOT_FOUND) from None
        self.ends[end.fileno()] = end
        return end.fileno()

    def waiting(self, handle: int) -> int:
        count = int.from_bytes(fcntl.ioctl(handle, termios.FIONREAD, b"\0" * 4), sys.byteorder)
        if not count:
            try:
                if self.ends[handle].recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                    raise failure(windows.BROKEN_PIPE)
            except BlockingIOError:
                pass
        return count

    def read(self, handle: int, most: int) -> bytes:
        return self.ends[handle].recv(most)

    def write(self, handle: int, data: bytes) -> int:
        return self.ends[handle].send(data)

    def close(self, handle: int) -> None:
        self.ends.pop(handle).close()


class Instance:
    """What stands for a PipeHandle."""

    def __init__(self) -> None:
        self.end: socket.socket | None = None

    def close(self) -> None:
        pass


class PipeLoop(asyncio.SelectorEventLoop):
    """An event loop with what is used of Windows' own."""

    def __init__(self, sockets: Sockets):
        super().__init__()
        self.sockets = sockets
        self._proactor = self

    async def accept_pipe(self, instance: Instance) -> None:
        instance.end, _ = await self.sock_accept(self.sockets.listener)

    def _make_duplex_pipe_transport(self, instance: Instance, made: asyncio.Protocol):
        return self._make_socket_transport(instance.end, made)  # pyright: ignore[reportAttributeAccessIssue]


class Echo:
    """Answers with what it was asked, after a notification; "wait" is answered when it is cancelled."""

    def __init__(self) -> None:
        self.gone = threading.Event()
        self.waiting: dict[server.Call, asyncio.Event] = {}

    async def answer(self, call: server.Call):
        if call.method == "wait":
            self.waiting[call] = asyncio.Event()
            if not call.cancelled:
                await self.waiting[call].wait()
            raise protocol.CallError(protocol.CORE_ERROR, "cancelled", "It was cancelled.")
        call.peer.notify("told", {"n": 1}, call.attachment[::-1])
        return dict(call.params), call.attachment

    def cancel(self, call: server.Call) -> None:
        if call in self.waiting:
            self.waiting[call].set()

    def left(self, peer: server.Peer) -> None:
        self.gone.set()


@pytest.fixture
def sockets(tmp_path, monkeypatch):
    sockets = Sockets(tmp_path)
    monkeypatch.setattr(windows, "_win32", sockets)
    monkeypatch.setattr(windows, "_overlapped", lambda handle: Instance())
    monkeypatch.setattr(server, "Listener", windows.Listener)
    for name in ("connect", "is_own_descriptor", "open_to_others", "socket_path"):
        monkeypatch.setattr(system, name, getattr(windows, name))
    yield sockets
    sockets.listener.close()
    for end in list(sockets.ends.values()):
        end.close()


@contextmanager
def serving(sockets: Sockets, service: Echo):
    """A server in a thread of its own, which has stopped at the end of the block."""
    loop, begun, leave = PipeLoop(sockets), threading.Event(), asyncio.Event()

    async def serve() -> None:
        running = server.Server(PATH, service, Welcome("0", 1, ()))
        await running.start()
        begun.set()
        await leave.wait()
        await running.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert begun.wait(60)
        yield
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join()
        loop.close()


def test_requests_attachments_notifications_and_cancelling_through_a_pipe(sockets):
    service, data, told = Echo(), os.urandom(3_000_000), []
    with serving(sockets, service):
        with Client(windows.socket_path()) as client, Client(PATH) as second:
            params = {"attachment": protocol.gray8(3000, 1000)}

            def note(method, given, attachment):
                told.append((method, given, attachment))

            reply = client.call("echo", params, data, note)
            assert (reply.result, reply.attachment) == (params, data)
            assert told == [("told", {"n": 1}, data[::-1])]
            assert second.call("echo", {"b": 2}).result == {"b": 2}
            client._send(protocol.request(99, "wait"), b"")
            client._send(protocol.cancel(99), b"")
            while (message := client._receive()[0]).get("id") != 99:
                pass
            assert message["error"]["data"]["kind"] == "cancelled"
        assert service.gone.wait(60)  # it is noticed that a client has left
    assert sockets.made == [(ME, True), (ME, False), (ME, False)]  # each instance is the user's alone


def test_a_core_that_leaves_or_falls_silent_is_told_of(sockets):
    with serving(sockets, Echo()):
        client = Client(PATH, silence=0.05)
        with pytest.raises(ConnectionLost, match="timed out"):
            client.call("wait")
    with pytest.raises(ConnectionLost, match="closed the connection"):
        client.call("echo")
    client.close()


def test_nobody_listens(sockets):
    assert launch.find_core(PATH) is None


def test_a_pipe_that_somebody_else_made_gets_no_picture(sockets):
    with serving(sockets, Echo()):
        sockets.owners[PATH] = OTHER
        with pytest.raises(launch.CoreNotInstalled, match="Another user"):
            launch.find_core(PATH)
        assert sockets.ends == {}


def test_a_second_core_leaves_the_pipe_to_the_first(sockets):
    windows.Listener(PATH, 1)
    with pytest.raises(AlreadyRunning):
        windows.Listener(PATH, 1)


def test_a_pipe_that_cannot_be_made_is_a_sentence(sockets, monkeypatch):
    def refuse(path, user, first):
        raise failure(1450)

    monkeypatch.setattr(sockets, "create_pipe", refuse)
    with pytest.raises(ServerError, match="cannot listen"):
        windows.Listener(PATH, 1)


def test_where_things_are(monkeypatch, tmp_path):
    monkeypatch.setenv("APPDATA", str(tmp_path / "Roaming"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    folders = [windows.user_folder(kind) for kind in ("config", "data", "cache", "state")]
    assert folders[:2] == [tmp_path / "Roaming", tmp_path / "Local"]
    assert len({str(folder) for folder in folders}) == 4
    assert windows.python_of(Path("x")) == Path("x/Scripts/python.exe")


def test_posix_and_windows_offer_the_same():
    from anycost.bridge import posix

    own = posix.__name__
    names = [name for name, value in vars(system).items() if getattr(value, "__module__", "") == own]
    assert "Listener" in names
    for name in names:
        ours, theirs = getattr(posix, name), getattr(windows, name)
        assert callable(ours)
        assert callable(theirs)
        if isinstance(ours, type):
            public = {key for key in vars(ours) if not key.startswith("_")}
            assert public == {key for key in vars(theirs) if not key.startswith("_")}


class Library:
    """A DLL that records its calls; each succeeds."""

    calls: list[tuple] = []  # noqa: RUF012

    def __init__(self, name: str, use_last_error: bool):
        pass

    def __getattr__(self, name: str):
        def function(*arguments):
            Library.calls.append((name, *arguments))
            return 7

        setattr(self, name, function)
        return function


def test_a_pipe_is_asked_for_with_the_user_s_rights_only(monkeypatch):
    monkeypatch.setattr(ctypes, "WinDLL", Library, raising=False)
    monkeypatch.setattr(Library, "calls", [])
    win32 = windows.Win32()
    assert win32.create_pipe(PATH, ME, first=True) == 7
    calls = {call[0]: call[1:] for call in Library.calls}
    rights, revision, *_ = calls["ConvertStringSecurityDescriptorToSecurityDescriptorW"]
    assert (rights, revision) == (f"O:{ME}D:P(A;;GA;;;{ME})", 1)
    path, mode, kind, *_, attributes = calls["CreateNamedPipeW"]
    assert path == PATH
    assert mode & 0x40000000  # FILE_FLAG_OVERLAPPED
    assert mode & 0x80000  # FILE_FLAG_FIRST_PIPE_INSTANCE
    assert kind & 0x8  # PIPE_REJECT_REMOTE_CLIENTS
    assert not kind & 0x4  # PIPE_TYPE_BYTE
    assert not attributes._obj.bInheritHandle
    assert "LocalFree" in calls


IMPORTS = """
import asyncio, concurrent.futures, ctypes.wintypes, dataclasses, html, importlib, json, pkgutil, signal
import socket, subprocess, sys, tempfile, threading, types, uuid, xml.etree.ElementTree
import PyQt5.QtNetwork, PyQt5.QtWidgets
import os
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
for name in ("fcntl", "pwd", "grp", "termios", "resource", "posix"):
    sys.modules[name] = None
for name in ("getuid", "geteuid", "getgid", "fork", "setsid", "killpg", "sysconf", "mkfifo"):
    delattr(os, name)
del socket.AF_UNIX, signal.SIGKILL, signal.SIGHUP
del sys.modules["pathlib"]  # it looks at the system when it is imported
os.name = "nt"
import anycost.bridge, anycost.krita_plugin
krita = sys.modules["krita"] = types.ModuleType("krita")
krita.__getattr__ = lambda name: type(name, (), {})
for package in (anycost.bridge, anycost.krita_plugin):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name != "anycost.bridge.posix" and "source_zip" not in module.name:
            importlib.import_module(module.name)
assert "anycost.bridge.posix" not in sys.modules
connect = anycost.bridge.system.connect
print(connect.__module__, len([name for name in sys.modules if name.startswith("anycost.")]))
"""


def test_every_module_is_imported_where_there_is_no_posix(tmp_path):
    (tmp_path / "anycost").symlink_to(ROOT)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", IMPORTS]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    module, count = done.stdout.split()
    assert module == "anycost.bridge.windows"
    assert int(count) > 60


def test_the_process_at_the_other_end_is_known(sockets):
    with serving(sockets, Echo()):
        end = windows.connect(PATH, 1.0)
        assert windows.peer_process(end._handle) == 4711  # pyright: ignore[reportAttributeAccessIssue]
        end.close()
    assert windows.peer_process(-1) == 0
