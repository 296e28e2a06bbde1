"""What a sandbox does with an untrusted picture file: pictures.py and the studio call this there."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ...bridge.messages import Layer
from .decoding import opened
from .encoded_pictures import encoded
from .file_facts import FileFacts


def size(source: str | bytes, name: str) -> list[int]:
    """Width and height of the upright picture, from the head of a file or all of it."""
    with opened(_file(source), name) as picture:
        return list(picture.size)


def whole_size(source: str | bytes, name: str) -> list[int]:
    """The same, if every pixel of it can be decoded."""
    with opened(_file(source), name) as picture:
        picture.load(whole=True)
        return list(picture.size)


def read(path: str, name: str) -> dict[str, Any]:
    """The upright picture: `size`, `rgba` (uint8 [H, W, 4], straight alpha, sRGB), `cut_off`, `format`."""
    with opened(Path(path), name) as picture:
        picture.load()
        rgba, size = picture.srgb(), list(picture.size)
        return {"size": size, "rgba": rgba, "cut_off": picture.cut_off, "format": picture.format}


def rewritten(path: str, name: str, target: str, kind: str, layer: list[Any] | None) -> bytes:
    """A file in the format `kind`, for `target`, of the picture with a layer over it: [x, y, w, h, rgba].

    What the layer leaves alone keeps the values that it has in the file, as far as the format can hold them.
    """
    with opened(Path(path), name) as picture:
        picture.load()
        pixels, facts = picture.pixels(), FileFacts.of(picture)
    if pixels.mode == "CMYK" and kind != "JPEG":  # first, since the layer's colours would suffer on the way
        pixels = pixels.in_srgb()
    if layer is not None:
        pixels = pixels.under(Layer(*layer))
    pixels = pixels.held_by(kind)
    options = {**facts.options(kind), "icc_profile": pixels.profile or None}
    return encoded(pixels.image(), kind, options, target)


def _file(source: str | bytes) -> Path | io.BytesIO:
    return Path(source) if isinstance(source, str) else io.BytesIO(source)
