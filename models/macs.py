"""What one picture costs: its multiply-accumulates (MACs)."""

from __future__ import annotations

from collections.abc import Sequence

from .layer_sizes import layer_resolution


def macs(channels: Sequence[int]) -> int:
    """Multiply-accumulates of one picture by a generator with these counts.

    Counts convolutions and RGB layers only. A stride-2 transposed convolution is counted at its *input* (9
    taps for each input pixel), which is the work done; the paper counts it at its output, which gives about
    twice as much.
    """
    total = 0
    for i in range(1, len(channels)):
        side = layer_resolution(i)
        taps = side // 2 if i % 2 == 0 else side  # even layers are the upsampling ones
        total += taps * taps * 9 * channels[i - 1] * channels[i]
        if i % 2 == 1:
            total += side * side * 3 * channels[i]
    return total
