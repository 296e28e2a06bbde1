"""Converts a TensorFlow Lite model of pictures to ONNX, operator by operator.

TensorFlow Lite has pictures as [N, H, W, C]; within the ONNX graph they are [N, C, H, W], and where a model
flattens one, it is turned back first. Shapes are fixed, so "same" padding becomes a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tflite

from .mediapipe_operators import read_landmarks, region_matrix, sampled_region
from .onnx_graph import OnnxGraph
from .tflite_file import Operator, TfliteModel, flexible, read_tflite

ACTIVATIONS = {tflite.ActivationFunctionType.NONE: None, tflite.ActivationFunctionType.RELU: "Relu"}
AXES = (0, 2, 3, 1)  # where the axes of [N, H, W, C] are in [N, C, H, W]
TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)  # permutations that bring the channels first, and last


def to_onnx(data: bytes, any_size: bool = False) -> bytes:
    """The ONNX model of a TensorFlow Lite file's bytes; pictures go in and come out as [N, C, H, W].

    With `any_size` it takes pictures of any height and width that halve as often as the model's own do: right
    for a model that only convolves and whose outputs list cells. ValueError names an operator or a setting
    that is not converted.
    """
    return _Conversion(read_tflite(data), any_size).run()


class _Conversion:
    def __init__(self, model: TfliteModel, any_size: bool):
        self._model = model
        self._any_size = any_size
        self._graph = OnnxGraph()
        self._values: dict[int, str] = {}  # tensor -> its name in the graph
        self._constants = dict(model.constants)

    def run(self) -> bytes:
        model, graph = self._model, self._graph
        for tensor in model.inputs:
            n, c, *size = _channels_first(model.shapes[tensor])
            shape = (n, c, "height", "width") if self._any_size else (n, c, *size)
            self._values[tensor] = graph.input(model.names[tensor], shape)
        for operator in model.operators:
            convert = _CONVERSIONS.get(operator.name)
            if convert is None:
                raise ValueError(f"the operator {operator.name}, which is not converted")
            value = convert(self, operator)
            if value is not None:
                self._values[operator.outputs[0]] = value
        for tensor in model.outputs:
            graph.output(self._values[tensor], model.names[tensor], self._out_shape(tensor))
        return graph.model().SerializeToString()

    # What operators take

    def _value(self, tensor: int) -> str:
        """A tensor's name in the graph; a constant becomes one with its channels first."""
        if tensor not in self._values:
            constant = self._constants[tensor]
            if constant.ndim == 4:
                constant = constant.transpose(TO_FIRST)
            self._values[tensor] = self._graph.constant(constant)
        return self._values[tensor]

    def _shape(self, tensor: int) -> tuple[int, ...]:
        return self._model.shapes[tensor]

    def _out_shape(self, tensor: int) -> tuple[int | str, ...]:
        shape = _channels_first(self._shape(tensor))
        return tuple("cells" if self._any_size and n == max(shape) else n for n in shape)

    def _settings(self, kind: type, operator: Operator) -> Any:
        read = kind()
        read.Init(operator.options.Bytes, operator.options.Pos)
        return read

    def _activated(self, value: str, settings: Any) -> str:
        kind = settings.FusedActivationFunction()
        if kind not in ACTIVATIONS:
            raise ValueError(f"the activation {kind}, which is not converted")
        activation = ACTIVATIONS[kind]
        return value if activation is None else self._graph.node(activation, value)

    # Constants

    def _decoded(self, operator: Operator) -> None:
        """Half precision and sparse weights, which are constants."""
        self._constants[operator.outputs[0]] = self._constants[operator.inputs[0]].astype(np.float32)

    # Convolutions and pooling

    def _convolution(self, operator: Operator) -> str:
        settings = self._settings(tflite.Conv2DOptions, operator)
        weights = self._constants[operator.inputs[1]].transpose(0, 3, 1, 2)  # [O, I, h, w]
        return self._convolved(operator, settings, weights, groups=1)

    def _depthwise(self, operator: Operator) -> str:
        settings = self._settings(tflite.DepthwiseConv2DOptions, operator)
        weights = self._constants[operator.inputs[1]].transpose(3, 0, 1, 2)  # [C, 1, h, w]
        return self._convolved(operator, settings, weights, groups=self._shape(operator.inputs[0])[3])

    def _convolved(self, operator: Operator, settings: Any, weights: np.ndarray, groups: int) -> str:
        strides = (settings.StrideH(), settings.StrideW())
        dilations = (settings.DilationHFactor(), settings.DilationWFactor())
        reach = [d * (k - 1) + 1 for k, d in zip(weights.shape[2:], dilations, strict=True)]
        value = self._graph.node(
            "Conv",
            self._value(operator.inputs[0]),
            self._graph.constant(weights),
            self._graph.constant(self._constants[operator.inputs[2]]),
            group=groups,
            strides=strides,
            dilations=dilations,
            pads=self._pads(operator, settings.Padding(), reach, strides),
        )
        return self._activated(value, settings)

    def _pads(
        self, operator: Operator, kind: int, reach: Sequence[int], strides: Sequence[int]
    ) -> tuple[int, ...]:
        """top, left, bottom, right; "same" puts the odd pixel last."""
        if kind == tflite.Padding.VALID:
            return 0, 0, 0, 0
        sides = zip(
            self._shape(operator.inputs[0])[1:3],
            self._shape(operator.outputs[0])[1:3],
            reach,
            strides,
            strict=True,
        )
        total = [max(0, (after - 1) * stride + size - before) for before, after, size, stride in sides]
        return total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2

    def _pooled(self, operator: Operator, kind: str) -> str:
        settings = self._settings(tflite.Pool2DOptions, operator)
        kernel = (settings.FilterHeight(), settings.FilterWidth())
        strides = (settings.StrideH(), settings.StrideW())
        pads = self._pads(operator, settings.Padding(), kernel, strides)
        value = self._value(operator.inputs[0])
        return self._activated(
            self._graph.node(kind, value, kernel_shape=kernel, strides=strides, pads=pads), settings
        )

    def _widened(self, operator: Operator) -> str:
        """MediaPipe's transposed convolution; its settings are padding and strides, 32 bits each."""
        _padding, across, down = np.frombuffer(operator.options, "<i4")
        weights = self._constants[operator.inputs[1]].transpose(3, 0, 1, 2)  # [I, O, h, w]
        if weights.shape[2:] != (down, across):
            raise ValueError("a transposed convolution whose patches overlap, which is not converted")
        return self._graph.node(
            "ConvTranspose",
            self._value(operator.inputs[0]),
            self._graph.constant(weights),
            self._graph.constant(self._constants[operator.inputs[2]]),
            strides=(int(down), int(across)),
        )

    # Element by element

    def _added(self, operator: Operator) -> str:
        return self._combined(operator, "Add", tflite.AddOptions)

    def _multiplied(self, operator: Operator) -> str:
        return self._combined(operator, "Mul", tflite.MulOptions)

    def _combined(self, operator: Operator, kind: str, settings: type) -> str:
        value = self._graph.node(kind, *map(self._value, operator.inputs))
        return self._activated(value, self._settings(settings, operator))

    def _prelu(self, operator: Operator) -> str:
        slopes = self._constants[operator.inputs[1]].transpose(2, 0, 1)  # [C, 1, 1]
        return self._graph.node("PRelu", self._value(operator.inputs[0]), self._graph.constant(slopes))

    def _alone(self, operator: Operator, kind: str) -> str:
        return self._graph.node(kind, self._value(operator.inputs[0]))

    # Shapes

    def _padded(self, operator: Operator) -> str:
        around = self._constants[operator.inputs[1]][list(TO_FIRST)]  # [4, 2]
        return self._graph.node(
            "Pad", self._value(operator.inputs[0]), self._graph.constant(around.T.ravel(), np.int64)
        )

    def _resized(self, operator: Operator) -> str:
        settings = self._settings(tflite.ResizeBilinearOptions, operator)
        mode = "asymmetric"
        if settings.HalfPixelCenters():
            mode = "half_pixel"
        elif settings.AlignCorners():
            mode = "align_corners"
        before, after = (_channels_first(self._shape(t)) for t in (operator.inputs[0], operator.outputs[0]))
        scales = self._graph.constant(np.divide(after, before))
        value = self._value(operator.inputs[0])
        return self._graph.node(
            "Resize", value, "", scales, mode="linear", coordinate_transformation_mode=mode
        )

    def _depth_to_space(self, operator: Operator) -> str:
        size = self._settings(tflite.DepthToSpaceOptions, operator).BlockSize()
        return self._graph.node("DepthToSpace", self._value(operator.inputs[0]), blocksize=size, mode="DCR")

    def _concatenated(self, operator: Operator) -> str:
        settings = self._settings(tflite.ConcatenationOptions, operator)
        axis = settings.Axis()
        if len(self._shape(operator.outputs[0])) == 4:
            axis = AXES[axis]
        return self._graph.node("Concat", *map(self._value, operator.inputs), axis=axis)

    def _reshaped(self, operator: Operator) -> str:
        value, shape = self._value(operator.inputs[0]), list(self._shape(operator.outputs[0]))
        if self._any_size:
            shape[shape.index(max(shape))] = -1  # the cells
        if len(self._shape(operator.inputs[0])) == 4:
            value = self._graph.node("Transpose", value, perm=TO_LAST)
        value = self._graph.reshape(value, shape)
        return self._graph.node("Transpose", value, perm=TO_FIRST) if len(shape) == 4 else value

    def _sliced(self, operator: Operator) -> str:
        """Only slices that take the whole."""
        if self._shape(operator.inputs[0]) != self._shape(operator.outputs[0]):
            raise ValueError("a slice of a part, which is not converted")
        return self._value(operator.inputs[0])

    # MediaPipe's own

    def _region_matrix(self, operator: Operator) -> str:
        settings = flexible(operator.options)
        if settings["target_rotation_radians"]:
            raise ValueError("a region that is turned, which is not converted")
        return region_matrix(
            self._graph,
            self._value(operator.inputs[0]),
            points=list(settings["subset_idxs"]),
            ends=(settings["left_rotation_idx"], settings["right_rotation_idx"]),
            scale=(settings["scale_x"], settings["scale_y"]),
            size=(settings["output_width"], settings["output_height"]),
        )

    def _sampled_region(self, operator: Operator) -> str:
        maps, matrix = operator.inputs
        height, width = self._shape(maps)[1:3]
        rows, columns = self._shape(operator.outputs[0])[1:3]
        return sampled_region(
            self._graph, self._value(maps), self._value(matrix), (width, height), (columns, rows)
        )

    def _read_landmarks(self, operator: Operator) -> str:
        return read_landmarks(self._graph, *map(self._value, operator.inputs))


