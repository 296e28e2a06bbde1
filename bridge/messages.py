"""What panel and core say to each other."""

from __future__ import annotations

DEFAULT_PACK = "portraits"
MAX_SECONDS = 86_400.0
MAX_STEPS = 100_000
