"""Picture files: opens what painters and cameras write, reads it as 8-bit sRGB, and writes pictures."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from ...bridge.protocol import MAX_ATTACHMENT
from ..errors import CoreError
from .own_pixels import OwnPixels
from .whole_file import write_bytes

READ_FORMATS = (
    "PNG",
    "JPEG",
    "WEBP",
    "TIFF",
    "BMP",
)  # Pillow's others start programs or hold no pictures
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")  # of files in READ_FORMATS
WRITE_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
WRITE_OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True, "exact": True},  # exact: invisible pixels keep their colour too
}
MAX_PIXELS = MAX_ATTACHMENT // 4  # as many as a panel may send
END_OF_JPEG = b"\xff\xd9"
TURNS = {  # EXIF's orientation -> what turns the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Opened:
    """A picture in its file's own mode, not yet turned as its EXIF data says."""

    image: Image.Image
    format: str  # one of READ_FORMATS
    turn: Image.Transpose | None  # turns it upright
    cut_off: bool  # the end of the file is missing

    def pixels(self) -> OwnPixels:
        """Its pixels, upright."""
        return OwnPixels.of(self.image if self.turn is None else self.image.transpose(self.turn))


def read_picture(path: Path) -> np.ndarray:
    """The first picture in a file as uint8 [H, W, 4] (straight alpha, sRGB), turned as its EXIF data says.

    CoreError "bad-picture" for a file that is missing, damaged, too large or not a picture.
    """
    with opened(path) as picture:
        return picture.pixels().srgb()


def read_mask(path: Path, size: tuple[int, int]) -> np.ndarray:
    """A picture of (width, height) as uint8 [H, W]: 255 where white, 0 where black or transparent.

    CoreError "bad-picture" for what `read_picture` refuses, "bad-value" for another size.
    """
    rgba = read_picture(path)
    width, height = size
    if rgba.shape[:2] != (height, width):
        text = f'"{path}" has {rgba.shape[1]} x {rgba.shape[0]} px: give a mask of {width} x {height} px'
        raise CoreError("bad-value", f"{text}, as large as the picture.")
    grey = np.asarray(Image.fromarray(rgba).convert("L")).astype(np.uint16)
    return ((grey * rgba[..., 3] + 127) // 255).astype(np.uint8)


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Opens and loads the first picture in a file; its EXIF data can be read inside the block.

    CoreError "bad-picture" as from `read_picture`, also for what fails inside the block.
    """
    check_is_file(path, "bad-picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about harmless damage, and about sizes, which are checked here
            with Image.open(path, formats=READ_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    text = f'"{path}" has more than 64 megapixels: make it smaller or cut out the face.'
                    raise CoreError("bad-picture", text)
                yield _loaded(image, path)
    except PermissionError:
        raise CoreError("bad-picture", f'"{path}" cannot be read: change its permissions.') from None
    except CoreError:
        raise
    except Exception:  # decoders raise almost anything on a damaged file
        text = f'"{path}" cannot be read as a picture: give a PNG, JPEG, WebP, TIFF or BMP file.'
        raise CoreError("bad-picture", text) from None


def check_is_file(path: Path, kind: str) -> None:
    """CoreError of that kind unless `path` is a plain file; opening a pipe would wait for ever."""
    if not path.exists():
        raise CoreError(kind, f'There is no file "{path}": check its name.')
    if not path.is_file():
        raise CoreError(kind, f'"{path}" is not a file: give the name of one.')


def _loaded(image: Image.Image, path: Path) -> Opened:
    kind = "JPEG" if image.format == "MPO" else image.format or ""  # a JPEG with more pictures behind it
    # Pillow gives 16-bit grey with alpha the mode of colours
    deep_grey = kind == "PNG" and "LA;16B" in str(image.tile)  # type: ignore[attr-defined]
    cut_off = False
    try:
        image.load()
    except OSError:
        if kind != "JPEG" or path.stat().st_size > MAX_ATTACHMENT:
            raise
        image, cut_off = _without_its_end(path), True
    return Opened(image.convert("LA") if deep_grey else image, kind, _turn(image), cut_off)


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # Pillow raises almost anything on damaged EXIF data
        return None


def _without_its_end(path: Path) -> Image.Image:
    """A JPEG that was cut off, as browsers show it: grey where it is missing. Half of it must be there."""
    image = Image.open(io.BytesIO(path.read_bytes() + END_OF_JPEG), formats=("JPEG",))
    image.load()
    pixels = np.asarray(image).reshape(image.height, image.width, -1)  # [H, W, C]
    there = (pixels != pixels[-1, -1]).any(axis=(1, 2))  # [H]
    if not there[len(there) // 2 :].any():
        raise OSError("more than a half is missing")
    return image


def check_writable(path: Path) -> None:
    """CoreError "bad-value" when `write_picture` cannot write `path`; called before the work, not after."""
    if path.suffix.lower() not in WRITE_FORMATS:
        raise CoreError("bad-value", f'"{path}" must end in .png, .jpg or .webp.')
    if path.is_dir() or not path.absolute().parent.is_dir():
        text = f'"{path}" cannot be written: its folder must exist, and it must not be a folder itself.'
        raise CoreError("bad-value", text)


def write_picture(path: Path, rgba: np.ndarray) -> None:
    """Writes uint8 [H, W, 4] in the format of the name's ending; JPEG, which has no alpha, over white."""
    check_writable(path)
    alpha = rgba[..., 3]
    pixels = OwnPixels(rgba[..., :3], None if alpha.min() == 255 else alpha)
    save(path, pixels.held_by(WRITE_FORMATS[path.suffix.lower()]).image(), {})


def save(path: Path, image: Image.Image, options: dict[str, Any]) -> None:
    """Writes an image whose mode the format of the name's ending has, with these options of Pillow's."""
    kind = WRITE_FORMATS[path.suffix.lower()]
    data = io.BytesIO()
    try:
        image.save(data, kind, **{**WRITE_OPTIONS[kind], **options})
    except (OSError, ValueError):  # WebP has at most 16383 px a side
        raise CoreError("bad-value", f'"{path}" cannot hold a picture this large: write a PNG.') from None
    write_bytes(path, data.getvalue())
