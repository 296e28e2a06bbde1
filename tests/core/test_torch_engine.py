"""The torch engine against the reference: equal pictures from every sub-generator, however drawn."""

from __future__ import annotations

import math
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from anycost.core.rendering.engines import torch_engine
from anycost.core.rendering.engines.torch_engine import TorchEngine
from anycost.core.rendering.engines.window import Window
from anycost.models.generator import Generator
from anycost.models.layer_sizes import layer_count
from anycost.models.widths import SubGenerator, WidthRule

NARROW = (12, 16, 16, 12, 12, 8, 8, 6)  # 32 px; styles mostly multiply the weights here
WIDE = (96, 128, 128, 96, 96, 64, 48, 40)  # and the maps here
RESOLUTIONS = (4, 8, 16, 32)
ENOUGH_DB = 42.0  # PSNR of a bfloat16 picture against the float32 one


@cache
def trained(channels: tuple[int, ...]) -> Generator:
    """A generator with noise and biases like a trained one's; a fresh one has none."""
    torch.manual_seed(0)
    generator = Generator(32, channels, style_dim=16, n_mlp=1).eval().requires_grad_(False)
    for name, value in generator.named_parameters():
        if name.endswith(("noise.weight", "activate.bias", "to_rgb1.bias")):
            value.normal_(0, 0.3)
    return generator


def latent(seed: int = 1) -> Tensor:
    return torch.randn(8, 16, generator=torch.Generator().manual_seed(seed))


def plain(generator: Generator, w: Tensor, rung: SubGenerator) -> Tensor:
    with torch.inference_mode():
        return generator(w[None], rung.resolution, rung.channels)[0]


def full(channels: tuple[int, ...] = NARROW) -> SubGenerator:
    return SubGenerator(32, channels, 1.0)


def assert_same(found: Tensor | None, expected: Tensor) -> None:
    assert found is not None
    assert found.shape == expected.shape
    assert found.dtype == torch.float32
    assert float((found - expected).abs().max()) <= 1e-5 * max(1.0, float(expected.abs().max()))


@pytest.fixture
def in_strips(monkeypatch):
    """Force strips of four rows; 32 px pictures would otherwise be too small for strips."""
    monkeypatch.setattr(torch_engine, "STRIP_BYTES", 1)
    monkeypatch.setattr(torch_engine, "FEWEST_ROWS", 4)


@st.composite
def rungs(draw) -> tuple[tuple[int, ...], SubGenerator]:
    """A generator's channels and one of its rungs: any resolution, uniform or free widths."""
    channels = draw(st.sampled_from([NARROW, WIDE]))
    side = draw(st.sampled_from(RESOLUTIONS))
    ratio = draw(st.sampled_from([0.25, 0.5, 0.75, 1.0, None]))
    if ratio is None:
        counts = tuple(draw(st.integers(1, c)) for c in channels)
    else:
        counts = WidthRule("proportional").expand(channels, ratio)
    return channels, SubGenerator(side, counts[: layer_count(side)], ratio)


@settings(max_examples=60)
@given(rungs(), st.integers(0, 99))
def test_draws_what_the_reference_draws(chosen: tuple[tuple[int, ...], SubGenerator], seed: int):
    channels, rung = chosen
    expected = plain(trained(channels), latent(seed), rung)
    assert_same(TorchEngine(trained(channels), rung).draw(latent(seed)), expected)


@settings(max_examples=40)
@given(rungs(), st.integers(0, 99))
def test_bfloat16_is_near_the_reference(chosen: tuple[tuple[int, ...], SubGenerator], seed: int):
    channels, rung = chosen
    expected = plain(trained(channels), latent(seed), rung)
    found = TorchEngine(trained(channels), rung, "bfloat16").draw(latent(seed))
    assert found is not None
    assert found.dtype == torch.float32
    peak = float(expected.max() - expected.min())
    assert 10 * math.log10(peak**2 / float((found - expected).square().mean())) >= ENOUGH_DB


def test_both_formulations_are_among_these():
    def ways(channels: tuple[int, ...]) -> set[tuple[bool, bool]]:
        engine = TorchEngine(trained(channels), full(channels))
        return {(conv.by_weight, conv.up) for block in engine._blocks for conv in block._convs}

    assert ways(NARROW) | ways(WIDE) == {(True, True), (True, False), (False, True), (False, False)}


