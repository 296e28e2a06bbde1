"""Which sub-generators a step trains (paper, sections 3.1 and 3.2)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from ...models.layer_sizes import layer_count
from ...models.widths import SubGenerator, WidthRule

SAMPLED = 2  # resolutions per iteration
END = 0.25  # share of a sandwich's draws that have all channels, and share that have the fewest
Widths = Literal["uniform", "flexible", "sandwich"]


def draw_resolutions(chance: random.Random, resolutions: Sequence[int]) -> list[int]:
    """The resolutions of one iteration, highest first: two, or the only one."""
    return sorted(chance.sample(list(resolutions), min(SAMPLED, len(resolutions))), reverse=True)


def draw_widths(
    chance: random.Random,
    kind: Widths,
    rule: WidthRule,
    full: Sequence[int],
    ratios: Sequence[float],
) -> tuple[int, ...]:
    """Channel counts for every layer of `full`: one ratio for all layers ("uniform") or one for each
    ("flexible").

    "sandwich" (slimmable networks' rule, supplementary B.1) gives all channels and the fewest a quarter of
    the draws each, and flexible widths the rest.
    """
    if kind == "sandwich":
        place = chance.random()
        if place < 2 * END:
            return rule.expand(full, max(ratios) if place < END else min(ratios))
    if kind == "uniform":
        return rule.expand(full, chance.choice(list(ratios)))
    by_ratio = {ratio: rule.expand(full, ratio) for ratio in ratios}
    return tuple(by_ratio[chance.choice(list(ratios))][layer] for layer in range(len(full)))


def draw_subs(
    chance: random.Random,
    kind: Widths,
    rule: WidthRule,
    full: Sequence[int],
    resolutions: Sequence[int],
    ratios: Sequence[float],
) -> list[SubGenerator]:
    """The sub-generators of one iteration, highest resolution first: one at each drawn resolution."""
    chosen = [
        (side, draw_widths(chance, kind, rule, full, ratios))
        for side in draw_resolutions(chance, resolutions)
    ]
    return [SubGenerator(side, channels[: layer_count(side)]) for side, channels in chosen]
