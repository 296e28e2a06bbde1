"""Writes a Markdown page: the paper's tables with our figures, at toy size, beside the paper's.

    python -m anycost.lab.tables.tables_page --out docs/tables.md

trains small generators and encoders on painted portraits (see `toys`), each in its own folder in --runs, and
measures them and a pack. Finished runs are not trained again.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
import time
from dataclasses import fields
from pathlib import Path

import torch

from ...core.errors import CoreError
from ...core.files.whole_file import write_bytes
from ...core.rendering.cores import use_available_cores
from ...models.pack import Pack, PackError
from . import pack_tables, toy_figures, toy_tables
from .pack_tables import MeasuredPack
from .toy_tables import SCALE, Results
from .toys import BATCH, CHANNELS, RESOLUTIONS, Size, Toys
from .trials import run_all


def make(pack: Pack, size: Size, runs: Path, out: Path, workers: int) -> None:
    """Train and measure what is missing in `runs`, then write the page `out`.

    CoreError if the pack has no attribute network, which all figures need, or if a run fails.
    """
    if pack.features_path is None:
        raise CoreError(
            "pack", f'"{pack.title}" has no attribute network to measure with: choose another pack.'
        )
    toys = Toys(size, runs, pack.features_path)
    results = Results(run_all(toys, workers), size.seeds)
    measured = MeasuredPack(pack, size.samples)
    sections = {
        "Table 1: training at several resolutions": toy_tables.multi_resolution(results),
        "Table 2: discriminators for sub-generators": toy_tables.discriminators(results),
        "Table 3: one generator for all widths": toy_tables.widths(results),
        "Table 4: attributes": pack_tables.attributes(measured, results, toys),
        "Table 5: speed": pack_tables.speed(measured),
        "Table 6: encoder": pack_tables.encoders(measured, results),
        "Figure 5: quality against cost": toy_figures.figure_5(results),
        "Figure 10: time of training": toy_figures.figure_10(results),
        "Not in the paper: without consistency, without sorting": toy_tables.third_stage(results),
    }
    parts = [_introduction(pack, size), *(f"## {title}\n\n{text}" for title, text in sections.items())]
    out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(out, ("\n\n".join(parts) + "\n").encode())


def _introduction(pack: Pack, size: Size) -> str:
    seeds = "1 seed" if size.seeds == 1 else f"{size.seeds} seeds; figures are means (lowest to highest)"
    command = " ".join(f"--{field.name} {getattr(size, field.name)}" for field in fields(size))
    sides, channels = (", ".join(map(str, numbers)) for numbers in (RESOLUTIONS, CHANNELS))
    about = [
        f"Tables 1 to 3 compare small generators ({sides} px, channels {channels}): {size.pictures:,} "
        f"painted portraits per stage, {BATCH} per step, after a warm start of {size.warm:,}; {seeds}. The "
        "paper trains on millions of photographs at 1024 px: read ours for what works better, not how well.",
        f'FID, distance, path length and attributes come from the attribute network of "{pack.title}", over '
        f"{size.samples:,} samples; FID is multiplied by {SCALE}. They are neither Inception's FID nor "
        "LPIPS, so their size cannot be compared with the paper's.",
    ]
    return "\n\n".join(
        [
            "# The paper's tables, at toy size",
            "Written by this command; do not edit.",
            f"    python -m anycost.lab.tables.tables_page --out docs/tables.md --pack {pack.name} {command}",
            *(textwrap.fill(text, 120) for text in about),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a page of the paper's tables with our figures.")
    parser.add_argument("--out", type=Path, required=True, help="Markdown file to write")
    parser.add_argument("--runs", type=Path, default=Path("runs/tables"), help="folder of the runs")
    parser.add_argument("--pack", default="portraits", help="name or folder of a pack")
    parser.add_argument("--workers", type=int, default=0, help="runs at a time (default: one per core)")
    for field in fields(Size):
        parser.add_argument(f"--{field.name}", type=int, default=field.default)
    chosen = parser.parse_args()
    size = Size(**{field.name: getattr(chosen, field.name) for field in fields(Size)})
    use_available_cores()
    began = time.monotonic()
    try:
        make(Pack.open(chosen.pack), size, chosen.runs, chosen.out, chosen.workers or torch.get_num_threads())
    except (CoreError, PackError) as error:
        sys.exit(f"anycost: {error}")
    print(f"{chosen.out}: {(time.monotonic() - began) / 60:.1f} minutes", file=sys.stderr)


if __name__ == "__main__":
    main()
