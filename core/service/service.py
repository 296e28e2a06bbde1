"""The core process: answers the protocol's methods over the socket and hands all that computes to the worker.

docs/protocol.md describes the methods. This thread only checks, hands over and waits: it answers at any time.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import logging.handlers
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...bridge.protocol import (
    CORE_ERROR,
    METHOD_NOT_FOUND,
    PROTOCOL_KIND,
    CallError,
    ProtocolError,
    described,
)
from ...bridge.server import AlreadyRunning, Call, Peer, Server, ServerError
from ...bridge.version import VERSION
from ...models.manifest import PackError
from ..errors import CoreError
from . import parameters
from .worker import Job, Worker

if TYPE_CHECKING:
    from .desk import Studio

DEFAULT_PACK = "portraits"
IDLE_SECONDS = 600.0  # without work, until the pack's memory is given back
CALM_SECONDS = 3.0  # without work, until the engines are measured
LEAVE_SECONDS = 1.0  # for the step that is being computed when the core is told to leave
LOG_BYTES, LOG_FILES = 1 << 20, 3
MAX_STAMPS = 1024
EXIT_FAILED, EXIT_ALREADY_RUNNING = 1, 3

Answer = tuple[dict[str, Any], bytes]

log = logging.getLogger(__name__)


class Service:
    """Every method of the protocol. A picture belongs to the connection that opened it."""

    def __init__(self, pack: str, leave: Callable[[], None]):
        self.worker = Worker()
        self.announce: Callable[[str], None] = log.info  # tells every panel how the core is; from any thread
        self._default_pack = pack
        self._leave = leave
        self._studio: Studio | None = None  # made on the worker's thread, and called there alone
        self._started = time.monotonic()
        self._jobs: dict[Call, Job] = {}
        self._stamps: dict[str, int] = {}  # the newest edit of each picture
        self._projecting: set[str] = set()
        self._methods: dict[str, Callable[[Call], Awaitable[Answer]]] = {
            "pack/open": self._open_pack,
            "picture/open": self._open_picture,
            "picture/project": self._project,
            "picture/restore": self._restore,
            "edit": self._edit,
            "picture/apply": self._apply,
            "picture/close": self._close,
            "core/status": self._status,
            "core/unload": self._unload,
            "core/shutdown": self._shutdown,
        }

    @property
    def capabilities(self) -> list[str]:
        return [*self._methods, "$/cancel"]

    # What the server calls

    async def answer(self, call: Call) -> Answer:
        method = self._methods.get(call.method)
        if method is None:
            text = f'The core knows no method "{call.method}": it may be older than the panel.'
            raise CallError(METHOD_NOT_FOUND, PROTOCOL_KIND, text)
        try:
            return await method(call)
        except (CallError, ProtocolError):
            raise
        except Exception as error:
            raise refusal(error) from None

    def cancel(self, call: Call) -> None:
        if call in self._jobs:
            self.worker.cancel(self._jobs[call])

    def left(self, peer: Peer) -> None:
        """Forgets the pictures of a connection that is closed."""
        prefix = _key(peer, "")
        self._stamps = {key: stamp for key, stamp in self._stamps.items() if not key.startswith(prefix)}
        self.worker.task(lambda job: self._studio and self._studio.close_all(prefix))

    # The methods

    async def _open_pack(self, call: Call) -> Answer:
        name = self._default_pack
        if call.params.get("pack") is not None:
            name = parameters.text(call.params, "pack", parameters.MAX_PATH)
        return await self._task(call, lambda studio, job: studio.open_pack(name)), b""

    async def _open_picture(self, call: Call) -> Answer:
        key = _picture(call)
        size = described(call.params, call.attachment, "rgba8")
        self._stamps.pop(key, None)

        def run(studio: Studio, job: Job) -> dict[str, float]:
            return studio.open(key, size["width"], size["height"], call.attachment)

        return {"placement": await self._task(call, run)}, b""

    async def _project(self, call: Call) -> Answer:
        key, budget = _picture(call), parameters.budget(call.params)
        if key in self._projecting:
            raise CoreError("busy", "This picture is being projected already: cancel that first.")
        progress, frame = _sender(call, "project/progress"), _sender(call, "frame")
        self._projecting.add(key)
        try:
            job = self.worker.project(lambda job: self.studio().project(key, budget, job, progress, frame))
            return await self._wait(call, job)
        finally:
            self._projecting.discard(key)

    async def _restore(self, call: Call) -> Answer:
        key = _picture(call)
        shape = described(call.params, call.attachment, "f32")["shape"]
        await self._task(call, lambda studio, job: studio.restore(key, shape, call.attachment))
        return {}, b""

    async def _edit(self, call: Call) -> Answer:
        key, state, frame = _picture(call), parameters.edit_state(call.params), _sender(call, "frame")
        complete = False
        if state["stamp"] >= self._stamps.get(key, 0):
            self._remember(key, state["stamp"])
            job = self.worker.edit(key, lambda job: self.studio().edit(key, state, job, frame))
            complete = await self._wait(call, job)
        return {"stamp": state["stamp"], "complete": complete}, b""

    async def _apply(self, call: Call) -> Answer:
        key, edits = _picture(call), parameters.edits(call.params)
        return await self._task(call, lambda studio, job: studio.apply(key, edits, job))

    async def _close(self, call: Call) -> Answer:
        key = _picture(call)
        self._stamps.pop(key, None)
        await self._wait(call, self.worker.task(lambda job: self._studio and self._studio.close(key)))
        return {}, b""

    async def _status(self, call: Call) -> Answer:
        studio = self._studio
        status = {
            "resident_bytes": resident_bytes(),
            "pictures": studio.pictures if studio else 0,
            "pack": studio.pack if studio else None,
            "loaded": bool(studio and studio.loaded),
            "calibrated": bool(studio and studio.calibrated),
            "uptime": time.monotonic() - self._started,
        }
        return status, b""

    async def _unload(self, call: Call) -> Answer:
        await self.unload()
        return {}, b""

    async def _shutdown(self, call: Call) -> Answer:
        self._leave()
        return {}, b""

    # The worker's thread

    async def unload(self) -> None:
        """Gives the model's memory back until the next request that needs it."""
        await asyncio.wrap_future(self.worker.task(lambda job: self._studio and self._studio.unload()).future)

    @property
    def wants_calibration(self) -> bool:
        """Whether a pack is loaded whose fastest engines are not open yet."""
        return self._studio is not None and self._studio.calibrated is False

    async def calibrate(self) -> None:
        """Measures and opens them; whatever else is asked for comes first, and ends it."""

        def run(job: Job) -> None:
            self.studio().calibrate(lambda: job.stopped() or self.worker.work_waits)

        try:
            await asyncio.wrap_future(self.worker.task(run).future)
        except Exception as error:  # the artist did not ask for it
            log.warning("not calibrated", exc_info=error)

    def studio(self) -> Studio:
        """Only for the worker's thread."""
        if self._studio is None:
            self.announce("Loading model 1/3")
            from .desk import Studio  # torch: seconds, which the socket need not wait for

            self._studio = Studio(self._default_pack, self.announce)
        return self._studio

    async def _task(self, call: Call, run: Callable[[Studio, Job], Any]) -> Any:
        return await self._wait(call, self.worker.task(lambda job: run(self.studio(), job)))

    async def _wait(self, call: Call, job: Job) -> Any:
        self._jobs[call] = job
        if call.cancelled:  # before its job was there
            self.worker.cancel(job)
        try:
            return await asyncio.wrap_future(job.future)
        finally:
            del self._jobs[call]

    def _remember(self, key: str, stamp: int) -> None:
        self._stamps[key] = stamp
        while len(self._stamps) > MAX_STAMPS:
            del self._stamps[next(iter(self._stamps))]