def _channels_first(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(shape[i] for i in TO_FIRST) if len(shape) == 4 else tuple(shape)


_CONVERSIONS: dict[str, Callable[[_Conversion, Operator], str | None]] = {
    "DEQUANTIZE": _Conversion._decoded,
    "DENSIFY": _Conversion._decoded,
    "CONV_2D": _Conversion._convolution,
    "DEPTHWISE_CONV_2D": _Conversion._depthwise,
    "MAX_POOL_2D": lambda self, operator: self._pooled(operator, "MaxPool"),
    "AVERAGE_POOL_2D": lambda self, operator: self._pooled(operator, "AveragePool"),
    "Convolution2DTransposeBias": _Conversion._widened,
    "ADD": _Conversion._added,
    "MUL": _Conversion._multiplied,
    "PRELU": _Conversion._prelu,
    "RELU": lambda self, operator: self._alone(operator, "Relu"),
    "LOGISTIC": lambda self, operator: self._alone(operator, "Sigmoid"),
    "HARD_SWISH": lambda self, operator: self._alone(operator, "HardSwish"),
    "PAD": _Conversion._padded,
    "RESIZE_BILINEAR": _Conversion._resized,
    "DEPTH_TO_SPACE": _Conversion._depth_to_space,
    "CONCATENATION": _Conversion._concatenated,
    "RESHAPE": _Conversion._reshaped,
    "STRIDED_SLICE": _Conversion._sliced,
    "Landmarks2TransformMatrix": _Conversion._region_matrix,
    "TransformTensorBilinear": _Conversion._sampled_region,
    "TransformLandmarks": _Conversion._read_landmarks,
}
