"""How different two pictures look: by LPIPS if its weights are here, by the pack's network, or by pixels.

Every measure embeds a picture as a list of maps. The distance between two pictures is the squared difference
of their maps, summed over channels and maps and averaged over places. The target of a projection is therefore
embedded only once.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.features import Features, load_features
from ...models.pack import Pack, file_sha256
from ..errors import CoreError
from .torchvision_import import import_torchvision

LPIPS_SIDE = 256  # px; larger pictures are reduced first, as in the paper's code
PIXEL_SCALES = 4
# backbone -> torchvision's file of its weights; the name ends with the start of the file's SHA-256
BACKBONES = {"alex": "alexnet-owt-7be5be79.pth", "vgg": "vgg16-397923af.pth"}
BACKBONE_TITLES = {"alex": "AlexNet", "vgg": "VGG"}


@dataclass(frozen=True)
class Measure:
    """A perceptual loss. `name` is a phrase for the panel; `embed` takes pictures [N, 3, R, R] in -1..1.

    `pixels` is the weight of the mean squared error that a projection adds to it.
    """

    name: str
    embed: Callable[[Tensor], list[Tensor]]
    pixels: float = 1.0

    def distance(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """The mean distance (a scalar) between two embedded batches."""
        maps = zip(a, b, strict=True)
        return torch.stack([(x - y).square().sum(dim=1).mean() for x, y in maps]).sum()


def best_measure(pack: Pack) -> Measure:
    """The best perceptual loss that this machine and the pack offer; nothing is downloaded."""
    lpips = _lpips_at_hand()
    if lpips is not None:
        return lpips
    if pack.features_path is None:
        return Measure("pixels at several scales", _pixel_pyramid)
    try:
        return from_features(load_features(pack.features_path))
    except Exception:  # whatever a damaged file raises, the remedy is the same
        raise CoreError(
            "pack", f'The feature network of the pack "{pack.title}" cannot be read: install the pack again.'
        ) from None


def from_features(network: Features) -> Measure:
    """The loss by the pack's attribute network, which is trained on pictures such as the pack draws."""

    def embed(picture: Tensor) -> list[Tensor]:
        return [F.normalize(m, dim=1, eps=1e-6) for m in network.maps(picture)]  # each [N, C, S, S]

    # pixels weigh more here, because these distances are larger than LPIPS's for the same two pictures
    return Measure("the pack's own features", embed, pixels=4.0)


def _pixel_pyramid(picture: Tensor) -> list[Tensor]:
    maps = [picture]
    for _ in range(PIXEL_SCALES - 1):
        if min(maps[-1].shape[2:]) < 2:
            break
        maps.append(F.avg_pool2d(maps[-1], 2))  # [N, 3, R/2, R/2]
    return maps


def _lpips_at_hand() -> Measure | None:
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    for net, file in BACKBONES.items():
        if _is_intact(folder / file):
            try:
                return lpips_measure(net, folder / file)
            except (ImportError, OSError, RuntimeError, KeyError):  # lpips is missing or does not fit
                continue
    return None


def _is_intact(path: Path) -> bool:
    expected = path.stem.rsplit("-", 1)[1]
    try:
        return file_sha256(path).startswith(expected)
    except OSError:
        return False


def lpips_measure(net: str, backbone: Path) -> Measure:
    """LPIPS v0.1 with torchvision's weights of `net` ("alex" or "vgg") from a file.

    The lpips package would download the backbone, or read it as a pickle that may run code. Here it is given
    the tensors.
    """
    lpips = import_lpips()
    networks = {"alex": lpips.pretrained_networks.alexnet, "vgg": lpips.pretrained_networks.vgg16}
    # so that the unused classifier takes no memory
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips uses old names of torchvision's arguments
        trunk = networks[net](pretrained=False)
    trained = torch.load(backbone, map_location="cpu", weights_only=True)
    trunk.load_state_dict({name: trained[_published_name(name)] for name in trunk.state_dict()}, assign=True)
    trunk.requires_grad_(False)
    table = Path(lpips.__file__).parent / "weights" / "v0.1" / f"{net}.pth"
    linear = torch.load(table, map_location="cpu", weights_only=True)
    # [1, C, 1, 1]
    scales = [linear[f"lin{k}.model.1.weight"].clamp(min=0).sqrt() for k in range(len(linear))]
    shift = lpips.ScalingLayer()

    def embed(picture: Tensor) -> list[Tensor]:
        if picture.shape[-1] > LPIPS_SIDE:
            picture = F.interpolate(picture, (LPIPS_SIDE, LPIPS_SIDE), mode="bilinear", antialias=True)
        maps = trunk(shift(picture))
        return [lpips.normalize_tensor(m) * scale for m, scale in zip(maps, scales, strict=True)]

    return Measure(f"LPIPS ({BACKBONE_TITLES[net]})", embed)


def _published_name(name: str) -> str:
    """slice2.3.weight -> features.3.weight."""
    return "features." + name.split(".", 1)[1]


def import_lpips() -> Any:
    """The lpips package, imported only when needed: with torchvision it takes seconds."""
    import_torchvision()
    return importlib.import_module("lpips")
