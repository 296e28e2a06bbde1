"""The attribute network: says what a portrait shows; its maps measure how different two pictures look.

It takes the place of the paper's CelebA attribute predictor and LPIPS. Its weights are a pack's
`features.safetensors`, and its size follows from them; its attributes' names are in the file's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .manifest import DIRECTION_NAME, MAX_WEIGHT
from .safetensors_file import stored_tensors

NAMES_KEY = "attributes"  # of the file's metadata: a JSON list
LAST = 4  # px: side of the last stage's maps, from which it reads the attributes
WIDTHS = (16, 32, 64, 96, 160)  # few in the first stages, which run at the highest resolution


def side_of(widths: Sequence[int]) -> int:
    """Side in px of the pictures that a network of these stages reads: 64 for four, 128 for five."""
    return LAST * 2 ** len(widths)


def stages(widths: Sequence[int]) -> nn.ModuleList:
    """A stage for each width, each half the side of the one before it. The encoder's trunk too."""
    found = nn.ModuleList()
    before = 3
    for width in widths:
        strided, plain = (
            nn.Conv2d(before, width, 3, stride=2, padding=1),
            nn.Conv2d(width, width, 3, padding=1),
        )
        for conv in (strided, plain):
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        found.append(nn.Sequential(strided, nn.ReLU(), plain, nn.ReLU()))
        before = width
    return found


class Features(nn.Module):
    """Strided convolution stages down to 4 px, then one linear layer on the last.

    `mean` and `deviation` [A] are those of the attributes in the population it was trained on: they turn its
    standardised outputs into attribute values. `names` has one for each attribute; it is empty for a network
    whose file has none.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, attributes: int, widths: Sequence[int] = WIDTHS, names: Sequence[str] = ()):
        super().__init__()
        self.names = tuple(names)
        self.side = side_of(widths)
        self.stages = stages(widths)
        self.attributes = nn.Linear(widths[-1] * LAST * LAST, attributes)
        self.register_buffer("mean", torch.zeros(attributes))
        self.register_buffer("deviation", torch.ones(attributes))

    @property
    def metadata(self) -> dict[str, str] | None:
        """What its file says besides the weights, as safetensors has it."""
        return {NAMES_KEY: json.dumps(self.names)} if self.names else None

    def maps(self, picture: Tensor) -> list[Tensor]:
        """picture [N, 3, R, R] in -1..1 -> the stages' maps [N, C, S, S], S = side / 2 down to 4. Pictures of
        another size are resampled to `side` px."""
        if picture.shape[-1] != self.side:
            smaller = picture.shape[-1] > self.side
            picture = F.interpolate(
                picture, (self.side, self.side), mode="bilinear", antialias=smaller, align_corners=False
            )
        found = []
        for stage in self.stages:
            picture = stage(picture)  # [N, C, S, S]
            found.append(picture)
        return found

    def forward(self, picture: Tensor) -> Tensor:
        """picture [N, 3, R, R] in -1..1 -> attributes [N, A], standardised: 0 is the population's mean, 1 one
        deviation above it."""
        return self.read(self.maps(picture))

    def read(self, maps: Sequence[Tensor]) -> Tensor:
        """The attributes, from a picture's maps."""
        return self.attributes(maps[-1].flatten(1))

    def values(self, picture: Tensor) -> Tensor:
        """Attribute values [N, A] in the units of the population. A gate is near 0 or 1, and on above 0.5."""
        return self(picture) * self.deviation + self.mean

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Perceptual distance [N] between pictures [N, 3, R, R]: squared differences of channel-normalised
        features, summed over the stages (LPIPS with equal weights for all channels)."""
        return self.apart(self.maps(a), self.maps(b))

    @staticmethod
    def apart(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
        """The distance, from the maps of both."""
        total = a[0].new_zeros(len(a[0]), dtype=torch.float32)
        for mine, other in zip(a, b, strict=True):
            x, y = (F.normalize(found.float(), dim=1, eps=1e-6) for found in (mine, other))
            difference = x - y
            total = total + difference.square().sum(dim=1).mean(dim=(1, 2))
        return total


def check_names(names: Sequence[str]) -> None:
    """ValueError unless each may name an attribute, a direction too, and none comes twice."""
    for name in names:
        if not isinstance(name, str) or not DIRECTION_NAME.fullmatch(name):
            text = "an attribute's name is up to 64 letters, digits, spaces or . _ -, a letter or digit first"
            raise ValueError(f"{text}, unlike {str(name)[:80]!r}")
    if len(set(names)) < len(names):
        raise ValueError("two attributes have the same name")


def load_features(path: Path, data: bytes | None = None) -> Features:
    """The network in a pack's features file; ValueError when its tensors are not this network's.

    `data` are the bytes of the file where they have been read and checked already.

    Files without the population's mean and deviation load too; their values are then standardised. So do
    files without names.
    """
    state, metadata = stored_tensors(path, data)
    widths = [state[name].shape[0] for name in sorted(state) if name.endswith(".0.weight")]
    try:
        _check_values(state)
        _check_shapes(state, widths)
        count = state["attributes.bias"].shape[0]
        state.setdefault("mean", torch.zeros(count))
        state.setdefault("deviation", torch.ones(count))
        network = Features(count, widths, _names(metadata, count))
        network.load_state_dict(state, assign=True)
    except (IndexError, KeyError, RuntimeError, ValueError) as error:
        raise ValueError(f"{path.name} does not hold an attribute network: {error}") from error
    return network.float().eval().requires_grad_(False)


def _names(metadata: Mapping[str, str], count: int) -> list[str]:
    """The names that a file gives its attributes, if any; ValueError unless they are `count` good ones."""
    if NAMES_KEY not in metadata:
        return []
    try:
        names = json.loads(metadata[NAMES_KEY])
    except RecursionError:
        names = None
    if not isinstance(names, list) or len(names) != count:
        raise ValueError(f"its metadata do not name {count} attributes")
    check_names(names)
    return names


def _check_values(state: Mapping[str, Tensor]) -> None:
    """RuntimeError for values that no training gives, which would make every picture equally far."""
    for name, tensor in state.items():
        if not tensor.is_floating_point() or not bool((tensor.abs() <= MAX_WEIGHT).all()):
            raise RuntimeError(f"{name} has values that are no weights.")


def _check_shapes(state: Mapping[str, Tensor], widths: Sequence[int]) -> None:
    """RuntimeError unless the large tensors fit together, so that no network is larger than its file."""
    expected: dict[str, tuple[int, ...]] = {
        "attributes.weight": (len(state["attributes.bias"]), widths[-1] * LAST * LAST)
    }
    for k, (before, width) in enumerate(zip([3, *widths], widths, strict=False)):
        expected[f"stages.{k}.0.weight"] = (width, before, 3, 3)
        expected[f"stages.{k}.2.weight"] = (width, width, 3, 3)
    for name, shape in expected.items():
        if state[name].shape != shape:
            raise RuntimeError(f"{name} is {list(state[name].shape)}, not {list(shape)}.")
