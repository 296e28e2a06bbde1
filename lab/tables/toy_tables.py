"""Tables 1 to 3 of the page: how the toys' training methods compare."""

from __future__ import annotations

from collections.abc import Mapping

from ..measuring import paper
from ..measuring.markdown import compared, shown, table
from .toys import RATIOS, RESOLUTIONS, TOP
from .trials import Figures, key

WIDE = tuple(sorted(RATIOS, reverse=True))
NARROW = WIDE[1:]
SCALE = 1000  # shown distances of own features are multiplied by this: they are small
FID = f"FID (own features) × {SCALE}"
NOT_AVAILABLE = "The paper's figures for this table are not available."

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
    return "\n\n".join([table([FID, *(f"{s} px" for s in RESOLUTIONS)], rows), "\n".join(said), _paper_fid()])


def _paper_fid() -> str:
    sides = sorted(paper.FID_OURS)
    rows = [
        ["sampled (the paper's)", *(f"{paper.FID_OURS[s]:.2f}" for s in sides)],
        ["StyleGAN2", *(f"{paper.FID_STYLEGAN2[s]:.2f}" if s in paper.FID_STYLEGAN2 else "?" for s in sides)],
    ]
    head = ["the paper: FID (Inception), FFHQ", *(f"{s} px" for s in sides)]
    source = f"From {paper.FID_SOURCE}. Figures marked ? or missing are not available."
    return f"{table(head, rows)}\n\n{source}"


def discriminators(results: Results) -> str:
    """Table 2: FID by channels for each kind of discriminator."""
    separate = [shown(results.fid(f"separate-{ratio:g}")) for ratio in WIDE]
    rows = [["one generator per ratio, trained separately", *separate]]
    rows += [
        [title, *(shown(results.fid(kind, ratio=ratio)) for ratio in WIDE)]
        for kind, title in DISCRIMINATORS.items()
    ]
    said = [
        compared("Conditioned D", f"{kind} D", results.pairs("conditioned", kind, WIDE))
        for kind in ("same", "reduced")
    ]
    return "\n\n".join(
        [table([FID, *(f"×{ratio:g}" for ratio in WIDE)], rows), "\n".join(said), NOT_AVAILABLE]
    )


def third_stage(results: Results) -> str:
    """Table 3: the effect of consistency and sorting on FID and on the distance to the full output."""
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
    return "\n\n".join([table(head, rows), "\n".join(said), NOT_AVAILABLE])
