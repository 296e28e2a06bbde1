"""Bytes kept in Krita's documents under names: they are saved in the .kra and copied with a document.

Krita's calls do not tell whether it has taken them, so that what it has is read again. What it did not take
is kept here and tried again while the document is open.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable, Dict, Hashable, Optional, Set, Tuple

from ..qt import QtCore
from ..state.picture import HostError
from ..words import tr

if TYPE_CHECKING:  # the tests have no Krita
    from krita import Document

PREFIX = "anycost-"  # of a name in the document; in the .kra it is a file's
MOST_KEPT = 64 << 20  # bytes under one name
EVERY_MS = 1000  # the document takes each name at most this often
UNREADABLE = (
    "Krita could not read what the picture keeps of its edits: make room in memory and leave it open; it is "
    "tried again."
)


class Annotations:
    """The newest bytes under each name win; until they are written they are read from here.

    `find` gives an open document by its number, or None.
    """

    def __init__(self, find: Callable[[Hashable], Optional[Document]]) -> None:
        self._find = find
        self._waiting: Dict[Tuple[Hashable, str], bytes] = {}
        self._changes: Set[Tuple[Hashable, str]] = set()  # of those, what changes the document
        self._timed: Set[Tuple[Hashable, str]] = set()  # for which a timer runs
        self._written: Dict[Tuple[Hashable, str], float] = {}  # when, in seconds

    def keep(self, document: Hashable, name: str, data: bytes, at_once: bool = False) -> bool:
        """See `Host`; empty bytes take the name away. ValueError for more than MOST_KEPT."""
        if len(data) > MOST_KEPT:
            raise ValueError(f"{len(data)} bytes are kept under {name}, {MOST_KEPT} are the most")
        one = document, name
        self._waiting[one] = data
        if at_once:
            self._changes.add(one)
            return self._write(one)
        rest = self._written.get(one, -EVERY_MS / 1000) + EVERY_MS / 1000 - time.monotonic()
        if rest <= 0 and one not in self._timed:
            return self._write(one)
        self._later(one, rest)
        return True

    def kept(self, document: Hashable, name: str) -> bytes:
        """Empty where there are none, or more than MOST_KEPT. HostError where Krita cannot tell."""
        if (document, name) in self._waiting:
            return self._waiting[document, name]
        held = self._find(document)
        try:
            return b"" if held is None else _held(held, PREFIX + name)
        except Exception:  # as below; none would be taken for a picture without edits
            raise HostError(tr(UNREADABLE)) from None

    def forget(self, document: Hashable) -> None:
        """The document was closed."""
        for one in [one for one in {**self._waiting, **self._written} if one[0] == document]:
            self._waiting.pop(one, None)
            self._written.pop(one, None)
            self._changes.discard(one)

    def _later(self, one: Tuple[Hashable, str], seconds: float) -> None:
        if one not in self._timed:
            self._timed.add(one)
            QtCore.QTimer.singleShot(round(1000 * seconds), lambda: self._on_time(one))

    def _on_time(self, one: Tuple[Hashable, str]) -> None:
        self._timed.discard(one)
        self._write(one)

    def _write(self, one: Tuple[Hashable, str]) -> bool:
        """Whether the document has it now, or is closed."""
        data, held = self._waiting.get(one), self._find(one[0])
        if data is None or held is None:
            return True
        self._written[one] = time.monotonic()
        if not _taken(held, PREFIX + one[1], data, one in self._changes):
            self._later(one, EVERY_MS / 1000)
            return False
        del self._waiting[one]
        self._changes.discard(one)
        return True


def _taken(document: Document, name: str, data: bytes, changes: bool) -> bool:
    try:
        modified = changes or document.modified()
        if data:
            document.setAnnotation(name, "", QtCore.QByteArray(data))
        elif name in document.annotationTypes():
            document.removeAnnotation(name)
        if not modified:
            document.setModified(False)
        return _held(document, name) == data
    except Exception:  # whatever Krita raises: the layer is there, and Apply is to come to its end
        return False


def _held(document: Document, name: str) -> bytes:
    found = document.annotation(name)
    return b"" if found is None or found.size() > MOST_KEPT else bytes(found)
