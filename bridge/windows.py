"""What is Windows about the bridge, with the names of posix.py: a named pipe that only this user can open.

Written against the documented calls of kernel32 and advapi32. `Win32` is all that is called of them, so a
test can stand in for it where there is no Windows.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from contextlib import contextmanager, suppress
from ctypes import byref, c_void_p, wintypes
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterator, Literal, Optional

from .protocol import AlreadyRunning, ServerError

if TYPE_CHECKING:
    import socket

PIPE = "\\\\.\\pipe\\anycost-{}"  # and the user's security identifier
BUFFER = 1 << 16  # bytes of a pipe in each direction
LONGEST_PAUSE = 0.01  # seconds between two looks at a pipe that holds nothing
LOCK_EVERY = 0.05  # seconds

FILE_NOT_FOUND, ACCESS_DENIED, BROKEN_PIPE, PIPE_BUSY = 2, 5, 109, 231  # winerror.h

_FOLDERS = {  # of each kind: the variable that names the usual folder, its value if unset, and a part below
    "config": ("APPDATA", "AppData/Roaming", ""),
    "data": ("LOCALAPPDATA", "AppData/Local", ""),
    "cache": ("LOCALAPPDATA", "AppData/Local", "anycost/cache"),
    "state": ("LOCALAPPDATA", "AppData/Local", "anycost/state"),
}


def user_folder(kind: Literal["config", "data", "cache", "state"]) -> Path:
    """The user's folder for one kind of file."""
    variable, usual, below = _FOLDERS[kind]
    given = os.environ.get(variable, "")
    return (Path(given) if given else Path.home() / usual) / below


def python_of(environment: Path) -> Path:
    """The Python of a virtual environment."""
    return environment / "Scripts" / "python.exe"


def socket_path() -> str:
    """Where the core of this user listens, the same for every program."""
    return PIPE.format(win32().own_user())


def open_to_others(path: str) -> bool:
    """Pipes have no folder; `is_own_descriptor` tells whose one is."""
    return False


