"""What the artist chose once for all documents, and where the host keeps it (Krita: kritarc)."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Callable, Dict, List, Optional, Protocol, Sequence

GROUP = "anycost"  # in kritarc
LONGEST_KEPT = 4000  # characters of a text that is kept
NONE = "none"  # a number's absence
LANGUAGE = "language"  # the name of the language that was chosen; nothing: the program's


class Store(Protocol):
    """Where a host keeps texts by name."""

    def read(self, name: str) -> str:
        """The text that was written last, or "" for none."""
        ...

    def write(self, name: str, text: str) -> None: ...


class Unstored:
    """Keeps texts while the program runs, for a host that has nowhere else to."""

    def __init__(self) -> None:
        self._texts: Dict[str, str] = {}

    def read(self, name: str) -> str:
        return self._texts.get(name, "")

    def write(self, name: str, text: str) -> None:
        self._texts[name] = text


@dataclass(frozen=True)
class Settings:
    """Yes-or-no choices; a new field is one more line in the dialog (settings_dialog.py has its words)."""

    start_with_krita: bool = True  # the core starts when Krita does, not with the first picture
    canvas_preview: bool = True  # frames are shown on the canvas, too


class Kept:
    """The settings, and what the panel chose last, as they are kept in a store; `listeners` hear of a change
    of a setting."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.listeners: List[Callable[[], None]] = []
        self.now = Settings(
            **{field.name: _flag(store.read(field.name), bool(field.default)) for field in fields(Settings)}
        )

    def set(self, name: str, value: bool) -> None:
        """Change one setting, and keep it."""
        changed = replace(self.now, **{name: value})
        if changed == self.now:
            return
        self.now = changed
        self._store.write(name, "true" if value else "false")
        for listener in list(self.listeners):
            listener()

    # What the panel chose last, by name: `usual` where nothing, or nonsense, is kept

    def text(self, name: str, known: Sequence[str], usual: str) -> str:
        """One of the `known` texts."""
        found = self._store.read(name)
        return found if found in known else usual

    def number(self, name: str, low: float, high: float, usual: Optional[float]) -> Optional[float]:
        """A number from `low` to `high`, or None for what was kept as none."""
        found = self._store.read(name)
        if found == NONE:
            return None
        try:
            value = float(found)
        except ValueError:
            return usual
        return value if math.isfinite(value) and low <= value <= high else usual

    def names(self, name: str) -> List[str]:
        """A list of names."""
        return [part for part in self._store.read(name)[:LONGEST_KEPT].split("\t") if part]

    def keep_text(self, name: str, text: str) -> None:
        if text != self._store.read(name):
            self._store.write(name, text)

    def keep_number(self, name: str, value: Optional[float]) -> None:
        self.keep_text(name, NONE if value is None else f"{value:g}")

    def keep_names(self, name: str, names: Sequence[str]) -> None:
        self.keep_text(name, "\t".join(sorted(names))[:LONGEST_KEPT])


def _flag(text: str, usual: bool) -> bool:
    """A text that something else wrote counts as none."""
    return {"true": True, "false": False}.get(text, usual)
