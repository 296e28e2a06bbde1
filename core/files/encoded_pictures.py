"""Encodes pictures in the formats that are written."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from ...bridge.shown_names import shown
from ..errors import CoreError

OPTIONS: dict[str, dict[str, Any]] = {  # by Pillow's names of formats
    "PNG": {},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True, "exact": True},  # exact: invisible pixels keep their colour too
}


def encoded(image: Image.Image, kind: str, options: dict[str, Any], name: str) -> bytes:
    """An image, whose mode the format `kind` has, as a file's bytes, with these options of Pillow's.

    CoreError "bad-value" where the format cannot hold it.
    """
    data = io.BytesIO()
    try:
        image.save(data, kind, **{**OPTIONS[kind], **options})
    except (OSError, ValueError):  # WebP has at most 16383 px a side
        raise CoreError(
            "bad-value", f"{shown(name)} cannot hold a picture this large: write a PNG."
        ) from None
    return data.getvalue()
