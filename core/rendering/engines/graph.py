"""A sub-generator as one static ONNX graph, for engines that run graphs: "w" in, the picture out.

The arithmetic is that of models/generator.py. Weights are constants, so that an engine can lay them out once:
styles multiply the maps before a convolution, demodulation the maps after it. Noise is a constant multiplied
by its strength, left out where that is zero; weights, bias and noise carry the activation's gain.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ....models.generator import EqualLinear, Generator, StyledConv, ToRGB, fir_kernel
from ....models.widths import SubGenerator
from .graph_writer import GraphWriter

VERSION = 1  # of the graph for the same weights; older graphs in the cache are not used
GAIN = math.sqrt(2)
SLOPE = 0.2
EPSILON = 1e-8  # of the demodulation


def write_graph(generator: Generator, rung: SubGenerator) -> bytes:
    """The ONNX file of a rung: w float32 [n_style, style_dim] -> picture float32 [3, R, R], not clamped.

    ValueError for a rung that the generator does not have, or that is too large for an ONNX file.
    """
    latent = torch.empty(1, generator.n_style, generator.style_dim, device="meta")
    channels = generator.check(latent, rung.resolution, rung.channels)
    with torch.inference_mode():
        return _Graph(generator, channels).finish(rung.resolution)


class _Graph:
    """The graph being written. A method for each kind of layer takes and returns names of values."""

    def __init__(self, generator: Generator, channels: tuple[int, ...]):
        self._generator, self._channels = generator, channels
        self._graph = GraphWriter()
        self._epsilon = self._graph.constant(torch.tensor([EPSILON]))
        self._axes = self._graph.constant(torch.tensor([2, 3]))
        self._rgb_filter = self._graph.constant(fir_kernel(gain=4).expand(3, 1, 4, 4))
        self._w = [  # [1, D] each
            self._graph.node("Gather", "w", self._graph.constant(torch.tensor([k])), axis=0)
            for k in range(len(channels))
        ]

    def finish(self, resolution: int) -> bytes:
        generator, graph = self._generator, self._graph
        convs, rgbs = [generator.conv1, *generator.convs], [generator.to_rgb1, *generator.to_rgbs]
        x = graph.constant(generator.input.input[:, : self._channels[0]])  # [1, C, 4, 4]
        rgb = None
        for k in range(len(self._channels) - 1):
            x = self._styled(convs[k], k, x)  # [1, C, H, W]
            if k % 2 == 0:
                rgb = self._to_rgb(rgbs[k // 2], k + 1, x, rgb)  # [1, 3, H, W]
        assert rgb is not None
        picture = graph.node("Squeeze", rgb, graph.constant(torch.tensor([0])))
        shape = (generator.n_style, generator.style_dim)
        return graph.finish("w", shape, picture, (3, resolution, resolution))

    def _styled(self, layer: torch.nn.Module, k: int, x: str) -> str:
        """Modulated 3x3 convolution, noise, bias, activation."""
        assert isinstance(layer, StyledConv)
        graph, conv = self._graph, layer.conv
        inputs, outputs = self._channels[k], self._channels[k + 1]
        weight = conv.weight[0, :outputs, :inputs] * conv.scale  # [O, I, 3, 3]
        style = self._style(conv.modulation, k, inputs)  # [1, I]
        x = graph.node("Mul", x, self._beside_maps(style))
        if conv.up:
            x = self._upsampled(x, weight * GAIN)
        else:
            x = graph.node("Conv", x, graph.constant(weight * GAIN), pads=(1, 1, 1, 1))
        x = graph.node("Mul", x, self._beside_maps(self._demodulation(style, weight)))
        x = graph.node("Add", x, graph.constant(layer.activate.bias[:outputs, None, None] * GAIN))
        if layer.noise.weight.any():
            noise = self._generator.noises.get_buffer(f"noise_{k}") * layer.noise.weight  # [1, 1, H, W]
            x = graph.node("Add", x, graph.constant(noise * GAIN))
        return graph.node("LeakyRelu", x, alpha=SLOPE)

    def _upsampled(self, x: str, weight: Tensor) -> str:
        """[1, I, H, W] -> [1, O, 2H, 2W]: transposed convolution by a weight [O, I, 3, 3], then the FIR.

        Four convolutions, one for each phase of the output, or one with the filter folded in, were slower.
        """
        graph, outputs = self._graph, len(weight)
        x = graph.node("ConvTranspose", x, graph.constant(weight.transpose(0, 1)), strides=(2, 2))
        blur = graph.constant(fir_kernel(gain=4).expand(outputs, 1, 4, 4))
        return graph.node("Conv", x, blur, pads=(1, 1, 1, 1), group=outputs)

    def _to_rgb(self, layer: torch.nn.Module, k: int, x: str, skip: str | None) -> str:
        """1x1 modulated convolution to RGB, added to the doubled picture of the block before."""
        assert isinstance(layer, ToRGB)
        graph, inputs = self._graph, self._channels[k]
        weight = graph.constant(layer.conv.weight[0, :, :inputs] * layer.conv.scale)  # [3, I, 1, 1]
        weight = graph.node("Mul", weight, self._beside_maps(self._style(layer.conv.modulation, k, inputs)))
        rgb = graph.node("Conv", x, weight, graph.constant(layer.bias.flatten()))
        if skip is None:
            return rgb
        doubled = graph.node(
            "ConvTranspose", skip, self._rgb_filter, strides=(2, 2), pads=(1, 1, 1, 1), group=3
        )
        return graph.node("Add", rgb, doubled)

    def _style(self, layer: EqualLinear, k: int, channels: int) -> str:
        """The style [1, C] of layer k."""
        weight = self._graph.constant(layer.weight[:channels] * layer.scale)  # [C, D]
        bias = self._graph.constant(layer.bias[:channels] * layer.lr_mul)
        return self._graph.node("Gemm", self._w[k], weight, bias, transB=1)

    def _demodulation(self, style: str, weight: Tensor) -> str:
        """The demodulation factor [1, O] of a style [1, I] and a weight [O, I, 3, 3]."""
        energy = self._graph.constant(weight.square().sum(dim=(2, 3)))  # [O, I]
        squares = self._graph.node("Mul", style, style)
        sums = self._graph.node("Gemm", squares, energy, self._epsilon, transB=1)
        return self._graph.node("Reciprocal", self._graph.node("Sqrt", sums))

    def _beside_maps(self, vector: str) -> str:
        """[1, C] -> [1, C, 1, 1]."""
        return self._graph.node("Unsqueeze", vector, self._axes)
