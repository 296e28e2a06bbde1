"""The plain generator: cutting, resolutions, noise, latents. test_importing checks its formulas."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from anycost.models.generator import Generator, Upsample, fir_kernel, mix, modulated_conv2d, truncate
from anycost.models.layer_sizes import layer_count

CHANNELS = (12, 10, 9, 8, 7, 6, 5, 4)  # all different, to reveal mixed-up layers


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(3)
    made = Generator(32, CHANNELS, style_dim=8, n_mlp=2).eval().requires_grad_(False)
    for name, value in made.named_parameters():
        if name.endswith((".noise.weight", "activate.bias", "bias")) and "modulation" not in name:
            value.copy_(torch.randn_like(value) * 0.3)  # untrained values are zero and hide mistakes
    return made


@pytest.fixture(scope="module")
def w(generator: Generator) -> Tensor:
    return torch.randn(2, generator.n_style, 8, generator=torch.Generator().manual_seed(5))


def dense_cut(generator: Generator, channels: tuple[int, ...]) -> Generator:
    """A separate network with only the first `channels` of every layer of `generator`."""
    resolution = 4 << (len(channels) // 2 - 1)
    small = Generator(resolution, channels, generator.style_dim, len(generator.style) - 1)
    large = generator.state_dict()
    for name, value in small.state_dict().items():
        part = large[name][tuple(slice(0, n) for n in value.shape)]
        if name.endswith("conv.weight"):  # its scale depends on its inputs: keep the effective weight
            part = part * (value.shape[2] / large[name].shape[2]) ** 0.5
        value.copy_(part)
    return small.eval().requires_grad_(False)


cuts = st.integers(1, 4).flatmap(
    lambda blocks: st.tuples(*(st.integers(1, c) for c in CHANNELS[: 2 * blocks]))
)


@settings(max_examples=25)
@given(channels=cuts)
def test_a_sub_generator_equals_the_dense_network_cut_from_it(generator, w, channels):
    resolution = 4 << (len(channels) // 2 - 1)
    torch.testing.assert_close(
        generator(w, resolution, channels), dense_cut(generator, channels)(w), atol=1e-4, rtol=1e-4
    )


def test_modulated_convolution_equals_its_definition():
    torch.manual_seed(0)
    x, weight, style = torch.randn(2, 3, 5, 5), torch.randn(4, 3, 3, 3), torch.randn(2, 3)
    for n in range(2):
        scaled = weight * style[n][None, :, None, None]
        scaled = scaled / (scaled.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        for up in (False, True):
            got = modulated_conv2d(x, weight, style, demodulate=True, up=up)[n]
            if up:
                want = torch.zeros(4, 11, 11)
                for i in range(5):
                    for j in range(5):
                        patch = torch.einsum("i,oikl->okl", x[n, :, i, j], scaled)
                        want[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += patch
            else:
                want = torch.nn.functional.conv2d(x[n][None], scaled, padding=1)[0]
            torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)


def test_the_filter_keeps_a_flat_picture_flat():
    assert fir_kernel(4).sum() == pytest.approx(4)
    flat = torch.full((1, 3, 6, 6), 0.7)
    doubled = Upsample()(flat)
    assert doubled.shape == (1, 3, 12, 12)
    torch.testing.assert_close(doubled[..., 2:-2, 2:-2], torch.full((1, 3, 8, 8), 0.7))


def test_low_resolutions_are_the_start_of_high_ones(generator: Generator, w: Tensor):
    every = list(generator.blocks(w))
    assert [rgb.shape[-1] for rgb in every] == [4, 8, 16, 32]
    for rgb in every:
        torch.testing.assert_close(generator(w, rgb.shape[-1]), rgb)


def test_styles_beyond_the_resolution_do_not_matter(generator: Generator, w: Tensor):
    changed = w.clone()
    changed[:, layer_count(16) :] += 1
    torch.testing.assert_close(generator(changed, 16), generator(w, 16))
    assert not torch.allclose(generator(changed, 32), generator(w, 32))


def test_noise(generator: Generator, w: Tensor):
    constant = generator(w)
    torch.testing.assert_close(generator(w), constant)
    torch.manual_seed(1)
    first, second = generator(w, noise="random"), generator(w, noise="random")
    assert not torch.allclose(first, second)
    maps = [generator.noises.get_buffer(f"noise_{k}") for k in range(generator.n_style - 1)]
    torch.testing.assert_close(generator(w, noise=maps), constant)
    torch.testing.assert_close(generator(w, noise=[m * 0 for m in maps]), generator(w, noise="none"))


def test_mapping_ignores_the_length_of_z(generator: Generator):
    z = torch.randn(4, 8)
    torch.testing.assert_close(generator.style(z), generator.style(z * 7), atol=1e-4, rtol=1e-4)


def test_truncation_and_mixing(w: Tensor):
    mean = torch.randn(8)
    torch.testing.assert_close(truncate(w, mean, 1.0), w)
    torch.testing.assert_close(truncate(w, mean, 0.0), mean.expand_as(w))
    torch.testing.assert_close(truncate(w, mean, 0.5), (w + mean) / 2)
    mixed = mix(w[:1], w[1:], 3)
    torch.testing.assert_close(mixed[0, :3], w[0, :3])
    torch.testing.assert_close(mixed[0, 3:], w[1, 3:])


@pytest.mark.parametrize(
    ("resolution", "channels", "words"),
    [
        (64, None, "4 to 32 px"),
        (24, None, "power of two"),
        (8, (12, 10, 9), "4 channel counts"),
        (8, (13, 10, 9, 8), "at most"),
        (8, (12, 10, 9, 0), "at most"),
    ],
)
def test_what_it_cannot_run_is_said(generator: Generator, w: Tensor, resolution, channels, words):
    with pytest.raises(ValueError, match=words):
        generator(w, resolution, channels)


def test_latents_of_a_wrong_shape_are_refused(generator: Generator, w: Tensor):
    for wrong in (w[:, :3], w[..., :5], w[0]):
        with pytest.raises(ValueError, match="Latents must be"):
            generator(wrong)
    with pytest.raises(ValueError, match="Noise is"):
        generator(w, noise="some")


def test_state_dict_has_the_published_names():
    names = set(Generator(8, (4, 4, 4, 4), style_dim=4, n_mlp=1).state_dict())
    assert names == {
        "style.1.weight",
        "style.1.bias",
        "input.input",
        *(f"conv1.{n}" for n in STYLED),
        *(f"convs.0.{n}" for n in (*STYLED, "conv.blur.kernel")),
        *(f"convs.1.{n}" for n in STYLED),
        *(f"to_rgb1.{n}" for n in RGB),
        *(f"to_rgbs.0.{n}" for n in (*RGB, "upsample.kernel")),
        "noises.noise_0",
        "noises.noise_1",
        "noises.noise_2",
    }


STYLED = ("conv.weight", "conv.modulation.weight", "conv.modulation.bias", "noise.weight", "activate.bias")
RGB = ("conv.weight", "conv.modulation.weight", "conv.modulation.bias", "bias")
