"""Backdrops and light: the same at every size, smooth, never below zero."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from anycost.lab.heads.backgrounds import KINDS, background_of, lens_blur, shares_of_kinds
from anycost.lab.heads.controls import POPULATION, STYLE_DIM, unnamed
from anycost.lab.heads.environments import harmonics, light_of


def some(count: int, seed: int = 0) -> tuple[dict[str, Tensor], Tensor]:
    z = torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(seed))
    return POPULATION.values(z), unnamed(z)


def each_kind(seed: int = 0) -> tuple[dict[str, Tensor], Tensor]:
    """One picture of every kind of backdrop, from the middle of its share."""
    controls, details = some(len(KINDS), seed)
    often = torch.tensor([kind.often for kind in KINDS])
    controls["background"] = (often.cumsum(0) - 0.5 * often) / often.sum()
    return controls, details


def test_the_composition_is_the_same_at_every_resolution():
    controls, details = each_kind()
    small, large = (background_of(controls, details, size).clamp(max=2.0) for size in (64, 256))
    difference = (functional.avg_pool2d(large, 4) - small).abs().mean((1, 2, 3))
    assert (difference < 0.03 + 0.05 * small.mean((1, 2, 3))).all(), difference


def test_the_same_controls_give_the_same_backdrop_in_any_batch():
    controls, details = some(6, seed=1)
    whole = background_of(controls, details, 48)
    assert torch.equal(whole, background_of(controls, details, 48))
    alone = background_of({name: value[2:3] for name, value in controls.items()}, details[2:3], 48)
    assert torch.allclose(whole[2:3], alone, atol=1e-4)


def test_a_wider_frame_shows_the_same_around_the_same_middle():
    controls, details = each_kind(seed=2)
    controls["background_blur"] = torch.zeros(len(details))
    near = background_of(controls, details, 96).clamp(max=2.0)
    wide = background_of(controls, details, 144, wide=1.5).clamp(max=2.0)
    inner = wide[:, :, 24:120, 24:120]
    # the mean over the frame, to which the tone is brought, differs
    near, inner = (functional.avg_pool2d(x, 8).flatten(1) for x in (near, inner))
    alike = torch.stack([torch.corrcoef(torch.stack([a, b]))[0, 1] for a, b in zip(near, inner, strict=True)])
    assert alike.median() > 0.95


def test_backdrops_are_radiance_that_the_tone_raises():
    controls, details = each_kind(seed=3)
    means = []
    for tone in (0.1, 0.9):
        controls["background_tone"] = torch.full((len(details),), tone)
        picture = background_of(controls, details, 64)
        assert torch.isfinite(picture).all()
        assert picture.min() >= 0.0
        means.append(picture.mean((1, 2, 3)))
    assert (means[1] > 1.3 * means[0]).all()


@pytest.mark.parametrize("name", ["background", "background_hue", "background_tone", "background_blur"])
def test_a_small_step_of_a_control_changes_little(name: str):
    controls, details = some(8, seed=4)
    moved = dict(controls)
    moved[name] = (controls[name] + 1e-3).clamp(max=1.0)
    one, two = (background_of(given, details, 64).clamp(max=2.0) for given in (controls, moved))
    assert (one - two).abs().mean() < 0.01


def test_kinds_share_the_whole_range_and_fade_into_their_neighbours():
    shares, _ = shares_of_kinds(torch.linspace(0.0, 1.0, 8001))
    assert torch.allclose(shares.sum(1), torch.ones(8001))
    assert (shares > 0.99).any(0).all()
    assert ((shares > 0.0).sum(1) <= 2).all()
    assert (shares[1:] - shares[:-1]).abs().max() < 0.3


def test_a_lens_keeps_the_light_and_spreads_a_point_over_a_disc():
    point = torch.zeros(1, 1, 65, 65)
    point[..., 32, 32] = 1.0
    blurred = lens_blur(point, torch.tensor([10.0]))
    assert abs(blurred.sum() - 1.0) < 0.02
    centre, inside, outside = blurred[0, 0, 32, 32], blurred[0, 0, 32, 39], blurred[0, 0, 32, 47]
    assert abs(inside - centre) < 0.15 * centre
    assert outside < 0.05 * centre


def test_light_comes_from_unit_directions_and_is_never_negative():
    controls, details = some(64, seed=5)
    light = light_of(controls, details)
    assert torch.allclose(light.direction.norm(dim=-1), torch.ones(64, 3), atol=1e-4)
    assert (light.colour >= 0.0).all()
    assert ((light.softness >= 0.0) & (light.softness <= 1.0)).all()
    sphere = functional.normalize(torch.randn(400, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    around = torch.einsum("dk,nkc->ndc", harmonics(sphere), light.ambient)
    assert (around >= 0.0).all()


def test_light_follows_its_controls():
    controls, details = some(2, seed=6)
    for name in controls:
        controls[name] = controls[name][:1].repeat(2)
    details = details[:1].repeat(2, 1)
    controls["light_direction"] = torch.tensor([-0.7, 0.7])
    controls["light_warmth"] = torch.tensor([-0.8, 0.8])
    controls["rim_light"] = torch.tensor([0.0, 1.0])
    light = light_of(controls, details)
    assert light.direction[0, 0, 0] < 0.0 < light.direction[1, 0, 0]
    warm = light.colour[:, 0, 0] / light.colour[:, 0, 2]
    assert warm[0] < warm[1]
    assert light.colour[0, 1].max() < 1e-3 < light.colour[1, 1].max()
    assert light.direction[1, 1, 2] < 0.0  # the rim light stands behind
