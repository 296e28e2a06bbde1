"""What keeps one peer from taking the core from the others."""

from __future__ import annotations

import asyncio
import time


class Allowance:
    """A share of one thread's time. Whoever uses it up waits; what is not used adds up to `most` seconds."""

    def __init__(self, share: float, most: float) -> None:
        self._share, self._most = share, most
        self._left, self._at = most, time.monotonic()

    async def spend(self, seconds: float) -> None:
        """Gives way to others, and waits until the time that was taken is earned."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._share) - seconds
        self._at = now
        await asyncio.sleep(max(0.0, -self._left / self._share))
