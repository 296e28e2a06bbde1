"""Puts the parts of a run together into the pack `portraits`.

python -m anycost.core.training.portraits_pack --run runs/portraits --out models/packs/portraits
"""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors.torch import load_file

from ...models.features import SIZE
from ...models.manifest import Alignment, Rung
from ...models.pack import write_pack
from ...models.widths import layer_count
from . import checkpoints
from .distill import RULE, trained_generator
from .encoding import mean_w
from .finding import SIDE
from .portraits import ALIGNMENT
from .steering import directions

RATIOS = (1.0, 0.75, 0.5, 0.25)
RESOLUTIONS = (16, 32, 64, 128)
LADDER = ((64, 0.5), (128, 0.5), (128, 1.0))
PROVENANCE = "distilled from {} pictures by this project's own painter; no photograph, no other artist's work"
CARD = Path(__file__).with_name("portraits_card.md")
LICENCE = Path(__file__).parents[2] / "LICENSE"


def assemble(run: Path, out: Path) -> Path:
    """Writes the pack from what the training commands left in the folder `run`."""
    generator = trained_generator(run)
    seen = checkpoints.load(run / "last.pt")["seen"]
    widths = {ratio: RULE.expand(generator.channels, ratio) for ratio in RATIOS}
    ladder = [Rung(side, ratio, widths[ratio][: layer_count(side)]) for side, ratio in LADDER]
    return write_pack(
        out,
        generator,
        name="portraits",
        title="Illustrated portraits",
        licence="Apache-2.0",
        provenance=PROVENANCE.format(seen),
        mean_w=mean_w(generator).numpy(),
        rule=RULE,
        ratios=RATIOS,
        resolutions=RESOLUTIONS,
        ladder=ladder,
        alignment=Alignment(**ALIGNMENT),
        directions=directions(generator),
        encoder=(run / "encoder.onnx", SIZE),
        finder=(run / "finder.onnx", SIDE),
        features=load_file(run / "features.safetensors"),
        documents={"MODEL_CARD.md": CARD.read_text(), "LICENSE": LICENCE.read_text()},
        replace=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Put a run's networks together into the pack `portraits`.")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pack")
    arguments = parser.parse_args()
    print(assemble(arguments.run, arguments.out))


if __name__ == "__main__":
    main()
