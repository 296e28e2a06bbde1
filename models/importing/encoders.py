"""Builds the encoder or the attribute predictor that a file holds."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..generator import Generator, truncate
from . import psp_encoder, resnet
from .kinds import FOR_EDITS, ModelFile
from .psp_encoder import PspEncoder
from .resnet import ResNet, ResNetEncoder
from .strict import check_memory, load_strictly
from .tables import Root, beside
from .unpickle import Refused

TRIED = 2  # drawn pictures that decide between pSp and e4e where the file does not say


def read_encoder(file: ModelFile, network: Generator, mean: Tensor) -> tuple[nn.Module, int, str]:
    """(encoder, side in px of the pictures it reads, format).

    The encoder: picture [N, 3, side, side] in -1..1 -> w+ [N, n_style, style_dim]. `network` and `mean`
    [style_dim] are the pack's; Refused when the file holds no encoder that fits them.
    """
    if file.psp_root is not None:
        return _psp(file, file.psp_root, network, mean)
    if file.resnet_root is not None and not file.is_predictor:
        return _resnet(file, file.resnet_root, network, mean)
    raise _no_encoder(file)


def read_predictor(file: ModelFile) -> ResNet:
    """Anycost's published attribute predictor; Refused when the file holds none."""
    root = file.resnet_root
    if root is None or not file.is_predictor:
        raise Refused("holds no attribute predictor", "choose a ResNet-50 with 80 outputs, as Anycost's")
    sizes = resnet.sizes_of(root.tensors)
    check_memory(root.tensors, file.checkpoint.file_bytes)
    with torch.device("meta"):
        network = ResNet(sizes)
    load_strictly(network, root.tensors)
    return network


def _no_encoder(file: ModelFile) -> Refused:
    if file.generator_root is not None:
        return Refused("holds a generator without an encoder", "choose an e4e, pSp or Anycost encoder file")
    if file.is_predictor:
        return Refused("is an attribute predictor, not an encoder", "choose the encoder's file")
    if file.holds_directions():
        return Refused("holds edit directions, not an encoder", FOR_EDITS)
    return file.other() or Refused("holds no encoder", "choose an e4e, pSp or Anycost encoder file")


def _psp(file: ModelFile, root: Root, network: Generator, mean: Tensor) -> tuple[nn.Module, int, str]:
    sizes = psp_encoder.sizes_of(root.tensors)
    style_dim = len(root.tensors["styles.0.linear.weight"])
    _check_fit(len(sizes.halvings), style_dim, network)
    state = dict(root.tensors)
    added = beside(file.tables, root, "latent_avg")
    state["mean"] = _rows(torch.zeros(style_dim) if added is None else added, network)
    check_memory(root.tensors, file.checkpoint.file_bytes)
    with torch.device("meta"):
        encoder = PspEncoder(sizes, style_dim, deltas=True)
    load_strictly(encoder, state)
    said = file.setting("encoder_type")
    encoder.deltas = _says_deltas(encoder, network, mean) if said is None else said == "Encoder4Editing"
    return encoder, sizes.side, "e4e" if encoder.deltas else "pSp"


@torch.inference_mode()
def _says_deltas(encoder: PspEncoder, network: Generator, mean: Tensor) -> bool:
    """Whether the heads after the first say deltas: read so, drawn pictures give back their w better."""
    z = torch.randn(TRIED, network.style_dim, generator=torch.Generator().manual_seed(5))
    w = truncate(network.style(z), mean, 0.7)[:, None].repeat(
        1, network.n_style, 1
    )  # [T, n_style, style_dim]
    side = encoder.sizes.side
    picture = F.interpolate(network(w).clamp(-1, 1), (side, side), mode="area")
    errors: dict[bool, float] = {}
    for encoder.deltas in (False, True):
        errors[encoder.deltas] = float((encoder(picture) - w).square().mean())
    return errors[True] <= errors[False]


def _resnet(file: ModelFile, root: Root, network: Generator, mean: Tensor) -> tuple[nn.Module, int, str]:
    sizes = resnet.sizes_of(root.tensors)
    state = dict(root.tensors)
    own = beside(file.tables, root, "mean_latent")
    style_dim = network.style_dim if own is None else own.numel()
    _check_fit(sizes.outputs // max(style_dim, 1), style_dim, network)
    state["mean_latent"] = mean if own is None else own.reshape(-1)
    check_memory(root.tensors, file.checkpoint.file_bytes)
    with torch.device("meta"):
        encoder = ResNetEncoder(sizes, style_dim)
    load_strictly(encoder, state)
    return encoder, resnet.SIDE, "Anycost"


def _check_fit(n_style: int, style_dim: int, network: Generator) -> None:
    if (n_style, style_dim) != (network.n_style, network.style_dim):
        reason = (
            f"holds an encoder for {n_style} styles of {style_dim} values, and the generator has "
            f"{network.n_style} of {network.style_dim}"
        )
        raise Refused(reason, "choose the encoder of this generator")


def _rows(mean: Tensor, network: Generator) -> Tensor:
    """A mean of w, or one for each style, as [n_style, style_dim]."""
    shape = (network.n_style, network.style_dim)
    rows = mean.reshape(-1, mean.shape[-1]) if mean.ndim else mean.reshape(1, 1)
    if rows.shape[-1] != shape[1] or len(rows) not in (1, shape[0]):
        raise Refused(f"has a mean latent {list(mean.shape)} for styles {list(shape)}", "choose another")
    return rows.expand(shape)