def _picture(call: Call) -> str:
    return _key(call.peer, parameters.text(call.params, "picture"))


def _key(peer: Peer, picture: str) -> str:
    return f"{peer.number}/{picture}"


def _sender(call: Call, method: str) -> Callable[[dict[str, Any], bytes], None]:
    """Sends notifications on the call's picture from any thread; of those that wait, the newest stays.

    Frames of a part wait beside whole ones: they are laid over them.
    """
    loop, picture = asyncio.get_running_loop(), call.params["picture"]

    def send(params: dict[str, Any], attachment: bytes) -> None:
        params = {"picture": picture, **params}
        topic = f"{method} {picture} {params.get('whole')}"
        loop.call_soon_threadsafe(call.peer.notify, method, params, attachment, topic)

    return send


def refusal(error: Exception) -> CallError:
    """What the artist is told of an exception; one that nobody foresaw goes to the log in full."""
    if isinstance(error, CoreError):
        return CallError(CORE_ERROR, error.kind, error.message)
    if isinstance(error, PackError):
        return CallError(CORE_ERROR, "pack", str(error))
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CallError(CORE_ERROR, "no-space", "The disk is full: free some space, then try again.")
    if _is_out_of_memory(error):
        text = "There is not enough memory: close other programs or pictures, or choose a lower quality."
        return CallError(CORE_ERROR, "no-space", text)
    log.error("unforeseen", exc_info=error)
    if isinstance(error, ImportError):
        text = f"A library of the core is missing ({error}): install Anycost again."
        return CallError(CORE_ERROR, "internal", text)
    text = f"The core met an error that it did not expect: its log, {log_path()}, tells which."
    return CallError(CORE_ERROR, "internal", text)


