"""Heads that lean towards what few people have."""

from __future__ import annotations

import torch

from anycost.lab.heads.controls import POPULATION, STYLE_DIM
from anycost.lab.heads.rare_traits import TRAITS, lean


def drawn(count: int, rare: bool, correlated: bool) -> dict[str, torch.Tensor]:
    z = torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(2))
    return POPULATION.values(lean(z) if rare else z, correlated)


def test_each_trait_is_met_far_more_often_whether_the_population_counts_or_not():
    count = 100 * len(TRAITS)
    for correlated in (True, False):
        usual, rare = drawn(count, False, correlated), drawn(count, True, correlated)
        for name, least in (
            ("grey", 0.6),
            ("beard", 0.5),
            ("hat", 0.5),
            ("headscarf", 0.5),
            ("glasses", 0.5),
        ):
            before, after = ((people[name] > least).float().mean() for people in (usual, rare))
            assert after > before + 0.04, name
        before, after = ((people["turn"].abs() > 0.8).float().mean() for people in (usual, rare))
        assert after > before + 0.15


def test_all_else_stays_as_it_was_drawn():
    z = torch.randn(len(TRAITS), STYLE_DIM, generator=torch.Generator().manual_seed(3))
    pushed = torch.zeros(len(TRAITS), STYLE_DIM, dtype=torch.bool)
    for row, traits in enumerate(TRAITS):
        pushed[row, [POPULATION.index[name] for name in traits]] = True
    assert torch.equal(lean(z)[~pushed], z[~pushed])
    assert not torch.equal(lean(z), z)
