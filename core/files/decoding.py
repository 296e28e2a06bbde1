"""Decodes picture files: the one reader for the command line, the studio and training data.

It runs in this process. For a file that nobody vouches for, use pictures.py, which lets a sandbox decode it.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin

from ...bridge.protocol import MAX_ATTACHMENT
from ...bridge.shown_names import shown
from ..errors import CoreError
from .deep_tiff import DeepTiff, about
from .exif_block import orientation
from .own_pixels import OwnPixels, white_of

READ_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")  # Pillow's others start programs or hold no pictures
ENDINGS = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".dib"),
)  # of files in READ_FORMATS
MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"BM")  # what their files begin with
MAX_PIXELS = MAX_ATTACHMENT // 4  # as many as a panel may send
MOST_BYTES = 1 << 30  # of a file
TURNS = {  # EXIF's orientation -> what turns the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
QUARTER_TURNS = tuple(TURNS[number] for number in (5, 6, 7, 8))  # they swap width and height
FROM_THE_END = tuple(TURNS[number] for number in (3, 4, 7, 8))  # their first row was the last row or column
BAND = 4 << 20  # pixels that are brought to sRGB at a time, so that a large picture needs little memory
EXIF_IN_TEXT = "Raw profile type exif"  # how ImageMagick writes EXIF data into a PNG
XMP_IN_PNG = "XML:com.adobe.xmp"
XMP_TURN = re.compile(rb"tiff:Orientation(?:=[\"']|>)\s*([1-8])")
# Pillow allows 1 MiB, which the history that some painting programs keep in XMP exceeds.
PngImagePlugin.MAX_TEXT_CHUNK = 16 << 20


@dataclass
class Opened:
    """The first picture in a file, in the file's own mode. Its pixels are decoded once they are asked for."""

    image: Image.Image
    format: str  # one of READ_FORMATS
    name: str  # for messages
    file: BinaryIO
    cut_off: bool = False  # the end of the file is missing or damaged: so far as is known
    deep_grey: bool = False  # Pillow gives 16-bit grey with alpha the mode of colours

    @property
    def turn(self) -> Image.Transpose | None:
        """What turns it upright. A PNG may say it at its end, so `load` it first."""
        found = orientation(self.exif)
        if found is None:
            told = XMP_TURN.search(self.xmp)
            found = int(told[1]) if told else None
        return TURNS.get(found or 1)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return turned(self.image.size, self.turn)

    @property
    def exif(self) -> bytes:
        """Its EXIF data, or nothing."""
        image = self.image
        if self.format == "TIFF" and "exif" not in image.info:
            image.info["exif"] = about(image.getexif())
        exif = image.info.get("exif")
        if exif is None and isinstance(image.info.get(EXIF_IN_TEXT), str):
            exif = _from_hexadecimal(image.info[EXIF_IN_TEXT])
        return exif if isinstance(exif, bytes) else b""

    @property
    def xmp(self) -> bytes:
        xmp = self.image.info.get("xmp") or self.image.info.get(XMP_IN_PNG) or b""
        xmp = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
        return xmp if isinstance(xmp, bytes) else b""

    def load(self, whole: bool = False) -> None:
        """Decodes the picture; where the end is missing, at least half of it must be there.

        CoreError "bad-picture" otherwise, and with `whole` if anything is missing.
        """
        try:
            self.image.load()
        except (OSError, SyntaxError, EOFError, ValueError):
            if whole:
                raise _damaged(self.name) from None
            self.image = _what_is_there(self.file, self.name)
            self.cut_off = True

    def pixels(self) -> OwnPixels:
        """Its pixels, upright."""
        return OwnPixels.of(self._part(0, self.size[1]), self._white())

    def srgb(self) -> np.ndarray:
        """Its pixels, upright: uint8 [H, W, 4], straight alpha."""
        width, height = self.size
        white = self._white()
        rgba = np.empty((height, width, 4), np.uint8)
        step = max(1, BAND // width)
        for top in range(0, height, step):
            bottom = min(top + step, height)
            rgba[top:bottom] = OwnPixels.of(self._part(top, bottom), white).srgb()
        return rgba

    def _white(self) -> float | None:
        if self.image.mode not in ("I", "F"):
            return None
        return white_of(np.asarray(self.image), whole=self.image.mode == "I")

    def _part(self, top: int, bottom: int) -> Image.Image:
        """Some rows of the upright picture."""
        width, height = self.image.size
        turn = self.turn
        lying = turn in QUARTER_TURNS
        if turn in FROM_THE_END:
            length = width if lying else height
            top, bottom = length - bottom, length - top
        box = (top, 0, bottom, height) if lying else (0, top, width, bottom)
        part = self.image if box == (0, 0, width, height) else self.image.crop(box)
        part = part.convert("LA") if self.deep_grey else part
        return part if turn is None else part.transpose(turn)


def turned(size: tuple[int, int], turn: Image.Transpose | None) -> tuple[int, int]:
    """A size after or before a turn."""
    return (size[1], size[0]) if turn in QUARTER_TURNS else size


@contextmanager
def opened(source: Path | BinaryIO, name: str) -> Iterator[Opened]:
    """Opens the first picture in a file, of which `name` is told.

    CoreError "bad-picture" for a file that is missing, damaged, too large or not a picture, also for what
    fails inside the block.
    """
    try:
        with warnings.catch_warnings(), _file(source, name) as file:
            warnings.simplefilter("ignore")  # about harmless damage, and about sizes, which are checked here
            yield _opened(file, name)
    except CoreError:
        raise
    except MemoryError:
        text = f"{shown(name)} takes more memory than there is for a picture: make it smaller."
        raise CoreError("bad-picture", text) from None
    except Exception:  # decoders raise almost anything on a damaged file
        text = f"{shown(name)} cannot be read as a picture: give a PNG, JPEG, WebP, TIFF or BMP file."
        raise CoreError("bad-picture", text) from None


def check_is_file(path: Path, kind: str, name: str = "") -> None:
    """CoreError of that kind unless `path` is a plain file; opening a pipe would wait for ever.

    `name` is what is told of it, by default the path.
    """
    told = shown(name or path)
    try:
        mode = path.stat().st_mode
    except PermissionError:
        raise CoreError(kind, f"{told} cannot be read: change its permissions.") from None
    except (FileNotFoundError, NotADirectoryError):
        raise CoreError(kind, f"There is no file {told}: check its name.") from None
    except (OSError, ValueError) as error:  # such as a circle of links, or a name that is too long
        reason = getattr(error, "strerror", None) or error
        raise CoreError(kind, f"{told} cannot be read ({reason}): give another file.") from None
    if not stat.S_ISREG(mode):
        raise CoreError(kind, f"{told} is not a file: give the name of one.")


@contextmanager
def _file(source: Path | BinaryIO, name: str) -> Iterator[BinaryIO]:
    if not isinstance(source, Path):
        yield source
        return
    check_is_file(source, "bad-picture", name)
    try:  # without waiting, if it became a pipe meanwhile
        descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except PermissionError:
        raise CoreError("bad-picture", f"{shown(name)} cannot be read: change its permissions.") from None
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(descriptor).st_size > MOST_BYTES:
            text = f"{shown(name)} has more than 1 GiB: make it smaller or cut out the face."
            raise CoreError("bad-picture", text)
        yield file


def _opened(file: BinaryIO, name: str) -> Opened:
    deep = _deep_tiff(file)
    if deep is not None:
        _check_size(deep.size, name)
        try:
            return Opened(deep.image(), "TIFF", name, file)
        except (OSError, LookupError, ValueError, struct.error):
            raise _damaged(name) from None
    file.seek(0)
    try:
        image = Image.open(file, formats=READ_FORMATS)
    except Image.DecompressionBombError:
        raise _too_large(name) from None
    except Exception:  # not only UnidentifiedImageError
        file.seek(0)
        if file.read(16).startswith(MAGIC):
            raise _damaged(name) from None
        raise
    _check_size(image.size, name)
    kind = "JPEG" if image.format == "MPO" else image.format or ""  # a JPEG with more pictures behind it
    deep_grey = kind == "PNG" and "LA;16B" in str(image.tile)  # type: ignore[attr-defined]
    return Opened(image, kind, name, file, deep_grey=deep_grey)


def _deep_tiff(file: BinaryIO) -> DeepTiff | None:
    try:
        return DeepTiff.of(file)
    except Exception:  # Pillow raises almost anything on damaged tags
        return None


def _damaged(name: str) -> CoreError:
    text = f"{shown(name)} is damaged, cut off or of a rare kind: get it whole, or save it as PNG."
    return CoreError("bad-picture", text)


def _check_size(size: tuple[int, int], name: str) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_large(name)


def _too_large(name: str) -> CoreError:
    text = f"{shown(name)} has more than 64 megapixels: make it smaller or cut out the face."
    return CoreError("bad-picture", text)


def _what_is_there(file: BinaryIO, name: str) -> Image.Image:
    """A picture whose end is missing or damaged, as browsers show it: grey, black or transparent there.

    CoreError "bad-picture" where that is more than half of it.
    """
    file.seek(0)
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        image = Image.open(file, formats=READ_FORMATS)
        image.load()
    except (OSError, SyntaxError, EOFError, ValueError):
        raise _damaged(name) from None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    half = image.crop((0, image.height // 2, image.width, image.height))
    pixels = np.asarray(half).reshape(half.height, half.width, -1)  # [H, W, C]
    if (pixels == pixels[-1, -1]).all():
        raise _damaged(name)
    return image


def _from_hexadecimal(text: str) -> bytes:
    """The data in a text of three lines of description and then their digits."""
    try:
        return bytes.fromhex("".join(text.split("\n")[3:]))
    except ValueError:
        return b""
