"""Shows painted batches several times: painting them takes longer than learning from them."""

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

    `source(position)` gives fresh batches of `batch` pictures from a position on. A block of `block` batches
    is shown as it comes, then again in other orders. It depends on seed and place alone, so a run resumes
    exactly.
    """
    number, within = divmod(seen, block * batch * times)
    fresh, skip = iter(source(number * block * batch)), within // batch
    while True:
        kept = []
        for item in islice(fresh, block):
            kept.append(item)
            if len(kept) > skip:
                yield item
        if not kept:
            return
        chance = random.Random(f"{seed}/{number}")
        again = [k for _ in range(times - 1) for k in chance.sample(range(len(kept)), len(kept))]
        for k in again[max(0, skip - len(kept)) :]:
            yield kept[k]
        number, skip = number + 1, 0
