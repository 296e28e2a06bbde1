"""How different two pictures look: by LPIPS if its weights are here, by the pack's network, or by pixels.

Every measure embeds a picture as a list of maps. The distance between two pictures is the squared difference
of their maps, summed over channels and maps and averaged over places. The target of a projection is therefore
embedded only once.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...models.features import Features, load_features
from ...models.pack import Pack
from ..errors import CoreError
from ..files.torch_cache import at_hand
from .torchvision_import import import_torchvision

LPIPS_SIDE = 256  # px; larger pictures are reduced first, as in the paper's code
PIXEL_SCALES = 4


@dataclass(frozen=True)
class Backbone:
    """A network that LPIPS reads maps from; `weights` is its entry among the published weights.

    Pictures of less than `least` px are enlarged: its last map of them would have no place left.
    """

    weights: str
    title: str
    least: int


# by lpips' names; the paper measures distances with the first
BACKBONES = {"alex": Backbone("alexnet", "AlexNet", 32), "vgg": Backbone("vgg", "VGG", 16)}


@dataclass(frozen=True)
class Measure:
    """A perceptual loss. `name` is a phrase for the panel; `embed` takes pictures [N, 3, R, R] in -1..1.

    `pixels` is the weight of the mean squared error that a projection adds to it. `side` is how many px it
    sees of larger pictures; None for all.
    """

    name: str
    embed: Callable[[Tensor], list[Tensor]]
    pixels: float = 1.0
    side: int | None = None

    def distance(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """The mean distance (a scalar) between two embedded batches."""
        maps = zip(a, b, strict=True)
        return torch.stack([(x - y).square().sum(dim=1).mean() for x, y in maps]).sum()

    def apart(self, a: Tensor, b: Tensor) -> Tensor:
        """The distance [N] of each pair of pictures [N, 3, R, R]."""
        return self.between(self.embed(a), self.embed(b))

    def between(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """The distance [N] of each pair of embedded pictures."""
        maps = zip(a, b, strict=True)
        return torch.stack([(x - y).square().sum(dim=1).mean(dim=(1, 2)) for x, y in maps]).sum(dim=0)

    def to(self, device: torch.device) -> Measure:
        """The same measure after its network, if it has one, has moved to where the pictures are."""
        if isinstance(self.embed, nn.Module):
            self.embed.to(device)
        return self


def best_measure(pack: Pack) -> Measure:
    """The best perceptual loss that this machine and the pack offer; nothing is downloaded."""
    lpips = lpips_at_hand(BACKBONES)
    if lpips is not None:
        return lpips
    if pack.features_file is None:
        return Measure("pixels at several scales", _pixel_pyramid)
    try:
        path = pack.folder / pack.features_file
        return from_features(load_features(path, pack.read(pack.features_file)))
    except Exception:  # whatever a damaged file raises, the remedy is the same
        raise CoreError(
            "pack", f'The feature network of the pack "{pack.title}" cannot be read: install the pack again.'
        ) from None


def from_features(network: Features) -> Measure:
    """The loss by the pack's attribute network, which is trained on pictures such as the pack draws."""
    # pixels weigh more here, because these distances are larger than LPIPS's for the same two pictures
    return Measure("the pack's own features", _OwnMaps(network), pixels=4.0, side=network.side)


class _OwnMaps(nn.Module):
    def __init__(self, network: Features):
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> list[Tensor]:
        return [F.normalize(m, dim=1, eps=1e-6) for m in self.network.maps(picture)]  # each [N, C, S, S]


def _pixel_pyramid(picture: Tensor) -> list[Tensor]:
    maps = [picture]
    for _ in range(PIXEL_SCALES - 1):
        if min(maps[-1].shape[2:]) < 2:
            break
        maps.append(F.avg_pool2d(maps[-1], 2))  # [N, 3, R/2, R/2]
    return maps


def lpips_at_hand(nets: Iterable[str]) -> Measure | None:
    """LPIPS by the first of `nets` ("alex", "vgg") whose published weights are here; None if none is."""
    for net in nets:
        path = at_hand(BACKBONES[net].weights)
        if path is not None:
            try:
                return lpips_measure(net, path)
            except (ImportError, OSError, RuntimeError, KeyError):  # lpips is missing or does not fit
                continue
    return None


def lpips_measure(net: str, backbone: Path) -> Measure:
    """LPIPS v0.1 with torchvision's weights of `net` ("alex" or "vgg") from a file.

    The lpips package would download the backbone, or read it as a pickle that may run code. Here it is given
    the tensors.
    """
    trained = torch.load(backbone, map_location="cpu", weights_only=True)
    trunk = lpips_trunk(net)
    trunk.load_state_dict({name: trained[_published_name(name)] for name in trunk.state_dict()}, assign=True)
    table = Path(import_lpips().__file__).parent / "weights" / "v0.1" / f"{net}.pth"
    linear = torch.load(table, map_location="cpu", weights_only=True)
    weights = [linear[f"lin{k}.model.1.weight"] for k in range(len(linear))]  # each [1, C, 1, 1]
    network = _LpipsMaps(trunk, weights, BACKBONES[net].least)
    return Measure(f"LPIPS ({BACKBONES[net].title})", network, side=LPIPS_SIDE)


def lpips_trunk(net: str) -> nn.Module:
    """The convolutions of `net` as lpips cuts them, without weights: they are on the device "meta"."""
    networks = import_lpips().pretrained_networks
    # so that the unused classifier takes no memory
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips uses old names of torchvision's arguments
        return {"alex": networks.alexnet, "vgg": networks.vgg16}[net](pretrained=False)


class _LpipsMaps(nn.Module):
    def __init__(self, trunk: nn.Module, weights: list[Tensor], least: int):
        super().__init__()
        self.trunk, self.shift, self.least = trunk, import_lpips().ScalingLayer(), least
        self.scales = nn.ParameterList([w.clamp(min=0).sqrt() for w in weights])
        self.eval().requires_grad_(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        side = min(max(picture.shape[-1], self.least), LPIPS_SIDE)
        if picture.shape[-1] != side:
            smaller = side < picture.shape[-1]
            picture = F.interpolate(picture, (side, side), mode="bilinear", antialias=smaller)
        maps = self.trunk(self.shift(picture))  # each [N, C, S, S]
        unit = [F.normalize(m.float(), dim=1, eps=1e-10) for m in maps]
        return [m * scale for m, scale in zip(unit, self.scales, strict=True)]


def _published_name(name: str) -> str:
    """slice2.3.weight -> features.3.weight."""
    return "features." + name.split(".", 1)[1]


def import_lpips() -> Any:
    """The lpips package, imported only when needed: with torchvision it takes seconds."""
    import_torchvision()
    return importlib.import_module("lpips")
