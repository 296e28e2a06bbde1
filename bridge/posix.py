"""What is Unix about the bridge: folders, the socket, who may use it. A port to Windows adds a sibling."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Literal

MAX_SOCKET_PATH = 100  # bytes; sockaddr_un holds 108 on Linux and 104 on macOS, with the final zero

# Krita, an AppImage, a snap or a virtual environment set these for themselves; the core must not follow them.
FOREIGN_PREFIXES = ("PYTHON", "QT_", "QML", "CONDA", "APPIMAGE", "SNAP")
FOREIGN_NAMES = ("VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "APPDIR", "ARGV0", "OWD", "LD_PRELOAD")
PATH_LISTS = ("PATH", "LD_LIBRARY_PATH", "XDG_DATA_DIRS", "XDG_CONFIG_DIRS")
BUNDLES = ("APPDIR", "SNAP")  # variables that name the folder of a bundle

_FOLDERS = {"config": ".config", "data": ".local/share", "cache": ".cache", "state": ".local/state"}


def user_folder(kind: Literal["config", "data", "cache", "state"]) -> Path:
    """The user's folder for one kind of file: $XDG_KIND_HOME if it is absolute, else the usual one."""
    given = os.environ.get(f"XDG_{kind.upper()}_HOME", "")
    return Path(given) if os.path.isabs(given) else Path.home() / _FOLDERS[kind]


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


def connect(path: str, silence: float) -> socket.socket:
    """A connection to whoever listens at `path`; OSError if nobody. It waits `silence` seconds for bytes."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(silence)
    try:
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock


def is_taken(path: str) -> bool:
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


def listen(path: str, most: int) -> socket.socket:
    """A listening socket at `path` for `most` waiting peers; OSError when that cannot be."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
        listener.listen(most)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Cores that start at once take turns, so that neither removes the other's fresh socket as dead."""
    lock = os.open(path + ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def is_own_user(sock: socket.socket) -> bool:
    """Whether the process at the other end belongs to this user."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder's mode keeps others out
    _, user, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return user == os.getuid()
