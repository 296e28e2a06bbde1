"""What a picture file says besides its pixels, for a file that takes its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin, PngImagePlugin

from .pictures import Opened

MOST_IN_JPEG = {"exif": 65_533, "xmp": 65_504}  # bytes
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
XMP_TURN = re.compile(rb"(tiff:Orientation(?:=[\"']|>)\s*)[2-8]")
XMP_IN_PNG = "XML:com.adobe.xmp"
EXIF_IN_TEXT = "Raw profile type"  # how ImageMagick writes EXIF data and XMP into a PNG


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
            _exif(picture),
            _xmp(picture.image),
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


def _exif(picture: Opened) -> bytes:
    """The small picture that cameras put into EXIF data is left out: it shows the face before the edit."""
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


def _xmp(image: Image.Image) -> bytes:
    xmp = image.info.get("xmp") or image.info.get(XMP_IN_PNG)
    if isinstance(xmp, str):
        xmp = xmp.encode()
    if not isinstance(xmp, bytes) or not _is_text(xmp):
        return b""
    return XMP_TURN.sub(rb"\g<1>1", xmp)


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
        if name != XMP_IN_PNG and not name.startswith(EXIF_IN_TEXT)
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
