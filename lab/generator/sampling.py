"""Which sub-generators a step trains (paper, sections 3.1 and 3.2)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from ...models.layer_sizes import layer_count
from ...models.widths import SubGenerator, WidthRule

SAMPLED = 2  # resolutions per iteration
Widths = Literal["uniform", "flexible", "sandwich"]


def draw_resolutions(chance: random.Random, resolutions: Sequence[int]) -> list[int]:
    """The resolutions of one iteration, highest first: two, or the only one."""
    return sorted(chance.sample(list(resolutions), min(SAMPLED, len(resolutions))), reverse=True)


def draw_widths(
    chance: random.Random,
    kind: Literal["uniform", "flexible"],
    rule: WidthRule,
    full: Sequence[int],
    ratios: Sequence[float],
) -> tuple[int, ...]:
    """Channel counts for every layer of `full`: one ratio for all layers ("uniform") or one for each."""
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
    """The sub-generators of one iteration: one at each drawn resolution.

    "sandwich" (slimmable networks' rule) trains the full and the narrowest generator at the higher
    resolution, and one of flexible widths at the lower.
    """
    sides = draw_resolutions(chance, resolutions)
    if kind == "sandwich":
        ends = [(sides[0], rule.expand(full, ratio)) for ratio in (max(ratios), min(ratios))]
        chosen = [*ends, (sides[-1], draw_widths(chance, "flexible", rule, full, ratios))]
    else:
        chosen = [(side, draw_widths(chance, kind, rule, full, ratios)) for side in sides]
    return [SubGenerator(side, channels[: layer_count(side)]) for side, channels in chosen]
