"""The sub-generators that a search chooses from, and how it makes new ones from known ones."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...models.layer_sizes import layer_count
from ...models.widths import SubGenerator, WidthRule

CHANGE = 0.25  # probability that a random candidate's next layer has another ratio


@dataclass(frozen=True)
class Space:
    """All sub-generators with one of `resolutions` and, in every layer, one of that layer's counts in
    `widths`. Both are in rising order."""

    resolutions: tuple[int, ...]
    widths: tuple[tuple[int, ...], ...]

    @classmethod
    def of(
        cls, full: Sequence[int], rule: WidthRule, ratios: Iterable[float], resolutions: Iterable[int]
    ) -> Space:
        """Every layer has its own ratio, expanded by the pack's rule; ratios that give it equal widths (with
        a capped rule, all at low resolutions) are one choice."""
        layers = zip(*(rule.expand(full, ratio) for ratio in ratios), strict=True)
        return cls(tuple(sorted(resolutions)), tuple(tuple(sorted(set(counts))) for counts in layers))

    @property
    def cheapest(self) -> SubGenerator:
        side = self.resolutions[0]
        return SubGenerator(side, tuple(counts[0] for counts in self._layers(side)))

    def holds(self, rung: SubGenerator) -> bool:
        """Whether it is in this space."""
        if rung.resolution not in self.resolutions:
            return False
        layers = self._layers(rung.resolution)
        return len(layers) == len(rung.channels) and all(
            c in counts for c, counts in zip(rung.channels, layers, strict=True)
        )

    def draw(self, chance: random.Random) -> SubGenerator:
        """Draw one at random: first how many of the lowest widths to use, then one of them per run of layers.

        Even draws would rarely hold a tight budget or draw well: neighbours of equal width suit each other.
        """
        side = chance.choice(self.resolutions)
        few = chance.randint(1, max(len(counts) for counts in self.widths))
        place, channels = chance.randrange(few), []
        for counts in self._layers(side):
            if chance.random() < CHANGE:
                place = chance.randrange(few)
            channels.append(counts[min(place, len(counts) - 1)])
        return SubGenerator(side, tuple(channels))

    def cross(self, chance: random.Random, a: SubGenerator, b: SubGenerator) -> SubGenerator:
        """A child with b's resolution; layers that both parents have may come from either.

        Half of the children pick a parent for each layer. The other half take the first layers of a and the
        rest of b, so that layers that suit each other stay together.
        """
        shared = min(len(a.channels), len(b.channels))
        if chance.random() < 0.5:
            first = chance.randint(0, shared)
            return SubGenerator(b.resolution, a.channels[:first] + b.channels[first:])
        mixed = [chance.choice(pair) for pair in zip(a.channels, b.channels, strict=False)]
        return SubGenerator(b.resolution, (*mixed, *b.channels[shared:]))

    def mutate(self, chance: random.Random, rung: SubGenerator, share: float) -> SubGenerator:
        """Redraw the resolution and each layer's width with probability `share`, and draw widths for layers
        that `rung` lacks."""
        side = chance.choice(self.resolutions) if chance.random() < share else rung.resolution
        channels = [
            chance.choice(counts) if i >= len(rung.channels) or chance.random() < share else rung.channels[i]
            for i, counts in enumerate(self._layers(side))
        ]
        return SubGenerator(side, tuple(channels))

    def _layers(self, side: int) -> tuple[tuple[int, ...], ...]:
        return self.widths[: layer_count(side)]
