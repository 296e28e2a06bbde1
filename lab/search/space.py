"""The sub-generators that a search chooses from, and how new ones come of known ones."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...models.widths import SubGenerator, WidthRule, layer_count

CHANGE = 0.25  # probability that a random candidate's next layer is of another ratio


@dataclass(frozen=True)
class Space:
    """All sub-generators that have one of `resolutions` and, in every layer, one of the channel counts that
    `widths` has for it. Both rise."""

    resolutions: tuple[int, ...]
    widths: tuple[tuple[int, ...], ...]

    @classmethod
    def of(
        cls, full: Sequence[int], rule: WidthRule, ratios: Iterable[float], resolutions: Iterable[int]
    ) -> Space:
        """Every layer of its own ratio, expanded by the pack's rule: what ratios a layer has in common (with
        a capped rule, all at low resolutions) is one choice."""
        layers = zip(*(rule.expand(full, ratio) for ratio in ratios), strict=True)
        return cls(tuple(sorted(resolutions)), tuple(tuple(sorted(set(counts))) for counts in layers))

    @property
    def cheapest(self) -> SubGenerator:
        side = self.resolutions[0]
        return SubGenerator(side, tuple(counts[0] for counts in self._layers(side)))

    def holds(self, rung: SubGenerator) -> bool:
        """Whether it is one of these."""
        if rung.resolution not in self.resolutions:
            return False
        layers = self._layers(rung.resolution)
        return len(layers) == len(rung.channels) and all(
            c in counts for c, counts in zip(rung.channels, layers, strict=True)
        )

    def draw(self, chance: random.Random) -> SubGenerator:
        """One at random: runs of layers draw their place among the first few widths, and how many those are
        is drawn before. Of evenly drawn ones hardly any would hold a tight budget, or draw well: neighbours
        that are as wide suit each other."""
        side = chance.choice(self.resolutions)
        few = chance.randint(1, max(len(counts) for counts in self.widths))
        place, channels = chance.randrange(few), []
        for counts in self._layers(side):
            if chance.random() < CHANGE:
                place = chance.randrange(few)
            channels.append(counts[min(place, len(counts) - 1)])
        return SubGenerator(side, tuple(channels))

    def cross(self, chance: random.Random, a: SubGenerator, b: SubGenerator) -> SubGenerator:
        """A child of b's resolution, whose layers are of either parent where both have them: one half of the
        children take every layer of any parent, the other half the first ones of a and then those of b, so
        that layers which suit each other stay together."""
        shared = min(len(a.channels), len(b.channels))
        if chance.random() < 0.5:
            first = chance.randint(0, shared)
            return SubGenerator(b.resolution, a.channels[:first] + b.channels[first:])
        mixed = [chance.choice(pair) for pair in zip(a.channels, b.channels, strict=False)]
        return SubGenerator(b.resolution, (*mixed, *b.channels[shared:]))

    def mutate(self, chance: random.Random, rung: SubGenerator, share: float) -> SubGenerator:
        """The resolution and each layer's width drawn anew with the probability `share`, and the widths of
        layers that `rung` does not have."""
        side = chance.choice(self.resolutions) if chance.random() < share else rung.resolution
        channels = [
            chance.choice(counts) if i >= len(rung.channels) or chance.random() < share else rung.channels[i]
            for i, counts in enumerate(self._layers(side))
        ]
        return SubGenerator(side, tuple(channels))

    def _layers(self, side: int) -> tuple[tuple[int, ...], ...]:
        return self.widths[: layer_count(side)]
