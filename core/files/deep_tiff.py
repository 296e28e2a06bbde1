"""TIFF files whose samples have more than 8 bits or lie plane by plane: Pillow reads only some of them.

Whole and floating-point numbers of 8 to 64 bits; grey or RGB, with alpha or without; strips or tiles.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from .own_pixels import white_of

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_COMPRESSIONS = (1, 5, 8, 32773, 32946)  # none, LZW, Deflate, PackBits, Deflate by its old number
_LARGEST_CHUNK = 1 << 29  # bytes of a strip or tile
_KINDS = {1: "u", 2: "i", 3: "f"}
ABOUT = (  # what a TIFF says about its picture; its other tags say where the pixels are in the file
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Orientation,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
    ExifTags.IFD.Exif,
    ExifTags.IFD.GPSInfo,
)


@dataclass(frozen=True)
class DeepTiff:
    """The first picture of a file: what its tags say."""

    file: BinaryIO
    tags: TiffImagePlugin.ImageFileDirectory_v2
    size: tuple[int, int]  # width and height
    samples: int  # of a pixel
    dtype: np.dtype
    planes: bool  # whether the samples lie plane by plane

    @staticmethod
    def of(file: BinaryIO) -> DeepTiff | None:
        """None for files that are none, and for those that Pillow reads."""
        head = file.read(8)
        if head[:4] not in MAGIC:
            return None
        head += file.read(8) if head[2:3] == b"+" or head[3:4] == b"+" else b""
        tags = TiffImagePlugin.ImageFileDirectory_v2(head)
        file.seek(tags.next)
        tags.load(file)
        depths, forms = set(tags.get(258, (1,))), set(tags.get(339, (1,)))
        if len(depths) != 1 or len(forms) != 1 or tags.get(259, 1) not in _COMPRESSIONS:
            return None
        depth, form, samples = depths.pop(), forms.pop(), tags.get(277, 1)
        planes = tags.get(284, 1) == 2 and samples > 1
        kinds = [_KINDS.get(form, "?") + str(depth // 8)]
        known = kinds[0] in ("u1", "u2", "u4", "i2", "i4", "f2", "f4", "f8")
        colours = {0: 1, 1: 1, 2: 3}.get(tags.get(262, -1), 99)
        if not known or not colours <= samples <= colours + 4 or (depth == 8 and not planes):
            return None
        dtype = np.dtype(tags._endian + kinds[0])  # type: ignore[attr-defined]
        return DeepTiff(file, tags, (int(tags[256]), int(tags[257])), samples, dtype, planes)

    def image(self) -> Image.Image:
        """Grey as I;16, I or F, with alpha as LA; RGB and RGBA. OSError and others for a damaged file."""
        values = self._values()  # [H, W, S]
        colours = 3 if self.tags[262] == 2 else 1
        extra = self.tags.get(338, ())
        alpha = values[..., colours] if extra and extra[0] in (1, 2) else None
        image = _image(values[..., :colours], alpha, premultiplied=extra[:1] == (1,))
        if self.tags[262] == 0:
            image = _inverted(image)
        image.info.update(self._info())
        return image

    def _values(self) -> np.ndarray:
        width, height = self.size
        across, down = self._chunk_size()
        inside = 1 if self.planes else self.samples
        if across * down * inside * self.dtype.itemsize > _LARGEST_CHUNK:
            raise OSError("a strip or tile is too large")
        values = np.zeros((height, width, self.samples), self.dtype.newbyteorder("="))
        for number, (plane, top, left) in enumerate(self._places(across, down)):
            rows = down if self._tiled else min(down, height - top)
            chunk = self._chunk(number, rows, across, inside)  # [rows, across, inside]
            box = values[top : top + rows, left : left + across]
            part = box[..., plane : plane + inside]
            part[...] = chunk[: part.shape[0], : part.shape[1]]
        return values

    @property
    def _tiled(self) -> bool:
        return 324 in self.tags

    def _chunk_size(self) -> tuple[int, int]:
        """Width and height of a tile or strip."""
        width, height = self.size
        if self._tiled:
            across, down = int(self.tags[322]), int(self.tags[323])
        else:
            across, down = width, min(int(self.tags.get(278, height)), height)
        if across < 1 or down < 1:
            raise OSError("a strip or tile is empty")
        return across, down

    def _places(self, across: int, down: int) -> Iterator[tuple[int, int, int]]:
        """Plane, top and left of each strip or tile, in the order of the file's list."""
        width, height = self.size
        for plane in range(self.samples if self.planes else 1):
            for top in range(0, height, down):
                for left in range(0, width, across):
                    yield plane, top, left

    def _chunk(self, number: int, rows: int, across: int, inside: int) -> np.ndarray:
        where, length = (324, 325) if self._tiled else (273, 279)
        whole = rows * across * inside * self.dtype.itemsize
        compression = self.tags.get(259, 1)
        if compression == 1:
            length, most = whole, whole
        else:
            length, most = self.tags[length][number], 2 * whole + 4096
        self.file.seek(self.tags[where][number])
        data = self.file.read(min(length, most))
        if compression != 1:
            data = _unpacked(data, compression, whole // rows, rows)
        if len(data) < whole:
            raise OSError("the end of the file is missing")
        return _predicted(data, self.tags.get(317, 1), (rows, across, inside), self.dtype)

    def _info(self) -> dict[str, Any]:
        """What the file says, under Pillow's names."""
        info: dict[str, Any] = {"icc_profile": self.tags.get(34675, b"")}
        if isinstance(self.tags.get(700), bytes):
            info["xmp"] = self.tags[700]
        unit = {2: 1, 3: 2.54}.get(self.tags.get(296, 2))
        if unit and 282 in self.tags and 283 in self.tags:
            info["dpi"] = tuple(float(self.tags[tag]) * unit for tag in (282, 283))
        exif = Image.Exif()
        self.file.seek(0)
        exif.load_from_fp(self.file)
        info["exif"] = about(exif)
        return info


def about(exif: Image.Exif) -> bytes:
    """What a TIFF's tags say about the picture, as EXIF data; tags of odd types are left out."""
    kept = Image.Exif()
    for tag in ABOUT:
        try:
            if tag in exif:
                kept[tag] = exif.get_ifd(tag) if tag in tuple(ExifTags.IFD) else exif[tag]
            kept.tobytes()
        except Exception:  # Pillow raises almost anything on damaged EXIF data
            del kept[tag]
    return kept.tobytes() if len(kept) else b""


def _unpacked(data: bytes, compression: int, width: int, rows: int) -> bytes:
    """A compressed strip's bytes: for Pillow it becomes a small TIFF of 8-bit grey, `width` bytes wide."""
    entries = [(256, 4, width), (257, 4, rows), (258, 3, 8), (259, 3, compression), (262, 3, 1)]
    entries += [(273, 4, 8), (277, 3, 1), (278, 4, rows), (279, 4, len(data))]
    directory = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack("<HHII", tag, kind, 1, value)
    file = b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + bytes(4)
    with Image.open(io.BytesIO(file), formats=("TIFF",)) as image:
        return image.tobytes()


def _predicted(data: bytes, predictor: int, shape: tuple[int, int, int], dtype: np.dtype) -> np.ndarray:
    """A strip's or tile's values [rows, columns, samples], which may be stored as differences."""
    rows, columns, samples = shape
    native = dtype.newbyteorder("=")
    if predictor == 3:  # bytes as differences, the highest ones of a row first
        raw = np.frombuffer(data, np.uint8, rows * columns * samples * dtype.itemsize)
        raw = raw.reshape(rows, columns * dtype.itemsize, samples).cumsum(axis=1, dtype=np.uint8)
        split = raw.reshape(rows, dtype.itemsize, columns * samples)
        joined = np.ascontiguousarray(split.transpose(0, 2, 1))  # [rows, columns * samples, bytes]
        return joined.view(dtype.newbyteorder(">")).reshape(shape).astype(native)
    values = np.frombuffer(data, dtype, math.prod(shape)).reshape(shape).astype(native)
    if predictor != 2:
        return values
    unsigned = values.view(f"u{dtype.itemsize}")
    return unsigned.cumsum(axis=1, dtype=unsigned.dtype).view(native)


def _image(colours: np.ndarray, alpha: np.ndarray | None, premultiplied: bool) -> Image.Image:
    """Colours [H, W, 1 or 3] and alpha [H, W] of any type."""
    if colours.shape[-1] == 1 and alpha is None:
        return _grey(colours[..., 0])
    if colours.dtype in (np.uint8, np.uint16, np.uint32, np.int16):
        white = float(np.iinfo(colours.dtype).max)
    else:
        white = white_of(colours, whole=colours.dtype.kind == "i")
    height, width, count = colours.shape
    out = np.empty((height, width, count + (alpha is not None)), np.uint8)
    for row in range(0, height, 64):  # in bands, since floats take much memory
        part = np.nan_to_num(colours[row : row + 64].astype(np.float64)) / white
        if alpha is not None:
            cover = np.nan_to_num(alpha[row : row + 64, :, None].astype(np.float64)) / white
            part = np.divide(part, cover, out=part, where=cover > 0) if premultiplied else part
            out[row : row + 64, :, count:] = np.rint(cover.clip(0, 1) * 255)
        out[row : row + 64, :, :count] = np.rint(part.clip(0, 1) * 255)
    return Image.fromarray(out[..., 0] if out.shape[-1] == 1 else out)


def _grey(values: np.ndarray) -> Image.Image:
    if values.dtype == np.uint32:
        values = (values >> 16).astype(np.uint16)
    if values.dtype == np.int16:
        values = values.clip(0).astype(np.uint16) * 2
    if values.dtype.kind == "f":
        values = values.astype(np.float32)
    return Image.fromarray(np.ascontiguousarray(values))


def _inverted(image: Image.Image) -> Image.Image:
    """White at 0, as faxes and some scanners write it."""
    values = np.asarray(image)
    if image.mode in ("I", "F"):
        return Image.fromarray(white_of(values, whole=image.mode == "I") - values.astype(np.float32))
    if image.mode == "LA":
        return Image.fromarray(np.stack([255 - values[..., 0], values[..., 1]], -1))
    return Image.fromarray(np.iinfo(values.dtype).max - values)
