"""A picture's pixels as its file counts them, which a layer may change without touching the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PIL import Image

from ...bridge.messages import Layer
from .own_colours import OwnColours, in_rgb

DEEP = ("I;16", "I;16B", "I;16L", "I", "F")  # Pillow's modes of grey with more than 8 bits
GREY = ("1", "L", "LA", "La")
WHITES = (1.0, 255.0, 65535.0)  # the usual values of white where the mode does not tell
HIGHLIGHT = 8  # times white: a tenth of a picture may be brighter, but not more than this
HOLDS = {
    "PNG": ("L", "LA", "I;16", "RGB", "RGBA"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
}
MOST_ASKED = 4 << 20  # values for the white of floating-point grey
ROUNDING = 2  # of 255: what the way to sRGB and back may round away
BAND_ROWS = 256  # laid over at a time, so that a large layer needs little memory


@dataclass(frozen=True)
class OwnPixels:
    """Grey, RGB or CMYK in the file's own colour profile; without one, sRGB or its grey."""

    colours: np.ndarray  # uint8 [H, W, 1, 3 or 4], or uint16 [H, W, 1]
    alpha: np.ndarray | None = None  # uint8 [H, W], straight
    profile: bytes = b""  # ICC

    @staticmethod
    def of(image: Image.Image, white: float | None = None) -> OwnPixels:
        """The pixels of an image in any mode that Pillow opens.

        A palette becomes RGB. Grey of any depth above 8 bits becomes 16-bit, or 8-bit if it has a transparent
        colour, which no file of 16 bits could keep beside others. `white` is that of the picture of which
        this is a part.
        """
        if image.mode == "LAB":
            image = in_rgb(image)
        profile = image.info.get("icc_profile") or b""
        if image.mode not in DEEP:
            return _of_bytes(image.convert(_mode(image)), profile)
        pixels = OwnPixels(_sixteen_bit(image, white)[..., None], None, profile)
        if "transparency" not in image.info:
            return pixels
        alpha = np.where(np.asarray(image) == image.info["transparency"], 0, 255).astype(np.uint8)
        return OwnPixels(pixels.eight_bit, alpha, profile)

    @property
    def mode(self) -> str:
        """Pillow's name of their form."""
        if self.colours.dtype == np.uint16:
            return "I;16"
        return self._space.mode + ("" if self.alpha is None else "A")

    @property
    def eight_bit(self) -> np.ndarray:
        """The colours as uint8 [H, W, C]."""
        return _eight_bit(self.colours)

    def srgb(self) -> np.ndarray:
        """uint8 [H, W, 4] (straight alpha, sRGB)."""
        rgba = np.full((*self.colours.shape[:2], 4), 255, np.uint8)
        rgba[..., :3] = self._space.to_srgb(self.eight_bit)
        if self.alpha is not None:
            rgba[..., 3] = self.alpha
        return rgba

    def in_srgb(self) -> OwnPixels:
        """The same as RGB without a profile."""
        return OwnPixels(self.srgb()[..., :3], self.alpha)

    def held_by(self, kind: str) -> OwnPixels:
        """The same in a form that a file format has: "PNG", "JPEG" (over white, 8-bit) or "WEBP" (RGB)."""
        if kind == "JPEG":
            return OwnPixels(self._over_white(), None, self.profile)
        return self if self.mode in HOLDS[kind] else self.in_srgb()

    def under(self, layer: Layer) -> OwnPixels:
        """The same with a layer laid over it: bit for bit the same wherever the layer is transparent.

        The alpha stays. Grey stays grey. A profile that leads only to sRGB, as some of cameras do, is left.
        """
        if not self._space.returns:
            return self.in_srgb().under(layer)
        colours = self.colours.copy()
        rgba = np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4)
        for row in range(0, layer.height, BAND_ROWS):
            band = rgba[row : row + BAND_ROWS]
            top = layer.y + row
            box = np.s_[top : top + len(band), layer.x : layer.x + layer.width]
            alpha = None if self.alpha is None else self.alpha[box]
            colours[box] = self._laid_over(colours[box], band, _cover(band[..., 3], alpha))
        return replace(self, colours=colours)

    def image(self) -> Image.Image:
        """The same as an image for Pillow, without its profile."""
        height, width, _ = self.colours.shape
        if self.mode == "I;16":
            return Image.fromarray(self.colours[..., 0])
        image = Image.frombytes(self._space.mode, (width, height), self.colours.tobytes())
        if self.alpha is not None:
            image.putalpha(Image.fromarray(self.alpha))
        return image

    @cached_property
    def _space(self) -> OwnColours:
        return OwnColours(self.colours.shape[2], self.profile)

    def _laid_over(self, own: np.ndarray, rgba: np.ndarray, cover: np.ndarray) -> np.ndarray:
        """Colours [h, w, C] under a layer's uint8 [h, w, 4], which covers 0..1 [h, w] of them."""
        depth = np.iinfo(own.dtype).max // 255  # of our values for one of 8 bits
        drawn = self._space.from_srgb(rgba[..., :3]).astype(np.float32) * depth  # [h, w, C]
        seen = self._space.from_srgb(self._space.to_srgb(_eight_bit(own))).astype(np.float32) * depth
        # The layer was made from rounded colours; so that an unchanged one comes out as it was, what rounding
        # took is added again. More would bring back colours that sRGB does not have, on things that moved.
        drawn += np.clip(own - seen, -ROUNDING * depth, ROUNDING * depth)
        mixed = own + cover[..., None] * (drawn.clip(0, 255 * depth) - own)
        return np.rint(mixed).astype(own.dtype)

    def _over_white(self) -> np.ndarray:
        """The colours as uint8 [H, W, C], opaque."""
        if self.alpha is None:
            return self.eight_bit
        alpha = self.alpha[..., None].astype(np.uint16)
        return ((self.eight_bit * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _cover(layer: np.ndarray, picture: np.ndarray | None) -> np.ndarray:
    """How far 0..1 [h, w] a layer's alpha covers the picture's: a layer is as transparent as its picture."""
    if picture is None:
        return layer.astype(np.float32) / 255
    return np.minimum(layer / np.maximum(picture, 1), 1).astype(np.float32)


def _of_bytes(image: Image.Image, profile: bytes) -> OwnPixels:
    """The pixels of an image in one of the modes L, LA, RGB, RGBA and CMYK."""
    values = np.asarray(image).reshape(image.height, image.width, -1)  # [H, W, C]
    if image.mode in ("LA", "RGBA"):
        return OwnPixels(values[..., :-1], values[..., -1], profile)
    return OwnPixels(values, None, profile)


def _mode(image: Image.Image) -> str:
    """The mode of our own that holds the image's pixels."""
    if image.mode == "CMYK":
        return "CMYK"
    alpha = image.mode[-1] in "Aa" or "transparency" in image.info
    return ("L" if image.mode in GREY else "RGB") + ("A" if alpha else "")


def _eight_bit(colours: np.ndarray) -> np.ndarray:
    return (
        colours if colours.dtype == np.uint8 else ((colours.astype(np.uint32) + 128) // 257).astype(np.uint8)
    )


def _sixteen_bit(image: Image.Image, white: float | None) -> np.ndarray:
    """Deep grey -> uint16 [H, W], white at 65535."""
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        return values.astype(np.uint16)
    if white is None:
        white = white_of(values, whole=image.mode == "I")
    values = np.nan_to_num(values.astype(np.float64))
    return np.rint(values.clip(0, white) * (65535 / white)).astype(np.uint16)


def white_of(values: np.ndarray, whole: bool) -> float:
    """The value that shows as white, told from the values that occur: [H, W] or [H, W, C] of any type.

    Whole numbers end at white. Floating-point ones may exceed it where light is reflected, so that a tenth of
    them does not count; of a large picture, some rows are asked.
    """
    most = float(np.max(values, initial=0, where=np.isfinite(values)))
    some = values[:: values.size // MOST_ASKED + 1]
    bright = 0.0 if whole else float(np.percentile(np.nan_to_num(some.astype(np.float64)), 90))
    least = most if whole else min(most, bright / HIGHLIGHT)
    return next((white for white in WHITES if least <= white), most)
