"""The evolution alone (paper, appendix B.2). It sees no networks or pictures, only what fits a budget and how
far a sub-generator's output is from the full one's."""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field

from ...models.widths import SubGenerator
from ..running import distributed
from .space import Space

PARENTS = 5  # candidates of a population per parent
MUTATION = 0.1  # probability that a layer's width, or the resolution, is redrawn
TRIES = 100  # attempts to find an unseen candidate

Fits = Callable[[SubGenerator], bool]


@dataclass(frozen=True)
class SearchSettings:
    """The paper's numbers; crossover makes half of each generation, mutation the other half."""

    population: int = 50
    generations: int = 20
    seed: int = 0


@dataclass
class Evolution:
    """How far a search has come: the distance of every candidate seen, and the lowest distance after the
    first population and after each generation."""

    distances: dict[SubGenerator, float] = field(default_factory=dict)
    lowest: list[float] = field(default_factory=list)

    def nearest(self, count: int | None = None) -> list[SubGenerator]:
        """The `count` nearest candidates (default: all), nearest first."""
        return sorted(self.distances, key=lambda rung: (self.distances[rung], rung.channels))[:count]


def evolve(
    space: Space,
    first: Sequence[SubGenerator],
    fits: Fits,
    distance: Callable[[SubGenerator], float],
    settings: SearchSettings,
    found: Evolution,
) -> Iterator[Evolution]:
    """Continue `found`, adding to it, and yield it after the first population and each generation.

    Starts with the candidates of `first` that fit and fills the population with random ones. Never loses the
    best: parents are the nearest of all candidates seen. A generation's draws depend only on the seed and its
    number, so a resumed search gives the same result, and so do many processes, which share out its
    candidates. ValueError if `space.cheapest` does not fit.
    """
    if not fits(space.cheapest):
        raise ValueError("Nothing fits the budget.")
    for generation in range(len(found.lowest), settings.generations + 1):
        chance = random.Random(f"{settings.seed}/{generation}")
        if generation == 0:
            candidates = _first_population(space, first, fits, settings, chance)
        else:
            candidates = _children(space, fits, settings, found, chance)
        unseen = [rung for rung in dict.fromkeys(candidates) if rung not in found.distances]
        found.distances.update(zip(unseen, distributed.shared_out(unseen, distance), strict=True))
        found.lowest.append(min(found.distances.values()))
        yield found


def _first_population(
    space: Space, first: Sequence[SubGenerator], fits: Fits, settings: SearchSettings, chance: random.Random
) -> list[SubGenerator]:
    candidates = [rung for rung in dict.fromkeys(first) if fits(rung)][: settings.population]
    while len(candidates) < settings.population:
        candidates.append(_fitting(lambda: space.draw(chance), fits, candidates))
    return candidates


def _children(
    space: Space, fits: Fits, settings: SearchSettings, found: Evolution, chance: random.Random
) -> list[SubGenerator]:
    parents = found.nearest(max(1, settings.population // PARENTS))

    def crossed() -> SubGenerator:
        return space.cross(chance, chance.choice(parents), chance.choice(parents))

    def mutated() -> SubGenerator:
        return space.mutate(chance, chance.choice(parents), MUTATION)

    children: dict[SubGenerator, None] = {}
    for k in range(settings.population):
        make = crossed if 2 * k < settings.population else mutated
        children[_fitting(make, fits, found.distances, children)] = None
    return list(children)


def _fitting(make: Callable[[], SubGenerator], fits: Fits, *known: Container[SubGenerator]) -> SubGenerator:
    """Make candidates until one fits; prefer an unknown one, unless hardly any are left.

    It ends: a child may equal its parent, and a random candidate the cheapest; both fit.
    """
    for _ in range(TRIES):
        rung = make()
        if fits(rung) and not any(rung in some for some in known):
            return rung
    while not fits(rung := make()):
        pass
    return rung
