"""What is Unix about the bridge: folders, the socket, who may use it. windows.py has the same for Windows."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import socket
import stat
import struct
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Callable, Iterator, Literal, Optional

from .protocol import AlreadyRunning, ServerError

MAX_SOCKET_PATH = 100  # bytes; sockaddr_un holds 108 on Linux and 104 on macOS, with the final zero

_FOLDERS = {"config": ".config", "data": ".local/share", "cache": ".cache", "state": ".local/state"}


def user_folder(kind: Literal["config", "data", "cache", "state"]) -> Path:
    """The user's folder for one kind of file: $XDG_KIND_HOME if it is absolute, else the usual one."""
    given = os.environ.get(f"XDG_{kind.upper()}_HOME", "")
    return Path(given) if os.path.isabs(given) else Path.home() / _FOLDERS[kind]


def python_of(environment: Path) -> Path:
    """The Python of a virtual environment."""
    return environment / "bin" / "python"


def socket_path() -> str:
    """Where the core of this user listens, the same for every program."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        path = os.path.join(runtime, "anycost", "core.sock")
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
            return path
    return os.path.join(tempfile.gettempdir(), f"anycost-{os.getuid()}", "core.sock")


def is_private(folder: str) -> bool:
    """Whether `folder` is a folder of this user that nobody else can enter; OSError when there is none.

    In any other folder, somebody else could place a socket and receive the artist's pictures.
    """
    found = os.lstat(folder)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def open_to_others(path: str) -> bool:
    """Whether somebody else could have placed the socket at `path`."""
    try:
        return not is_private(os.path.dirname(os.path.abspath(path)))
    except OSError:
        return False  # no folder yet: no socket either


def connect(path: str, silence: float) -> socket.socket:
    """A connection to this user's core at `path`. It waits `silence` seconds for bytes.

    OSError if nobody listens; PermissionError if it is another user who does.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(silence)
    try:
        sock.connect(path)
        if not is_own_user(sock):
            raise PermissionError(f"Another user's program listens at {path}.")
    except BaseException:
        sock.close()
        raise
    return sock


def is_own_user(sock: socket.socket) -> bool:
    """Whether the process at the other end belongs to this user."""
    if hasattr(socket, "SO_PEERCRED"):
        _, user, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    elif sys.platform == "darwin":  # getsockopt(SOL_LOCAL, LOCAL_PEERCRED) gives a struct xucred
        _, user = struct.unpack("2I", sock.getsockopt(0, 1, 76)[:8])
    else:
        return True  # the folder's mode keeps others out
    return user == os.getuid()


def is_own_descriptor(descriptor: int) -> bool:
    """The same for a connected socket that another library holds."""
    with socket.socket(fileno=os.dup(descriptor)) as sock:
        return is_own_user(sock)


def peer_process(descriptor: int) -> int:
    """The number of the process that listens at the other end of such a socket; 0 where nobody can tell."""
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as sock:
        if hasattr(socket, "SO_PEERCRED"):
            return struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        if sys.platform == "darwin":  # getsockopt(SOL_LOCAL, LOCAL_PEERPID)
            return struct.unpack("i", sock.getsockopt(0, 2, 4))[0]
    return 0


def end_process(number: int) -> None:
    """Ends a process of this user that does not answer, even one that was stopped."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(number, signal.SIGKILL)


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Processes that change the same thing take turns. OSError where they cannot, as where a link in place of
    the lock would have them make a file elsewhere."""
    lock = os.open(path + ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def on_end_signal(leave: Callable[[], None]) -> None:
    """Calls `leave` in the running loop when the system asks this process to end."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, leave)


class Connection:
    """A peer's connection, at the core's end."""

    def __init__(self, sock: socket.socket):
        self._socket = sock

    async def recv(self, most: int) -> bytes:
        """What arrives next, at most `most` bytes; nothing at the end."""
        return await asyncio.get_running_loop().sock_recv(self._socket, most)

    async def sendall(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    def hang_up(self) -> None:
        """Ends what `recv` and `sendall` wait for."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


class Listener:
    """The core's socket at `path`, in a folder that only this user can enter, for `most` waiting peers.

    AlreadyRunning or ServerError, which says why not.
    """

    def __init__(self, path: str, most: int):
        path = self._path = os.path.abspath(path)
        _make_private(os.path.dirname(path))
        try:
            with locked(path):  # of cores that start at once, neither removes the other's new socket as dead
                if _is_taken(path):
                    text = f"A core is already listening at {path}: use that one, or end it first."
                    raise AlreadyRunning(text)
                self._socket = _listening(path, most)
                self._inode = os.stat(path).st_ino
        except ValueError:
            text = f"{path} is in the way: it is not a socket, so move it elsewhere."
            raise ServerError(text) from None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EISDIR):
                text = f"{path}.lock is in the way: it is no file, so move it elsewhere."
                raise ServerError(text) from None
            raise ServerError(f"The core cannot listen at {path}: {error}.") from None

    async def accept(self) -> Optional[Connection]:
        """The next peer's connection; None for one of another user, which is closed."""
        sock, _ = await asyncio.get_running_loop().sock_accept(self._socket)
        if is_own_user(sock):
            return Connection(sock)
        sock.close()
        return None

    def close(self) -> None:
        with suppress(OSError):
            if os.stat(self._path).st_ino == self._inode:
                os.unlink(self._path)  # and not the socket of a core that started after ours was removed
        self._socket.close()


def _make_private(folder: str) -> None:
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        private, found = is_private(folder), os.lstat(folder)
    except OSError as error:
        raise ServerError(f"The folder {folder} cannot be used: {error.strerror}.") from None
    if private:
        return
    if stat.S_ISLNK(found.st_mode):
        text = "The folder {} is a link, which may come to lead elsewhere: name the folder that it leads to."
    elif found.st_uid != os.getuid():
        text = "The folder {} belongs to another user: choose another for the socket."
    else:
        text = "Others can enter the folder {}: run chmod 700 on it, or choose another for the socket."
    raise ServerError(text.format(folder))


def _is_taken(path: str) -> bool:
    """Whether somebody listens at `path`; a dead core's socket is removed. ValueError if it is no socket.

    Connecting to a dead core is refused, which a busy core never does.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISSOCK(mode):
        raise ValueError(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return False
        except OSError:
            pass
    return True


def _listening(path: str, most: int) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
        os.chmod(path, 0o600)  # should somebody open its folder to others
        listener.listen(most)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
