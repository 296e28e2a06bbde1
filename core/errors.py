"""The one exception that the core shows to an artist."""

from __future__ import annotations

from ..bridge.protocol import KINDS


class CoreError(Exception):
    """A trouble of `kind` (one of bridge.protocol.KINDS); `message` is one sentence that says what to do."""

    def __init__(self, kind: str, message: str):
        if kind not in KINDS:
            raise ValueError(f"unknown kind of error: {kind}")
        super().__init__(message)
        self.kind = kind
        self.message = message
