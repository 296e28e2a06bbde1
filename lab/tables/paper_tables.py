"""The paper's own Tables 1 to 3 and what its figures say, as pieces of the page."""

from __future__ import annotations

from ..measuring import paper
from ..measuring.markdown import table

MEASURED_AT = (256, 128)  # px, of Table 2


def table_1() -> str:
    """FID by resolution."""
    rows = [[name, *_shown(fids)] for name, fids in paper.TABLE_1.items()]
    return table(["the paper: FID (Inception), FFHQ, config-E", *(f"{s} px" for s in paper.SIDES)], rows)


def table_2() -> str:
    """FID by channels at two resolutions."""
    rows = [[name, *_shown(upper), *_shown(lower)] for name, (upper, lower) in paper.TABLE_2.items()]
    heads = [f"{side} px ×{ratio:g}" for side in MEASURED_AT for ratio in paper.RATIOS]
    return table(["the paper: FID (Inception), FFHQ, config-E", *heads], rows)


def table_3() -> str:
    """FID and path length of the published generators and of one Anycost generator."""
    rows = [
        [f"{data}: {name}", *_shown(row.fid), f"{row.path_length:.1f}"]
        for data, pair in paper.TABLE_3.items()
        for name, row in pair.items()
    ]
    heads = [f"×{ratio:g}" for ratio in paper.RATIOS]
    return table(["the paper: FID (Inception), config-F", *heads, "path length ×1"], rows)


def figure_5_said() -> str:
    """What can be said of Figure 5 without its points."""
    *kinds, last = paper.FIGURE_5
    return (
        f"The paper's Figure 5 plots FID against multiply-accumulates for {', '.join(kinds)} and {last}; for "
        "Distill and Anycost also LPIPS to the full output. Its points are not printed as numbers."
    )


def figure_10_said() -> str:
    """What can be said of Figure 10 without its points."""
    ((devices, times),) = paper.FIGURE_10.items()
    return (
        f"The paper's Figure 10 counts GPU hours: for {devices} devices, one Anycost training takes "
        f"{times:g} times fewer than a training for each."
    )


def _shown(figures: paper.Figures) -> list[str]:
    return ["-" if value is None else f"{value:.2f}" for value in figures]
