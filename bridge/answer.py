"""What a request gets back. Errors are data here, never exceptions."""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple, Optional


class Fault(NamedTuple):
    """An error of the core or the connection; `message` is one sentence for the artist."""

    kind: str  # protocol.KINDS, protocol.PROTOCOL_KIND, or "disconnected"
    message: str


class Answer(NamedTuple):
    """A result with its attachment, or a fault."""

    result: Mapping[str, Any]
    data: bytes = b""
    fault: Optional[Fault] = None


Done = Callable[[Answer], None]  # what a request calls when it is answered
