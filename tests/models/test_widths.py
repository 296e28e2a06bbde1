"""Widths and costs compared with the published tables."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from anycost.models.generator import Generator
from anycost.models.layer_sizes import layer_count, layer_resolution
from anycost.models.macs import macs
from anycost.models.widths import SubGenerator, WidthRule

CONFIG_F = tuple(min(512, 32768 // layer_resolution(i)) for i in range(18))


def test_layers_of_every_resolution():
    assert [layer_count(4 << k) for k in range(9)] == [2, 4, 6, 8, 10, 12, 14, 16, 18]
    for wrong in (0, 2, 3, 12, 1000):
        with pytest.raises(ValueError, match="power of two"):
            layer_count(wrong)


def test_capped_rule_is_the_published_table():
    widths = WidthRule("capped", cap=512, multiplier=2).expand(CONFIG_F, 0.25)
    assert widths[::2] == (512, 512, 512, 256, 128, 64, 32, 16, 8)
    assert widths[::2] == widths[1::2]


def test_proportional_rule_is_the_papers():
    assert WidthRule().expand((512, 100, 3, 1), 0.5) == (256, 50, 2, 1)


def test_a_sub_generator_is_known_by_what_it_draws():
    half = WidthRule().sub_generator((8, 8, 8, 8, 4, 4), 8, 0.5)
    assert half == SubGenerator(8, (4, 4, 4, 4))
    assert len({half, SubGenerator(8, (4, 4, 4, 4), 0.25)}) == 1
    assert [half.title, SubGenerator(8, (4, 4, 4, 4)).title] == ["8 px ×0.5", "8 px own widths"]
    assert half.macs == macs(half.channels)


@given(
    st.lists(st.integers(1, 512), min_size=2, max_size=18),
    st.floats(0.01, 1),
    st.sampled_from(["proportional", "capped"]),
)
def test_a_ratio_never_widens_and_one_is_everything(full, ratio, kind):
    rule = WidthRule(kind)
    cut = rule.expand(full, ratio)
    assert all(1 <= c <= f for c, f in zip(cut, full, strict=True))
    if kind == "proportional":
        assert rule.expand(full, 1.0) == tuple(full)


def test_a_ratio_outside_its_range_is_refused():
    for wrong in (0, -1, 1.5):
        with pytest.raises(ValueError, match="ratio"):
            WidthRule().expand((4, 4), wrong)


def test_config_f_costs_74_gmac():
    assert macs(CONFIG_F) / 1e9 == pytest.approx(74.3, abs=0.1)


def test_cost_is_what_the_convolutions_do():
    """Counts independently, with a hook on every convolution that runs."""
    channels = (7, 6, 5, 4, 3, 2)
    generator = Generator(16, channels, style_dim=4, n_mlp=1)
    counted = 0

    def count(module, inputs, output):
        nonlocal counted
        x, _, outputs = inputs
        kernel = module.weight.shape[-1] ** 2
        pixels = x.shape[-1] ** 2  # of the input: both kinds of convolution visit as many
        counted += pixels * kernel * x.shape[1] * outputs

    for module in generator.modules():
        if type(module).__name__ == "ModulatedConv2d":
            module.register_forward_hook(count)
    with torch.no_grad():
        generator(torch.zeros(1, generator.n_style, 4))
    assert macs(channels) == counted
