"""The best flexible widths of a toy, as Figure 5 has them: found by evolution, measured like the others."""

from __future__ import annotations

from dataclasses import replace

from ...core.editing.perceptual import from_features
from ...models.features import Features
from ...models.widths import SubGenerator
from ..generator.pruning import cut
from ..measuring.subject import SEED, Subject
from ..running.layout import placed
from ..search.distances import Distances
from ..search.evolution import Evolution, SearchSettings, evolve
from ..search.space import Space

POPULATION = 20
SAMPLES = 64  # latents compared


def evolved(subject: Subject, features: Features, ratio: float, generations: int) -> Subject:
    """The subject's generator cut to the widths that draw most like all of it, at its highest resolution and
    at most at the cost of the uniform `ratio`."""
    top = subject.resolutions[-1]
    limit = subject.sub_generator(top, ratio).macs
    space = Space.of(subject.generator.channels, subject.rule, subject.ratios, (top,))
    distance = Distances(subject, from_features(features), SAMPLES, SEED + 31)
    found = Evolution()
    first = [subject.sub_generator(top, each) for each in subject.ratios]

    def fits(rung: SubGenerator) -> bool:
        return rung.macs <= limit

    for _ in evolve(space, first, fits, distance, SearchSettings(POPULATION, generations), found):
        pass
    best = placed(cut(subject.generator, found.nearest(1)[0].channels))
    return replace(subject, generator=best, resolutions=(top,), ratios=(1.0,))