def _is_out_of_memory(error: Exception) -> bool:
    # torch raises RuntimeErrors; on a GPU of a class of its own
    texts = ("allocate memory", "out of memory")
    return isinstance(error, MemoryError) or any(text in str(error) for text in texts)


def resident_bytes() -> int | None:
    """The memory of this process, where /proc tells."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def log_path() -> Path:
    """The core's log, beside which lie a few older ones."""
    home = os.environ.get("XDG_STATE_HOME", "")
    base = Path(home) if os.path.isabs(home) else Path.home() / ".local" / "state"
    return base / "anycost" / "core.log"


def main(
    socket_path: str, adopt_stdin: bool = True, pack: str = DEFAULT_PACK, idle_seconds: float = IDLE_SECONDS
) -> int:
    """Serves at `socket_path` until told to leave; the exit code.

    With `adopt_stdin` the end of standard input tells it, which comes when the starting program ends, however
    it ends. `pack` is the one for clients that name none.
    """
    start_log()
    try:
        asyncio.run(_serve(socket_path, adopt_stdin, pack, idle_seconds))
    except ServerError as error:
        log.error("%s", error)
        print(error, file=sys.stderr)
        return EXIT_ALREADY_RUNNING if isinstance(error, AlreadyRunning) else EXIT_FAILED
    return 0


async def _serve(socket_path: str, adopt_stdin: bool, pack: str, idle_seconds: float) -> None:
    loop, leave = asyncio.get_running_loop(), asyncio.Event()
    service = Service(pack, leave.set)
    hello = {"version": VERSION, "pid": os.getpid(), "capabilities": service.capabilities}
    server = Server(socket_path, service, hello)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, leave.set)  # before anybody can know that it runs
    await server.start()
    log.info("core %s listens at %s", VERSION, socket_path)

    def announce(text: str) -> None:
        loop.call_soon_threadsafe(server.broadcast, "core/state", {"text": text}, "core/state")

    service.announce = announce
    if adopt_stdin:
        threading.Thread(target=_await_end, args=(loop, leave), daemon=True).start()
    idle = [
        asyncio.create_task(rest_when_idle(service, idle_seconds)),
        asyncio.create_task(calibrate_when_calm(service, CALM_SECONDS)),
    ]
    await leave.wait()
    log.info("leaving")
    for task in idle:
        task.cancel()
    await server.close()
    service.worker.close(LEAVE_SECONDS)


def _await_end(loop: asyncio.AbstractEventLoop, leave: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):  # the loop has ended for another reason
        loop.call_soon_threadsafe(leave.set)


async def rest_when_idle(service: Service, idle_seconds: float) -> None:
    """Unloads the model whenever there was nothing to do for so long."""
    while True:
        await asyncio.sleep(idle_seconds / 4)
        if service.worker.idle_seconds() >= idle_seconds:
            await service.unload()


async def calibrate_when_calm(service: Service, calm_seconds: float) -> None:
    """Measures and opens a pack's engines as soon as nobody has asked for anything for so long."""
    while True:
        await asyncio.sleep(calm_seconds / 4)
        if service.wants_calibration and service.worker.idle_seconds() >= calm_seconds:
            await service.calibrate()


def start_log() -> None:
    """Sends what is logged, and warnings, to the log file alone."""
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="backslashreplace"
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)
