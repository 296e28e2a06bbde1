"""Where settings are kept without Krita: a file in the user's configuration folder."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Dict, Optional

from ..bridge import system
from ..bridge.file_writing import writing
from ..bridge.framing import parse
from ..bridge.protocol import ProtocolError

MOST_BYTES = 1 << 20  # of the file


class SettingsFile:
    """A JSON object of texts, by default anycost/studio.json where programs of this system keep settings.

    Qt's own settings are not used: on a disk that is nearly full they replace the file by a part of it.
    """

    def __init__(self, path: Optional[Path] = None) -> None:
        self._path = path or system.user_folder("config") / "anycost" / "studio.json"

    def read(self, name: str) -> str:
        with contextlib.suppress(OSError):
            return self._texts().get(name, "")
        return ""

    def write(self, name: str, text: str) -> None:
        """A setting that cannot be written is forgotten when the program ends."""
        with contextlib.suppress(OSError):
            texts = {**self._texts(), name: text}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with writing(self._path) as file:
                file.write(json.dumps(texts, indent=1).encode())

    def _texts(self) -> Dict[str, str]:
        """What is kept; nothing where the file is none of ours. OSError where it cannot be read: it stays."""
        if not self._path.is_file():  # opening a pipe would wait for ever
            return {}
        try:
            with open(self._path, "rb") as file:
                found = parse(file.read(MOST_BYTES))
        except ProtocolError:
            return {}
        return {name: text for name, text in found.items() if isinstance(text, str)}
