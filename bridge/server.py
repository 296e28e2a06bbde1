"""The core's end of the socket: greets peers, bounds what they ask, and passes it to a Handler.

Only this user gets in: posix.py and windows.py say how.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from contextlib import suppress
from typing import Any, Dict, Optional, Protocol, Set, Tuple

from . import protocol
from .fairness import Allowance
from .framing import Decoder, encode, head
from .messages import Hello, Message, Welcome
from .outbox import Outbox
from .protocol import CANCEL, GREETING, MAX_ATTACHMENT, REQUESTS, CallError, ProtocolError
from .system import Connection, Listener

MAX_PEERS = 16
MAX_CALLS = 64  # unanswered requests of one peer...
MAX_ALL_CALLS = 256  # ...and of all
MAX_HELD = 2 * MAX_ATTACHMENT  # bytes of their attachments
MAX_UNFINISHED = 2 * MAX_ATTACHMENT  # bytes of half-received and unsent messages of all peers
HELLO_SECONDS = 10.0
FLUSH_SECONDS = 1.0
LOOK_SECONDS = 1.0  # between two looks at half-received messages
STALLED_SECONDS = 10.0  # in which a half-received message must grow by...
STALLED_BYTES = 64 << 10  # ...this much, or come to its end
READ_BYTES = 1 << 18
SHARE, BURST = 0.05, 0.1  # of the event loop's time for what one peer sends; seconds that it may save up
ANSWER_SECONDS = 1e-4  # what any message takes besides
CONNECTIONS_A_SECOND = 100.0

BUSY = "The core has too much to do: wait until it has answered what it was asked."
FULL = "The core serves {} programs already: close one of them, then try again."

log = logging.getLogger(__name__)


class Call:
    """A request that has not been answered yet. Services compare calls by identity."""

    def __init__(self, peer: Peer, message: Dict[str, Any], attachment: bytes):
        self.peer = peer
        self.number: int = message["id"]
        self.method: str = message["method"]
        self.params: Dict[str, Any] = message.get("params", {})
        self.attachment = attachment
        self.cancelled = False


class Handler(Protocol):
    """Answers requests. The server calls all three methods in the event loop's thread."""

    async def answer(self, call: Call) -> Tuple[Dict[str, Any], bytes]:
        """Result and attachment of a request; CallError or ProtocolError to refuse it."""
        ...

    def cancel(self, call: Call) -> None:
        """The peer no longer wants the answer: make `answer` end soon."""
        ...

    def left(self, peer: Peer) -> None:
        """The peer is gone and its calls are cancelled."""
        ...


class _HangUp(Exception):
    """The peer was told why; close its connection."""


