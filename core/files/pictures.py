"""Picture files: reads what painters and cameras write as 8-bit sRGB, and writes pictures.

A sandbox decodes them, so that no file can crash this process, take its memory or hold it up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...bridge.sandbox import SandboxLimits
from ...bridge.shown_names import shown
from ..errors import CoreError
from .encoded_pictures import encoded
from .own_pixels import OwnPixels
from .untrusted import run
from .whole_file import write_bytes

WRITE_FORMATS = {
    **dict.fromkeys((".png", ".apng"), "PNG"),
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    ".webp": "WEBP",
}
LIMITS = SandboxLimits()
GREY = np.array([19595, 38470, 7471], np.uint32)  # of 65536: what red, green and blue add to it, as in Pillow


def sandboxed(function: str, *arguments: Any, name: Path | str, limits: SandboxLimits = LIMITS) -> Any:
    """What a function of sandboxed_pictures.py returns in a sandbox; CoreError "bad-picture"."""
    place = f"anycost.core.files.sandboxed_pictures:{function}"
    return run(place, *arguments, about=shown(name), kind="bad-picture", limits=limits)


def read_picture(path: Path) -> np.ndarray:
    """The first picture in a file as uint8 [H, W, 4] (straight alpha, sRGB), turned as its EXIF data says.

    CoreError "bad-picture" for a file that is missing, damaged, too large or not a picture.
    """
    return pixels_of(sandboxed("read", path.absolute(), path, name=path))


def pixels_of(answer: dict[str, Any]) -> np.ndarray:
    """uint8 [H, W, 4] of what `sandboxed_pictures.read` answered."""
    width, height = answer["size"]
    return np.frombuffer(answer["rgba"], np.uint8).reshape(height, width, 4)


def read_mask(path: Path, size: tuple[int, int]) -> np.ndarray:
    """A picture of (width, height) as uint8 [H, W]: 255 where white, 0 where black or transparent.

    CoreError "bad-picture" for what `read_picture` refuses, "bad-value" for another size.
    """
    rgba = read_picture(path)
    width, height = size
    if rgba.shape[:2] != (height, width):
        text = f"{shown(path)} has {rgba.shape[1]} x {rgba.shape[0]} px: give a mask of {width} x {height} px"
        raise CoreError("bad-value", f"{text}, as large as the picture.")
    grey = (rgba[..., :3] @ GREY + (1 << 15)) >> 16
    return ((grey * rgba[..., 3] + 127) // 255).astype(np.uint8)


def check_writable(path: Path) -> None:
    """CoreError "bad-value" when `write_picture` cannot write `path`; called before the work, not after."""
    if path.suffix.lower() not in WRITE_FORMATS:
        raise CoreError("bad-value", f"{shown(path)} must end in .png, .jpg or .webp.")
    if path.is_dir() or not path.absolute().parent.is_dir():
        text = f"{shown(path)} cannot be written: its folder must exist, and it must not be a folder itself."
        raise CoreError("bad-value", text)


def write_picture(path: Path, rgba: np.ndarray) -> None:
    """Writes uint8 [H, W, 4] in the format of the name's ending; JPEG, which has no alpha, over white."""
    check_writable(path)
    kind, alpha = WRITE_FORMATS[path.suffix.lower()], rgba[..., 3]
    pixels = OwnPixels(rgba[..., :3], None if alpha.min() == 255 else alpha)
    write_bytes(path, encoded(pixels.held_by(kind).image(), kind, {}, str(path)))
