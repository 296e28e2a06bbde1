"""What waits to be sent to one peer."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from typing import Optional, Tuple

MAX_WAITING = 64 << 20  # bytes waiting for one peer before it is no longer read
MAX_FRAMES = 64  # the same for how many

Frame = Tuple[bytes, bytes]  # head and attachment


class Outbox:
    """Frames that wait to be sent to one peer. A frame with a topic replaces an older one that still waits.

    So a peer that stops reading costs one frame for each topic, and `room` keeps it from asking for more.
    """

    def __init__(self) -> None:
        self.waiting: OrderedDict[object, Frame] = OrderedDict()  # in the order of sending
        self.bytes = 0  # that wait, or are being sent
        self.sent = asyncio.Event()  # nothing waits and nothing is being sent
        self._sending = 0  # bytes
        self._filled = asyncio.Event()
        self._numbers = itertools.count()

    def put(self, frame: Frame, topic: Optional[str] = None) -> None:
        key = next(self._numbers) if topic is None else topic
        self.bytes += _size(frame) - _size(self.waiting.pop(key, (b"", b"")))
        self.waiting[key] = frame
        self.sent.clear()
        self._filled.set()

    async def get(self) -> Frame:
        """The next frame. Asking for it means that the one before has been sent."""
        self.bytes -= self._sending
        self._sending = 0
        while not self.waiting:
            self.sent.set()
            self._filled.clear()
            await self._filled.wait()
        _, frame = self.waiting.popitem(last=False)
        self._sending = _size(frame)
        return frame

    async def room(self) -> None:
        while self.bytes - self._sending > MAX_WAITING or len(self.waiting) > MAX_FRAMES:
            await self.sent.wait()

    def clear(self) -> None:
        """Forgets what waits."""
        self.waiting.clear()
        self.bytes = self._sending


def _size(frame: Frame) -> int:
    return sum(map(len, frame))
