"""The way between the colours of a file and sRGB."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

MODES = {1: "L", 3: "RGB", 4: "CMYK"}  # by their channels


class OwnColours:
    """Grey, RGB or CMYK with a colour profile; a profile that is damaged or for others counts as none."""

    def __init__(self, channels: int, profile: bytes = b""):
        self.mode = MODES[channels]
        self._there = self._back = None
        if profile:
            self._there = _transform(profile, self.mode, back=False)
            self._back = self._there and _transform(profile, self.mode, back=True)

    @property
    def returns(self) -> bool:
        """Whether there is a way back from sRGB. Profiles of cameras and scanners may have none."""
        return self._there is None or self._back is not None

    def to_srgb(self, colours: np.ndarray) -> np.ndarray:
        """uint8 [h, w, C] -> uint8 [h, w, 3]."""
        return _through(self._there, colours, self.mode, "RGB")

    def from_srgb(self, rgb: np.ndarray) -> np.ndarray:
        """uint8 [h, w, 3] -> uint8 [h, w, C]; colours that the profile lacks become near ones."""
        return _through(self._back, rgb, "RGB", self.mode)


def in_rgb(image: Image.Image) -> Image.Image:
    """An image in CIE L*a*b* as RGB in sRGB."""
    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    turned = ImageCms.buildTransform(*profiles, "LAB", "RGB").apply(image)
    turned.info = {name: value for name, value in image.info.items() if name != "icc_profile"}
    return turned


def _through(
    transform: ImageCms.ImageCmsTransform | None, pixels: np.ndarray, source: str, target: str
) -> np.ndarray:
    height, width, _ = pixels.shape
    if transform is None and source == target:
        return pixels
    image = Image.frombytes(source, (width, height), pixels.tobytes())
    image = image.convert(target) if transform is None else transform.apply(image)
    return np.asarray(image).reshape(height, width, -1)


def _transform(profile: bytes, mode: str, back: bool) -> ImageCms.ImageCmsTransform | None:
    try:
        own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        if back:
            return ImageCms.buildTransform(srgb, own, "RGB", mode)
        return ImageCms.buildTransform(own, srgb, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
