"""The fast engine against the reference: the same pictures from every sub-generator, in either form."""

from __future__ import annotations

import pytest
import torch

from anycost.core.engine import SubGenerator
from anycost.core.renderer import PREPARED, Renderer
from anycost.models.generator import Generator
from anycost.models.manifest import Rung
from anycost.models.widths import WidthRule

NARROW = (12, 16, 16, 12, 12, 8, 8, 6)  # 32 px; here mostly the weights take the styles
WIDE = (96, 128, 128, 96, 96, 64, 48, 40)  # here the maps do


def trained(channels: tuple[int, ...]) -> Generator:
    """A generator with noise and biases as training leaves them, which a fresh one does not have."""
    torch.manual_seed(0)
    generator = Generator(32, channels, style_dim=16, n_mlp=1).eval().requires_grad_(False)
    for name, value in generator.named_parameters():
        if name.endswith(("noise.weight", "activate.bias", "to_rgb1.bias")):
            value.normal_(0, 0.3)
    return generator


@pytest.mark.parametrize("channels", [NARROW, WIDE])
@pytest.mark.parametrize("side", [4, 8, 32])
@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_draws_what_the_reference_draws(channels: tuple[int, ...], side: int, ratio: float):
    generator = trained(channels)
    counts = WidthRule("proportional").expand(channels, ratio)[: 2 * side.bit_length() - 4]
    w = torch.randn(1, generator.n_style, generator.style_dim)
    sub = SubGenerator(generator, Rung(side, ratio, tuple(counts)))
    with torch.inference_mode():
        expected = list(generator.blocks(w, side, counts))
        found = list(sub.blocks(w))
    assert [rgb.shape for rgb in found] == [rgb.shape for rgb in expected]
    for a, b in zip(found, expected, strict=True):
        assert float((a - b).abs().max()) < 1e-5 * float(b.abs().max())


def test_both_formulations_are_among_these():
    def ways(channels: tuple[int, ...]) -> set[tuple[bool, bool]]:
        sub = SubGenerator(trained(channels), Rung(32, 1.0, channels))
        return {(conv.by_weight, conv.up) for conv in sub._convs}

    assert ways(NARROW) | ways(WIDE) == {(True, True), (True, False), (False, True), (False, False)}


def test_a_rung_the_generator_does_not_have_is_refused():
    with pytest.raises(ValueError, match="channel counts"):
        SubGenerator(trained(NARROW), Rung(32, None, (99,) * 8))


def test_a_renderer_keeps_few_sub_generators_ready():
    renderer = Renderer(trained(NARROW))
    w = torch.zeros(8, 16).numpy()
    for count in range(1, 7):
        renderer.render(w, Rung(8, None, (count,) * 4), lambda: False)
    assert len(renderer._prepared) == PREPARED
