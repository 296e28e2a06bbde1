"""Foreign generators become packs that draw as their own code would, or are refused with a reason."""

from __future__ import annotations

import argparse
import math
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from foreign_files import Persistent, module_tree, nvidia_state, published_state, write_nvidia
from safetensors.torch import save_file
from torch import Tensor

from anycost.models.importing.formats import import_checkpoint, measured_ladder, width_rule
from anycost.models.pack import Pack, PackError
from anycost.models.widths import WidthRule

SMALL = (12, 12, 10, 8, 6, 5)  # channels at 16 px, different enough to reveal a swap

# ---- StyleGAN2's synthesis again, from its definition, in float64 and one sample at a time


def padded(x: np.ndarray, before: int, after: int) -> np.ndarray:
    return np.pad(x, ((0, 0), (before, after), (before, after)))


def correlate(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """x [I, H, W], weight [O, I, k, k] -> [O, H - k + 1, W - k + 1], tap by tap."""
    size = weight.shape[-1]
    height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
    out = np.zeros((len(weight), height, width))
    for a in range(size):
        for b in range(size):
            out += np.einsum("oi,ihw->ohw", weight[:, :, a, b], x[:, a : a + height, b : b + width])
    return out


def upfirdn(x: np.ndarray, taps: np.ndarray, before: int, after: int) -> np.ndarray:
    """Insert zeros between samples, pad, convolve (truly) with the FIR filter, and apply its gain of 4."""
    spread = np.zeros((len(x), 2 * x.shape[1], 2 * x.shape[2]))
    spread[:, ::2, ::2] = x
    spread = padded(spread, before, after)
    return np.stack([correlate(plane[None], 4 * taps[::-1, ::-1][None, None])[0] for plane in spread])


TAPS = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def lrelu(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0, 0.2 * x, x) * math.sqrt(2)


def modulated(weight: np.ndarray, style: np.ndarray, demodulate: bool) -> np.ndarray:
    """One sample's modulated weights [O, I, k, k]."""
    weight = weight / math.sqrt(weight[0].size) * style[None, :, None, None]
    if demodulate:
        weight = weight / np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
    return weight


def affine(state: dict[str, np.ndarray], prefix: str, w: np.ndarray) -> np.ndarray:
    return state[prefix + "weight"] @ w / math.sqrt(len(w)) + state[prefix + "bias"]


def draw_nvidia(tensors: dict[str, Tensor], w: np.ndarray) -> np.ndarray:
    """NVIDIA's synthesis (upsample and filter first, then convolve): w+ [n_style, w_dim] -> [3, R, R]."""
    s = {name: value.double().numpy() for name, value in tensors.items()}
    x = picture = s["synthesis.b4.const"]
    sides = sorted({int(m[1]) for name in s if (m := re.match(r"synthesis\.b(\d+)\.", name))})
    index = 0
    for side in sides:
        for layer in ("conv0", "conv1")[side == 4 :]:
            p = f"synthesis.b{side}.{layer}."
            weight = modulated(s[p + "weight"], affine(s, p + "affine.", w[index]), demodulate=True)
            if layer == "conv0":
                x = correlate(upfirdn(x, TAPS, 3, 2), weight[:, :, ::-1, ::-1])
            else:
                x = correlate(padded(x, 1, 1), weight)
            x = lrelu(x + s[p + "noise_const"] * s[p + "noise_strength"] + s[p + "bias"][:, None, None])
            index += 1
        p = f"synthesis.b{side}.torgb."
        rgb = correlate(x, modulated(s[p + "weight"], affine(s, p + "affine.", w[index]), demodulate=False))
        rgb += s[p + "bias"][:, None, None]
        picture = rgb if side == 4 else rgb + upfirdn(picture, TAPS, 2, 1)
    return picture


def draw_published(tensors: dict[str, Tensor], w: np.ndarray) -> np.ndarray:
    """rosinality's synthesis (transposed convolution, then blur): w+ [n_style, style_dim] -> [3, R, R]."""
    s = {name: value.double().numpy() for name, value in tensors.items()}

    def layer(x: np.ndarray, p: str, index: int, up: bool) -> np.ndarray:
        weight = modulated(s[p + "conv.weight"][0], affine(s, p + "conv.modulation.", w[index]), True)
        if up:
            inputs, side = len(x), x.shape[1]
            made = np.zeros((len(weight), 2 * side + 1, 2 * side + 1))
            for i in range(inputs):  # a transposed convolution stamps the kernel at every input pixel
                for y in range(side):
                    for z in range(side):
                        made[:, 2 * y : 2 * y + 3, 2 * z : 2 * z + 3] += weight[:, i] * x[i, y, z]
            x = np.stack([correlate(plane[None], 4 * TAPS[None, None])[0] for plane in padded(made, 1, 1)])
        else:
            x = correlate(padded(x, 1, 1), weight)
        noise = s[f"noises.noise_{index}"][0] * s[p + "noise.weight"]
        return lrelu(x + noise + s[p + "activate.bias"][:, None, None])

    def to_rgb(x: np.ndarray, p: str, index: int) -> np.ndarray:
        style = affine(s, p + "conv.modulation.", w[index])
        return correlate(x, modulated(s[p + "conv.weight"][0], style, False)) + s[p + "bias"][0]

    x = layer(s["input.input"][0], "conv1.", 0, up=False)
    picture = to_rgb(x, "to_rgb1.", 1)
    for block in range(sum(".noise.weight" in name for name in s) // 2):
        x = layer(x, f"convs.{2 * block}.", 2 * block + 1, up=True)
        x = layer(x, f"convs.{2 * block + 1}.", 2 * block + 2, up=False)
        picture = to_rgb(x, f"to_rgbs.{block}.", 2 * block + 3) + upfirdn(picture, TAPS, 2, 1)
    return picture


def mapped(weights: list[tuple[Tensor, Tensor]], z: np.ndarray) -> np.ndarray:
    """The mapping network: z [D] -> w [D]."""
    x = z / np.sqrt((z**2).mean() + 1e-8)
    for weight, bias in weights:
        x = lrelu(0.01 / math.sqrt(len(x)) * weight.double().numpy() @ x + 0.01 * bias.double().numpy())
    return x


def assert_draws(pack: Pack, drawn: Any, mapping: list[tuple[Tensor, Tensor]]) -> None:
    """The pack's generator maps and draws like the reference, within 1e-4."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=(2, pack.style_dim))
    latents = rng.normal(size=(2, pack.n_style, pack.style_dim))
    generator = pack.generator()
    mapped_w = generator.style(torch.tensor(z, dtype=torch.float32)).numpy()
    np.testing.assert_allclose(mapped_w, [mapped(mapping, row) for row in z], atol=1e-4)
    pictures = generator(torch.tensor(latents, dtype=torch.float32)).numpy()
    for picture, w in zip(pictures, latents, strict=True):
        np.testing.assert_allclose(picture, drawn(w), atol=1e-4 * max(1.0, np.abs(picture).max()))


# ---- imported generators draw like their own code


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_an_nvidia_pickle_draws_as_nvidias_formulas(tmp_path: Path, protocol: int) -> None:
    state = nvidia_state(SMALL)
    others = {"G": None, "D": module_tree({"b4.fc.weight": torch.randn(4, 4)}, "Discriminator")}
    file = write_nvidia(tmp_path / "network.pkl", others | {"G_ema": module_tree(state)}, protocol)
    pack = Pack.open(import_checkpoint(file, "faces", tmp_path / "pack"))
    assert (pack.resolution, pack.style_dim, pack.n_mlp, pack.channels) == (16, 16, 2, SMALL)
    np.testing.assert_array_equal(pack.mean_w, state["mapping.w_avg"].numpy())
    mapping = [(state[f"mapping.fc{n}.weight"], state[f"mapping.fc{n}.bias"]) for n in range(2)]
    assert_draws(pack, lambda w: draw_nvidia(state, w), mapping)


def test_a_bare_nvidia_state_dict_is_known_by_its_names(tmp_path: Path) -> None:
    state = nvidia_state(SMALL, n_mlp=3)
    save_file(state, tmp_path / "generator.safetensors")
    pack = Pack.open(import_checkpoint(tmp_path / "generator.safetensors", "faces", tmp_path / "pack"))
    mapping = [(state[f"mapping.fc{n}.weight"], state[f"mapping.fc{n}.bias"]) for n in range(3)]
    assert_draws(pack, lambda w: draw_nvidia(state, w), mapping)


def test_an_nvidia_generator_trained_without_noise(tmp_path: Path) -> None:
    state = {n: t for n, t in nvidia_state(SMALL).items() if "noise" not in n}
    file = write_nvidia(tmp_path / "network.pkl", {"G_ema": module_tree(state)})
    pack = Pack.open(import_checkpoint(file, "faces", tmp_path / "pack"))
    silent = {n: t if "noise" not in n else torch.zeros_like(t) for n, t in nvidia_state(SMALL).items()}
    mapping = [(state[f"mapping.fc{n}.weight"], state[f"mapping.fc{n}.bias"]) for n in range(2)]
    assert_draws(pack, lambda w: draw_nvidia(silent, w), mapping)


def published_containers(state: dict[str, Tensor]) -> dict[str, Any]:
    wide = OrderedDict((f"decoder.{name}", value) for name, value in state.items())
    wide["encoder.input_layer.0.weight"] = torch.randn(4, 3, 3, 3)
    mean = torch.linspace(-1, 1, 16)
    return {
        "Anycost": {
            "g_ema": state,
            "g": state,
            "epoch": 3,
            "fid": np.float64(2.77),
            "d_optim": {"state": {0: {"step": 4}}},
        },
        "rosinality": {"g_ema": state, "latent_avg": mean, "args": argparse.Namespace(size=16, lr=0.002)},
        "e4e or pSp": {
            "state_dict": wide,
            "latent_avg": mean.repeat(6, 1),
            "opts": {"device": "cuda:0", "lr": 1e-4},
        },
        "state dict": state,
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Anycost", "rosinality", "e4e or pSp", "state dict"])
@pytest.mark.parametrize("zipped", [True, False])
def test_published_containers_draw_as_published(tmp_path: Path, kind: str, zipped: bool) -> None:
    state = published_state(SMALL)
    file = tmp_path / "model.pt"
    torch.save(published_containers(state)[kind], file, _use_new_zipfile_serialization=zipped)
    pack = Pack.open(import_checkpoint(file, "faces", tmp_path / "pack"))
    assert f"({kind} format, SHA-256 " in pack.provenance
    mapping = [(state[f"style.{n}.weight"], state[f"style.{n}.bias"]) for n in (1, 2)]
    assert_draws(pack, lambda w: draw_published(state, w), mapping)
    if kind in ("rosinality", "e4e or pSp"):
        np.testing.assert_allclose(pack.mean_w, np.linspace(-1, 1, 16), atol=1e-6)


def test_a_half_precision_safetensors_file(tmp_path: Path) -> None:
    state = {name: value.half() for name, value in published_state(SMALL).items()}
    save_file(state, tmp_path / "model.safetensors")
    pack = Pack.open(import_checkpoint(tmp_path / "model.safetensors", "faces", tmp_path / "pack"))
    mapping = [(state[f"style.{n}.weight"], state[f"style.{n}.bias"]) for n in (1, 2)]
    assert_draws(pack, lambda w: draw_published(state, w), mapping)


def test_without_a_mean_it_is_the_mean_of_samples(tmp_path: Path) -> None:
    state = published_state(SMALL)
    torch.save({"g_ema": state}, tmp_path / "model.pt")
    pack = Pack.open(import_checkpoint(tmp_path / "model.pt", "faces", tmp_path / "pack"))
    mapping = [(state[f"style.{n}.weight"], state[f"style.{n}.bias"]) for n in (1, 2)]
    rng = np.random.default_rng(0)
    samples = np.stack([mapped(mapping, z) for z in rng.normal(size=(4096, 16))])
    error = samples.std(axis=0) * math.sqrt(2 / 4096)  # of the difference between two means
    assert (np.abs(pack.mean_w - samples.mean(axis=0)) < 6 * error).all()


def test_missing_noise_maps_are_made_alike_at_every_import(tmp_path: Path) -> None:
    state = published_state(SMALL, noise=False)
    torch.save({"g_ema": state}, tmp_path / "model.pt")
    packs = [
        Pack.open(import_checkpoint(tmp_path / "model.pt", "faces", tmp_path / f"{i}")) for i in range(2)
    ]
    maps = [dict(pack.generator().noises.named_buffers()) for pack in packs]
    assert len(maps[0]) == 5
    assert all(torch.equal(maps[0][name], maps[1][name]) and maps[0][name].std() > 0.5 for name in maps[0])


# ---- only a file's tensors say what it holds

PUBLISHED_TABLE = {4: 4096, 8: 2048, 16: 1024, 32: 512, 64: 256, 128: 128, 256: 64, 512: 32, 1024: 16}


def capped_channels(resolution: int, multiplier: float, cap: int) -> tuple[int, ...]:
    sides = [side for side in PUBLISHED_TABLE if side <= resolution for _ in range(2)]
    return tuple(min(cap, int(PUBLISHED_TABLE[side] * multiplier)) for side in sides)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("resolution", "channels", "style_dim", "n_mlp", "rule"),
    [
        (8, (8, 8, 8, 8), 8, 1, None),
        (16, (9, 7, 5, 11, 3, 4), 24, 5, WidthRule("proportional")),
        (32, (24, 24, 24, 24, 16, 16, 12, 12), 16, 8, WidthRule("proportional")),
        (64, capped_channels(64, 0.125, 48), 32, 8, WidthRule("capped", 48, 0.125)),
        (128, capped_channels(128, 0.0625, 24), 20, 3, WidthRule("capped", 24, 0.0625)),
        (256, capped_channels(256, 0.125, 32), 8, 8, WidthRule("capped", 32, 0.125)),
        (512, capped_channels(512, 0.0625, 8), 8, 2, WidthRule("capped", 8, 0.0625)),
    ],
)
def test_a_checkpoint_loads_by_what_its_tensors_say(
    tmp_path: Path,
    resolution: int,
    channels: tuple[int, ...],
    style_dim: int,
    n_mlp: int,
    rule: WidthRule | None,
) -> None:
    state = published_state(channels, style_dim, n_mlp)
    torch.save({"g_ema": state}, tmp_path / "stylegan2-1024-config-e.pt")  # a name that lies
    pack = Pack.open(import_checkpoint(tmp_path / "stylegan2-1024-config-e.pt", "any", tmp_path / "pack"))
    assert (pack.resolution, pack.channels, pack.style_dim, pack.n_mlp) == (
        resolution,
        channels,
        style_dim,
        n_mlp,
    )
    if rule is not None:
        assert pack.rule.kind == rule.kind
        assert pack.rule.kind == "proportional" or pack.rule == rule
    loaded = pack.generator().state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in state.items())
    assert pack.ladder[-1].channels == channels
    assert pack.alignment is not None
    assert pack.alignment.eyes == pytest.approx((0.5, 0.4722), abs=1e-4)
    assert pack.alignment.mouth == pytest.approx((0.5, 0.75), abs=1e-4)


@pytest.mark.parametrize(
    ("channels", "rule"),
    [
        (capped_channels(1024, 2, 512), WidthRule("capped", 512, 2.0)),  # config-F
        (capped_channels(1024, 1, 512), WidthRule("capped", 512, 1.0)),  # config-E
        (capped_channels(256, 2, 512), WidthRule("capped", 512, 2.0)),
        (capped_channels(64, 2, 512), WidthRule("capped", 512, 2.0)),
        (capped_channels(32, 2, 512), WidthRule("capped", 512, 2.0)),  # all cap
        (capped_channels(256, 4, 1024), WidthRule("capped", 1024, 4.0)),
    ],
)
def test_the_published_widths_are_known_as_capped(channels: tuple[int, ...], rule: WidthRule) -> None:
    assert width_rule(channels) == rule


def test_the_cut_of_config_f_is_the_published_one() -> None:
    rule = width_rule(capped_channels(1024, 2, 512))
    quarter = rule.expand(capped_channels(1024, 2, 512), 0.25)
    assert quarter[::2] == (512, 512, 512, 256, 128, 64, 32, 16, 8)


# ---- the ladder holds rungs that agree with the full generator


def test_a_plain_generator_gets_no_rung_that_draws_noise(tmp_path: Path) -> None:
    state = published_state((32,) * 8)
    torch.save({"g_ema": state}, tmp_path / "model.pt")
    pack = Pack.open(import_checkpoint(tmp_path / "model.pt", "faces", tmp_path / "pack"))
    assert all(rung.ratio == 1.0 for rung in pack.ladder)  # random channels: only the full width agrees


def test_a_consistent_generator_gets_cheap_rungs(tmp_path: Path) -> None:
    # upper channels without effect, and all RGB drawn at 4 px: every sub-generator agrees
    state = published_state((32,) * 8)
    for name, value in state.items():
        if name.endswith("conv.weight"):
            value[:, :, 8:] = 0
            if not name.startswith("to_rgb"):
                value[:, 8:] = 0
        if name.startswith("to_rgbs.") and name.endswith("conv.weight"):
            value *= 0.05
    torch.save({"g_ema": state}, tmp_path / "model.pt")
    pack = Pack.open(import_checkpoint(tmp_path / "model.pt", "faces", tmp_path / "pack"))
    assert pack.ladder[0].ratio is not None
    assert pack.ladder[0].ratio < 1
    assert len(pack.ladder) > 1
    again = measured_ladder(pack.generator(), torch.tensor(pack.mean_w), pack.rule)
    assert tuple(again) == pack.ladder
    assert [rung.ratio for rung in again] == [rung.ratio for rung in pack.ladder]


# ---- refusals


def refused(content: Any, tmp_path: Path) -> str:
    file = tmp_path / "file.pt"
    torch.save(content, file)
    return refused_file(file, tmp_path)


def refused_file(file: Path, tmp_path: Path) -> str:
    with pytest.raises(PackError) as caught:
        import_checkpoint(file, "faces", tmp_path / "pack")
    assert not (tmp_path / "pack").exists()
    message = str(caught.value)
    assert message.startswith(f'"{file}" ')
    assert message.endswith(".")
    assert "\n" not in message
    return message


def resnet(outputs: int) -> dict[str, Tensor]:
    return {
        "conv1.weight": torch.zeros(4, 3, 7, 7),
        "layer1.0.conv3.weight": torch.zeros(4, 4, 1, 1),
        "fc.weight": torch.zeros(outputs, 8),
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"state_dict": resnet(96), "mean_latent": torch.zeros(16)}, "is an encoder, not a generator"),
        ({"state_dict": resnet(80)}, "is an attribute predictor, not a generator"),
        ({"state_dict": {"encoder.body.0.weight": torch.zeros(3)}}, "is an encoder, not a generator"),
        ({"d": {"final_conv.0.weight": torch.zeros(3)}, "epoch": 3}, "is a discriminator"),
        ({"final_linear.0.weight": torch.zeros(3)}, "is a discriminator"),
        ({"31_Smiling": torch.zeros(1, 16), "39_Young": torch.zeros(1, 16)}, "holds edit directions"),
        ({"31_Smiling": np.zeros((1, 16), np.float32)}, "holds edit directions"),
        ({"G_ema": {"synthesis.L0_36_16.weight": torch.zeros(4, 4, 3, 3)}}, "is an alias-free"),
        ({"state_dict": {"model.diffusion_model.out.2.weight": torch.zeros(3)}}, "is a diffusion model"),
        ({"decoder.conv_in.weight": torch.zeros(3), "encoder.conv_in.weight": torch.zeros(3)}, "is a VAE"),
        ({"unet.lora_down.weight": torch.zeros(3)}, "is a LoRA"),
        ({"generator": {"generator.progression.0.conv1.bias": torch.zeros(3)}}, "of the first StyleGAN"),
        ({"module.final_linear.0.weight": torch.zeros(3)}, "is a discriminator"),
        ({"weight": torch.zeros(3)}, "holds no generator"),
        ({}, "holds no generator"),
        ([torch.zeros(3)], "holds no generator"),
        (torch.zeros(3), "holds no generator"),
        ({"g_ema": 3}, "holds no generator"),
        ({"g_ema": {"conv1.conv.weight": torch.zeros(1)}}, "mapping network of 0 layers"),
    ],
)
def test_other_files_are_named(tmp_path: Path, content: Any, words: str) -> None:
    assert words in refused(content, tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mapping.embed.weight": torch.zeros(16, 10)}, "class-conditional"),
        ({"synthesis.b8.skip.weight": torch.zeros(8, 12, 1, 1)}, "residual architecture"),
        ({"synthesis.b8.torgb.weight": None}, "without RGB skips"),
        ({"synthesis.b4.resample_filter": torch.ones(4, 4) / 16}, "filter taps"),
        ({"synthesis.b4.resample_filter": torch.ones(12, 12) / 144}, "filter taps"),
        ({"synthesis.b8.conv2.weight": torch.zeros(4)}, "'synthesis.b8.conv2.weight'"),
        ({"synthesis.b12.torgb.weight": torch.zeros(4)}, "'synthesis.b12.torgb.weight'"),
        ({"synthesis.b8.conv1.noise_strength": torch.zeros(2)}, "synthesis.b8.conv1.noise_strength"),
        ({"synthesis.b4.torgb.weight": torch.zeros(1, 12, 1, 1)}, "draws grey pictures, not RGB ones"),
        ({"synthesis.b4.torgb.weight": torch.zeros(4, 12, 1, 1)}, "draws pictures with an alpha channel"),
        ({"synthesis.b4.const": torch.zeros(12, 4, 2)}, "are not square (2 x 4 at its smallest)"),
        ({"synthesis.b4.const": torch.zeros(12, 8, 8)}, "begins at 8 px instead of 4"),
        ({"mapping.fc0.weight": torch.zeros(16, 12)}, "style.1.weight"),  # z and w of different width
        ({"mapping.w_avg": torch.zeros(3)}, "mean latent"),
    ],
)
def test_other_nvidia_networks_are_refused(
    tmp_path: Path, changes: dict[str, Tensor | None], words: str
) -> None:
    state = {n: t for n, t in (nvidia_state(SMALL) | changes).items() if t is not None}
    file = write_nvidia(tmp_path / "network.pkl", {"G_ema": module_tree(state)})
    assert words in refused_file(file, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(published_state((4,) * 6)))
def test_every_missing_or_wrong_tensor_is_named(tmp_path: Path, name: str) -> None:
    state = published_state((4,) * 6)
    value = state.pop(name)
    wrong = state | {name: torch.cat([value, value])}
    torch.save({"g_ema": wrong}, tmp_path / "wrong.pt")
    message = refused_file(tmp_path / "wrong.pt", tmp_path)
    # widths are read from conv weights, so a wrong one can show at the next tensor
    assert name in message or re.search(r"has \S+ (as|with)", message)
    if not name.startswith(("noises.", "convs.3", "style.2")) and not name.endswith("kernel"):
        torch.save({"g_ema": state}, tmp_path / "missing.pt")
        message = refused_file(tmp_path / "missing.pt", tmp_path)
        assert name in message or re.search("holds no generator|'convs|mapping network of 0", message)


@pytest.mark.parametrize("poison", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["convs.1.conv.weight", "noises.noise_2", "style.2.bias"])
def test_values_that_are_not_numbers_are_refused(tmp_path: Path, name: str, poison: float) -> None:
    state = published_state(SMALL)
    state[name].view(-1)[-1] = poison
    assert name in refused({"g_ema": state}, tmp_path)


def test_integer_weights_are_refused(tmp_path: Path) -> None:
    state = published_state(SMALL)
    state["conv1.conv.weight"] = torch.ones(1, 12, 12, 3, 3, dtype=torch.int64)
    assert "conv1.conv.weight as int64" in refused({"g_ema": state}, tmp_path)


def test_unusual_names_cannot_write_to_a_terminal(tmp_path: Path) -> None:
    message = refused({"g_ema": published_state(SMALL) | {"\x1b[2J\n": torch.zeros(1)}}, tmp_path)
    assert "\x1b" not in message


def test_one_small_tensor_cannot_stand_for_many_large_ones(tmp_path: Path) -> None:
    # 60 layers of weights that are all views of one storage: small on disk, large once copied
    state = published_state((64,) * 12)
    shared = torch.zeros(64 * 64 * 9)
    for name in state:
        if name.endswith("conv.weight") and not name.startswith("to_rgb"):
            state[name] = shared.view(1, 64, 64, 3, 3)
    assert "claim more than the file has" in refused({"g_ema": state}, tmp_path)


def test_sizes_that_would_exhaust_the_computer_are_refused(tmp_path: Path) -> None:
    # the weights are few, but maps of 4096 channels at 2048 px would be 64 GiB
    channels = [1] * 19 + [4096]
    state = {
        name: value for name, value in published_state((1,) * 20).items() if not name.startswith("noises")
    }
    state["convs.17.conv.weight"] = torch.zeros(1, 4096, 1, 3, 3)
    assert len(channels) == 20
    assert "larger than any generator that can be drawn" in refused({"g_ema": state}, tmp_path)
    state = published_state((1,) * 20, noise=False)
    state |= {f"convs.{i}.conv.weight": torch.zeros(1, 1, 1, 3, 3) for i in range(18, 40)}
    assert "larger than any generator that can be drawn" in refused({"g_ema": state}, tmp_path)


def test_a_generator_that_does_not_fit_the_machine_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anycost.models.drawing_cost.memory_here", lambda: 1000)
    assert "of memory for one picture" in refused({"g_ema": published_state(SMALL)}, tmp_path)


def test_a_module_tree_that_repeats_itself_is_refused(tmp_path: Path) -> None:
    tree = module_tree({"weight": torch.zeros(1)})
    for _ in range(60):  # 2^60 paths
        tree = Persistent("Twice", {"_parameters": {}, "_buffers": {}, "_modules": {"a": tree, "b": tree}})
    file = write_nvidia(tmp_path / "network.pkl", {"G_ema": tree})
    assert re.search("too many modules|wrongly", refused_file(file, tmp_path))


@pytest.mark.parametrize("name", ["", "../up", "a b", ".hidden", "x" * 65, "name\n"])
def test_a_name_that_is_not_a_file_name_is_refused(tmp_path: Path, name: str) -> None:
    torch.save({"g_ema": published_state(SMALL)}, tmp_path / "model.pt")
    with pytest.raises(PackError, match="cannot be the name of a pack"):
        import_checkpoint(tmp_path / "model.pt", name, tmp_path / "pack")


@pytest.mark.parametrize("name", ["\x1b[2Jwipe\n.pt", "\u202emodel.pt"])
def test_a_file_whose_name_cannot_be_shown_is_imported(tmp_path: Path, name: str) -> None:
    torch.save({"g_ema": published_state(SMALL)}, tmp_path / "model.pt")
    (tmp_path / "model.pt").rename(tmp_path / name)
    pack = Pack.open(import_checkpoint(tmp_path / name, "faces", tmp_path / "pack"))
    assert pack.provenance.startswith("Imported from ?")
    assert pack.provenance.isprintable()


def test_without_a_folder_the_pack_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    torch.save({"g_ema": published_state(SMALL)}, tmp_path / "model.pt")
    folder = import_checkpoint(tmp_path / "model.pt", "faces")
    assert folder == tmp_path / "data" / "anycost" / "packs" / "faces"
    assert Pack.open("faces").folder == folder
    with pytest.raises(PackError, match='called "faces" already'):
        import_checkpoint(tmp_path / "model.pt", "faces")
    assert import_checkpoint(tmp_path / "model.pt", "faces", replace=True) == folder
