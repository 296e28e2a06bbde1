"""What a network in an ONNX file may do: listed operators, and work that is known before it runs.

A graph can loop for ever, or take hours over one node. Here the size of every value is worked out from the
picture's, node by node, before onnxruntime sees the graph or the picture; the work follows from the sizes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, TypeProto, defs, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.shape_inference import infer_node_outputs

from ..errors import refused_network

_NAMES = """
    Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast CastLike Ceil Clip Concat Constant
    ConstantOfShape Conv ConvTranspose Cos CumSum DepthToSpace Div Dropout Einsum Elu Equal Erf Exp Expand
    Flatten Floor Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
    GreaterOrEqual GridSample GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul Max MaxPool Mean Min Mish Mod Mul Neg
    Not Or PRelu Pad Pow Range Reciprocal ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare Relu Reshape Resize Round ScatterElements ScatterND Selu Shape Sigmoid Sign Sin
    Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh ThresholdedRelu Tile
    TopK Transpose Trilu Unsqueeze Upsample Where
"""
_COUNTING_NAMES = """
    Add Cast Ceil Concat Constant ConstantOfShape Div Equal Expand Floor Gather Identity Max Min Mod Mul Neg
    Range ReduceProd Reshape Size Shape Slice Squeeze Sub Transpose Unsqueeze Where
"""
OPERATORS = frozenset(_NAMES.split())
COUNTING = frozenset(_COUNTING_NAMES.split())  # sizes may follow from small values that these make of such
MOST_COUNTED = 1024  # elements of such a value
TYPES = (
    *(TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.INT32),
    *(TensorProto.INT8, TensorProto.UINT8, TensorProto.BOOL),
)
ATTRIBUTES = (  # no graphs, such as the branches of a choice
    *(AttributeProto.FLOAT, AttributeProto.INT, AttributeProto.STRING, AttributeProto.TENSOR),
    *(AttributeProto.FLOATS, AttributeProto.INTS),
)
MOST_NODES = 20_000
# Work is counted in multiplications of a product of matrices, of which two cores do some 5e10 a second. The
# largest encoders in use take 6e10, their largest nodes 5e9.
MOST_OF_ONE, MOST_WORK = 5 * 10**10, 4 * 10**11
SLOW, SLOWEST = 8, 64  # so much for an element of simple operators, and of those that look around
LOOKING = ("GridSample", "Resize", "TopK", "Upsample", "ScatterElements", "ScatterND")

Shape = tuple[int, ...]


class OnnxLimits:
    """The limits of one graph. `outline` is its model, whose large weights may lack their values.

    CoreError for what goes too far with any picture.
    """

    def __init__(self, outline: ModelProto):
        _check_parts(outline)
        self._graph = outline.graph
        self._opsets = list(outline.opset_import)
        given = {weight.name for weight in self._graph.initializer}
        pictures = [value for value in self._graph.input if value.name not in given]
        if len(pictures) != 1:
            raise refused_network("it does not take one picture")
        self._picture = pictures[0].name
        self._passed: set[Shape] = set()
        self._add_up(pictures[0].type)

    def check(self, picture: Shape) -> None:
        """CoreError where a picture float32 of this shape would take too much work."""
        if picture not in self._passed:
            self._add_up(helper.make_tensor_type_proto(TensorProto.FLOAT, picture))
            self._passed.add(picture)

    def _add_up(self, picture: TypeProto) -> None:
        """Adds up the work of what is known: a file may leave the picture's sides open."""
        values, total = _Values(self._graph.initializer, self._opsets, self._picture, picture), 0
        for node in self._graph.node:
            values.add(node)
            work = _work(node, [values.shape(name) for name in node.input], values.shape(node.output[0]))
            total += work
            if work > MOST_OF_ONE or total > MOST_WORK:
                raise refused_network("it would take too long")


def _check_parts(model: ModelProto) -> None:
    graph = model.graph
    if model.functions or graph.sparse_initializer or len(graph.node) > MOST_NODES:
        raise refused_network("it is not a plain network")
    for node in graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
            name = str(node.op_type)  # bytes, where it is no text
            name = name if name.isidentifier() else "?"
            raise refused_network(f'it uses the operator "{name:.40}"')
        told = next((item.i for item in node.attribute if item.name == "num_outputs"), len(node.output))
        if not node.output or told != len(node.output):  # onnx would make room for so many
            raise refused_network("it is not a plain network")
        if any(item.type not in ATTRIBUTES for item in node.attribute):
            raise refused_network("it is not a plain network")


