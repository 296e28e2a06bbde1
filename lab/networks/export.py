"""Writes the encoder, the finder and the reader of heads as ONNX files, as a pack stores them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from ...models.finder import Finder
from ...models.head_reader import OUTPUTS, SIDE, HeadReader

OPSET = 17


def export_encoder(encoder: torch.nn.Module, size: int, path: Path) -> None:
    """ "picture" [N, 3, size, size] in -1..1 -> "latents" [N, n_style, style_dim]. Ours, or an imported
    one."""
    axes = {"picture": {0: "n"}, "latents": {0: "n"}}
    _export(encoder, torch.zeros(2, 3, size, size), path, ["latents"], axes)


def export_finder(finder: Finder, path: Path) -> None:
    """ "picture" [1, 3, H, W] in -1..1, H and W multiples of 8 -> "heat" [1, 3, H/4, W/4] in 0..1."""
    axes = {"picture": {2: "height", 3: "width"}, "heat": {2: "rows", 3: "columns"}}
    _export(finder, torch.zeros(1, 3, 64, 96), path, ["heat"], axes)


def export_head_reader(reader: HeadReader, path: Path) -> None:
    """ "picture" [N, 3, 128, 128] in -1..1 -> `head_reader.Answers`, by their names."""
    axes = {name: {0: "n"} for name in ("picture", *OUTPUTS)}
    # unfolded, its weights keep their names, and training can go on from the file
    _export(reader, torch.zeros(2, 3, SIDE, SIDE), path, list(OUTPUTS), axes, folded=False)
    _halve(path)


def picture_side(path: Path) -> int:
    """Side in px of the pictures that an exported encoder reads."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return int(session.get_inputs()[0].shape[-1])


def _export(
    network: torch.nn.Module,
    example: torch.Tensor,
    path: Path,
    outputs: list[str],
    axes: dict,
    folded: bool = True,
) -> None:
    with warnings.catch_warnings():
        # the tracer needs no extra package, and is enough here
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network.eval(),
            (example,),
            str(path),
            input_names=["picture"],
            output_names=outputs,
            dynamic_axes=axes,
            do_constant_folding=folded,
            opset_version=OPSET,
            dynamo=False,
        )


def _halve(path: Path) -> None:
    """Stores a file's kernels and matrices in half precision: it casts them back when it is loaded."""
    model = onnx.load(str(path))
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type == TensorProto.FLOAT and len(weight.dims) > 1:
            halves = numpy_helper.to_array(weight).astype(np.float16)
            weight.CopyFrom(numpy_helper.from_array(halves, weight.name))
            casts.append(helper.make_node("Cast", [weight.name], [_whole(weight.name)], to=TensorProto.FLOAT))
    halved = {cast.input[0] for cast in casts}
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if name in halved:
                node.input[place] = _whole(name)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, str(path))


def _whole(name: str) -> str:
    return f"{name}/whole"
