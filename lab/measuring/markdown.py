"""Pieces of the tables' page: Markdown tables, figures with their spread, and what a comparison says."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(values: Sequence[float], digits: int = 1) -> str:
    """The mean, and from where to where the values lie if there are several."""
    mean = f"{statistics.fmean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def compared(one: str, other: str, pairs: Sequence[tuple[float, float]]) -> str:
    """A sentence that counts in how many pairs of figures, of which low ones are good, the first is lower."""
    lower = sum(a < b for a, b in pairs)
    change = statistics.median(100 * (a / b - 1) for a, b in pairs if b)
    return f"{one}: lower than {other} in {lower} of {len(pairs)} cases, {change:+.0f} % in the median."
