"""Where settings are kept without Krita: a file of Qt's in the user's configuration folder."""

from __future__ import annotations

from .qt import QtCore
from .settings import GROUP


class SettingsFile:
    """An ini file, by default anycost/studio.ini where programs of this system keep their settings."""

    def __init__(self, path: str = "") -> None:
        kinds = QtCore.QSettings
        if path:
            self._settings = kinds(path, kinds.Format.IniFormat)
        else:
            self._settings = kinds(kinds.Format.IniFormat, kinds.Scope.UserScope, GROUP, "studio")

    def read(self, name: str) -> str:
        found = self._settings.value(f"{GROUP}/{name}", "")
        return found if isinstance(found, str) else ""

    def write(self, name: str, text: str) -> None:
        self._settings.setValue(f"{GROUP}/{name}", text)