class Win32:
    """The few Windows calls that are needed. Handles are numbers; failures are OSError with winerror."""

    def __init__(self) -> None:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
        security = ctypes.WinDLL("advapi32", use_last_error=True)  # type: ignore[attr-defined]
        handle, dword, text, flag = wintypes.HANDLE, wintypes.DWORD, wintypes.LPCWSTR, wintypes.BOOL

        def declared(library: Any, name: str, result: Any, *arguments: Any) -> Any:
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
            return function

        words = ctypes.POINTER(dword)
        self._own_process = declared(kernel, "GetCurrentProcess", handle)
        self._close = declared(kernel, "CloseHandle", flag, handle)
        self._free = declared(kernel, "LocalFree", c_void_p, c_void_p)
        self._create_file = declared(
            kernel, "CreateFileW", handle, text, dword, dword, c_void_p, dword, dword, handle
        )
        self._create_pipe = declared(
            kernel, "CreateNamedPipeW", handle, text, dword, dword, dword, dword, dword, dword, c_void_p
        )
        self._wait_pipe = declared(kernel, "WaitNamedPipeW", flag, text, dword)
        self._peek = declared(kernel, "PeekNamedPipe", flag, handle, c_void_p, dword, words, words, words)
        self._read = declared(kernel, "ReadFile", flag, handle, c_void_p, dword, words, c_void_p)
        self._write = declared(kernel, "WriteFile", flag, handle, c_void_p, dword, words, c_void_p)
        self._open_token = declared(security, "OpenProcessToken", flag, handle, dword, ctypes.POINTER(handle))
        self._token_information = declared(
            security, "GetTokenInformation", flag, handle, ctypes.c_int, c_void_p, dword, words
        )
        self._sid_text = declared(
            security, "ConvertSidToStringSidW", flag, c_void_p, ctypes.POINTER(c_void_p)
        )
        self._descriptor = declared(
            security,
            "ConvertStringSecurityDescriptorToSecurityDescriptorW",
            *(flag, text, dword, ctypes.POINTER(c_void_p), c_void_p),
        )
        out = ctypes.POINTER(c_void_p)
        self._server_process = declared(kernel, "GetNamedPipeServerProcessId", flag, handle, words)
        self._security_info = declared(
            security, "GetSecurityInfo", dword, handle, ctypes.c_int, dword, out, out, out, out, out
        )

    def own_user(self) -> str:
        """The security identifier of this process's user, e.g. "S-1-5-21-…"."""
        token = wintypes.HANDLE()
        self._check(self._open_token(self._own_process(), 0x8, byref(token)))  # TOKEN_QUERY
        try:
            needed = wintypes.DWORD()
            self._token_information(token, 1, None, 0, byref(needed))  # TokenUser
            user = ctypes.create_string_buffer(needed.value)
            self._check(self._token_information(token, 1, user, needed, byref(needed)))
            return self._text_of(c_void_p.from_buffer(user))  # TOKEN_USER begins with a pointer to the SID
        finally:
            self._close(token)

    def owner(self, handle: int) -> str:
        """The security identifier of a pipe's owner."""
        sid, descriptor = c_void_p(), c_void_p()
        code = self._security_info(  # SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION
            handle, 6, 0x1, byref(sid), None, None, None, byref(descriptor)
        )
        if code:
            raise ctypes.WinError(code)  # type: ignore[attr-defined]
        try:
            return self._text_of(sid)
        finally:
            self._free(descriptor)

    def server_process(self, handle: int) -> int:
        """The number of the process that made a pipe."""
        number = wintypes.DWORD()
        self._check(self._server_process(handle, byref(number)))
        return number.value

    def create_pipe(self, path: str, user: str, first: bool) -> int:
        """One more instance of a pipe that `user` owns and nobody else may open; it is for overlapped use.

        With `first`, OSError where somebody else has made a pipe of that name.
        """
        descriptor = c_void_p()
        rights = f"O:{user}D:P(A;;GA;;;{user})"  # owner; protected list: allow everything, to the user alone
        self._check(self._descriptor(rights, 1, byref(descriptor), None))
        try:
            attributes = _SecurityAttributes(ctypes.sizeof(_SecurityAttributes), descriptor, False)
            # PIPE_ACCESS_DUPLEX, FILE_FLAG_OVERLAPPED, FILE_FLAG_FIRST_PIPE_INSTANCE
            mode = 0x3 | 0x40000000 | (0x80000 if first else 0)
            handle = self._create_pipe(  # bytes, blocking; PIPE_REJECT_REMOTE_CLIENTS; 255: no limit
                path, mode, 0x8, 255, BUFFER, BUFFER, 0, byref(attributes)
            )
            return self._handle(handle)
        finally:
            self._free(descriptor)

    def open_pipe(self, path: str) -> int:
        """A client's end, whose server may learn who the user is and no more."""
        access = 0x80000000 | 0x40000000  # GENERIC_READ, GENERIC_WRITE
        flags = 0x100000 | 0x10000  # SECURITY_SQOS_PRESENT, SECURITY_IDENTIFICATION
        return self._handle(self._create_file(path, access, 0, None, 3, flags, None))  # OPEN_EXISTING

    def wait_for_pipe(self, path: str, milliseconds: int) -> None:
        """Until an instance is free, or the time is over."""
        self._wait_pipe(path, milliseconds)

    def waiting(self, handle: int) -> int:
        """How many bytes can be read at once."""
        count = wintypes.DWORD()
        self._check(self._peek(handle, None, 0, None, byref(count), None))
        return count.value

    def read(self, handle: int, most: int) -> bytes:
        buffer, count = ctypes.create_string_buffer(most), wintypes.DWORD()
        self._check(self._read(handle, buffer, most, byref(count), None))
        return buffer.raw[: count.value]

    def write(self, handle: int, data: bytes) -> int:
        """How many bytes were taken."""
        count = wintypes.DWORD()
        self._check(self._write(handle, data, len(data), byref(count), None))
        return count.value

    def close(self, handle: int) -> None:
        self._close(handle)

    def _handle(self, handle: Optional[int]) -> int:
        self._check(handle not in (None, c_void_p(-1).value))  # INVALID_HANDLE_VALUE
        assert handle is not None
        return handle

    def _text_of(self, sid: c_void_p) -> str:
        text = c_void_p()
        self._check(self._sid_text(sid, byref(text)))
        try:
            assert text.value is not None
            return ctypes.wstring_at(text.value)
        finally:
            self._free(text)

    def _check(self, ok: Any) -> None:
        if not ok:
            raise ctypes.WinError(ctypes.get_last_error())  # type: ignore[attr-defined]


class _SecurityAttributes(ctypes.Structure):
    _fields_ = [
        ("nLength", wintypes.DWORD),
        ("lpSecurityDescriptor", c_void_p),
        ("bInheritHandle", wintypes.BOOL),
    ]


_win32: Optional[Win32] = None


def win32() -> Win32:
    global _win32
    if _win32 is None:
        _win32 = Win32()
    return _win32


