"""Other programs' discriminators judge here as they do there: held against their formula, written plainly."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from anycost.models.discriminator import Discriminator
from anycost.models.importing.discriminator_keys import from_nvidia, from_pytorch, read_discriminator
from anycost.models.importing.unpickle import Refused
from anycost.models.manifest import PackError

CHANNELS = {32: 6, 16: 7, 8: 8, 4: 9}
TAPS = torch.outer(*[torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8] * 2)


def nvidia() -> dict[str, Tensor]:
    """A random discriminator with NVIDIA's names."""
    torch.manual_seed(1)
    top = max(CHANNELS)
    made = {
        f"b{top}.fromrgb.weight": torch.randn(CHANNELS[top], 3, 1, 1),
        f"b{top}.fromrgb.bias": torch.randn(CHANNELS[top]),
    }
    for side in (32, 16, 8):
        inputs, outputs = CHANNELS[side], CHANNELS[side // 2]
        made |= {
            f"b{side}.conv0.weight": torch.randn(inputs, inputs, 3, 3),
            f"b{side}.conv0.bias": torch.randn(inputs),
            f"b{side}.conv1.weight": torch.randn(outputs, inputs, 3, 3),
            f"b{side}.conv1.bias": torch.randn(outputs),
            f"b{side}.conv1.resample_filter": TAPS,
            f"b{side}.skip.weight": torch.randn(outputs, inputs, 1, 1),
        }
    last = CHANNELS[4]
    return made | {
        "b4.conv.weight": torch.randn(last, last + 1, 3, 3),
        "b4.conv.bias": torch.randn(last),
        "b4.fc.weight": torch.randn(last, last * 16),
        "b4.fc.bias": torch.randn(last),
        "b4.out.weight": torch.randn(1, last),
        "b4.out.bias": torch.randn(1),
    }


def pytorch() -> dict[str, Tensor]:
    """The same one with rosinality's names."""
    theirs, made = nvidia(), {}
    made["convs.0.0.weight"], made["convs.0.1.bias"] = (
        theirs["b32.fromrgb.weight"],
        theirs["b32.fromrgb.bias"],
    )
    for place, side in enumerate((32, 16, 8), start=1):
        made[f"convs.{place}.conv1.0.weight"] = theirs[f"b{side}.conv0.weight"]
        made[f"convs.{place}.conv1.1.bias"] = theirs[f"b{side}.conv0.bias"]
        made[f"convs.{place}.conv2.0.kernel"] = TAPS
        made[f"convs.{place}.conv2.1.weight"] = theirs[f"b{side}.conv1.weight"]
        made[f"convs.{place}.conv2.2.bias"] = theirs[f"b{side}.conv1.bias"]
        made[f"convs.{place}.skip.1.weight"] = theirs[f"b{side}.skip.weight"]
    made["final_conv.0.weight"], made["final_conv.1.bias"] = theirs["b4.conv.weight"], theirs["b4.conv.bias"]
    for place, name in enumerate(("fc", "out")):
        for part in ("weight", "bias"):
            made[f"final_linear.{place}.{part}"] = theirs[f"b4.{name}.{part}"]
    return made


def judged(tensors: dict[str, Tensor], picture: Tensor) -> Tensor:
    """StyleGAN2's discriminator on one group of pictures, from NVIDIA's names."""

    def activated(x: Tensor, bias: Tensor) -> Tensor:
        return F.leaky_relu(x + bias.view(1, -1, *[1] * (x.ndim - 2)), 0.2) * math.sqrt(2)

    def scaled(name: str) -> Tensor:
        weight = tensors[name]
        return weight / math.sqrt(weight[0].numel())

    def blurred(x: Tensor, padding: int) -> Tensor:
        return F.conv2d(x, TAPS.expand(x.shape[1], 1, 4, 4), padding=padding, groups=x.shape[1])

    x = activated(F.conv2d(picture, scaled("b32.fromrgb.weight")), tensors["b32.fromrgb.bias"])
    for side in (32, 16, 8):
        skip = F.conv2d(blurred(x, 1), scaled(f"b{side}.skip.weight"), stride=2)
        x = activated(F.conv2d(x, scaled(f"b{side}.conv0.weight"), padding=1), tensors[f"b{side}.conv0.bias"])
        x = F.conv2d(blurred(x, 2), scaled(f"b{side}.conv1.weight"), stride=2)
        x = (activated(x, tensors[f"b{side}.conv1.bias"]) + skip) / math.sqrt(2)
    spread = (x.var(0, correction=0) + 1e-8).sqrt().mean()
    x = torch.cat([x, spread.expand(len(x), 1, 4, 4)], dim=1)
    x = activated(F.conv2d(x, scaled("b4.conv.weight"), padding=1), tensors["b4.conv.bias"])
    x = activated(x.flatten(1) @ scaled("b4.fc.weight").T, tensors["b4.fc.bias"])
    return (x @ scaled("b4.out.weight").T + tensors["b4.out.bias"])[:, 0]


@pytest.mark.parametrize("found", [from_nvidia(nvidia()), from_pytorch(pytorch())], ids=["nvidia", "pytorch"])
def test_it_judges_as_the_published_formula(found: dict[str, Tensor]):
    ours = Discriminator([CHANNELS[side] for side in (4, 8, 16, 32)], (32,))
    ours.load_state_dict(found)
    picture = torch.randn(4, 3, 32, 32)
    torch.testing.assert_close(ours(picture), judged(nvidia(), picture), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("table", [{"d": pytorch(), "g_ema": {}}, {"module.D": nvidia()}, pytorch()])
def test_it_is_found_in_a_file(table: dict, tmp_path: Path):
    torch.save(table, tmp_path / "whole.pt")
    found = read_discriminator(tmp_path / "whole.pt")
    assert all(torch.equal(found[name], tensor) for name, tensor in from_nvidia(nvidia()).items())


def test_a_file_without_one_is_refused(tmp_path: Path):
    torch.save({"g_ema": {"conv1.conv.weight": torch.zeros(1, 2, 2, 3, 3)}}, tmp_path / "g.pt")
    with pytest.raises(PackError, match="holds no discriminator: choose a file of the whole training"):
        read_discriminator(tmp_path / "g.pt")


@pytest.mark.parametrize(
    ("read", "tensors", "sentence"),
    [
        (from_nvidia, nvidia() | {"mapping.fc0.weight": torch.zeros(2, 2)}, "class-conditional"),
        (from_nvidia, nvidia() | {"b32.torgb.weight": torch.zeros(2, 2)}, "'b32.torgb.weight', which no"),
        (from_pytorch, pytorch() | {"convs.9.weight": torch.zeros(2, 2)}, "'convs.9.weight', which no"),
    ],
)
def test_another_network_is_refused(read, tensors: dict[str, Tensor], sentence: str):
    with pytest.raises(Refused, match=sentence):
        read(tensors)
