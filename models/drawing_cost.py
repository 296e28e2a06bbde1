"""What a generator's largest picture costs, told from its widths before anything is allocated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .layer_sizes import layer_resolution
from .machine_memory import memory_here
from .macs import macs

MAX_MACS = 3 * 10**11  # of one picture; the published 1024 px generator has 7 * 10^10
MAX_VALUES = 1 << 27  # of one layer's maps; the published one has 2^25
MAPS = 5.5  # of the largest layer's size that are held at once; 4.1 to 5.1 were measured
SHARE = 0.5  # of the machine's memory, for one picture


def too_costly(channels: Sequence[int]) -> str:
    """Why a generator with these widths cannot be drawn here, as the end of a sentence; empty if it can."""
    if max(map(_values, range(len(channels)), channels)) > MAX_VALUES or macs(channels) > MAX_MACS:
        return "is larger than any generator that can be drawn: choose a smaller one"
    needed, here = memory_of_picture(channels), memory_here()
    if needed > SHARE * here:
        sizes = f"{needed / 1e9:.1f} GB of memory for one picture, and this computer has {here / 1e9:.1f} GB"
        return f"needs {sizes}: choose a smaller one, or a larger computer"
    return ""


def memory_of_picture(channels: Sequence[int]) -> int:
    """Bytes that drawing the largest picture takes at most, with the convolutions' weights."""
    weights = sum(9 * before * after for before, after in pairwise(channels))
    maps = max(map(_values, range(len(channels)), channels))
    return int(4 * (weights + MAPS * maps))


def _values(layer: int, width: int) -> int:
    """Values of a layer's maps."""
    return width * layer_resolution(layer) ** 2
