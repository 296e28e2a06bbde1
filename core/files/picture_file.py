"""A picture file that is edited: what the edit leaves alone is written as it was."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...bridge.messages import Layer
from ..errors import CoreError
from .file_facts import FileFacts
from .own_pixels import OwnPixels
from .pictures import WRITE_FORMATS, check_writable, opened, save
from .whole_file import writing


@dataclass(frozen=True)
class PictureFile:
    """The first picture in a file, upright, and what the file says about it."""

    path: Path
    rgba: np.ndarray = field(repr=False)  # uint8 [H, W, 4], straight alpha, sRGB: for the core
    cut_off: bool  # the end of the file is missing
    _format: str
    _pixels: OwnPixels = field(repr=False)
    _facts: FileFacts = field(repr=False)

    @staticmethod
    def read(path: Path) -> PictureFile:
        """CoreError "bad-picture" for a file that is missing, damaged, too large or not a picture."""
        with opened(path) as picture:
            pixels = picture.pixels()
            facts = FileFacts.of(picture)
            return PictureFile(path, pixels.srgb(), picture.cut_off, picture.format, pixels, facts)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgba.shape[1], self.rgba.shape[0]

    def write(self, target: Path, layer: Layer | None) -> None:
        """Writes the picture with a layer over it, in the format of the name's ending.

        Where the layer is transparent, pixels keep the values that they had in the file, as far as the format
        can hold them: see docs/edit.md. Without a change the file is copied, if its format is the same.
        CoreError "bad-value" or "no-space" if it cannot be written.
        """
        check_writable(target)
        kind = WRITE_FORMATS[target.suffix.lower()]
        if layer is not None and not any(layer.rgba[3::4]):
            layer = None
        if layer is None and kind == self._format:
            self._copy(target)
            return
        pixels = self._pixels
        if (
            pixels.mode == "CMYK" and kind != "JPEG"
        ):  # first, since the layer's colours would suffer on the way
            pixels = pixels.in_srgb()
        if layer is not None:
            pixels = pixels.under(layer)
        pixels = pixels.held_by(kind)
        options = self._facts.options(kind)
        save(target, pixels.image(), {**options, "icc_profile": pixels.profile or None})

    def _copy(self, target: Path) -> None:
        try:
            source = self.path.open("rb")
        except OSError as error:
            text = f'"{self.path}" cannot be read any more ({error.strerror}): look where it is.'
            raise CoreError("bad-picture", text) from None
        with source, writing(target) as file:
            shutil.copyfileobj(source, file)
