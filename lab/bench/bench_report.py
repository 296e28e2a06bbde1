"""A bench's results: JSON for machines, tables for people, and the paper's Table 5 beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch

from ..measuring import paper
from ..measuring.columns import columns
from .fresh import ColdStart
from .roofline import SHORT, higher
from .rungs import Drawn


@dataclass(frozen=True)
class BenchReport:
    """The rungs of one network, cheapest first, with the roofline (GFLOP/s by precision) measured before and
    after them; `measure` names the perceptual distance, or is None."""

    title: str
    before: dict[str, float]
    after: dict[str, float]
    measure: str | None
    rungs: list[Drawn]
    cold_start: ColdStart | None

    @property
    def roofline(self) -> dict[str, float]:
        return higher(self.before, self.after)

    def fraction(self, drawn: Drawn) -> float | None:
        """Share of its precision's roofline; None if that precision or device has no known roofline."""
        device = drawn.choice.engine.partition("-")[2] or "cpu"
        best = self.roofline.get(SHORT[drawn.choice.precision])
        return None if best is None or device != "cpu" else drawn.gflops / best

    def data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "title": self.title,
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "roofline": self.roofline,
            "roofline_before": self.before,
            "roofline_after": self.after,
            "measure": self.measure,
            "rungs": [self._entry(drawn) for drawn in self.rungs],
            "table_5": [
                {"reduction": reduction, "rung": place, "speedup_full": ours, "paper": theirs}
                for reduction, place, ours, theirs in self._table_5()
            ],
            "cold_start": None if self.cold_start is None else asdict(self.cold_start),
        }

    def _entry(self, drawn: Drawn) -> dict[str, Any]:
        return {
            "resolution": drawn.rung.resolution,
            "ratio": drawn.rung.ratio,
            "channels": list(drawn.rung.channels),
            "macs": drawn.rung.macs,
            "engine": drawn.choice.engine,
            "precision": SHORT[drawn.choice.precision],
            "ms": drawn.times.ms,
            "ms_spread": drawn.times.spread,
            "ms_full": drawn.full_ms,
            "ms_plain": drawn.plain_ms,
            "gflops": drawn.gflops,
            "roofline_fraction": self.fraction(drawn),
            "speedup_full": drawn.full_ms / drawn.times.ms,
            "speedup_plain": drawn.plain_ms / drawn.times.ms,
            "psnr": drawn.psnr,
            "distance": drawn.distance,
            "peak_bytes": drawn.peak_bytes,
        }

    def _table_5(self) -> Iterator[tuple[int, int, float, float]]:
        """For each of the paper's cost reductions: the place of the costliest rung within it, how many times
        faster than the full rung it is, and the paper's figure."""
        full = self.rungs[-1].rung.macs
        for reduction, theirs in paper.SPEED_UPS.items():
            within = [k for k, drawn in enumerate(self.rungs) if drawn.rung.macs * reduction <= full]
            if within:
                drawn = self.rungs[within[-1]]
                yield reduction, within[-1], drawn.full_ms / drawn.times.ms, theirs

    def text(self) -> str:
        """Tables with aligned columns."""
        parts = [self._machine(), self._rungs(), self._beside_the_paper()]
        if self.cold_start is not None:
            start = self.cold_start
            parts.append(
                f"From opening the pack to its first frame {start.first_frame_s:.2f} s, "
                f"after {start.torch_s:.2f} s for importing torch."
            )
        return "\n\n".join(part for part in parts if part)

    def _machine(self) -> str:
        rooflines = ", ".join(
            f"{name} {best:.0f} GFLOP/s ({self.before[name]:.0f} before, {self.after[name]:.0f} after)"
            for name, best in self.roofline.items()
        )
        distance = "" if self.measure is None else f"\nDistance: {self.measure}"
        return (
            f"{self.title}\n{torch.get_num_threads()} threads on {os.cpu_count()} cores, "
            f"torch {torch.__version__}\nRoofline of 3x3 convolutions: {rooflines}{distance}"
        )

    def _rungs(self) -> str:
        head = ["px", "ratio", "GMAC", "engine", "precision", "ms", "spread", "GFLOP/s", "of roofline"]
        head += ["x full", "x plain", "PSNR dB", "distance", "peak MB"]
        return columns([head, *(self._row(drawn) for drawn in self.rungs)])

    def _row(self, drawn: Drawn) -> list[str]:
        fraction = self.fraction(drawn)
        return [
            str(drawn.rung.resolution),
            "own" if drawn.rung.ratio is None else f"{drawn.rung.ratio:g}",
            f"{drawn.rung.macs / 1e9:.3f}",
            drawn.choice.engine,
            SHORT[drawn.choice.precision],
            f"{drawn.times.ms:.1f}",
            f"{drawn.times.spread:.1f}",
            f"{drawn.gflops:.0f}",
            "-" if fraction is None else f"{100 * fraction:.0f} %",
            f"{drawn.full_ms / drawn.times.ms:.1f}",
            f"{drawn.plain_ms / drawn.times.ms:.1f}",
            "same" if drawn.psnr is None else f"{drawn.psnr:.1f}",
            "-" if drawn.distance is None else f"{drawn.distance:.3f}",
            "-" if drawn.peak_bytes is None else f"{drawn.peak_bytes / 1e6:.0f}",
        ]

    def _beside_the_paper(self) -> str:
        rows = [
            [f"{reduction}x", self.rungs[place].rung.title, f"{ours:.1f}x", f"{theirs:.1f}x"]
            for reduction, place, ours, theirs in self._table_5()
        ]
        head = ["cost", "costliest rung within", "faster", "the paper's Table 5"]
        return columns([head, *rows]) if rows else ""
