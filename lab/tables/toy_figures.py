"""Figures 5 and 10 of the page, as tables: what a sub-generator costs against how well it draws, and training
for one device against many."""

from __future__ import annotations

import statistics

from ...models.macs import macs
from ...models.widths import WidthRule
from ..measuring.markdown import shown, table
from .paper_tables import figure_5_said, figure_10_said
from .toy_tables import FID, SCALE, Results
from .toys import CHANNELS, NARROW, TOP

WIDE = tuple(sorted(NARROW, reverse=True))
DEVICES = (1, 2, 4, 6)  # of Figure 10
# name -> run by ratio, and the names of its figures
KINDS = {
    "vanilla: trained separately": ("separate-{}", "fid", None),
    "Distill: trained to draw as the full one": ("distilled-{}", "fid", "distance"),
    "ChannelPrune: pruned, then trained on": ("pruned-{}", "fid", None),
    "Anycost, uniform": ("conditioned", "fid", "distance"),
    "Anycost, flexible and evolved": ("flexible", "evolved_fid", "evolved_distance"),
}


def figure_5(results: Results) -> str:
    """FID, and distance to the full generator's pictures, at the cost of each narrow ratio."""
    cost = {ratio: macs(WidthRule().expand(CHANNELS, ratio)) / 1e6 for ratio in WIDE}
    head = [
        f"at {TOP} px",
        *(f"{FID}, {cost[ratio]:.2f} M (×{ratio:g})" for ratio in WIDE),
        *(f"distance ×{ratio:g}" for ratio in WIDE),
    ]
    rows = []
    for title, (kind, fid, distance) in KINDS.items():
        own = "{}" in kind  # a run for each ratio, whose widest is its own full one
        found = {ratio: (kind.format(f"{ratio:g}"), 1.0 if own else ratio) for ratio in WIDE}
        fids = (
            shown([SCALE * value for value in results.all(run, fid, TOP, at)]) for run, at in found.values()
        )
        apart = (
            shown(results.all(run, distance, TOP, at), 2) if distance else "-" for run, at in found.values()
        )
        rows.append([title, *fids, *apart])
    return f"{table(head, rows)}\n\n{figure_5_said()}"


def figure_10(results: Results) -> str:
    """Seconds of training by the number of devices that each get a generator for their cost."""
    one = _seconds(results, "warm-1", "sampled-{}", "conditioned-{}")
    each = _seconds(results, *(f"separate-{ratio:g}-{{}}" for ratio in WIDE))
    if one is None or each is None:
        return f"Left out: a run was stopped and resumed, so its time is not known.\n\n{figure_10_said()}"
    head = ["training, seconds; devices:", *map(str, DEVICES)]
    rows = [
        ["one for each", *(f"{count * each / len(WIDE):.0f}" for count in DEVICES)],
        ["Anycost, one for all", *(f"{one:.0f}" for _ in DEVICES)],
    ]
    return f"{table(head, rows)}\n\n{figure_10_said()}"


def _seconds(results: Results, *runs: str) -> float | None:
    """The time of the runs together, in the mean over seeds; None if one is not known."""
    totals = []
    for seed in results.seeds:
        times = [results.figures[run.format(seed)]["seconds"] for run in runs]
        if None in times:
            return None
        totals.append(sum(times))
    return statistics.fmean(totals)
