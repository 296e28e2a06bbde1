"""Pieces of the tables page: Markdown tables, figures with their spread, and sentences that compare."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table with its first column left-aligned and numbers right-aligned."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(values: Sequence[float], digits: int = 1) -> str:
    """The mean, and the values' range if there are several."""
    mean = f"{statistics.fmean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def compared(one: str, other: str, pairs: Sequence[tuple[float, float]]) -> str:
    """A sentence that counts the pairs in which the first figure is lower, which is better."""
    lower = sum(a < b for a, b in pairs)
    change = statistics.median(100 * (a / b - 1) for a, b in pairs if b)
    return f"{one}: lower than {other} in {lower} of {len(pairs)} cases, {change:+.0f} % in the median."
