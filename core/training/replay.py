"""Shows painted batches several times: painting takes longer than learning from what was painted."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def repeated(
    source: Callable[[int], Iterable[Item]], seen: int, batch: int, times: int, block: int = 32, seed: int = 0
) -> Iterator[Item]:
    """Batches from position `seen` on (in shown pictures), each shown `times` times within its block.

    `source(position)` gives fresh batches of `batch` pictures from a position on. `block` of them at a time
    are shown `times` times over, each time in another order; a block's order depends on seed and place
    alone, so a run resumes exactly.
    """
    shown = block * batch * times  # pictures a block
    number, within = divmod(seen, shown)
    fresh = iter(source(number * block * batch))
    skip = within // batch
    while kept := list(islice(fresh, block)):
        chance = random.Random(f"{seed}/{number}")
        order = [k for _ in range(times) for k in chance.sample(range(len(kept)), len(kept))]
        for k in order[skip:]:
            yield kept[k]
        number, skip = number + 1, 0
