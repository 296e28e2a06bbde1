"""A report that an artist can give to whoever helps him: versions, the panel's state, the end of the core's
log. No pictures, no paths, no names of people or machines.
"""

# PyQt5's stubs let every getter return None
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

import os
import platform
import re
import sys
from typing import Callable, Iterable, List, Optional

from ...bridge.version import VERSION
from ..qt import QtCore, QtGui, QtWidgets
from ..state.state import PanelState
from ..words import tr

PATH = "<path>"
PERSON = "<name>"
SHORTEST_NAME = 3  # letters: a shorter name would take other words with it
ENDINGS = (
    "png|jpe?g|webp|tiff?|bmp|gif|psd|exr|kra|ora|json|safetensors|onnx|py|so|dll|exe|log|txt|zip|whl|sock"
)
ROOT = r"(?:file://|~|\.{1,2})?/|[A-Za-z]:[\\/]|\\\\"
PATHS = re.compile(
    # In quotes it ends with them; else with a file's ending or the last slash, where one follows in the line,
    # since folders have spaces in their names; else with a space.
    rf"""(?<=")(?:{ROOT})[^"\n]*(?=")|(?<=')(?:{ROOT})[^'\n]*(?=')"""
    rf"""|(?<![\w.<])(?:{ROOT})(?:[^"'\n]*?\.(?:{ENDINGS})\b|[^"'\n]*[/\\][^\s"']*|[^\s"']+)""",
    re.IGNORECASE,
)


def without_private(text: str, names: Iterable[str]) -> str:
    """A text without paths, and without these names wherever they stand as words."""
    text = PATHS.sub(PATH, text)
    for name in sorted(set(names), key=len, reverse=True):
        if len(name) >= SHORTEST_NAME:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", PERSON, text, flags=re.IGNORECASE)
    return text


def private_names() -> List[str]:
    """What this user and this machine are called."""
    found = [os.environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME")]
    found += [os.path.basename(QtCore.QDir.homePath()), platform.node(), *platform.node().split(".")[:1]]
    return [name for name in found if name]


def program_lines() -> List[str]:
    """What runs here, a line each."""
    application = QtCore.QCoreApplication
    program = f"{application.applicationName()} {application.applicationVersion()}".strip()
    return [
        f"Program: {program}",
        f"Plugin: {VERSION}",
        f"Qt: {QtCore.qVersion()}, PyQt: {QtCore.PYQT_VERSION_STR}",
        f"Python: {platform.python_version()} ({sys.platform})",
        f"System: {QtCore.QSysInfo.prettyProductName()}, {QtCore.QSysInfo.currentCpuArchitecture()}",
    ]


class ReportMaker:
    """Makes the report of one panel. `log` returns the core's last output."""

    def __init__(self, state: PanelState, log: Callable[[], str]) -> None:
        self.state = state
        self._log = log

    def text(self) -> str:
        core = self.state.core
        pack = " · ".join(filter(None, [core.pack, core.opened.title]))
        lines = [
            *program_lines(),
            f"Core: {core.version or 'not connected'}",
            f"Pack: {pack}",
            "",
            self.state.report(),
            "",
            "The end of the core's log:",
            self._log() or "nothing",
        ]
        return without_private("\n".join(lines), private_names())

    def copy(self) -> None:
        QtGui.QGuiApplication.clipboard().setText(self.text())

    def ask_save(self, parent: Optional[QtWidgets.QWidget]) -> None:
        kinds = tr("Text") + " (*.txt)"
        path, _ = QtWidgets.QFileDialog.getSaveFileName(parent, tr("Save a report"), "anycost.txt", kinds)
        if path:
            self.save(path)

    def save(self, path: str) -> bool:
        """Write it whole or not at all; says so in the panel where it cannot be."""
        data = self.text().encode("utf-8")
        file = QtCore.QSaveFile(path)
        if file.open(QtCore.QIODevice.OpenModeFlag.WriteOnly):
            if file.write(data) == len(data) and file.commit():
                return True
            file.cancelWriting()
        reason = file.errorString()
        self.state.say(tr("The report could not be written ({reason}): choose another place.", reason=reason))
        return False
