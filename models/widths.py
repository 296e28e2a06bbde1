"""Sub-generators: their channel counts by the two width rules, and their cost.

A sub-generator G^k_C is a resolution and one channel count for each layer, in the order const, conv1,
convs...; there are `2 * log2(resolution) - 2` of them, two for each resolution from 4 px up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from .layer_sizes import layer_count, layer_resolution
from .macs import macs

BASE_WIDTH = 16384  # the published table {4: 4096, 8: 2048, ... 1024: 16} is this over the resolution


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
