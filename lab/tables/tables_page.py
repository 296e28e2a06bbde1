"""The paper's tables in our figures, at toy size, beside the paper's: writes a Markdown page.

    python -m anycost.lab.tables.tables_page --out docs/tables.md

trains small generators and encoders on painted portraits (see `toys`), each in its own folder of --runs, and
measures them and a pack. A run that is finished is not trained again.
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
from . import pack_tables, toy_tables
from .pack_tables import MeasuredPack
from .toy_tables import SCALE, Results
from .toys import BATCH, CHANNELS, RESOLUTIONS, Size, Toys
from .trials import run_all


def make(pack: Pack, size: Size, runs: Path, out: Path, workers: int) -> None:
    """Trains and measures what is missing in `runs` and writes the page `out`.

    CoreError for a pack without an attribute network, which all figures are of, and for a run that fails.
    """
    if pack.features_path is None:
        raise CoreError(
            "pack", f'"{pack.title}" has no attribute network to measure with: name another pack.'
        )
    toys = Toys(size, runs, pack.features_path)
    results = Results(run_all(toys, workers), size.seeds)
    measured = MeasuredPack(pack, size.samples)
    sections = {
        "Table 1: training of several resolutions": toy_tables.multi_resolution(results),
        "Table 2: who judges the sub-generators": toy_tables.discriminators(results),
        "Table 3: consistency and sorting": toy_tables.third_stage(results),
        "Table 4: attributes": pack_tables.attributes(measured, results, toys),
        "Table 5: speed": pack_tables.speed(measured),
        "Table 6: encoder": pack_tables.encoders(measured, results),
    }
    parts = [_introduction(pack, size), *(f"## {title}\n\n{text}" for title, text in sections.items())]
    out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(out, ("\n\n".join(parts) + "\n").encode())


def _introduction(pack: Pack, size: Size) -> str:
    seeds = "1 seed" if size.seeds == 1 else f"{size.seeds} seeds; figures are means (lowest to highest)"
    command = " ".join(f"--{field.name} {getattr(size, field.name)}" for field in fields(size))
    sides, channels = (", ".join(map(str, numbers)) for numbers in (RESOLUTIONS, CHANNELS))
    about = [
        f"Tables 1 to 3 are of small generators ({sides} px, channels {channels}): {size.pictures:,} painted "
        f"portraits a stage, {BATCH} a step, after a warm start of {size.warm:,}; {seeds}. The paper trains "
        "on millions of photographs at 1024 px: read ours for what is better, not for how good it is.",
        f'FID, distance and attributes are those of the attribute network of "{pack.title}", over '
        f"{size.samples:,} samples; FID is printed times {SCALE}. They are neither Inception's FID nor "
        "LPIPS, and are not to be compared with the paper's in size.",
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
    parser = argparse.ArgumentParser(description="Write the page of the paper's tables in our figures.")
    parser.add_argument("--out", type=Path, required=True, help="Markdown file to write")
    parser.add_argument("--runs", type=Path, default=Path("runs/tables"), help="where runs are kept")
    parser.add_argument("--pack", default="portraits", help="name or folder of a pack")
    parser.add_argument("--workers", type=int, default=0, help="runs at a time (default: one a core)")
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
