"""The core process: answers the panels' requests over the socket and hands all computing to the worker.

docs/protocol.md describes the methods. This thread only checks, hands over and waits, so it can answer at any
time.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ...bridge import system
from ...bridge.fields import text
from ...bridge.launch import log_path
from ...bridge.messages import (
    CORE_SHUTDOWN,
    CORE_STATUS,
    CORE_UNLOAD,
    DEFAULT_PACK,
    PACK_HASH,
    ApplyEdits,
    ClosePicture,
    CoreState,
    CoreStatus,
    DrawnEdit,
    DrawThumbnail,
    EditState,
    FindFaces,
    Frame,
    Message,
    OpenedPack,
    OpenPack,
    OpenPicture,
    PackOpened,
    PacksChanged,
    Progress,
    ProjectPicture,
    RestorePicture,
    Welcome,
    topic,
)
from ...bridge.protocol import (
    CANCEL,
    CORE_ERROR,
    METHOD_NOT_FOUND,
    PROTOCOL_KIND,
    AlreadyRunning,
    CallError,
    ProtocolError,
    ServerError,
)
from ...bridge.server import Call, Peer, Server
from ...bridge.version import VERSION
from ...models.manifest import PackError
from ..errors import CoreError, is_out_of_memory
from .log_file import start_log
from .memory_budget import limit_memory
from .worker import Job, Worker

if TYPE_CHECKING:
    from .desk import Desk

IDLE_SECONDS = 600.0  # without work, until the pack's memory is given back
CALM_SECONDS = 3.0  # without work, until the engines are measured
PAUSE_SECONDS = 0.5  # without work, until what sliders will need is done ahead
LOOK_SECONDS = 2.0  # between two looks at the folders of packs and directions
LEAVE_SECONDS = 1.0  # for the current step to end when the core is told to leave
MAX_STATES = 64  # remembered edit states; a session keeps fewer pictures
EXIT_FAILED, EXIT_ALREADY_RUNNING = 1, 3

Answered = tuple[dict[str, Any], bytes]
OnPicture = TypeVar(
    "OnPicture",
    OpenPicture,
    ProjectPicture,
    RestorePicture,
    EditState,
    DrawThumbnail,
    ApplyEdits,
    ClosePicture,
)

log = logging.getLogger(__name__)


class Service:
    """Every method of the protocol.

    A picture belongs to the connection that opened it. Within the core, its name begins with the
    connection's number.
    """

    def __init__(self, pack: str, leave: Callable[[], None]):
        self.worker = Worker()
        self.announce: Callable[[str], None] = log.info  # tells every panel how the core is; from any thread
        self.tell_others: Callable[[Message, Peer], None] = lambda message, peer: None  # all panels but one
        self._default_pack = pack
        self._leave = leave
        self._desk: Desk | None = None  # made and called on the worker's thread only
        self._started = time.monotonic()
        self._jobs: dict[Call, Job] = {}
        self._newest: dict[str, EditState] = {}  # the newest edit of each picture
        self._opened = ""  # the hash of the pack that was opened last...
        self._chosen: dict[Peer, str] = {}  # ...and of the one that each connection opened last
        self._owners: set[Peer] = set()  # connections that have opened pictures
        self._projecting: set[str] = set()
        self._methods: dict[str, Callable[[Call], Awaitable[Answered]]] = {
            OpenPack.METHOD: self._open_pack,
            FindFaces.METHOD: self._find_faces,
            OpenPicture.METHOD: self._open_picture,
            ProjectPicture.METHOD: self._project,
            RestorePicture.METHOD: self._restore,
            EditState.METHOD: self._edit,
            DrawThumbnail.METHOD: self._thumbnail,
            ApplyEdits.METHOD: self._apply,
            ClosePicture.METHOD: self._close,
            CORE_STATUS: self._status,
            CORE_UNLOAD: self._unload,
            CORE_SHUTDOWN: self._shutdown,
        }

    @property
    def capabilities(self) -> tuple[str, ...]:
        return (*self._methods, CANCEL)

    # What the server calls

    async def answer(self, call: Call) -> Answered:
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
        prefix = _name(peer, "")
        self._newest = {name: state for name, state in self._newest.items() if not name.startswith(prefix)}
        self._chosen.pop(peer, None)
        if peer in self._owners:  # connections that come and go give the worker nothing to do
            self._owners.remove(peer)
            self.worker.task(lambda job: self._desk and self._desk.close_all(prefix))

    # The methods

    async def _open_pack(self, call: Call) -> Answered:
        asked = OpenPack.of(call.params)
        name = asked.pack or self._default_pack
        opening = self.worker.task(lambda job: self.desk().open_pack(name, asked.language))
        opened: OpenedPack = await self._wait(call, opening)
        self._chosen[call.peer] = opened.pack_hash
        if opened.pack_hash != self._opened:
            self._opened = opened.pack_hash
            self.tell_others(PackOpened(opened.title, opened.pack_hash), call.peer)
        return _answer(opened)

    async def _find_faces(self, call: Call) -> Answered:
        asked = FindFaces.of(call.params, call.attachment)
        return _answer(await self._task(call, lambda desk, job: desk.faces(asked)))

    async def _open_picture(self, call: Call) -> Answered:
        asked = _own(call.peer, OpenPicture.of(call.params, call.attachment))
        self._newest.pop(asked.picture, None)
        self._owners.add(call.peer)
        return _answer(await self._task(call, lambda desk, job: desk.open(asked)))

    async def _project(self, call: Call) -> Answered:
        asked = _own(call.peer, ProjectPicture.of(call.params))
        if asked.picture in self._projecting:
            raise CoreError("busy", "This picture is being projected already: cancel that first.")
        wanted, tell = self._wanted(call), _teller(call)

        def newest() -> EditState:
            return self._newest.get(asked.picture, EditState(asked.picture, 0))

        self._projecting.add(asked.picture)
        try:
            job = self.worker.project(
                lambda job: self.desk().with_pack(wanted).project(asked, newest, job, tell)
            )
            return _answer(await self._wait(call, job))
        finally:
            self._projecting.discard(asked.picture)

    async def _restore(self, call: Call) -> Answered:
        asked = _own(call.peer, RestorePicture.of(call.params, call.attachment))
        await self._task(call, lambda desk, job: desk.restore(asked))
        return {}, b""

    async def _edit(self, call: Call) -> Answered:
        state, wanted, tell = _own(call.peer, EditState.of(call.params)), self._wanted(call), _teller(call)
        newest, complete = self._newest.get(state.picture), False
        if newest is None or state.stamp >= newest.stamp:
            self._remember(state)
            job = self.worker.edit(
                state.picture, lambda job: self.desk().with_pack(wanted).edit(state, job, tell)
            )
            complete = await self._wait(call, job)
        return _answer(DrawnEdit(state.stamp, complete))

    async def _thumbnail(self, call: Call) -> Answered:
        asked = _own(call.peer, DrawThumbnail.of(call.params))
        return _answer(await self._task(call, lambda desk, job: desk.thumbnail(asked, job)))

    async def _apply(self, call: Call) -> Answered:
        asked = _own(call.peer, ApplyEdits.of(call.params, call.attachment))
        return _answer(await self._task(call, lambda desk, job: desk.apply(asked, job)))

    async def _close(self, call: Call) -> Answered:
        picture = _own(call.peer, ClosePicture.of(call.params)).picture
        self._newest.pop(picture, None)
        await self._wait(call, self.worker.task(lambda job: self._desk and self._desk.close(picture)))
        return {}, b""

    async def _status(self, call: Call) -> Answered:
        desk = self._desk
        status = CoreStatus(
            resident_bytes(),
            desk.pictures if desk else 0,
            desk.pack if desk else None,
            bool(desk and desk.loaded),
            bool(desk and desk.calibrated),
            time.monotonic() - self._started,
        )
        return _answer(status)

    async def _unload(self, call: Call) -> Answered:
        await self.unload()
        return {}, b""

    async def _shutdown(self, call: Call) -> Answered:
        self._leave()
        return {}, b""

    # The worker's thread

    async def unload(self) -> None:
        """Gives the model's memory back until the next request that needs it."""
        await asyncio.wrap_future(self.worker.task(lambda job: self._desk and self._desk.unload()).future)

    @property
    def has_desk(self) -> bool:
        """Whether anything was asked for that needs a pack."""
        return self._desk is not None

    @property
    def wants_calibration(self) -> bool:
        """Whether the loaded pack's fastest engines are still to be opened."""
        return self._desk is not None and self._desk.calibrated is False

    async def calibrate(self) -> None:
        """Measures and opens the fastest engines; any request comes first and interrupts this."""
        await self._unasked("calibrated", lambda stopped: self.desk().calibrate(stopped))

    @property
    def can_look_ahead(self) -> bool:
        """Whether first touches of sliders would still wait for something."""
        return self._desk is not None and self._desk.can_look_ahead

    async def look_ahead(self) -> None:
        """Does what they would wait for; any request comes first and interrupts this."""
        await self._unasked("looked ahead", lambda stopped: self.desk().look_ahead(stopped))

    async def _unasked(self, what: str, run: Callable[[Callable[[], bool]], None]) -> None:
        """Work that nobody asked for, and whose failure nobody needs to hear of."""
        try:
            job = self.worker.task(lambda job: run(lambda: job.stopped() or self.worker.work_waits))
            await asyncio.wrap_future(job.future)
        except Exception as error:
            log.warning("not %s", what, exc_info=error)

    def desk(self) -> Desk:
        """Only for the worker's thread."""
        if self._desk is None:
            self.announce("Loading model 1/3")
            looks = gc.get_threshold()
            gc.set_threshold(0)  # looking for garbage takes a sixth of the import, and finds none
            try:
                from .desk import Desk  # imports torch, which takes seconds; the socket need not wait
            finally:
                gc.set_threshold(*looks)
            gc.freeze()  # libraries stay: looking through them for garbage would hold the socket up
            self._desk = Desk(self._default_pack, self.announce)
        return self._desk

    def _wanted(self, call: Call) -> str:
        """The hash of the pack that a request is for; empty for any.

        It names the pack, or means the one that its connection opened last.
        """
        named = "" if call.params.get(PACK_HASH) is None else text(call.params, PACK_HASH)
        return named or self._chosen.get(call.peer, "")

    async def _task(self, call: Call, run: Callable[[Desk, Job], Any]) -> Any:
        wanted = self._wanted(call)
        return await self._wait(call, self.worker.task(lambda job: run(self.desk().with_pack(wanted), job)))

    async def _wait(self, call: Call, job: Job) -> Any:
        self._jobs[call] = job
        if call.cancelled:  # before its job was there
            self.worker.cancel(job)
        try:
            return await asyncio.wrap_future(job.future)
        finally:
            del self._jobs[call]

    def _remember(self, state: EditState) -> None:
        self._newest.pop(state.picture, None)
        self._newest[state.picture] = state
        while len(self._newest) > MAX_STATES:
            del self._newest[next(iter(self._newest))]


