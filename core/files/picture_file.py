"""A picture file that is edited: what the edit leaves alone is written as it was."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin

from ...bridge.messages import Layer
from .own_pixels import OwnPixels
from .pictures import WRITE_FORMATS, Opened, check_writable, opened, save
from .whole_file import writing

MAX_EXIF = 65_533  # bytes; a JPEG has no room for more
MAX_DPI = 65_535
QUARTER_TURNS = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
)
TIFF_ABOUT = (  # what a TIFF says about its picture; its other tags say where the pixels are in the file
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
    ExifTags.IFD.Exif,
    ExifTags.IFD.GPSInfo,
)


@dataclass(frozen=True)
class PictureFile:
    """The first picture in a file, upright, and what the file says about it."""

    path: Path
    rgba: np.ndarray = field(repr=False)  # uint8 [H, W, 4], straight alpha, sRGB: for the core
    cut_off: bool  # the end of the file is missing
    _pixels: OwnPixels = field(repr=False)
    _format: str
    _kept: dict[str, Any] = field(repr=False)  # Pillow's options for every format
    _jpeg: dict[str, Any] = field(repr=False)  # those for a JPEG: how the file was compressed, if it is one

    @staticmethod
    def read(path: Path) -> PictureFile:
        """CoreError "bad-picture" for a file that is missing, damaged, too large or not a picture."""
        with opened(path) as picture:
            pixels = picture.pixels()
            return PictureFile(
                path,
                pixels.srgb(),
                picture.cut_off,
                pixels,
                picture.format,
                {"exif": _exif(picture), "dpi": _dpi(picture)},
                _compression(picture) if picture.format == "JPEG" else {},
            )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgba.shape[1], self.rgba.shape[0]

    def write(self, target: Path, layer: Layer | None) -> None:
        """Writes the picture with a layer over it, in the format of the name's ending.

        Where the layer is transparent, pixels keep the values that they had in the file, as far as the format
        can hold them: see docs/edit.md. A layer that changes nothing copies the file, if the format is the
        same. CoreError "bad-value" or "no-space" if it cannot be written.
        """
        check_writable(target)
        kind = WRITE_FORMATS[target.suffix.lower()]
        if layer is not None and not any(layer.rgba[3::4]):
            layer = None
        if layer is None and kind == self._format:
            with self.path.open("rb") as source, writing(target) as file:
                shutil.copyfileobj(source, file)
            return
        pixels = self._pixels
        if pixels.mode == "CMYK" and kind != "JPEG":
            pixels = pixels.in_srgb()
        if layer is not None:
            pixels = pixels.under(layer)
        pixels = pixels.held_by(kind)
        save(target, pixels.image(), self._options(kind, pixels))

    def _options(self, kind: str, pixels: OwnPixels) -> dict[str, Any]:
        options = {**self._kept, "icc_profile": pixels.profile or None}
        if kind == "JPEG":
            options |= self._jpeg
            if len(options["exif"]) > MAX_EXIF:
                options["exif"] = b""
        return {name: value for name, value in options.items() if value is not None}


def _exif(picture: Opened) -> bytes:
    """The EXIF data for the upright picture; empty if there are none or they are damaged.

    The small picture that cameras put into them is left out, since it shows the face before the edit.
    """
    try:
        exif = picture.image.getexif()
        if picture.format == "TIFF":
            exif = _about(exif)
        if ExifTags.Base.Orientation in exif:
            exif[ExifTags.Base.Orientation] = 1
        return exif.tobytes() if len(exif) else b""
    except Exception:  # Pillow raises almost anything on damaged EXIF data
        return b""


def _about(exif: Image.Exif) -> Image.Exif:
    """What a TIFF's tags say about the picture."""
    about = Image.Exif()
    for tag in TIFF_ABOUT:
        if tag in exif:
            about[tag] = exif.get_ifd(tag) if tag in tuple(ExifTags.IFD) else exif[tag]
    return about


def _dpi(picture: Opened) -> tuple[float, float] | None:
    """Dots per inch across and down the upright picture."""
    try:
        across, down = map(float, picture.image.info.get("dpi", ()))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not all(math.isfinite(dots) and 0 < dots <= MAX_DPI for dots in (across, down)):
        return None
    return (down, across) if picture.turn in QUARTER_TURNS else (across, down)


def _compression(picture: Opened) -> dict[str, Any]:
    """How a JPEG was compressed: written in the same way, its untouched blocks lose hardly anything."""
    image = picture.image
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    tables = [table for _, table in sorted(image.quantization.items())]
    sampling = JpegImagePlugin.get_sampling(image)
    if picture.turn in QUARTER_TURNS:
        tables = [np.reshape(table, (8, 8)).T.ravel().tolist() for table in tables]
        sampling = sampling if sampling == 2 else 0  # halved across and down; others cannot be turned
    return {
        "quality": -1,  # otherwise it scales the tables
        "qtables": tables,
        "subsampling": max(sampling, 0),
        "progressive": bool(image.info.get("progressive")),
        "comment": image.info.get("comment"),
    }
