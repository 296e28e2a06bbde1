"""What searches found, as a table and as JSON: each rung beside the best uniform one in its budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ...models.widths import SubGenerator
from ..measuring.columns import columns
from .budgets import Budget, Unit


@dataclass(frozen=True)
class MeasuredRung:
    """A sub-generator with its milliseconds per picture and its distance to the full output."""

    rung: SubGenerator
    ms: float
    distance: float

    def cost(self, unit: Unit) -> float:
        """Cost in a budget's unit: multiply-accumulates or milliseconds."""
        return self.ms if unit == "ms" else self.rung.macs

    def data(self) -> dict[str, Any]:
        return {
            "resolution": self.rung.resolution,
            "ratio": self.rung.ratio,
            "channels": list(self.rung.channels),
            "macs": self.rung.macs,
            "ms": self.ms,
            "distance": self.distance,
        }

    def texts(self) -> list[str]:
        """Table cells: px, channels, GMAC, ms, distance."""
        return [
            str(self.rung.resolution),
            widths(self.rung),
            f"{self.rung.macs / 1e9:.4f}",
            f"{self.ms:.1f}",
            f"{self.distance:.4f}",
        ]


@dataclass(frozen=True)
class SearchRow:
    """What a budget's search found, and the best uniform sub-generator within the budget, if any."""

    budget: Budget
    found: MeasuredRung
    uniform: MeasuredRung | None


@dataclass(frozen=True)
class SearchReport:
    """Searches of one pack. `cells` are all uniform sub-generators, the full one last; distances are means
    over `samples` latents that no search has seen."""

    pack: str
    measure: str
    samples: int
    rows: list[SearchRow]
    cells: list[MeasuredRung]

    def data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "pack": self.pack,
            "measure": self.measure,
            "samples": self.samples,
            "searched": [
                {
                    "budget": str(row.budget),
                    **row.found.data(),
                    "uniform": row.uniform.data() if row.uniform else None,
                }
                for row in self.rows
            ],
            "uniform": [cell.data() for cell in self.cells],
        }

    def text(self) -> str:
        """A table with aligned columns."""
        head = ["px", "channels", "GMAC", "ms", "distance"]
        none = ["-"] * len(head)
        full = self.cells[-1].texts()
        rows = [["budget", *head, "|", *(f"uniform {head[0]}", *head[1:])]]
        for row in self.rows:
            beside = row.uniform.texts() if row.uniform else none
            rows.append([str(row.budget), *row.found.texts(), "|", *beside])
        rows.append(["full", *full, "|", *full])
        title = f"{self.pack}: distance to the full output over {self.samples} pictures ({self.measure})"
        return f"{title}\n\n{columns(rows)}"


def widths(rung: SubGenerator) -> str:
    """ "×0.5", or each layer's channels: "96·6 72·2 24" is six layers of 96, two of 72, one of 24."""
    if rung.ratio is not None:
        return f"×{rung.ratio:g}"
    runs = [(width, len(list(same))) for width, same in groupby(rung.channels)]
    return " ".join(str(width) if count == 1 else f"{width}·{count}" for width, count in runs)


def best_within(budget: Budget, limit: float, cells: Sequence[MeasuredRung]) -> MeasuredRung | None:
    """The cell nearest to the full output within the budget."""
    holding = [cell for cell in cells if cell.cost(budget.unit) <= limit]
    return min(holding, key=lambda cell: cell.distance, default=None)