def _answer(message: Message) -> Answered:
    return message.data(), message.attachment


def _own(peer: Peer, message: OnPicture) -> OnPicture:
    """The message with the names within the core of its pictures."""
    mix = getattr(message, "mix", None)
    if mix is not None and mix.picture is not None:
        message = replace(message, mix=replace(mix, picture=_name(peer, mix.picture)))
    return replace(message, picture=_name(peer, message.picture))


def _name(peer: Peer, picture: str) -> str:
    return f"{peer.number}/{picture}"


def _teller(call: Call) -> Callable[[Frame | Progress], None]:
    """Tells the call's peer about its picture, from any thread."""
    loop, picture = asyncio.get_running_loop(), call.params["picture"]

    def tell(message: Frame | Progress) -> None:
        told = replace(message, picture=picture).data()
        about = topic(message.METHOD, told)
        loop.call_soon_threadsafe(call.peer.notify, message.METHOD, told, message.attachment, about)

    return tell


def refusal(error: Exception) -> CallError:
    """What the artist is told about an exception. An unforeseen one goes to the log in full."""
    if isinstance(error, CoreError):
        return CallError(CORE_ERROR, error.kind, error.message)
    if isinstance(error, PackError):
        return CallError(CORE_ERROR, "pack", str(error))
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CallError(CORE_ERROR, "no-space", "The disk is full: free some space, then try again.")
    if is_out_of_memory(error):
        text = "There is not enough memory: close other programs or pictures, or choose a lower quality."
        return CallError(CORE_ERROR, "no-space", text)
    log.error("unforeseen", exc_info=error)
    if isinstance(error, ImportError):
        text = f"A library of the core is missing ({error}): install Anycost again."
        return CallError(CORE_ERROR, "internal", text)
    text = f"The core met an error that it did not expect: its log, {log_path()}, tells which."
    return CallError(CORE_ERROR, "internal", text)


