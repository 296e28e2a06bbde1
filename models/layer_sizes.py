"""The layers of a generator: how many there are, and the size of their maps."""

from __future__ import annotations


def layer_count(resolution: int) -> int:
    """Layers (and styles of w+) of a generator of `resolution` px; ValueError unless that is 4 * 2^n."""
    if resolution < 4 or resolution & (resolution - 1):
        raise ValueError(f"A resolution must be a power of two from 4 px up, not {resolution}.")
    return 2 * (resolution.bit_length() - 1) - 2


def layer_resolution(index: int) -> int:
    """Side in px of the maps that layer `index` makes: 4, 4, 8, 8, 16, 16..."""
    return 4 << (index // 2)
