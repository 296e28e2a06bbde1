"""What the artist chose once for all documents, and where the host keeps it (Krita: kritarc)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Callable, List, Protocol

GROUP = "anycost"  # in kritarc


class Store(Protocol):
    """Where a host keeps texts by name."""

    def read(self, name: str) -> str:
        """The text that was written last, or "" for none."""
        ...

    def write(self, name: str, text: str) -> None: ...


@dataclass(frozen=True)
class Settings:
    """Yes-or-no choices; a new field is one more line in the dialog (settings_dialog.py has its words)."""

    start_with_krita: bool = True  # the core starts when Krita does, not with the first picture
    canvas_preview: bool = True  # frames are shown on the canvas, too


class Kept:
    """The settings as they are kept in a store; `listeners` hear of a change."""

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


def _flag(text: str, usual: bool) -> bool:
    """A text that something else wrote counts as none."""
    return {"true": True, "false": False}.get(text, usual)
