"""Styles of other hands: they keep a picture's form and range, and depend on the draws alone."""

from __future__ import annotations

import pytest
import torch

from anycost.lab.data import style
from anycost.lab.data.style import KNOBS, STAGES, Look, occluded, stylised
from anycost.lab.running.draws import Draws

LOOKS = [look for looks, _ in STAGES for _, look in looks]
SIDE = 64


def portraits(count: int = 4) -> torch.Tensor:
    """Discs of several tones before a slope of light."""
    steps = torch.linspace(-1, 1, SIDE)
    disc = (steps[:, None] ** 2 + steps[None] ** 2 < 0.5).float()
    tones = torch.rand(count, 3, 1, 1, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return torch.lerp(0.6 * steps.expand(count, 3, SIDE, SIDE), tones.expand(-1, -1, SIDE, SIDE), disc)


def shown(look: Look, picture: torch.Tensor) -> torch.Tensor:
    draws = Draws(0, 0, "look")
    knobs = draws.uniform(len(picture) * KNOBS).view(len(picture), KNOBS)
    return look(picture, knobs, draws.normal(*picture.shape))


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__)
def test_a_look_changes_pictures_and_keeps_their_form(look: Look):
    picture = portraits()
    before = picture.clone()
    found = shown(look, picture)
    assert found.shape == picture.shape
    assert torch.isfinite(found).all()
    assert torch.equal(picture, before)
    assert (found.clamp(-1, 1) - picture).abs().mean() > 1e-4
    assert torch.equal(found, shown(look, picture))


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__)
def test_a_look_takes_each_picture_by_itself(look: Look):
    """A picture does not change with its neighbours; those that draw one number for all take the first's."""
    picture = portraits()
    other = picture.clone()
    other[1] = other[1].flip(1)
    torch.testing.assert_close(shown(look, picture)[0], shown(look, other)[0])


def test_styles_keep_form_and_range_and_follow_the_draws():
    picture = portraits(16)
    one, again = (stylised(picture, Draws(3, 64, "style")) for _ in range(2))
    assert one.shape == picture.shape
    assert one.abs().max() <= 1
    assert torch.equal(one, again)
    assert not torch.equal(one, stylised(picture, Draws(3, 80, "style")))
    changed = (one - picture).abs().mean(dim=(1, 2, 3)) > 1e-3
    assert changed.float().mean() > 0.7
    assert torch.equal(stylised(picture, Draws(3, 64, "style"), strength=0.0), picture)


def test_edges_stay_in_place():
    """A disc's border is where it was: the strongest changes along the middle row are at the same columns."""
    steps = torch.linspace(-1, 1, SIDE)
    disc = (steps[:, None] ** 2 + steps[None] ** 2 < 0.4).float()
    picture = (disc * 1.6 - 0.8).expand(2, 3, SIDE, SIDE)
    for look in (style.kuwahara, style.brushed, style.flat, style.shaken, style.unsharp, style.small):
        row = shown(look, picture)[0].mean(0)[SIDE // 2]
        rise = row.diff()
        left, right = int(rise.argmax()), int(rise.argmin())
        assert abs(left + right + 1 - (SIDE - 1)) <= 3, look.__name__
        assert abs((right - left) - SIDE * 0.4**0.5) < 5, look.__name__


def test_what_is_in_front_is_told():
    picture = portraits(64)
    hidden, there = occluded(picture, Draws(0, 0, "front"), 0.5)
    assert there.shape == (64, SIDE, SIDE)
    touched = there.flatten(1).any(1)
    assert 0.25 < touched.float().mean() < 0.6
    same = ~there[:, None].expand_as(picture)
    assert torch.equal(hidden[same], picture[same])
    untouched, nowhere = occluded(picture, Draws(0, 0, "front"), 0.0)
    assert torch.equal(untouched, picture)
    assert not nowhere.any()
