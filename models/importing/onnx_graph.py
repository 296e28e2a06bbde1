"""Builds an ONNX graph node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8  # what came with that opset


class OnnxGraph:
    """Nodes and constants under names that it makes up; inputs and outputs keep theirs."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []
        self._inputs: list[ValueInfoProto] = []
        self._outputs: list[ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        """A side that may be any number is given as a word."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def constant(self, values: np.ndarray | Sequence[Any], kind: type = np.float32) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values, kind), name))
        return name

    def node(self, operator: str, *inputs: str, **settings: Any) -> str:
        """Adds an operator; returns its output."""
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **settings))
        return name

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        return self.node("Reshape", value, self.constant(shape, np.int64))

    def columns(self, value: str, start: int, stop: int) -> str:
        """A range of the last axis."""
        ends = (self.constant([end], np.int64) for end in (start, stop, -1))
        return self.node("Slice", value, *ends)

    def model(self) -> ModelProto:
        graph = helper.make_graph(self._nodes, "graph", self._inputs, self._outputs, self._constants)
        imports = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION)
