"""What an evaluation found, as a table to read and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .columns import columns
from .reconstruction import Reconstruction
from .slider_effects import SliderEffects


@dataclass(frozen=True)
class EvaluationRow:
    """One sub-generator: its resolution in px, its share of the channels, its cost and its quality.

    `fid` has one distance per kind of features; `distance` and `psnr` (dB, None for equal pictures) are to
    the full output; `agreement` has a share per attribute.
    """

    resolution: int
    ratio: float
    macs: int
    fid: dict[str, float]
    distance: float
    psnr: float | None
    path_length: float
    agreement: dict[str, float]


@dataclass(frozen=True)
class EvaluationReport:
    """An evaluation of `samples` pictures; `reals` names the real ones, `measure` the perceptual distance,
    `path_measure` that of path lengths, and `notes` say what is left out or must be read with care."""

    subject: str
    samples: int
    reals: str | None
    measure: str
    path_measure: str
    rows: list[EvaluationRow]
    reconstructions: list[Reconstruction] = field(default_factory=list)
    sliders: list[SliderEffects] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def text(self) -> str:
        """Tables of aligned columns, and the notes."""
        said = [
            f"{self.subject}: {self.samples} pictures; distances by {self.measure}; path lengths by "
            f"{self.path_measure}",
            "",
            self._generators(),
        ]
        if self.reconstructions:
            said += ["", f"Encoded {self.reals}, distance / mean squared error", self._encoder()]
        if self.sliders:
            said += ["", "Sliders, from end to end", self._sliders()]
        return "\n".join([*said, *([""] if self.notes else []), *self.notes])

    def _generators(self) -> str:
        first = self.rows[0]
        fids = [f"FID, {name}" for name in first.fid]
        head = ["px", "ratio", "GMAC", *fids, "distance", "PSNR dB", "path length"]
        head += [f"{name} %" for name in first.agreement]
        rows = [
            [
                str(row.resolution),
                f"{row.ratio:g}",
                f"{row.macs / 1e9:.4f}",
                *(f"{value:.3g}" for value in row.fid.values()),
                f"{row.distance:.4f}",
                "same" if row.psnr is None else f"{row.psnr:.1f}",
                f"{row.path_length:.1f}",
                *(f"{100 * share:.1f}" for share in row.agreement.values()),
            ]
            for row in self.rows
        ]
        return columns([head, *rows])

    def _encoder(self) -> str:
        head = ["ratio", "full", "sub-generator", "between"]
        rows = [
            [f"{r.ratio:g}", *(f"{d:.3f} / {m:.4f}" for d, m in (r.full, r.sub, r.between))]
            for r in self.reconstructions
        ]
        return columns([head, *rows])

    def _sliders(self) -> str:
        head = ["slider", "right way %", "most flipped", "%"]
        rows = []
        for slider in self.sliders:
            most = max(slider.flips, key=slider.flips.__getitem__, default="none")
            share = 100 * slider.flips.get(most, 0.0)
            rows.append([slider.name, f"{100 * slider.right:.1f}", most, f"{share:.1f}"])
        return columns([head, *rows])
