"""A picture file that is edited: what the edit leaves alone is written as it was."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...bridge.messages import Layer
from ...bridge.sandbox import SandboxLimits
from ...bridge.shown_names import shown
from ..errors import CoreError
from .pictures import WRITE_FORMATS, check_writable, pixels_of, sandboxed
from .whole_file import write_bytes, writing

# The largest picture is laid under its layer and compressed anew, which takes WebP minutes.
REWRITING = SandboxLimits(memory=4 << 30, seconds=600, patience=1800)
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class PictureFile:
    """The first picture in a file, upright. Its file is decoded in a sandbox only, also to write it."""

    path: Path
    rgba: np.ndarray = field(repr=False)  # uint8 [H, W, 4], straight alpha, sRGB: for the core
    cut_off: bool  # the end of the file is missing or damaged
    _format: str
    _stamp: Stamp  # of the file that was read

    @staticmethod
    def read(path: Path) -> PictureFile:
        """CoreError "bad-picture" for a file that is missing, damaged, too large or not a picture."""
        stamp = _stamp(path)
        answer = sandboxed("read", path.absolute(), path, name=path)
        return PictureFile(path, pixels_of(answer), answer["cut_off"], answer["format"], stamp)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgba.shape[1], self.rgba.shape[0]

    def write(self, target: Path, layer: Layer | None) -> None:
        """Writes the picture with a layer over it, in the format of the name's ending.

        Where the layer is transparent, pixels keep the values that they had in the file, as far as the format
        can hold them: see docs/edit.md. Without a change the file is copied, if its format is the same.
        CoreError "bad-value" or "no-space" if it cannot be written, "bad-picture" if the file has changed.
        """
        check_writable(target)
        if _stamp(self.path) != self._stamp:
            raise CoreError(
                "bad-picture", f"{shown(self.path)} has changed since it was read: edit it again."
            )
        kind = WRITE_FORMATS[target.suffix.lower()]
        if layer is not None and not any(layer.rgba[3::4]):
            layer = None
        if layer is None and kind == self._format:
            with self.path.open("rb") as source, writing(target) as file:
                shutil.copyfileobj(source, file)
            return
        over = None if layer is None else [layer.x, layer.y, layer.width, layer.height, layer.rgba]
        asked = (self.path.absolute(), self.path, target, kind, over)
        write_bytes(target, sandboxed("rewritten", *asked, name=self.path, limits=REWRITING))


def _stamp(path: Path) -> Stamp:
    """What changes when a file does."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns
