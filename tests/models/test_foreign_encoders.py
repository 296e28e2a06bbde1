"""Encoders of other programs answer as their published definitions, which are written down again here."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from foreign_files import psp_state, published_state, resnet_state
from torch import Tensor

from anycost.models.importing.encoders import read_encoder
from anycost.models.importing.formats import load_generator
from anycost.models.importing.kinds import ModelFile
from anycost.models.importing.psp_encoder import PspEncoder, PspSizes, Unit, sizes_of
from anycost.models.importing.unpickle import Refused

SMALL = (12, 12, 10, 8, 6, 5)  # a generator of 16 px: 6 styles
HALVINGS = (1, 1, 1, 2, 2, 3)
State = dict[str, Tensor]


def normalised(s: State, name: str, x: Tensor) -> Tensor:
    mean, variance = (s[f"{name}.running_{part}"].view(-1, 1, 1) for part in ("mean", "var"))
    weight, bias = (s[f"{name}.{part}"].view(-1, 1, 1) for part in ("weight", "bias"))
    return (x - mean) / torch.sqrt(variance + 1e-5) * weight + bias


def leaky(x: Tensor, slope: Tensor | float) -> Tensor:
    return torch.where(x < 0, x * (slope.view(-1, 1, 1) if isinstance(slope, Tensor) else slope), x)


def psp_heads(state: State, picture: Tensor) -> Tensor:
    """What the heads say, [N, n_style, style_dim], in float64: c1, c2, c3 are the ends of stages 2 to 4."""
    s = {name: value.double() for name, value in state.items()}
    x = leaky(
        normalised(s, "input_layer.1", F.conv2d(picture.double(), s["input_layer.0.weight"], padding=1)),
        s["input_layer.2.weight"],
    )
    maps = []
    for k, stride in enumerate((2, 1, 2, 2, 2)):
        p = f"body.{k}."
        y = F.conv2d(normalised(s, p + "res_layer.0", x), s[p + "res_layer.1.weight"], padding=1)
        y = F.conv2d(leaky(y, s[p + "res_layer.2.weight"]), s[p + "res_layer.3.weight"], None, stride, 1)
        y = normalised(s, p + "res_layer.4", y)
        gate = torch.relu(
            torch.einsum("oi,nihw->no", s[p + "res_layer.5.fc1.weight"][..., 0, 0], y) / y[0, 0].numel()
        )
        y = y * torch.sigmoid(gate @ s[p + "res_layer.5.fc2.weight"][..., 0, 0].T)[..., None, None]
        if p + "shortcut_layer.0.weight" in s:
            x = normalised(
                s, p + "shortcut_layer.1", F.conv2d(x, s[p + "shortcut_layer.0.weight"], None, stride)
            )
        else:
            x = x[:, :, ::stride, ::stride]
        x = x + y
        maps.append(x)
    c1, c2, c3 = maps[2:]
    p2 = F.conv2d(c2, s["latlayer1.weight"], s["latlayer1.bias"]) + twice(c3)
    p1 = F.conv2d(c1, s["latlayer2.weight"], s["latlayer2.bias"]) + twice(p2)
    said = []
    for k, count in enumerate(HALVINGS):
        x = {1: c3, 2: p2, 3: p1}[count]
        for n in range(count):
            p = f"styles.{k}.convs.{2 * n}."
            x = leaky(F.conv2d(x, s[p + "weight"], s[p + "bias"], 2, 1), 0.01)
        assert x.shape[2:] == (1, 1)
        weight = s[f"styles.{k}.linear.weight"]
        said.append(x.flatten(1) @ weight.T / math.sqrt(weight.shape[1]) + s[f"styles.{k}.linear.bias"])
    return torch.stack(said, dim=1)


def twice(x: Tensor) -> Tensor:
    """Bilinear enlargement whose corners keep their places, as two products with matrices."""
    side = x.shape[-1]
    at = torch.linspace(0, side - 1, 2 * side, dtype=torch.float64)
    weights = (1 - (at[:, None] - torch.arange(side)).abs()).clamp_min(0)  # [2 S, S]
    return weights @ x @ weights.T


def resnet_says(state: State, picture: Tensor) -> Tensor:
    s = {name: value.double() for name, value in state.items()}

    def layer(conv: str, norm: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = s[conv + ".weight"]
        return normalised(s, norm, F.conv2d(x, weight, None, stride, weight.shape[-1] // 2))

    x = F.max_pool2d(torch.relu(layer("conv1", "bn1", picture.double(), 2)), 3, 2, 1)
    for stage, blocks in enumerate((2, 1, 1, 1), 1):
        for k in range(blocks):
            p, stride = f"layer{stage}.{k}.", 2 if stage > 1 and k == 0 else 1
            y = torch.relu(layer(p + "conv1", p + "bn1", x))
            y = torch.relu(layer(p + "conv2", p + "bn2", y, stride))
            x = x if k else layer(p + "downsample.0", p + "downsample.1", x, stride)
            x = torch.relu(layer(p + "conv3", p + "bn3", y) + x)
    return x.mean((2, 3)) @ s["fc.weight"].T + s["fc.bias"]


def opened(tmp_path: Path, content: Any) -> tuple[Any, int, str]:
    """The encoder of a file, for a small generator."""
    torch.save({"g_ema": published_state(SMALL)}, tmp_path / "generator.pt")
    network, mean, _ = load_generator(tmp_path / "generator.pt")
    torch.save(content, tmp_path / "encoder.pt")
    return read_encoder(ModelFile.open(tmp_path / "encoder.pt"), network, mean)


def e4e_file(**settings: Any) -> dict[str, Any]:
    """An encoder with a mean latent, and settings if there are any."""
    state = {f"encoder.{name}": value for name, value in psp_state(16, HALVINGS).items()}
    mean = torch.linspace(-1, 1, 96).view(6, 16)
    return {"state_dict": state, "latent_avg": mean} | ({"opts": settings} if settings else {})


@pytest.mark.parametrize("kind", ["e4e", "pSp"])
def test_a_psp_encoder_answers_as_published(tmp_path: Path, kind: str) -> None:
    names = {"e4e": "Encoder4Editing", "pSp": "GradualStyleEncoder"}
    encoder, side, found = opened(tmp_path, e4e_file(encoder_type=names[kind]))
    picture = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    said = psp_heads(psp_state(16, HALVINGS), picture)
    wanted = said + torch.linspace(-1, 1, 96).view(6, 16)
    if kind == "e4e":
        wanted[:, 1:] += said[:, :1]
    assert (side, found) == (32, kind)
    torch.testing.assert_close(encoder(picture).double(), wanted, atol=1e-4, rtol=1e-4)


def test_where_settings_are_lost_drawn_pictures_tell_e4e_from_psp(tmp_path: Path) -> None:
    torch.save({"g_ema": published_state(SMALL)}, tmp_path / "generator.pt")
    network, mean, _ = load_generator(tmp_path / "generator.pt")
    content = e4e_file()
    for name, value in content["state_dict"].items():
        if ".linear." in name:
            value.zero_()
    content["latent_avg"] = mean.repeat(6, 1)
    # the first head alone moves w, and each drawn w lies apart from the mean: deltas that repeat it are wrong
    w = network.style(torch.randn(2, 16, generator=torch.Generator().manual_seed(5)))
    content["state_dict"]["encoder.styles.0.linear.bias"] = (0.7 * (w - mean)).mean(0)
    assert opened(tmp_path, content)[2] == "e4e"
    for k in range(1, 6):
        content["state_dict"][f"encoder.styles.{k}.linear.bias"] = (0.7 * (w - mean)).mean(0)
    assert opened(tmp_path, content)[2] == "pSp"


@pytest.mark.parametrize("inside", [True, False])
def test_a_published_anycost_encoder_answers_as_published(tmp_path: Path, inside: bool) -> None:
    state, mean = resnet_state(96), torch.linspace(-1, 1, 16)
    content: dict[str, Any] = {"state_dict": dict(state)}
    (content["state_dict"] if inside else content)["mean_latent"] = mean
    encoder, side, kind = opened(tmp_path, content)
    picture = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(1)) * 2 - 1
    assert (side, kind) == (256, "Anycost")
    wanted = resnet_says(state, picture).view(1, 6, 16) + mean
    torch.testing.assert_close(encoder(picture).double(), wanted, atol=1e-4, rtol=1e-4)


def without(state: State, name: str) -> State:
    return {key: value for key, value in state.items() if key != name}


PSP = psp_state(16, HALVINGS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PSP | {"input_layer.0.weight": torch.zeros(6, 6, 3, 3)}, "a ReStyle encoder, or one of sketches"),
        (psp_state(16, HALVINGS[:4]), "for 4 styles of 16 values, and the generator has 6 of 16"),
        (psp_state(12, HALVINGS), "for 6 styles of 12 values, and the generator has 6 of 16"),
        (without(PSP, "body.2.res_layer.4.running_var"), "lacks the tensor body.2.res_layer.4.running_var"),
        (PSP | {"styles.3.other.weight": torch.zeros(3)}, "'styles.3.other.weight'"),
        (PSP | {"latlayer2.bias": torch.full((12,), math.nan)}, "latlayer2.bias that are not numbers"),
        ({"input_layer.0.weight": torch.zeros(4, 3, 3, 3)}, "of another kind than e4e's and pSp's"),
        (resnet_state(96 + 16) | {"mean_latent": torch.zeros(16)}, "for 7 styles of 16 values"),
        (resnet_state(80), "is an attribute predictor, not an encoder"),
        (published_state(SMALL), "a generator without an encoder"),
        ({"31_Smiling": torch.zeros(1, 16)}, "holds edit directions, not an encoder"),
        ({"weight": torch.zeros(3)}, "holds no encoder"),
    ],
)
def test_what_is_no_encoder_for_the_generator_is_said(tmp_path: Path, content: State, words: str) -> None:
    with pytest.raises(Refused, match=words):
        opened(tmp_path, {"state_dict": content})


def test_an_encoder_that_would_take_hours_is_refused(tmp_path: Path) -> None:
    state = psp_state(16, (6,) * 6)  # 1024 px
    for k in (0, 1):  # views of one number, so that the file is small
        for name in (f"body.{k}.res_layer.1.weight", f"body.{k}.res_layer.3.weight"):
            state[name] = torch.zeros(1).expand(600, 600, 3, 3)
    with pytest.raises(Refused, match="larger than can be run"):
        sizes_of(state)


def test_the_sizes_of_e4es_encoder() -> None:
    units, inputs = [], 64
    for outputs, count in ((64, 3), (128, 4), (256, 14), (512, 3)):  # IR-SE-50
        for k in range(count):
            units.append(Unit(inputs, outputs, 2 if k == 0 else 1, outputs // 16))
            inputs = outputs
    sizes = PspSizes(tuple(units), 512, (4,) * 3 + (5,) * 4 + (6,) * 11)
    assert sizes.side == 256
    assert sizes.ends == (2, 6, 20, 23)
    assert sizes.macs < 1e11


def test_an_encoders_work_is_that_of_its_convolutions() -> None:
    sizes, counted = sizes_of(PSP), []
    network = PspEncoder(sizes, 16, deltas=True)
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d) and layer.kernel_size == (3, 3):
            each = layer.weight[0].numel()
            layer.register_forward_hook(lambda *call, each=each: counted.append(each * call[2].numel()))
    network.eval()(torch.zeros(1, 3, 32, 32))
    assert sum(counted) == sizes.macs


def test_one_small_tensor_cannot_stand_for_many_large_ones(tmp_path: Path) -> None:
    state = psp_state(16, HALVINGS)
    shared = torch.zeros(6000)
    for name, value in state.items():
        if value.ndim == 4:
            state[name] = shared[: value.numel()].view(value.shape)
    with pytest.raises(Refused, match="claim more than the file has"):
        opened(tmp_path, {"state_dict": state})
