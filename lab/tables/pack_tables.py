"""Tables 4 to 6 of the page: the agreement and speed of a pack's sub-generators, and its encoder. Tables 4
and 6 also cover differently trained toys."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from ...core.editing.perceptual import Measure, from_features
from ...models.features import Features, load_features
from ...models.pack import Pack
from ..measuring import paper
from ..measuring.consistency import agreement, distances
from ..measuring.markdown import shown, table
from ..measuring.reals import portraits
from ..measuring.reconstruction import of_file, reconstructions
from ..measuring.subject import Subject, of_pack
from ..networks.attributes import names_of, paper_attributes
from ..running import distributed
from .speed import speeds
from .toy_tables import Results
from .toys import TOP, Toys
from .trials import key, separate_agreement

TIMED = 30  # runs per sub-generator
PAPER_RATIOS = (0.5, 0.25)


class MeasuredPack:
    """A pack, loaded once for its three tables."""

    def __init__(self, pack: Pack, samples: int):
        assert pack.features_path is not None
        self.pack, self.samples = pack, samples
        self.subject: Subject = of_pack(pack)
        self.features: Features = load_features(pack.features_path).to(distributed.device())
        self.measure: Measure = from_features(self.features)

    @property
    def top(self) -> int:
        return self.subject.resolutions[-1]


def attributes(measured: MeasuredPack, results: Results, toys: Toys) -> str:
    """Table 4: agreement with the full generator, in percent."""
    if len(paper_attributes(names_of(measured.features))) < len(paper.TABLE_4):
        return "Left out: this pack's network does not read the paper's attributes."
    ratios = tuple(ratio for ratio in PAPER_RATIOS if ratio in measured.subject.ratios)
    shown_cells = replace(measured.subject, resolutions=(measured.top,), ratios=ratios)
    own = agreement(shown_cells, measured.features, measured.samples)
    columns = {f"{measured.pack.name} ×{r:g}": _per_cent(own[measured.top, r]) for r in ratios}
    seeds = results.seeds
    for ratio in PAPER_RATIOS:
        found = [results.figures[f"conditioned-{s}"]["agreement"][key(TOP, ratio)] for s in seeds]
        columns[f"toy ×{ratio:g}"] = _per_cent(*found)
        columns[f"separate toy ×{ratio:g}"] = _per_cent(*(separate_agreement(toys, s, ratio) for s in seeds))
    for title, kind in (("×0.5", "half"), ("×0.25", "quarter"), ("separate", "separate")):
        columns[f"paper {title}"] = {n: f"{getattr(row, kind):.1f}" for n, row in paper.TABLE_4.items()}
    rows = [
        [name.replace("_", " "), *(column[name] for column in columns.values())] for name in paper.TABLE_4
    ]
    return "\n\n".join([table(["agreement in %", *columns], rows), _SEPARATE])


_SEPARATE = (
    "Our separately trained generators start with each z meaning the same person, then drift apart. In "
    "pictures as small as the toys', an attribute often reads the same everywhere: two generators then agree "
    "in nearly all or in none."
)


def _per_cent(*shares: dict[str, float]) -> dict[str, str]:
    return {name: shown([100 * share[name] for share in shares]) for name in shares[0]}


def speed(measured: MeasuredPack) -> str:
    """Table 5: time per picture at falling cost, for the plain module and the fast engine."""
    distance, _ = distances(measured.subject, measured.measure, min(measured.samples, 200))
    found = speeds(measured.subject, distance, tuple(paper.TABLE_5), TIMED)
    full = found[0]
    rows = [
        [
            f"{s.reduction:g}x",
            measured.subject.sub_generator(*s.cell).title,
            f"{measured.subject.sub_generator(*s.cell).macs / 1e9:.4f}",
            f"{distance[s.cell]:.3f}",
            f"{s.plain_ms:.1f}",
            f"{full.plain_ms / s.plain_ms:.1f}x",
            f"{s.fast_ms:.1f}",
            f"{full.fast_ms / s.fast_ms:.1f}x",
            *_paper_rates(paper.TABLE_5[s.reduction]),
        ]
        for s in found
    ]
    head = ["cost", "sub-generator", "GMAC", "distance", "plain ms", "faster", "engine ms", "faster"]
    head += ["paper: Xeon, pictures/s", "faster", "Jetson Nano, pictures/s", "faster"]
    costs = " and ".join(f"{gmac} GMAC at {side} px" for side, gmac in paper.GMAC.items())
    return f"{table(head, rows)}\n\nThe paper's full generator, config-F, needs {costs}."


def _paper_rates(rate: paper.Rate) -> list[str]:
    return [
        f"{rate.xeon:.2f}",
        f"{rate.xeon_faster:.1f}x",
        f"{rate.jetson:.2f}",
        f"{rate.jetson_faster:.1f}x",
    ]


def encoders(measured: MeasuredPack, results: Results) -> str:
    """Table 6: reconstruction by the full generator and by a sub-generator, and between the two."""
    rows = [
        [
            f"toy encoder, {name}",
            *_mean_rows([results.figures[f"encoder-{kind}-{s}"]["rows"] for s in results.seeds]),
        ]
        for kind, name in (("full-only", "full generator only"), ("consistent", "consistency-aware"))
    ]
    pack = measured.pack
    if pack.encoder_path is not None:
        encode = of_file(pack.encoder_path, pack.encoder_size, measured.subject)
        reals = portraits(measured.top, measured.samples)
        found = reconstructions(measured.subject, encode, measured.measure, reals)
        rows.append(
            [
                f"{pack.name}, consistency-aware",
                *_mean_rows([{str(r.ratio): [r.full, r.sub, r.between] for r in found}]),
            ]
        )
    for name, pairs in paper.TABLE_6.items():
        rows.append(
            [f"the paper, {name}", *("-" if pair is None else "{:g} / {:g}".format(*pair) for pair in pairs)]
        )
    return table(["distance / mean squared error", "full", "sub-generator", "between"], rows)


def _mean_rows(seeds: Sequence[dict[str, list]]) -> list[str]:
    """Full, sub-generator, between: means over ratios and seeds."""
    rows = [row for seed in seeds for row in seed.values()]
    return [
        " / ".join(f"{statistics.fmean(row[k][m] for row in rows):.{3 + m}f}" for m in (0, 1))
        for k in range(3)
    ]
