"""The core's end of the socket: greets peers, bounds what they ask, and passes it to a Handler.

Only this user gets in: posix.py and windows.py say how.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import Any, Dict, Optional, Protocol, Set, Tuple

from . import protocol
from .framing import Decoder, head
from .messages import Hello, Welcome
from .protocol import CANCEL, MAX_ATTACHMENT, CallError, ProtocolError
from .system import Connection, Listener

MAX_PEERS = 16
MAX_CALLS = 64  # unanswered requests of one peer
MAX_HELD = 2 * MAX_ATTACHMENT  # bytes of attachments of unanswered requests, of all peers
MAX_WAITING = 64 << 20  # bytes waiting for one peer before it is no longer read...
MAX_UNREAD = 2 * MAX_ATTACHMENT  # ...and before its connection is closed
HELLO_SECONDS = 10.0
FLUSH_SECONDS = 1.0
READ_BYTES = 1 << 18

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


class Outbox:
    """Frames that wait to be sent to one peer. A frame with a topic replaces an older one that still waits.

    So a peer that stops reading costs one frame for each topic, and `room` keeps it from asking for more.
    """

    def __init__(self) -> None:
        self.waiting: Dict[object, Tuple[bytes, bytes]] = {}  # head and attachment, in the order of sending
        self.bytes = 0
        self.sent = asyncio.Event()  # nothing waits and nothing is being sent
        self._filled = asyncio.Event()
        self._numbers = itertools.count()

    def put(self, frame: Tuple[bytes, bytes], topic: Optional[str]) -> None:
        key = next(self._numbers) if topic is None else topic
        older = self.waiting.pop(key, (b"", b""))
        self.waiting[key] = frame
        self.bytes += sum(map(len, frame)) - sum(map(len, older))
        self.sent.clear()
        self._filled.set()

    async def get(self) -> Tuple[bytes, bytes]:
        """The next frame. Asking for it means that the one before has been sent."""
        while not self.waiting:
            self.sent.set()
            self._filled.clear()
            await self._filled.wait()
        frame = self.waiting.pop(next(iter(self.waiting)))
        self.bytes -= sum(map(len, frame))
        return frame

    async def room(self) -> None:
        while self.bytes > MAX_WAITING or len(self.waiting) > MAX_CALLS:
            await self.sent.wait()


class _HangUp(Exception):
    """The peer was told why; close its connection."""


class Peer:
    """One connection: reads requests, sends what the outbox holds, and knows which calls are open."""

    def __init__(self, server: Server, connection: Connection, number: int):
        self.number = number
        self._server = server
        self._connection = connection
        self._decoder = Decoder(max_attachment=0)  # until the peer has said hello
        self._outbox = Outbox()
        self._calls: Dict[int, Call] = {}
        self._answers: Set[asyncio.Task[None]] = set()
        self._greeted = False
        self._writing: Optional[asyncio.Task[None]] = None

    def notify(self, method: str, params: Dict[str, Any], attachment: bytes = b"", topic: str = "") -> None:
        """Sends a notification, which replaces one that still waits under the same `topic`."""
        if self._greeted:
            self._send(protocol.notification(method, params), attachment, topic or None)

    async def run(self) -> None:
        """Serves until either side closes the connection."""
        reading, self._writing = asyncio.create_task(self._read()), asyncio.create_task(self._write())
        try:
            await asyncio.wait((reading, self._writing), return_when=asyncio.FIRST_COMPLETED)
            self._cancel_calls()
            await self.flush()
        finally:
            for part in (reading, self._writing):
                part.cancel()
            await asyncio.wait((reading, self._writing))
            self._connection.close()
            self._cancel_calls()
            self._server.service.left(self)

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

    async def _greeting(self) -> None:
        while not self._greeted and await self._receive():
            pass

    async def _receive(self) -> bool:
        await self._outbox.room()
        data = await self._connection.recv(READ_BYTES)
        for message, attachment in self._decoder.feed(data):
            self._take(message, attachment)
        return bool(data)

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
        elif sort == "request":
            self._begin(Call(self, message, attachment))
        elif sort == "notification" and message["method"] == CANCEL:
            call = self._calls.get(message.get("params", {}).get("id"))
            if call is not None:
                self._cancel(call)

    def _greet(self, message: Dict[str, Any]) -> None:
        number, params = message.get("id"), message.get("params", {})
        if message.get("method") != Hello.METHOD or number is None:
            self._refuse(number, protocol.INVALID_REQUEST, "The first message must be the request hello.")
            raise _HangUp
        if params.get("protocol") != protocol.PROTOCOL:
            text = "The panel speaks protocol {:.20}, the core {}: install both from the same release."
            text = text.format(repr(params.get("protocol")), protocol.PROTOCOL)
            self._refuse(number, protocol.INVALID_REQUEST, text)
            raise _HangUp
        self._send(protocol.result(number, self._server.welcome.data()))
        self._greeted = True
        self._decoder.max_attachment = MAX_ATTACHMENT
        log.info("peer %d is %.100r %.40r", self.number, params.get("client"), params.get("version"))

    def _begin(self, call: Call) -> None:
        if call.number in self._calls:
            self._refuse(call.number, protocol.INVALID_REQUEST, "A request with this id is still open.")
        elif len(self._calls) >= MAX_CALLS or self._server.held + len(call.attachment) > MAX_HELD:
            text = "The core has too much to do: wait until it has answered what it was asked."
            self._refuse(call.number, protocol.CORE_ERROR, text, "busy")
        else:
            self._calls[call.number] = call
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
        if topic is None and self._outbox.bytes > MAX_UNREAD:
            log.warning("peer %d does not read: closing its connection", self.number)
            self._connection.hang_up()
            return
        self._outbox.put((head(message, len(attachment)), attachment), topic)


class Server:
    """Listens at `path` for `service`; `welcome` is what every peer hears about the core."""

    def __init__(self, path: str, service: Handler, welcome: Welcome):
        self.service = service
        self.welcome = welcome
        self.held = 0
        self._path = path
        self._peers: Dict[Peer, asyncio.Task[None]] = {}
        self._numbers = itertools.count(1)
        self._listener: Optional[Listener] = None
        self._accepting: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        """Begins to listen; AlreadyRunning or ServerError when it cannot."""
        self._listener = Listener(self._path, MAX_PEERS)
        self._accepting = asyncio.create_task(self._accept(self._listener))

    def broadcast(self, method: str, params: Dict[str, Any], topic: str) -> None:
        """Notifies every peer."""
        for peer in self._peers:
            peer.notify(method, params, topic=topic)

    async def close(self) -> None:
        """Removes the socket, lets peers take what waits for them, and closes their connections."""
        if self._listener is None or self._accepting is None:
            return
        self._accepting.cancel()
        await asyncio.wait([self._accepting])
        self._listener.close()
        await asyncio.gather(*(peer.flush() for peer in self._peers))
        running = list(self._peers.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _accept(self, listener: Listener) -> None:
        while True:
            try:
                connection = await listener.accept()
            except (OSError, protocol.ServerError) as error:  # out of descriptors: wait for some to close
                log.warning("cannot accept a connection: %s", error)
                await asyncio.sleep(0.2)
                continue
            if connection is None or len(self._peers) >= MAX_PEERS:
                log.warning("refused a connection: %d are open", len(self._peers))
                if connection is not None:
                    connection.close()
                continue
            peer = Peer(self, connection, next(self._numbers))
            self._peers[peer] = asyncio.create_task(self._run(peer))

    async def _run(self, peer: Peer) -> None:
        try:
            await peer.run()
        finally:
            del self._peers[peer]
