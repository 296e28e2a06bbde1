"""Tables 1 to 3 of the page, and one that the paper lacks: how the toys' training methods compare."""

from __future__ import annotations

from collections.abc import Mapping

from ..measuring.markdown import compared, shown, table
from . import paper_tables
from .toys import MEASURED, RATIOS, RESOLUTIONS, TOP
from .trials import Figures, key

WIDE = tuple(sorted(RATIOS, reverse=True))
NARROW = WIDE[1:]
SCALE = 1000  # shown distances of own features are multiplied by this: they are small
FID = f"FID (own features) × {SCALE}"

SECOND_STAGE = {
    "all-at-once": "all resolutions at once (MSG-GAN's way)",
    "sampled": "two resolutions sampled per iteration (the paper's)",
}
DISCRIMINATORS = {
    "same": "one generator, same D",
    "reduced": "one generator, reduced-channel D",
    "conditioned": "one generator, conditioned D (the paper's)",
}
THIRD_STAGE = {
    "conditioned": "full method (the paper's)",
    "inconsistent": "without consistency (Eq. 5)",
    "unsorted": "without sorting",
}


class Results:
    """The figures of all runs, looked up by kind of run: one number per seed."""

    def __init__(self, figures: Mapping[str, Figures], seeds: int):
        self.figures, self.seeds = figures, range(seeds)

    def all(self, kind: str, metric: str, side: int, ratio: float = 1.0) -> list[float]:
        return [self.figures[f"{kind}-{seed}"][metric][key(side, ratio)] for seed in self.seeds]

    def fid(self, kind: str, side: int = TOP, ratio: float = 1.0) -> list[float]:
        return [SCALE * value for value in self.all(kind, "fid", side, ratio)]

    def pairs(self, one: str, other: str, ratios: tuple[float, ...]) -> list[tuple[float, float]]:
        """FIDs of two kinds of run, paired by ratio and seed."""
        return [
            pair
            for ratio in ratios
            for pair in zip(self.fid(one, ratio=ratio), self.fid(other, ratio=ratio), strict=True)
        ]


def multi_resolution(results: Results) -> str:
    """Table 1: FID by resolution."""
    warm = results.figures["warm-1"]["fid"]
    rows = [
        ["warm start, before any of these", *(f"{SCALE * warm[key(s, 1)]:.1f}" for s in RESOLUTIONS)],
        [
            "StyleGAN2, one run per resolution",
            *(shown(results.fid(f"single-{s}", s)) for s in RESOLUTIONS),
        ],
        [
            f"StyleGAN2, early outputs of the {TOP} px run",
            *(shown(results.fid(f"single-{TOP}", s)) for s in RESOLUTIONS),
        ],
        *(
            [title, *(shown(results.fid(kind, s)) for s in RESOLUTIONS)]
            for kind, title in SECOND_STAGE.items()
        ),
    ]
    found = {s: results.fid("sampled", s) for s in RESOLUTIONS}
    others = {"all at once": "all-at-once", "one run per resolution": "single-{}"}
    said = [
        compared(
            "Sampled",
            name,
            [p for s in RESOLUTIONS for p in zip(found[s], results.fid(kind.format(s), s), strict=True)],
        )
        for name, kind in others.items()
    ]
    return "\n\n".join(
        [table([FID, *(f"{s} px" for s in RESOLUTIONS)], rows), "\n".join(said), paper_tables.table_1()]
    )


def discriminators(results: Results) -> str:
    """Table 2: FID by channels, at the highest resolution and half of it, for each kind of discriminator."""
    cells = [(side, ratio) for side in reversed(MEASURED) for ratio in WIDE]
    separate = [shown(results.fid(f"separate-{ratio:g}", side)) for side, ratio in cells]
    rows = [["one generator per ratio, trained separately", *separate]]
    rows += [
        [title, *(shown(results.fid(kind, side, ratio)) for side, ratio in cells)]
        for kind, title in DISCRIMINATORS.items()
    ]
    said = [
        compared("Conditioned D", f"{kind} D", results.pairs("conditioned", kind, WIDE))
        for kind in ("same", "reduced")
    ]
    head = [FID, *(f"{side} px ×{ratio:g}" for side, ratio in cells)]
    return "\n\n".join([table(head, rows), "\n".join(said), paper_tables.table_2()])


def widths(results: Results) -> str:
    """Table 3: FID and path length by width, of a StyleGAN2 trained for each and of one Anycost generator."""
    lengths = (1.0, 0.5)
    head = [FID, *(f"×{ratio:g}" for ratio in WIDE), *(f"path length ×{ratio:g}" for ratio in lengths)]
    separate = {ratio: f"separate-{ratio:g}" for ratio in WIDE}
    rows = [
        [
            "StyleGAN2, trained separately",
            *(shown(results.fid(kind)) for kind in separate.values()),
            *(shown(results.all(separate[ratio], "path_length", TOP), 2) for ratio in lengths),
        ],
        [
            "Anycost",
            *(shown(results.fid("conditioned", ratio=ratio)) for ratio in WIDE),
            *(shown(results.all("conditioned", "path_length", TOP, ratio), 2) for ratio in lengths),
        ],
    ]
    pairs = [
        pair
        for ratio, kind in separate.items()
        for pair in zip(results.fid("conditioned", ratio=ratio), results.fid(kind), strict=True)
    ]
    said = compared("Anycost", "trained separately", pairs)
    return "\n\n".join([table(head, rows), said, paper_tables.table_3()])


def third_stage(results: Results) -> str:
    """What consistency and sorting do to FID and to the distance to the full output."""
    head = [
        f"{FID}; distance",
        *(f"×{ratio:g}" for ratio in WIDE),
        *(f"distance ×{ratio:g}" for ratio in NARROW),
    ]
    rows = [
        [
            title,
            *(shown(results.fid(kind, ratio=ratio)) for ratio in WIDE),
            *(shown(results.all(kind, "distance", TOP, ratio), 2) for ratio in NARROW),
        ]
        for kind, title in THIRD_STAGE.items()
    ]
    said = []
    for kind, title in (("inconsistent", "without consistency"), ("unsorted", "without sorting")):
        said.append(compared("FID of the full method", title, results.pairs("conditioned", kind, WIDE)))
        nearer = [
            pair
            for ratio in NARROW
            for pair in zip(
                results.all("conditioned", "distance", TOP, ratio),
                results.all(kind, "distance", TOP, ratio),
                strict=True,
            )
        ]
        said.append(compared("Distance of the full method", title, nearer))
    return "\n\n".join([table(head, rows), "\n".join(said)])
