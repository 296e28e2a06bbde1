"""What the caller of a request gets back: errors are data, never exceptions."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional


class Fault(NamedTuple):
    """An error of the core or of the connection; the message is one sentence for the artist."""

    kind: str  # protocol.KINDS, protocol.PROTOCOL_KIND, or "disconnected"
    message: str


class Answer(NamedTuple):
    """What came back for a request: a result with its attachment, or a fault."""

    result: Mapping[str, Any]
    data: bytes = b""
    fault: Optional[Fault] = None
