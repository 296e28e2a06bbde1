"""A plot of cost against distance for uniform and searched sub-generators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...core.errors import CoreError
from .budgets import Unit
from .search_report import MeasuredRung, SearchReport

try:
    from matplotlib.figure import Figure  # not pyplot: no window, no state
except ImportError:
    raise CoreError("bad-value", "A plot needs matplotlib: pip install 'anycost-krita[train]'.") from None


def save_plot(report: SearchReport, file: Path) -> None:
    """Write a PNG; costs are milliseconds if all budgets are, else multiply-accumulates."""
    unit = "ms" if all(row.budget.unit == "ms" for row in report.rows) else "x"
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    flexible = _by_cost([row.found for row in report.rows], unit)
    axes.plot(*_points(report.cells, unit), ".", color="tab:gray")
    axes.plot(*_points(_front(report.cells, unit), unit), "o-", color="tab:gray", label="best uniform")
    axes.plot(*_points(flexible, unit), "D-", color="tab:blue", label="searched")
    for cell in report.cells:
        axes.annotate(
            f"{cell.rung.resolution} ×{cell.rung.ratio:g}",
            (_shown(cell, unit), cell.distance),
            textcoords="offset points",
            xytext=(4, 5),
            fontsize=6,
        )
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(
        "milliseconds per picture" if unit == "ms" else "multiply-accumulates per picture (billions)"
    )
    axes.set_ylabel(f"distance to the full output\n({report.measure})")
    axes.set_title(report.pack)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=120)


def _points(cells: Sequence[MeasuredRung], unit: Unit) -> tuple[list[float], list[float]]:
    return [_shown(cell, unit) for cell in cells], [cell.distance for cell in cells]


def _shown(cell: MeasuredRung, unit: Unit) -> float:
    return cell.ms if unit == "ms" else cell.rung.macs / 1e9


def _by_cost(cells: Sequence[MeasuredRung], unit: Unit) -> list[MeasuredRung]:
    return sorted(cells, key=lambda cell: cell.cost(unit))


def _front(cells: Sequence[MeasuredRung], unit: Unit) -> list[MeasuredRung]:
    """Cells that are nearer than every cheaper one."""
    front: list[MeasuredRung] = []
    for cell in _by_cost(cells, unit):
        if not front or cell.distance < front[-1].distance:
            front.append(cell)
    return front
