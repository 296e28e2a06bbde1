"""Gives a network the tensors of a file: all of them, of the right shapes, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .unpickle import Refused


def axis(state: Mapping[str, Tensor], name: str, which: int, axes: int) -> int:
    """The size of one axis of a tensor that must have `axes` of them."""
    if name not in state:
        raise Refused(f"lacks the tensor {name}", "get the whole file again")
    if state[name].ndim != axes:
        shape = list(state[name].shape)
        raise Refused(f"has {name} with a shape that does not fit, {shape}", "choose another")
    return state[name].shape[which]


def count(state: Mapping[str, Tensor], pattern: str, most: int) -> int:
    """How many tensors there are of a numbered name, as "styles.{}.linear.weight"."""
    found = 0
    while pattern.format(found) in state:
        found += 1
        if found > most:
            raise Refused(f"has more than {most} layers like {pattern.format(0)}", "choose another")
    return found


def check_memory(state: Mapping[str, Tensor], file_bytes: int) -> None:
    """Before anything is copied: tensors that share memory could claim many times the size of the file."""
    if sum(t.numel() * t.element_size() for t in state.values()) > file_bytes:
        raise Refused("holds tensors that claim more than the file has", "get it from its original source")


def checked(name: str, tensor: Tensor | None, like: Tensor) -> Tensor:
    """A float32 copy of a tensor that must have the shape of `like`; Refused says what is wrong."""
    if tensor is None:
        raise Refused(f"lacks the tensor {name}", "get the whole file again")
    if tensor.shape != like.shape or not tensor.is_floating_point():
        kind = str(tensor.dtype).removeprefix("torch.")
        wanted = f"{kind} {list(tensor.shape)} where float {list(like.shape)} belongs"
        raise Refused(f"has {name} as {wanted}", "choose another")
    copy = tensor.to(torch.float32, copy=True).contiguous()
    if not torch.isfinite(copy).all():
        raise Refused(f"has values in {name} that are not numbers", "get the file again")
    return copy


def load_strictly(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Fills a network that was made on the meta device; counters of batch normalisation are not needed."""
    expected = {n: t for n, t in network.state_dict().items() if not n.endswith("num_batches_tracked")}
    for name in state:
        if name not in expected and not name.endswith("num_batches_tracked"):
            raise Refused(f"has a tensor {name[:80]!r}, which its kind of network lacks", "choose another")
    tensors = {name: checked(name, state.get(name), like) for name, like in expected.items()}
    for name, like in network.state_dict().items():
        if name not in tensors:
            tensors[name] = torch.zeros(like.shape, dtype=like.dtype)
    network.load_state_dict(tensors, assign=True)
    network.eval().requires_grad_(False)