@st.composite
def parts(draw) -> tuple[int, Window]:
    """A resolution and a window of its picture."""
    side = draw(st.sampled_from(RESOLUTIONS))
    top, left = (draw(st.integers(0, side - 1)) for _ in range(2))
    return side, Window(top, left, draw(st.integers(top + 1, side)), draw(st.integers(left + 1, side)))


@pytest.mark.slow
@settings(max_examples=40)
@given(st.sampled_from([NARROW, WIDE]), st.lists(st.tuples(parts(), st.integers(0, 8)), max_size=6))
def test_any_sequence_of_windows_resolutions_and_edits(channels: tuple[int, ...], drawn):
    """What is kept from one picture to the next never shows; an edit changes all styles from one layer on."""
    engine, w = TorchEngine(trained(channels), full(channels)), latent()
    for number, ((side, window), layer) in enumerate(drawn):
        w = torch.cat([w[:layer], latent(number + 2)[layer:]])
        expected = plain(trained(channels), w, SubGenerator(side, channels[: layer_count(side)], 1.0))
        found = engine.draw(w, side, window)
        assert_same(found, expected[:, window.top : window.bottom, window.left : window.right])


@pytest.mark.parametrize("channels", [NARROW, WIDE])
def test_strips_make_the_whole(in_strips, channels: tuple[int, ...]):
    engine = TorchEngine(trained(channels), full(channels))
    for seed in (1, 2):  # the second overwrites the first one's maps
        assert_same(engine.draw(latent(seed)), plain(trained(channels), latent(seed), full(channels)))
    window = Window(3, 5, 29, 30)
    expected = plain(trained(channels), latent(3), full(channels))[:, 3:29, 5:30]
    assert_same(engine.draw(latent(3), window=window), expected)


def test_a_picture_is_not_written_over_by_the_next(in_strips):
    engine = TorchEngine(trained(NARROW), full())
    first = engine.draw(latent(1))
    assert first is not None
    copy = first.clone()
    engine.draw(latent(2))
    assert torch.equal(first, copy)


def drawn_blocks(engine: TorchEngine, w: Tensor, resolution: int = 32) -> list[int]:
    """Sides, in px, of the blocks that drawing really runs."""
    ran, draw = [], torch_engine._Block.draw

    def noted(block, *args):
        ran.append(block.side)
        return draw(block, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch_engine._Block, "draw", noted)
        engine.draw(w, resolution)
    return ran


def test_higher_resolutions_go_on_from_lower_ones():
    engine = TorchEngine(trained(NARROW), full())
    assert drawn_blocks(engine, latent(), 8) == [4, 8]
    assert drawn_blocks(engine, latent(), 16) == [16]
    assert drawn_blocks(engine, latent(), 32) == [32]
    assert drawn_blocks(engine, latent(), 16) == []


@pytest.mark.parametrize(
    ("layer", "blocks"), [(0, [4, 8, 16, 32]), (2, [8, 16, 32]), (5, [16, 32]), (7, [32])]
)
def test_an_edit_of_late_styles_begins_there(layer: int, blocks: list[int]):
    engine = TorchEngine(trained(NARROW), full())
    engine.draw(latent())
    assert drawn_blocks(engine, torch.cat([latent()[:layer], latent(2)[layer:]])) == blocks


@pytest.mark.parametrize("asked", [0, 1, 3, 5])
def test_stops_at_any_strip_and_goes_on_well(in_strips, asked: int):
    engine, count = TorchEngine(trained(NARROW), full()), 0

    def stopped() -> bool:
        nonlocal count
        count += 1
        return count > asked

    engine.draw(latent(1))
    assert engine.draw(latent(2), stopped=stopped) is None
    assert count == asked + 1  # nothing ran after that
    assert_same(engine.draw(latent(2)), plain(trained(NARROW), latent(2), full()))


def test_what_it_cannot_draw_is_refused():
    with pytest.raises(ValueError, match="channel counts"):
        TorchEngine(trained(NARROW), SubGenerator(32, (99,) * 8))
    engine = TorchEngine(trained(NARROW), SubGenerator(16, NARROW[:6], 1.0))
    with pytest.raises(ValueError, match="4 to 16 px, not 32"):
        engine.draw(latent(), 32)
    with pytest.raises(ValueError, match="16 x 16"):
        engine.draw(latent(), window=Window(0, 0, 17, 4))
