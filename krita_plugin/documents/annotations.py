"""Bytes kept in Krita's documents under names: they are saved in the .kra and copied with a document."""

from __future__ import annotations

import time
from typing import Callable, Dict, Hashable, Optional, Tuple

from krita import Document

from ..qt import QtCore

PREFIX = "anycost-"  # of a name in the document; in the .kra it is a file's
MOST_KEPT = 64 << 20  # bytes under one name
EVERY_MS = 1000  # the document takes each name at most this often


class Annotations:
    """The newest bytes under each name win; until they are written they are read from here.

    `find` gives an open document by its number, or None.
    """

    def __init__(self, find: Callable[[Hashable], Optional[Document]]) -> None:
        self._find = find
        self._waiting: Dict[Tuple[Hashable, str], bytes] = {}
        self._written: Dict[Tuple[Hashable, str], float] = {}  # when, in seconds

    def keep(self, document: Hashable, name: str, data: bytes, at_once: bool = False) -> None:
        """See `Host`; empty bytes take the name away. ValueError for more than MOST_KEPT."""
        if len(data) > MOST_KEPT:
            raise ValueError(f"{len(data)} bytes are kept under {name}, {MOST_KEPT} are the most")
        one = document, name
        waits = one in self._waiting
        self._waiting[one] = data
        if at_once:
            self._write(one, at_once)
        if at_once or waits:
            return
        rest = self._written.get(one, -EVERY_MS / 1000) + EVERY_MS / 1000 - time.monotonic()
        if rest <= 0:
            self._write(one)
        else:
            QtCore.QTimer.singleShot(round(1000 * rest), lambda: self._write(one))

    def kept(self, document: Hashable, name: str) -> bytes:
        """Empty where there are none, or more than MOST_KEPT."""
        if (document, name) in self._waiting:
            return self._waiting[document, name]
        held = self._find(document)
        found = None if held is None else held.annotation(PREFIX + name)
        return b"" if found is None or found.size() > MOST_KEPT else bytes(found)

    def forget(self, document: Hashable) -> None:
        """The document was closed."""
        for table in (self._waiting, self._written):
            for one in [one for one in table if one[0] == document]:
                del table[one]

    def _write(self, one: Tuple[Hashable, str], at_once: bool = False) -> None:
        data, held = self._waiting.pop(one, None), self._find(one[0])
        if data is None or held is None:
            return
        self._written[one] = time.monotonic()
        modified = at_once or held.modified()
        if data:
            held.setAnnotation(PREFIX + one[1], "", QtCore.QByteArray(data))
        elif PREFIX + one[1] in held.annotationTypes():
            held.removeAnnotation(PREFIX + one[1])
        if not modified:
            held.setModified(False)