class Peer:
    """One connection: reads requests, sends what the outbox holds, and knows which calls are open."""

    def __init__(self, server: Server, connection: Connection, number: int):
        self.number = number
        self._server = server
        self._connection = connection
        self._decoder = Decoder(GREETING)
        self._outbox = Outbox()
        self._calls: Dict[int, Call] = {}
        self._answers: Set[asyncio.Task[None]] = set()
        self._greeted = False
        self._allowance = Allowance(SHARE, BURST)
        self._grown = 0  # bytes since `_grown_at`
        self._grown_at = 0.0  # when the message that is being received last got on
        self._reading: Optional[asyncio.Task[None]] = None
        self._writing: Optional[asyncio.Task[None]] = None

    @property
    def unfinished(self) -> int:
        """Bytes that are held of a half-received message and of what is still to be sent."""
        return self._decoder.held + self._outbox.bytes

    def notify(self, method: str, params: Dict[str, Any], attachment: bytes = b"", topic: str = "") -> None:
        """Sends a notification, which replaces one that still waits under the same `topic`."""
        if self._greeted:
            self._send(protocol.notification(method, params), attachment, topic or None)

    async def run(self) -> None:
        """Serves until either side closes the connection."""
        self._reading, self._writing = asyncio.create_task(self._read()), asyncio.create_task(self._write())
        both = self._reading, self._writing
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            self._cancel_calls()
            await self.flush()
        finally:
            for part in both:
                part.cancel()
            await asyncio.wait(both)
            self._outbox.clear()
            self._connection.close()
            self._cancel_calls()
            self._server.service.left(self)

    def let_go(self, why: str, code: int, kind: str) -> None:
        """Ends the connection, with a sentence if the peer still reads."""
        log.warning("peer %d: %s", self.number, why)
        self._decoder.drop()
        if self._reading is not None:
            self._reading.cancel()
        if self._outbox.bytes:
            self._outbox.clear()
            self._connection.hang_up()
        else:
            self._refuse(None, code, why, kind)

    def look(self, now: float) -> None:
        """Lets go of a peer that has sent half a message and does not go on."""
        if self._decoder.held and now - self._grown_at > STALLED_SECONDS:
            text = f"The rest of a message did not come within {STALLED_SECONDS:g} seconds."
            self.let_go(text, protocol.INVALID_REQUEST, protocol.PROTOCOL_KIND)

    async def flush(self) -> None:
        """Gives a peer a moment to read what waits for it."""
        if self._writing is None:
            return
        sent = asyncio.create_task(self._outbox.sent.wait())
        parts = (sent, self._writing)
        await asyncio.wait(parts, timeout=FLUSH_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        sent.cancel()

    async def _read(self) -> None:
        try:
            await asyncio.wait_for(self._greeting(), HELLO_SECONDS)
            while await self._receive():
                pass
        except asyncio.TimeoutError:
            self._refuse(
                None, protocol.INVALID_REQUEST, "The first message must be hello, and must come soon."
            )
        except ProtocolError as error:
            log.warning("peer %d broke the protocol: %s", self.number, error)
            self._refuse(None, error.code, str(error))
        except (_HangUp, OSError):
            pass
        finally:
            self._decoder.drop()

    async def _greeting(self) -> None:
        while not self._greeted and await self._receive():
            pass

    async def _receive(self) -> bool:
        await self._outbox.room()
        data = await self._connection.recv(READ_BYTES)
        if not self._decoder.held:
            self._got_on()
        begun = time.thread_time()
        for message, attachment in self._decoder.messages(data):
            self._take(message, attachment)
            self._got_on()
            await self._allowance.spend(time.thread_time() - begun + ANSWER_SECONDS)
            begun = time.thread_time()
        self._grown += len(data)
        if self._grown >= STALLED_BYTES:
            self._got_on()
        self._server.bound_memory()
        await asyncio.sleep(0)  # recv does not wait while there is more: others have their turn
        return bool(data)

    def _got_on(self) -> None:
        self._grown, self._grown_at = 0, time.monotonic()

    async def _write(self) -> None:
        try:
            while True:
                for part in await self._outbox.get():
                    await self._connection.sendall(part)
        except OSError:
            pass  # the peer is gone

    def _take(self, message: Dict[str, Any], attachment: bytes) -> None:
        try:
            sort = protocol.check(message)
        except ProtocolError as error:
            number = message.get("id")
            self._refuse(number if type(number) is int else None, error.code, str(error))
            return
        if not self._greeted:
            self._greet(message)
        elif sort == "request" and message["method"] == Hello.METHOD:
            self._refuse(message["id"], protocol.INVALID_REQUEST, "This connection has said hello already.")
        elif sort == "request":
            self._begin(Call(self, message, attachment))
        elif sort == "notification" and message["method"] == CANCEL:
            self._cancel_by(message)

    def _cancel_by(self, message: Dict[str, Any]) -> None:
        try:
            call = self._calls.get(protocol.cancelled_id(message))
        except ProtocolError as error:
            self._refuse(None, error.code, str(error))
            return
        if call is not None:
            self._cancel(call)

    def _greet(self, message: Dict[str, Any]) -> None:
        number, params = message.get("id"), message.get("params", {})
        if message.get("method") != Hello.METHOD or number is None:
            self._refuse(number, protocol.INVALID_REQUEST, "The first message must be the request hello.")
            raise _HangUp
        try:
            hello = Hello.of(params)
        except ProtocolError as error:
            self._refuse(number, error.code, str(error))
            raise _HangUp from None
        if hello.protocol != protocol.PROTOCOL:
            text = "The panel speaks protocol {}, the core {}: install both from the same release."
            text = text.format(hello.protocol, protocol.PROTOCOL)
            self._refuse(number, protocol.INVALID_REQUEST, text)
            raise _HangUp
        self._send(protocol.result(number, self._server.welcome.data()))
        self._greeted = True
        self._decoder.limits = REQUESTS
        log.info("peer %d is %.100r %.40r", self.number, hello.client, hello.version)

    def _begin(self, call: Call) -> None:
        if call.number in self._calls:
            self._refuse(call.number, protocol.INVALID_REQUEST, "A request with this id is still open.")
        elif len(self._calls) >= MAX_CALLS or not self._server.has_room(call):
            self._refuse(call.number, protocol.CORE_ERROR, BUSY, "busy")
        else:
            self._calls[call.number] = call
            self._server.calls += 1
            self._server.held += len(call.attachment)
            task = asyncio.create_task(self._answer(call, len(call.attachment)))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def _answer(self, call: Call, held: int) -> None:
        try:
            value, attachment = await self._server.service.answer(call)
            self._send(protocol.result(call.number, value), attachment)
        except CallError as error:
            self._refuse(call.number, error.code, error.message, error.kind)
        except ProtocolError as error:
            self._refuse(call.number, error.code, str(error), "bad-value")
        finally:
            del self._calls[call.number]
            self._server.calls -= 1
            self._server.held -= held

    def _cancel_calls(self) -> None:
        for call in list(self._calls.values()):
            self._cancel(call)

    def _cancel(self, call: Call) -> None:
        call.cancelled = True
        self._server.service.cancel(call)

    def _refuse(
        self, number: Optional[int], code: int, text: str, kind: str = protocol.PROTOCOL_KIND
    ) -> None:
        self._send(protocol.error(number, code, text, kind))

    def _send(self, message: Dict[str, Any], attachment: bytes = b"", topic: Optional[str] = None) -> None:
        self._outbox.put((head(message, len(attachment)), attachment), topic)
        self._server.bound_memory()


class Server:
    """Listens at `path` for `service`; `welcome` is what every peer hears about the core."""

    def __init__(self, path: str, service: Handler, welcome: Welcome):
        self.service = service
        self.welcome = welcome
        self.calls = 0  # unanswered requests of all peers
        self.held = 0  # bytes of their attachments
        self._path = path
        self._peers: Dict[Peer, asyncio.Task[None]] = {}
        self._numbers = itertools.count(1)
        self._listener: Optional[Listener] = None
        self._tasks: Tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """Begins to listen; AlreadyRunning or ServerError when it cannot."""
        self._listener = Listener(self._path, MAX_PEERS)
        self._tasks = asyncio.create_task(self._accept(self._listener)), asyncio.create_task(self._look())

    def has_room(self, call: Call) -> bool:
        """Whether one more request can wait for its answer."""
        return self.calls < MAX_ALL_CALLS and self.held + len(call.attachment) <= MAX_HELD

    def bound_memory(self) -> None:
        """Lets go of the peer of which the most is held, where all unfinished messages are too much."""
        if sum(peer.unfinished for peer in self._peers) > MAX_UNFINISHED:
            greediest = max(self._peers, key=lambda peer: peer.unfinished)
            greediest.let_go(BUSY, protocol.CORE_ERROR, "busy")

    def broadcast(self, message: Message, but: Optional[Peer] = None) -> None:
        """Notifies every peer, perhaps but one. Of messages that wait, the newest of a sort stays."""
        for peer in self._peers:
            if peer is not but:
                peer.notify(message.METHOD, message.data(), topic=message.METHOD)

    async def close(self) -> None:
        """Removes the socket, lets peers take what waits for them, and closes their connections."""
        if self._listener is None:
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        self._listener.close()
        await asyncio.gather(*(peer.flush() for peer in self._peers))
        running = list(self._peers.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _accept(self, listener: Listener) -> None:
        allowance = Allowance(1.0, MAX_PEERS / CONNECTIONS_A_SECOND)
        while True:
            await allowance.spend(1 / CONNECTIONS_A_SECOND)
            try:
                connection = await listener.accept()
            except (OSError, protocol.ServerError) as error:  # out of descriptors: wait for some to close
                log.warning("cannot accept a connection: %s", error)
                await asyncio.sleep(0.2)
                continue
            if connection is None:
                log.warning("refused a connection of another user")
            elif len(self._peers) >= MAX_PEERS:
                log.warning("refused a connection: %d are open", len(self._peers))
                await _turn_away(connection)
            else:
                peer = Peer(self, connection, next(self._numbers))
                self._peers[peer] = asyncio.create_task(self._run(peer))

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for peer in list(self._peers):
                peer.look(time.monotonic())

    async def _run(self, peer: Peer) -> None:
        try:
            await peer.run()
        finally:
            del self._peers[peer]


async def _turn_away(connection: Connection) -> None:
    message = protocol.error(None, protocol.CORE_ERROR, FULL.format(MAX_PEERS), "busy")
    with suppress(OSError):
        await connection.sendall(encode(message))  # a new connection takes this at once
    connection.close()