def resident_bytes() -> int | None:
    """The memory of this process, where /proc tells."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def main(
    socket_path: str, adopt_stdin: bool = True, pack: str = DEFAULT_PACK, idle_seconds: float = IDLE_SECONDS
) -> int:
    """Serves at `socket_path` until told to leave; the exit code.

    With `adopt_stdin`, it also leaves when standard input closes, which happens however the starting program
    ends. `pack` is for clients that name none.
    """
    start_log()
    limit_memory()
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
    server = Server(socket_path, service, Welcome(VERSION, os.getpid(), service.capabilities))
    system.on_end_signal(leave.set)  # before anybody can know that the core runs
    await server.start()
    log.info("core %s listens at %s", VERSION, socket_path)

    def announce(text: str) -> None:
        loop.call_soon_threadsafe(server.broadcast, CoreState(text))

    service.announce, service.tell_others = announce, server.broadcast
    if adopt_stdin:
        threading.Thread(target=_await_end, args=(loop, leave), daemon=True).start()
    idle = [
        asyncio.create_task(rest_when_idle(service, idle_seconds)),
        asyncio.create_task(calibrate_when_calm(service, CALM_SECONDS)),
        asyncio.create_task(look_ahead_in_pauses(service, PAUSE_SECONDS)),
        asyncio.create_task(watch_folders(service, server, LOOK_SECONDS)),
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
    """Unloads the model whenever there has been nothing to do for `idle_seconds`."""
    while True:
        await asyncio.sleep(idle_seconds / 4)
        if service.worker.idle_seconds() >= idle_seconds:
            await service.unload()


async def calibrate_when_calm(service: Service, calm_seconds: float) -> None:
    """Measures and opens a pack's engines once nobody has asked for anything for `calm_seconds`."""
    while True:
        await asyncio.sleep(calm_seconds / 4)
        if service.wants_calibration and service.worker.idle_seconds() >= calm_seconds:
            await service.calibrate()


async def look_ahead_in_pauses(service: Service, pause_seconds: float) -> None:
    """Does what sliders will need once nobody has asked for anything for `pause_seconds`."""
    while True:
        await asyncio.sleep(pause_seconds / 4)
        if service.can_look_ahead and service.worker.idle_seconds() >= pause_seconds:
            await service.look_ahead()


async def watch_folders(service: Service, server: Server, seconds: float) -> None:
    """Tells every panel when packs or added directions come, go or change, once it can have seen some."""
    before = None
    while True:
        await asyncio.sleep(seconds)
        if service.has_desk:
            now = await asyncio.to_thread(_folders)
            if before is not None and now != before:
                server.broadcast(PacksChanged())
            before = now


def _folders() -> Hashable:
    from ..files.added_directions import state  # imports torch, as the desk has done

    return state()
