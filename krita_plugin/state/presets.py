"""Named sets of sliders: those that come with the plugin, and the artist's, one small file each.

The files lie in the user's data folder, not in the plugin's, which an update replaces. Each is written whole
or not at all, so that two programs may use the folder at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ...bridge import system
from ...bridge.fields import entries, numbers, table, text, whole
from ...bridge.file_writing import writing
from ...bridge.framing import parse
from ...bridge.messages import MAX_EDITS, Slider
from ...bridge.protocol import ProtocolError
from ..words import tr

KIND = "anycost-presets"  # what the file says that it is
VERSION = 1
MOST_BYTES = 256 << 10  # of a file
MOST_PRESETS = 500
LONGEST_NAME = 60


class PresetsError(Exception):
    """A file cannot be read or written; the message is a sentence for the artist."""


@dataclass(frozen=True)
class Preset:
    """A set of sliders; those that it does not name stay as they are."""

    name: str
    edits: Mapping[str, float] = field(default_factory=dict)
    built_in: bool = False


def presets_folder() -> Path:
    """Where the artist's own are kept."""
    return system.user_folder("data") / "anycost" / "presets"


class PresetFolder:
    """The artist's presets in a folder. Every failure is a PresetsError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: Dict[Path, Tuple[Tuple[int, int], List[Preset]]] = {}  # files as they were

    def all(self) -> List[Preset]:
        """By name; files that are no presets are left out."""
        found: Dict[str, Preset] = {}
        try:
            paths = sorted(self.folder.glob("*.json"))[:MOST_PRESETS]
        except OSError:
            return []
        for path in paths:
            with contextlib.suppress(PresetsError, OSError):
                found.update((preset.name, preset) for preset in self._presets(path))
        return sorted(found.values(), key=lambda preset: preset.name.casefold())[:MOST_PRESETS]

    def _presets(self, path: Path) -> List[Preset]:
        """A file that did not change is not read again."""
        now = path.stat()
        stamp = now.st_mtime_ns, now.st_size
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            known = self._read[path] = stamp, read_presets(path)
        return known[1]

    def save(self, preset: Preset) -> None:
        """Write one, in place of another of this name."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_written(error) from None
        write_presets(self._path(preset.name), [preset])

    def delete(self, name: str) -> None:
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise _not_written(error) from None

    def rename(self, old: Preset, name: str) -> None:
        """The new one is there before the old one goes."""
        if name != old.name:
            self.save(Preset(name, old.edits))
            self.delete(old.name)

    def _path(self, name: str) -> Path:
        return self.folder / (hashlib.sha256(name.encode()).hexdigest()[:24] + ".json")


def write_presets(path: Path, presets: Sequence[Preset]) -> None:
    """A file of presets, whole or not at all."""
    told = [{"name": preset.name, "edits": dict(preset.edits)} for preset in presets]
    data = json.dumps({"kind": KIND, "version": VERSION, "presets": told}, indent=1, ensure_ascii=False)
    try:
        with writing(path) as file:
            file.write(data.encode("utf-8"))
    except OSError as error:
        raise _not_written(error) from None


def read_presets(path: Path) -> List[Preset]:
    """The presets in a file that anybody may have written; PresetsError where it is none."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:  # a pipe would never end
            raise PresetsError(_no_presets(path))
        told = parse(path.read_bytes()[:MOST_BYTES])
        if told.get("kind") != KIND:
            raise PresetsError(_no_presets(path))
        if whole(told, "version", 1) > VERSION:
            raise PresetsError(tr("{name} is from a newer Anycost: update this one first.", name=path.name))
        return [preset_of(one) for one in entries(told, "presets", MOST_PRESETS)]
    except OSError as error:
        reason = error.strerror or str(error)
        raise PresetsError(
            tr("{name} cannot be read ({reason}): choose another file.", name=path.name, reason=reason)
        ) from None
    except ProtocolError:
        raise PresetsError(_no_presets(path)) from None


def preset_of(told: Any) -> Preset:
    """ProtocolError for what is no preset."""
    found = table(told, "preset")
    return Preset(clean_name(text(found, "name", LONGEST_NAME)), numbers(found, "edits", MAX_EDITS))


def clean_name(name: str) -> str:
    """A name on one line, not too long; ProtocolError for an empty one."""
    clean = " ".join(name.split())[:LONGEST_NAME]
    return text({"name": "".join(letter for letter in clean if letter.isprintable())}, "name", LONGEST_NAME)


def _no_presets(path: Path) -> str:
    return tr("{name} holds no presets: choose a file that was exported here.", name=path.name)


def _not_written(error: OSError) -> PresetsError:
    reason = error.strerror or str(error)
    return PresetsError(tr("The preset could not be written ({reason}): free some space.", reason=reason))


# What to do with them


def useful(presets: Iterable[Preset], sliders: Sequence[Slider]) -> List[Preset]:
    """Those that move at least one of these sliders."""
    names = {slider.name for slider in sliders}
    return [preset for preset in presets if names & set(preset.edits)]


def in_order(presets: Iterable[Preset], favourites: Sequence[str]) -> List[Preset]:
    """Favourites first, then the artist's own, then the others."""

    def key(preset: Preset) -> Any:
        return (
            preset.name not in favourites,
            preset.built_in,
            "" if preset.built_in else preset.name.casefold(),
        )

    return sorted(presets, key=key)


def with_preset(edits: Mapping[str, float], preset: Preset, strength: float) -> Dict[str, float]:
    """Sliders with a preset's over them, at `strength` times what it says."""
    mixed = {**edits, **{name: round(strength * value, 4) for name, value in preset.edits.items()}}
    return {name: value for name, value in mixed.items() if value}


def matches(search: str, *texts: str) -> bool:
    """Whether every word of a search begins a word in one of the texts; an empty search matches all."""
    words = " ".join(texts).casefold().replace("_", " ").split()
    return all(any(word.startswith(part) for word in words) for part in search.casefold().split())


def found_sliders(search: str, sliders: Sequence[Slider]) -> Optional[List[str]]:
    """The directions that a search finds; None for all, without a search."""
    if not search.strip():
        return None
    return [s.name for s in sliders if matches(search, s.label, s.heading or s.group, s.name)]
