"""The core's log: private, of bounded size, and quiet where nothing can be written or too much would be."""

from __future__ import annotations

import logging
import logging.handlers
import os
import time
from io import TextIOWrapper

from ...bridge.launch import log_path

LOG_BYTES, LOG_FILES = 1 << 20, 3
MOST_TEXT = 16 << 10  # characters of one record; a traceback has some 3,000
BURST, A_SECOND = 200, 5.0  # records at once, and in the long run


def start_log() -> None:
    """Sends log records and warnings to the log file only, or to standard error if there can be none."""
    logging.raiseExceptions = False  # a record that cannot be written is lost, without a traceback for it
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler: logging.Handler = _PrivateFile(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="backslashreplace"
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(_Short("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(RecordRate())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """Only this user can read it: sentences name files."""

    def _open(self) -> TextIOWrapper:
        # opening a pipe in its place would otherwise wait for a reader
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
        opened = os.open(self.baseFilename, flags, 0o600)
        if os.name != "nt":
            os.fchmod(opened, 0o600)  # one of an older version
        return os.fdopen(opened, "a", encoding=self.encoding, errors=self.errors)


class _Short(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}… ({len(text)} characters)"


class RecordRate(logging.Filter):
    """Leaves out records that come too fast; the next one that passes says how many."""

    def __init__(self) -> None:
        super().__init__()
        self._left, self._at, self._dropped = float(BURST), time.monotonic(), 0

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        self._left = min(BURST, self._left + A_SECOND * (now - self._at))
        self._at = now
        if self._left < 1:
            self._dropped += 1
            return False
        self._left -= 1
        if self._dropped:
            record.msg = f"({self._dropped} records left out) {record.getMessage()}"
            record.args, self._dropped = None, 0
        return True
