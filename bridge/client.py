"""A small blocking client for programs without an event loop: the command line, examples and tests."""

from __future__ import annotations

import itertools
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from . import protocol, system
from .framing import Decoder, head
from .messages import Hello
from .version import VERSION

Notified = Callable[[str, Dict[str, Any], bytes], None]
READ_BYTES = 1 << 18


class ConnectionLost(Exception):
    """The core went away, was silent for too long, or broke the protocol."""


class Reply(NamedTuple):
    result: Dict[str, Any]
    attachment: bytes


class Client:
    """One greeted connection; `core` is what the core said about itself in `hello`.

    After `silence` seconds without a byte from the core, it counts as lost.
    """

    def __init__(self, path: str, name: str = "anycost", silence: float = 120.0):
        self._numbers = itertools.count(1)
        self._number = 0
        self._decoder = Decoder()
        self._received: List[Tuple[Dict[str, Any], bytes]] = []
        self._socket = system.connect(path, silence)
        try:
            self.core = self.call(Hello.METHOD, Hello(name, VERSION).data()).result
        except BaseException:
            self._socket.close()
            raise

    def call(
        self,
        method: str,
        params: Optional[Dict[str, Any]] = None,
        attachment: bytes = b"",
        on_notification: Optional[Notified] = None,
    ) -> Reply:
        """The core's reply; CallError when it refuses, ConnectionLost when it is gone.

        params["attachment"] describes `attachment`. `on_notification(method, params, attachment)` gets what
        arrives meanwhile; of this client's methods it may only call `cancel`.
        """
        self._number = number = next(self._numbers)
        self._send(protocol.request(number, method, params), attachment)
        while True:
            message, received = self._receive()
            sort = protocol.check(message)
            if sort == "notification":
                if on_notification is not None:
                    on_notification(message["method"], message.get("params", {}), received)
            elif message.get("id") in (number, None):
                return _reply(message, received)

    def cancel(self) -> None:
        """Asks the core to stop the current call, which then raises CallError of kind "cancelled"."""
        self._send(protocol.cancel(self._number), b"")

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _send(self, message: Dict[str, Any], attachment: bytes) -> None:
        frame = head(message, len(attachment))
        try:
            self._socket.sendall(frame)
            self._socket.sendall(attachment)
        except OSError as error:  # a core that refuses says why before it hangs up: let _receive read that
            if not isinstance(error, (BrokenPipeError, ConnectionResetError)):
                raise ConnectionLost(f"The core does not read what it is sent ({error}).") from None

    def _receive(self) -> Tuple[Dict[str, Any], bytes]:
        while not self._received:
            try:
                data = self._socket.recv(READ_BYTES)
                self._received = self._decoder.feed(data)
            except (OSError, protocol.ProtocolError) as error:
                raise ConnectionLost(f"The connection to the core is lost ({error}).") from None
            if not data:
                raise ConnectionLost("The core has closed the connection.")
        return self._received.pop(0)


def _reply(message: Dict[str, Any], attachment: bytes) -> Reply:
    if "result" in message:
        return Reply(message["result"], attachment)
    error = message["error"]
    kind = error.get("data", {}).get("kind", protocol.PROTOCOL_KIND)
    raise protocol.CallError(error["code"], kind, error["message"])
