"""Layers over a picture, put together: of several edits that were made one over the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...bridge.messages import Layer


def laid_over(rgba: np.ndarray, layer: Layer) -> np.ndarray:
    """A picture uint8 [H, W, 4] with a layer's pixels in place of its own; the layer is transparent where it
    changes nothing."""
    changed = rgba.copy()
    pixels = _pixels(layer)
    part = changed[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width]
    part[pixels[..., 3] > 0] = pixels[pixels[..., 3] > 0]
    return changed


def merged(layers: Sequence[Layer]) -> Layer | None:
    """One layer that does what several do, the last on top; None for none."""
    if len(layers) < 2:
        return layers[0] if layers else None
    left, top = min(layer.x for layer in layers), min(layer.y for layer in layers)
    right = max(layer.x + layer.width for layer in layers)
    bottom = max(layer.y + layer.height for layer in layers)
    rgba = np.zeros((bottom - top, right - left, 4), np.uint8)
    for layer in layers:
        moved = Layer(layer.x - left, layer.y - top, layer.width, layer.height, layer.rgba)
        rgba = laid_over(rgba, moved)
    return Layer(left, top, right - left, bottom - top, rgba.tobytes())


def _pixels(layer: Layer) -> np.ndarray:
    return np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4)
