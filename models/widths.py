"""Sub-generators: their channel counts by the two width rules, and their cost.

A sub-generator G^k_C is a resolution and one channel count for each layer, in the order const, conv1,
convs...; there are `2 * log2(resolution) - 2` of them, two for each resolution from 4 px up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

BASE_WIDTH = 16384  # the published table {4: 4096, 8: 2048, ... 1024: 16} is this over the resolution


def layer_count(resolution: int) -> int:
    """Layers (and styles of w+) of a generator of `resolution` px; ValueError unless that is 4 * 2^n."""
    if resolution < 4 or resolution & (resolution - 1):
        raise ValueError(f"A resolution must be a power of two from 4 px up, not {resolution}.")
    return 2 * (resolution.bit_length() - 1) - 2


def layer_resolution(index: int) -> int:
    """Side in px of the maps that layer `index` makes: 4, 4, 8, 8, 16, 16..."""
    return 4 << (index // 2)


@dataclass(frozen=True)
class SubGenerator:
    """G^k_C: a resolution in px and the channel count of every layer.

    `ratio` tells where the counts come from (None: free widths). Comparisons ignore it, because equal counts
    draw equal pictures.
    """

    resolution: int
    channels: tuple[int, ...]
    ratio: float | None = field(default=None, compare=False)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one picture."""
        return macs(self.channels)

    @property
    def title(self) -> str:
        """ "128 px ×0.5"."""
        return f"{self.resolution} px " + ("own widths" if self.ratio is None else f"×{self.ratio:g}")


RuleKind = Literal["proportional", "capped"]


@dataclass(frozen=True)
class WidthRule:
    """How a ratio becomes channel counts.

    `proportional` is the paper's: ratio * c in each layer. `capped` is the published code's: min(cap, base *
    ratio * multiplier), which leaves low resolutions at full width. A generator trained with it agrees only
    with sub-generators that are cut by it.
    """

    kind: RuleKind = "proportional"
    cap: int = 512
    multiplier: float = 2.0

    def expand(self, full: Sequence[int], ratio: float) -> tuple[int, ...]:
        """The channel counts of `full` at `ratio` in (0, 1]; as many as `full` has."""
        if not 0 < ratio <= 1:
            raise ValueError(f"A channel ratio must lie above 0 and at most at 1, not {ratio}.")
        if self.kind == "proportional":
            return tuple(max(1, round(ratio * c)) for c in full)
        return tuple(min(c, self._capped(i, ratio)) for i, c in enumerate(full))

    def sub_generator(self, full: Sequence[int], resolution: int, ratio: float) -> SubGenerator:
        """The sub-generator of `resolution` px at `ratio` in (0, 1], from a generator of `full` widths."""
        return SubGenerator(resolution, self.expand(full[: layer_count(resolution)], ratio), ratio)

    def _capped(self, index: int, ratio: float) -> int:
        return max(1, min(self.cap, int(BASE_WIDTH / layer_resolution(index) * ratio * self.multiplier)))


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
