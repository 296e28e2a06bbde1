"""Picture files: reads what painting programs and cameras write, as 8-bit sRGB, and writes pictures."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from ...bridge.protocol import MAX_ATTACHMENT
from ..errors import CoreError
from .whole_file import write_bytes

READ_FORMATS = (
    "PNG",
    "JPEG",
    "WEBP",
    "TIFF",
    "BMP",
)  # Pillow's others start programs or hold no pictures
WRITE_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
MAX_PIXELS = MAX_ATTACHMENT // 4  # as many as a panel may send


def read_picture(path: Path) -> np.ndarray:
    """The first picture in a file as uint8 [H, W, 4] (straight alpha, sRGB), turned as its EXIF data says.

    CoreError "bad-picture" for a file that is missing, damaged, too large or not a picture.
    """
    check_is_file(path, "bad-picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about harmless damage, and about sizes, which are checked here
            with Image.open(path, formats=READ_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    text = f'"{path}" has more than 64 megapixels: make it smaller or cut out the face.'
                    raise CoreError("bad-picture", text)
                image.load()
                return np.array(_to_srgb(ImageOps.exif_transpose(image)))
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


def _to_srgb(image: Image.Image) -> Image.Image:
    """Any mode that Pillow opens -> RGBA in sRGB."""
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        image = _eight_bit(image)
    if image.mode in ("P", "PA", "LA", "La", "RGBa", "1") or "transparency" in image.info:
        image = image.convert("RGBA")
    profile = image.info.get("icc_profile")
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    colours = image.convert("RGB") if alpha else image
    if profile:
        colours = _through_profile(colours, profile)
    rgba = colours.convert("RGB").convert("RGBA")
    if alpha:
        rgba.putalpha(alpha)
    return rgba


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits -> "L": 16 bits scaled by their range, others by the values that occur."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    if image.mode.startswith("I;16"):
        top = 65535.0
    else:
        top = next((t for t in (1.0, 255.0, 65535.0) if values.max() <= t), values.max())
    return Image.fromarray(np.rint(values.clip(0, top) * (255 / top)).astype(np.uint8))


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile that does not fit its picture is ignored
        return image
    return converted or image


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
    kind = WRITE_FORMATS[path.suffix.lower()]
    image = Image.fromarray(rgba)
    if rgba[..., 3].min() == 255:
        image = image.convert("RGB")
    elif kind == "JPEG":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    data = io.BytesIO()
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}, "PNG": {}}
    try:
        image.save(data, kind, **options[kind])
    except (OSError, ValueError):  # WebP has at most 16383 px a side
        raise CoreError("bad-value", f'"{path}" cannot hold a picture this large: write a PNG.') from None
    write_bytes(path, data.getvalue())
