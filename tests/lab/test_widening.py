"""A wider generator that continues a narrower one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from anycost.lab.generator.widening import SHARES, widened
from anycost.models.generator import Generator
from anycost.models.layer_sizes import layer_count
from anycost.models.widths import WidthRule

NARROW, WIDE = (12, 12, 12, 12, 8, 8, 4, 4), (16, 16, 16, 16, 12, 12, 8, 8)


COUNTS, ADDED = st.integers(1, 12), st.integers(0, 8)


def generator(channels: tuple[int, ...], seed: int) -> Generator:
    torch.manual_seed(seed)
    found = Generator(4 << (len(channels) // 2 - 1), channels, style_dim=6, n_mlp=2)
    with torch.no_grad():
        for name, parameter in found.named_parameters():
            if name.endswith("bias") or name.endswith("noise.weight"):
                parameter.add_(torch.randn_like(parameter))  # they start as zeros
    return found


def wider_of(narrow: Generator, channels: tuple[int, ...] = WIDE) -> Generator:
    wide = generator(channels, seed=2)
    wide.load_state_dict(widened(narrow.state_dict(), narrow.channels, wide, WidthRule()))
    return wide


def drawn(network: Generator, z: Tensor, side: int, ratio: float) -> Tensor:
    w = network.style(z)[:, None].expand(-1, network.n_style, -1)
    return network(w, side, WidthRule().expand(network.channels, ratio)[: layer_count(side)])


@pytest.mark.parametrize("ratio", [*SHARES, 1.0])
@pytest.mark.parametrize("side", [4, 16, 32])
def test_a_wider_generator_draws_what_the_narrower_did(side: int, ratio: float):
    narrow, z = generator(NARROW, seed=1), torch.randn(3, 6)
    torch.testing.assert_close(
        drawn(wider_of(narrow), z, side, ratio), drawn(narrow, z, side, ratio), atol=1e-5, rtol=1e-5
    )


def test_training_sees_what_the_added_channels_could_do():
    """Each layer's kernels get gradients where they read added channels, and no two added channels are the
    same."""
    narrow, z = generator(NARROW, seed=1), torch.randn(3, 6)
    wide = wider_of(narrow)
    drawn(wide, z, 32, 1.0).square().mean().backward()
    for name, parameter in wide.named_parameters():
        if parameter.ndim == 5:
            silent = (parameter == 0).all(dim=(0, 1, 3, 4)) if name.startswith("to_rgb") else None
            assert parameter.grad is not None
            assert (parameter.grad.abs().sum(dim=(0, 1, 3, 4)) > 0).all(), name
            assert silent is None or silent.sum() == parameter.shape[2] - narrow.get_parameter(name).shape[2]
    assert torch.unique(wide.get_parameter("input.input")[0], dim=0).shape[0] == WIDE[0]


@pytest.mark.slow
@given(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS), st.tuples(ADDED, ADDED, ADDED, ADDED))
@settings(max_examples=60)
def test_whatever_the_widths_pictures_stay_or_it_is_refused(
    channels: tuple[int, ...], added: tuple[int, ...]
):
    """Refused if rounding gives a ratio less of the wider layer than of the narrower."""
    narrow, z = generator(channels, seed=1), torch.randn(2, 6)
    wider = tuple(a + b for a, b in zip(channels, added, strict=True))
    try:
        wide = wider_of(narrow, wider)
    except ValueError:
        assert any(n % 4 for n in added)
        return
    for ratio in (*SHARES, 1.0):
        torch.testing.assert_close(drawn(wide, z, 8, ratio), drawn(narrow, z, 8, ratio), atol=1e-4, rtol=1e-4)


def test_the_network_that_is_asked_for_shapes_is_left_alone():
    narrow, wide = generator(NARROW, seed=1), generator(WIDE, seed=2)
    before = {name: value.clone() for name, value in wide.state_dict().items()}
    widened(narrow.state_dict(), NARROW, wide, WidthRule())
    torch.testing.assert_close(dict(wide.state_dict()), before, equal_nan=True)