class PipeEnd:
    """A client's blocking connection, with the methods of a socket that the client uses."""

    def __init__(self, handle: int, silence: float):
        self._handle: Optional[int] = handle
        self._silence = silence

    def recv(self, most: int) -> bytes:
        """What arrives next; nothing at the end. TimeoutError after `silence` seconds without a byte."""
        end, pause = time.monotonic() + self._silence, 0.001
        try:
            while True:
                count = win32().waiting(self._open())
                if count:
                    return win32().read(self._open(), min(most, count))
                if time.monotonic() > end:
                    raise TimeoutError("timed out")
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        except OSError as error:
            if _code(error) == BROKEN_PIPE:
                return b""
            raise

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[win32().write(self._open(), bytes(view[:BUFFER])) :]

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            win32().close(handle)

    def _open(self) -> int:
        if self._handle is None:
            raise OSError("the connection is closed")
        return self._handle


def connect(path: str, silence: float) -> socket.socket:
    """A connection to this user's core at `path`. It waits `silence` seconds for bytes.

    OSError if nobody listens; PermissionError if it is another user who does.
    """
    handle = _opened(path, time.monotonic() + silence)
    if not is_own_descriptor(handle):
        win32().close(handle)
        raise PermissionError(f"Another user's program listens at {path}.")
    return PipeEnd(handle, silence)  # type: ignore[return-value]


def _opened(path: str, deadline: float) -> int:
    while True:
        try:
            return win32().open_pipe(path)
        except OSError as error:  # every instance is taken for the moment
            if _code(error) != PIPE_BUSY or time.monotonic() > deadline:
                raise
            win32().wait_for_pipe(path, 100)


def is_own_descriptor(descriptor: int) -> bool:
    """Whether a pipe's end was made by this user: nobody else can make this user a pipe's owner."""
    return win32().owner(descriptor) == win32().own_user()


def peer_process(descriptor: int) -> int:
    """The number of the process that listens at the other end of a pipe; 0 where nobody can tell."""
    with suppress(OSError):
        return win32().server_process(descriptor)
    return 0


def end_process(number: int) -> None:
    """Ends a process of this user that does not answer."""
    with suppress(OSError):
        os.kill(number, signal.SIGTERM)  # on Windows, this ends it at once


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Processes that change the same thing take turns."""
    import msvcrt

    with open(path + ".lock", "ab") as lock:
        while True:
            try:
                lock.seek(0)
                msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
                break
            except OSError:
                time.sleep(LOCK_EVERY)
        try:
            yield
        finally:
            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]


def on_end_signal(leave: Callable[[], None]) -> None:
    """Calls `leave` in the running loop when the artist presses Ctrl+C or Ctrl+Break in a console."""
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(leave))


class Connection:
    """A peer's connection, at the core's end."""

    def __init__(self, reader: asyncio.StreamReader, transport: Any, protocol: asyncio.StreamReaderProtocol):
        self._reader = reader
        self._transport = transport
        self._transport.set_write_buffer_limits(0)  # so that `sendall` ends when all is sent
        self._writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())

    async def recv(self, most: int) -> bytes:
        """What arrives next, at most `most` bytes; nothing at the end."""
        return await self._reader.read(most)

    async def sendall(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def hang_up(self) -> None:
        """Ends what `recv` and `sendall` wait for."""
        self._transport.abort()

    def close(self) -> None:
        self._transport.close()


class Listener:
    """The core's pipe, one instance of which always waits for a peer; the system limits how many may be open.

    AlreadyRunning where a pipe of that name is there, ServerError where none can be made.
    """

    def __init__(self, path: str, most: int):
        self._path = path
        self._user = win32().own_user()
        self._next: Any = self._instance(first=True)

    def _instance(self, first: bool) -> Any:
        try:
            return _overlapped(win32().create_pipe(self._path, self._user, first))
        except OSError as error:
            if first and _code(error) in (ACCESS_DENIED, PIPE_BUSY):
                text = f"A core is already listening at {self._path}: use that one, or end it first."
                raise AlreadyRunning(text) from None
            raise ServerError(f"The core cannot listen at {self._path}: {error}.") from None

    async def accept(self) -> Optional[Connection]:
        """The next peer's connection. The pipe lets in nobody but this user."""
        loop: Any = asyncio.get_running_loop()  # asyncio's own for Windows, which knows pipes
        await loop._proactor.accept_pipe(self._next)
        pipe, self._next = self._next, self._instance(first=False)
        reader = asyncio.StreamReader(limit=BUFFER)
        protocol = asyncio.StreamReaderProtocol(reader)
        return Connection(reader, loop._make_duplex_pipe_transport(pipe, protocol), protocol)

    def close(self) -> None:
        self._next.close()


def _overlapped(handle: int) -> Any:
    """A pipe as asyncio's event loop for Windows takes it."""
    from asyncio.windows_utils import PipeHandle  # type: ignore[attr-defined]

    return PipeHandle(handle)


def _code(error: OSError) -> int:
    return getattr(error, "winerror", None) or error.errno or 0
