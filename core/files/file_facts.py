"""What a picture file says besides its pixels, for a file that takes its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image, JpegImagePlugin, PngImagePlugin

from .decoding import QUARTER_TURNS, XMP_IN_PNG, Opened
from .exif_block import upright

MOST_IN_JPEG = {"exif": 65_533, "xmp": 65_504}  # bytes
MAX_DPI = 65_535
XMP_TURN = re.compile(rb"(tiff:Orientation(?:=[\"']|>)\s*)[2-8]")
RAW_PROFILE = "Raw profile type"  # how ImageMagick writes EXIF data and XMP into a PNG


@dataclass(frozen=True)
class FileFacts:
    """All of it is about the upright picture."""

    exif: bytes  # empty if there is none or it is damaged
    xmp: bytes  # the same
    dpi: tuple[float, float] | None  # across and down
    texts: dict[str, str] = field(default_factory=dict)  # of a PNG
    compression: dict[str, Any] = field(default_factory=dict)  # of a JPEG, as Pillow's options

    @staticmethod
    def of(picture: Opened) -> FileFacts:
        return FileFacts(
            upright(picture.exif),
            _xmp(picture),
            _dpi(picture),
            _texts(picture.image),
            _compression(picture) if isinstance(picture.image, JpegImagePlugin.JpegImageFile) else {},
        )

    def options(self, kind: str) -> dict[str, Any]:
        """Pillow's options for saving them in a format; what it has no room for is left out."""
        options: dict[str, Any] = {"exif": self.exif, "xmp": self.xmp}
        if self.dpi:
            options["dpi"] = self.dpi
        if kind == "PNG":
            options["pnginfo"] = self._png_info()
        if kind == "JPEG":
            options |= self.compression
            options |= {name: b"" for name, most in MOST_IN_JPEG.items() if len(options[name]) > most}
        return options

    def _png_info(self) -> PngImagePlugin.PngInfo:
        info = PngImagePlugin.PngInfo()
        for name, text in self.texts.items():
            info.add_text(name, text)
        if self.xmp:
            info.add_itxt(XMP_IN_PNG, self.xmp.decode("utf-8"))
        return info


def _xmp(picture: Opened) -> bytes:
    xmp = picture.xmp
    return XMP_TURN.sub(rb"\g<1>1", xmp) if _is_text(xmp) else b""


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _dpi(picture: Opened) -> tuple[float, float] | None:
    try:
        across, down = map(float, picture.image.info.get("dpi", ()))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not all(1 < dots <= MAX_DPI for dots in (across, down)):  # Pillow says 1 where a TIFF says nothing
        return None
    return (down, across) if picture.turn in QUARTER_TURNS else (across, down)


def _texts(image: Image.Image) -> dict[str, str]:
    if not isinstance(image, PngImagePlugin.PngImageFile):
        return {}
    return {
        name: text
        for name, text in image.text.items()
        if name != XMP_IN_PNG and not name.startswith(RAW_PROFILE)
    }


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
