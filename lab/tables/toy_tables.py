"""Tables 1 to 3 of the page: how the toys' ways of training compare."""

from __future__ import annotations

from collections.abc import Mapping

from ..measuring import paper
from ..measuring.markdown import compared, shown, table
from .toys import RATIOS, RESOLUTIONS, TOP
from .trials import Figures, key

WIDE = tuple(sorted(RATIOS, reverse=True))
NARROW = WIDE[1:]
SCALE = 1000  # times which distances of own features are shown: they are small
FID = f"FID (own features) × {SCALE}"
NOT_AT_HAND = "The paper's own figures of this table are not at hand."

SECOND_STAGE = {
    "all-at-once": "all resolutions at once (MSG-GAN's way)",
    "sampled": "two resolutions sampled an iteration (the paper's)",
}
DISCRIMINATORS = {
    "same": "one generator, same D",
    "reduced": "one generator, reduced-channel D",
    "conditioned": "one generator, conditioned D (the paper's)",
}
THIRD_STAGE = {
    "conditioned": "all of it (the paper's)",
    "inconsistent": "without consistency (Eq. 5)",
    "unsorted": "without sorting",
}


class Results:
    """The figures of all runs; those of a kind of run are looked up together, one number a seed."""

    def __init__(self, figures: Mapping[str, Figures], seeds: int):
        self.figures, self.seeds = figures, range(seeds)

    def all(self, kind: str, metric: str, side: int, ratio: float = 1.0) -> list[float]:
        return [self.figures[f"{kind}-{seed}"][metric][key(side, ratio)] for seed in self.seeds]

    def fid(self, kind: str, side: int = TOP, ratio: float = 1.0) -> list[float]:
        return [SCALE * value for value in self.all(kind, "fid", side, ratio)]

    def pairs(self, one: str, other: str, ratios: tuple[float, ...]) -> list[tuple[float, float]]:
        """FIDs of two kinds of run at each ratio and seed."""
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
            "StyleGAN2, a run for each resolution",
            *(shown(results.fid(f"single-{s}", s)) for s in RESOLUTIONS),
        ],
        [
            f"StyleGAN2, the {TOP} px run, ended early",
            *(shown(results.fid(f"single-{TOP}", s)) for s in RESOLUTIONS),
        ],
        *(
            [title, *(shown(results.fid(kind, s)) for s in RESOLUTIONS)]
            for kind, title in SECOND_STAGE.items()
        ),
    ]
    found = {s: results.fid("sampled", s) for s in RESOLUTIONS}
    others = {"all at once": "all-at-once", "a run for each resolution": "single-{}"}
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
    source = f"From {paper.FID_SOURCE}. What is marked ? or missing is not at hand."
    return f"{table(head, rows)}\n\n{source}"


def discriminators(results: Results) -> str:
    """Table 2: FID by channels for each way to judge sub-generators."""
    separate = [shown(results.fid(f"separate-{ratio:g}")) for ratio in WIDE]
    rows = [["a generator for each ratio, trained separately", *separate]]
    rows += [
        [title, *(shown(results.fid(kind, ratio=ratio)) for ratio in WIDE)]
        for kind, title in DISCRIMINATORS.items()
    ]
    said = [
        compared("Conditioned D", f"{kind} D", results.pairs("conditioned", kind, WIDE))
        for kind in ("same", "reduced")
    ]
    return "\n\n".join([table([FID, *(f"×{ratio:g}" for ratio in WIDE)], rows), "\n".join(said), NOT_AT_HAND])


def third_stage(results: Results) -> str:
    """Table 3: what consistency and sorting do, in FID and in distance to the full output."""
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
    for kind, title in (("inconsistent", "no consistency"), ("unsorted", "no sorting")):
        said.append(compared("FID of all of it", title, results.pairs("conditioned", kind, WIDE)))
        nearer = [
            pair
            for ratio in NARROW
            for pair in zip(
                results.all("conditioned", "distance", TOP, ratio),
                results.all(kind, "distance", TOP, ratio),
                strict=True,
            )
        ]
        said.append(compared("Distance of all of it", title, nearer))
    return "\n\n".join([table(head, rows), "\n".join(said), NOT_AT_HAND])
