"""Writes a static ONNX graph node by node.

torch's exporter draws a picture to find out what a network does. Here the layers are known, so that writing
the graph takes no longer than writing its weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import helper, numpy_helper
from torch import Tensor

IR_VERSION, OPSET = 8, 17
MAX_BYTES = (2 << 30) - (1 << 20)  # of weights: protobuf's limit, less the rest


class GraphWriter:
    """A graph with one float32 input and one float32 output, its nodes in the order in which they run.

    Values are named by strings: what a method returns is the input of later nodes.
    """

    def __init__(self):
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: Tensor) -> str:
        """The name of a float32 or int64 tensor that the graph holds."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(value.detach().cpu().contiguous().numpy(), name))
        return name

    def node(self, kind: str, *inputs: str, **attributes: int | float | Sequence[int]) -> str:
        """The name of an ONNX operator's output."""
        name = f"v{len(self._nodes)}"
        node = helper.make_node(kind, inputs, [name])
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self._nodes.append(node)
        return name

    def finish(
        self, input_name: str, input_shape: Sequence[int], output: str, output_shape: Sequence[int]
    ) -> bytes:
        """The file; its output has the value's name. ValueError for more weights than a file can hold."""
        if sum(len(constant.raw_data) for constant in self._constants) > MAX_BYTES:
            raise ValueError("This sub-generator is too large for one ONNX file.")
        ends = (
            [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)]
            for name, shape in ((input_name, input_shape), (output, output_shape))
        )
        graph = helper.make_graph(self._nodes, "anycost", *ends, initializer=self._constants)
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[opset]).SerializeToString()