class _Values:
    """What is known of a graph's values: their types, and the numbers that sizes may follow from."""

    def __init__(self, weights: Sequence[TensorProto], opsets: Sequence, picture: str, its: TypeProto):
        self._opsets = opsets
        self._version = next((item.version for item in opsets if item.domain in ("", "ai.onnx")), 1)
        self.types: dict[str, TypeProto] = {
            weight.name: helper.make_tensor_type_proto(weight.data_type, weight.dims) for weight in weights
        }
        small = [weight for weight in weights if math.prod(weight.dims) <= MOST_COUNTED]
        self._numbers: dict[str, TensorProto] = {weight.name: weight for weight in small}
        self.types[picture] = its
        self._open = {picture} if self.shape(picture) is None else set()  # may be of any size

    def shape(self, name: str) -> Shape | None:
        """None where it is not known, or there is no such value."""
        tensor = self.types[name].tensor_type if name in self.types else TypeProto.Tensor()
        if not tensor.HasField("shape") or any(not side.HasField("dim_value") for side in tensor.shape.dim):
            return None
        return tuple(side.dim_value for side in tensor.shape.dim)

    def add(self, node: NodeProto) -> None:
        """Works out a node's outputs. Its inputs must be there."""
        inputs, outputs = [name for name in node.input if name], [name for name in node.output if name]
        if any(name not in self.types for name in inputs) or any(name in self.types for name in outputs):
            raise refused_network("it is not a plain network")
        numbers = {name: self._numbers[name] for name in inputs if name in self._numbers}
        try:
            schema = defs.get_schema(node.op_type, self._version, "")
            types = {name: self.types[name] for name in inputs}
            self.types |= infer_node_outputs(schema, node, types, numbers, opset_imports=list(self._opsets))
        except Exception:  # onnx's have no common base
            raise refused_network("its parts do not fit together") from None
        if not self._open.isdisjoint(inputs):
            self._open.update(outputs)
        if any(not self._is_sound(name) for name in outputs):
            raise refused_network("the sizes of its values are not known before it runs")
        if node.op_type in COUNTING:
            self._count(node, inputs, outputs)

    def _is_sound(self, name: str) -> bool:
        """Whether a value is one of numbers, of a known size unless it follows from an open one."""
        shape = self.shape(name)
        sized = name in self._open if shape is None else all(side >= 0 for side in shape)
        return sized and self.types[name].tensor_type.elem_type in TYPES

    def _count(self, node: NodeProto, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Computes a small value of which the inputs are known."""
        shapes = [self.shape(name) for name in outputs]
        if any(shape is None or math.prod(shape) > MOST_COUNTED for shape in shapes):
            return
        given: dict[str, np.ndarray] = {}
        for name in inputs:
            shape = self.shape(name)
            if node.op_type in ("Shape", "Size") and shape is not None:
                given[name] = np.broadcast_to(np.float32(0), shape)
            elif name in self._numbers:
                given[name] = numpy_helper.to_array(self._numbers[name])
            else:
                return
        try:
            found = ReferenceEvaluator(node, opsets={"": self._version}).run(None, given)
            for name, value in zip(outputs, found, strict=True):
                self._numbers[name] = numpy_helper.from_array(np.asarray(value), name)
        except Exception:  # numpy's and onnx's have no common base
            raise refused_network("its parts do not fit together") from None


def _work(node: NodeProto, inputs: Sequence[Shape | None], made: Shape | None) -> int:
    """The work of a node whose inputs and first output have these shapes; 0 where they are not known."""
    if made is None or any(shape is None for shape, name in zip(inputs, node.input, strict=True) if name):
        return 0
    shapes: list[Shape] = [shape or () for shape in inputs]
    sizes, out = [math.prod(shape) for shape in shapes], math.prod(made)
    around = {item.name: item for item in node.attribute}
    if node.op_type in ("Conv", "ConvTranspose"):
        places = out if node.op_type == "Conv" else sizes[0]
        grouped = "group" in around and around["group"].i != 1
        return places * sizes[1] // max(shapes[1][0], 1) * (SLOW if grouped else 1)
    if node.op_type == "Gemm":
        turned = "transA" in around and around["transA"].i
        return out * shapes[0][0 if turned else 1]
    if node.op_type == "MatMul":
        return out * shapes[0][-1]
    if node.op_type == "Einsum":
        return SLOW * _einsum(around["equation"].s.decode("ascii", "replace"), shapes)
    if "kernel_shape" in around:  # the pools
        return SLOW * out * math.prod(around["kernel_shape"].ints)
    return (SLOWEST if node.op_type in LOOKING else SLOW) * (sum(sizes) + out)


def _einsum(equation: str, shapes: Sequence[Shape]) -> int:
    """The product of all sides that an Einsum's letters stand for."""
    terms = equation.replace(" ", "").split("->")[0].split(",")
    if "." in equation or [len(term) for term in terms] != [len(shape) for shape in shapes]:
        raise refused_network("its parts do not fit together")
    sides: dict[str, int] = {}
    for letter, side in (
        (x, s) for term, shape in zip(terms, shapes, strict=True) for x, s in zip(term, shape, strict=True)
    ):
        sides[letter] = max(side, sides.get(letter, 0))
    return math.prod(sides.values())
