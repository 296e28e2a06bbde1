"""Opens picture files for the studio: a sandbox decodes them while the window goes on."""

from __future__ import annotations

import os
import threading
from typing import Optional, Tuple

from ..bridge.sandbox import Breakage, Refusal, Sandbox, SandboxLimits
from ..bridge.shown_names import shown
from .pixels import image_over
from .qt import QtCore, QtGui, Signal
from .state.picture import HostError
from .words import told, tr

LARGEST_SIDE = 16384  # pixels
READ = "anycost.core.files.sandboxed_pictures:read"


class PictureOpener(QtCore.QObject):
    """Reads one file after the other. Of several that are asked for, the newest is opened."""

    opened = Signal(object, QtGui.QImage, str)  # its path; the picture as in `load_picture`
    failed = Signal(str)  # why it cannot be opened

    def __init__(self, python: str) -> None:
        """`python` has the core."""
        super().__init__()
        self._sandbox = Sandbox(SandboxLimits(), python)
        self._asked = 0
        self._thread: Optional[threading.Thread] = None

    def open(self, path: str) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._sandbox.close()  # nobody waits for the other file any more
        self._asked += 1
        self._thread = threading.Thread(target=self._read, args=(path, self._asked), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._asked += 1
        self._sandbox.close()

    def _read(self, path: str, number: int) -> None:
        try:
            image, advice = load_picture(path, self._sandbox)
        except HostError as error:
            if number == self._asked:
                self.failed.emit(str(error))
            return
        if number == self._asked:
            self.opened.emit(path, image, advice)


def load_picture(path: str, sandbox: Sandbox) -> Tuple[QtGui.QImage, str]:
    """A picture file as ARGB32 in sRGB, and what the artist should know of it; HostError if it is not one."""
    try:
        found = sandbox.call(READ, os.path.abspath(path), path)
        (width, height), rgba = found["size"], bytes(found["rgba"])
        image = image_over(rgba, width, height).convertToFormat(QtGui.QImage.Format.Format_ARGB32)
    except Refusal as error:
        raise HostError(told(error.message)) from None
    except Breakage as error:
        raise HostError(told(f"{shown(path)} {error}.")) from None
    if max(width, height) > LARGEST_SIDE:
        text = tr(
            "{path} is larger than {side} pixels a side: scale it down first.", path=path, side=LARGEST_SIDE
        )
        raise HostError(text)
    missing = tr("The end of {path} is missing or damaged: some of its rows are empty.", path=shown(path))
    return image, missing if found["cut_off"] else ""
