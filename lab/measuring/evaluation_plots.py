"""Plots of a sub-generator's cost against the quality of its pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...core.errors import CoreError
from .evaluation_report import EvaluationReport, EvaluationRow

try:
    from matplotlib.figure import Figure  # without pyplot: no window, no state
except ImportError:
    raise CoreError("bad-value", "Plots need matplotlib: pip install 'anycost-krita[train]'.") from None


def save_plots(report: EvaluationReport, folder: Path) -> list[Path]:
    """Writes cost-distance.png, and cost-fid.png if there is FID, to `folder` -> the files."""
    files = [_plot(report, lambda row: row.distance, f"distance to the full output\n({report.measure})")]
    names = ["cost-distance.png"]
    for name in report.rows[0].fid:
        files.append(_plot(report, lambda row, name=name: row.fid[name], f"FID ({name})"))
        names.append("cost-fid.png" if len(names) == 1 else "cost-fid-inception.png")
    for figure, name in zip(files, names, strict=True):
        figure.savefig(folder / name, dpi=120)
    return [folder / name for name in names]


def _plot(report: EvaluationReport, value: Callable[[EvaluationRow], float], label: str) -> Figure:
    """One line per resolution, one mark per ratio, cost on a logarithmic axis."""
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    for side in sorted({row.resolution for row in report.rows}):
        rows = sorted((row for row in report.rows if row.resolution == side), key=lambda row: row.macs)
        costs, heights = [row.macs / 1e9 for row in rows], [value(row) for row in rows]
        axes.plot(costs, heights, marker="o", label=f"{side} px")
        for row, x, y in zip(rows, costs, heights, strict=True):
            axes.annotate(f"×{row.ratio:g}", (x, y), textcoords="offset points", xytext=(4, 5), fontsize=7)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("multiply-accumulates per picture (billions)")
    axes.set_ylabel(label)
    axes.set_title(report.subject)
    axes.grid(alpha=0.3)
    axes.legend(title="resolution")
    return figure
