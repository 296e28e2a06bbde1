"""Foreign networks: what may run, how much memory and time it gets, and that it can be left in the middle."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper

from anycost.core.errors import CoreError
from anycost.core.faces import onnx_network
from anycost.core.faces.onnx_file import outline, read_outline
from anycost.core.faces.onnx_limits import OnnxLimits
from anycost.core.faces.onnx_network import OnnxModel
from anycost.core.onnx_run import OnnxRun
from anycost.core.service.worker import Worker
from anycost.models.pack import Pack

WAIT = 300.0  # seconds after which a test fails
PICTURE = np.random.default_rng(0).normal(size=(1, 3, 64, 64)).astype(np.float32)


def model(
    nodes: Sequence[NodeProto], domain: str = "", opset: int = 17, **constants: object
) -> onnx.ModelProto:
    """picture [1, 3, H, W] -> heat."""
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "H", "W"])
    heat = helper.make_tensor_value_info("heat", TensorProto.FLOAT, None)
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", [picture], [heat], weights)
    opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def node(kind: str, inputs: str, output: str = "heat", **attributes: Any) -> NodeProto:
    """A node; "-" stands for an input that is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(kind, names, [output], **attributes)


def loop(times: int) -> onnx.ModelProto:
    """A sine of a sine of a sine..."""
    values = [
        helper.make_tensor_value_info(name, kind, shape)
        for name, kind, shape in (("i", TensorProto.INT64, []), ("c", TensorProto.BOOL, []), ("x", 1, None))
    ]
    made = [
        helper.make_tensor_value_info("d", TensorProto.BOOL, []),
        helper.make_tensor_value_info("y", 1, None),
    ]
    body = helper.make_graph([node("Identity", "c", "d"), node("Sin", "x", "y")], "body", values, made)
    return model([node("Loop", "n t picture", body=body)], n=np.int64(times), t=np.True_)


def branch() -> onnx.ModelProto:
    made = [helper.make_tensor_value_info("y", 1, None)]
    body = helper.make_graph([node("Sin", "picture", "y")], "body", [], made)
    return model([node("If", "t", then_branch=body, else_branch=body)], t=np.True_)


def with_function() -> onnx.ModelProto:
    made = model([node("Sin", "picture")])
    made.functions.append(
        helper.make_function("own", "Twice", ["x"], ["y"], [node("Sin", "x", "y")], made.opset_import)
    )
    return made


def with_sparse_weight() -> onnx.ModelProto:
    made = model([node("Add", "picture s")])
    values = numpy_helper.from_array(np.ones(1, np.float32), "s")
    places = numpy_helper.from_array(np.zeros(1, np.int64), "places")
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [1 << 40]))
    return made


def of_the_picture(factor: int) -> list[NodeProto]:
    """The picture's height and width, times a factor, as "size"."""
    return [node("Shape", "picture", "s", start=2), node("Mul", "s k", "size")]


MANY = 1 << 20
ONES = np.ones((1, 3, 1, 1), np.float32)
HOSTILE: dict[str, tuple[onnx.ModelProto, str]] = {
    "loop": (loop(1 << 62), 'the operator "Loop"'),
    "branch": (branch(), 'the operator "If"'),
    "foreign": (model([node("Gelu", "picture", domain="com.microsoft")], "com.microsoft"), 'operator "Gelu"'),
    "function": (with_function(), "not a plain network"),
    "sparse": (with_sparse_weight(), "not a plain network"),
    "made": (model([node("ConstantOfShape", "n")], n=np.array([1, 1 << 34])), "take too long"),
    "made of the picture": (
        model([*of_the_picture(MANY), node("ConstantOfShape", "size")], k=np.array([MANY, MANY])),
        "take too long",
    ),
    "expanded": (model([node("Expand", "picture n")], n=np.array([MANY, 3, 64, 64])), "take too long"),
    "tiled": (model([node("Tile", "picture n")], n=np.array([MANY, 1, 1, 1])), "take too long"),
    "padded": (model([node("Pad", "picture n")], n=np.array([0] * 7 + [1 << 40])), "take too long"),
    "resized": (
        model([node("Resize", "picture - scales")], scales=np.array([1, 1, 4e4, 4e4], np.float32)),
        "take too long",
    ),
    "counted": (
        model([node("Range", "a b c")], a=np.int64(0), b=np.int64(1 << 50), c=np.int64(1)),
        "take too",
    ),
    "pooled": (
        model([node("MaxPool", "picture", kernel_shape=[9999, 9999], pads=[9000] * 4)]),
        "take too long",
    ),
    "multiplied": (
        model(
            [
                node("Expand", "one n", "many"),
                node("MatMul", "many many", "product"),
                node("ReduceMax", "product", axes=[0, 1]),
            ],
            one=np.ones((1, 1), np.float32),
            n=np.array([1 << 14, 1 << 14]),
        ),
        "take too long",
    ),
    "summed": (
        model(
            [node("Einsum", "v v v v v", equation="a,b,c,d,e->")],
            v=np.ones(1000, np.float32),
        ),
        "take too long",
    ),
    "convolved": (
        model(
            [node("Expand", "w n", "kernel"), node("ConvTranspose", "picture kernel")],
            w=ONES.reshape(3, 1, 1, 1),
            n=np.array([3, 1, 3000, 3000]),
        ),
        "take too long",
    ),
    "split": (model([node("Split", "picture", num_outputs=1 << 40)], opset=18), "not a plain network"),
    "unknown": (
        model([node("Cast", "picture", "c", to=7), node("ConstantOfShape", "c")]),
        "do not fit together|not known before",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_goes_too_far_is_refused_before_it_runs(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(OnnxRun, "__call__", lambda *_: pytest.fail("it ran"))
    made, reason = HOSTILE[name]
    with pytest.raises(CoreError, match=reason) as refused:
        OnnxModel(made.SerializeToString(), "damaged").run(PICTURE, "heat")
    assert refused.value.kind == "pack"
    assert "use another pack" in refused.value.message


def test_a_picture_s_size_decides_where_a_file_leaves_it_open():
    """The same network is quick at one size and would take an hour at another."""
    nodes = [node("MaxPool", "picture", kernel_shape=[63, 63], pads=[31] * 4)]
    limits = OnnxLimits(model(nodes))
    limits.check((1, 3, 64, 64))
    with pytest.raises(CoreError, match="take too long"):
        limits.check((1, 3, 8192, 8192))


def test_the_project_s_own_networks_may_run(tiny_pack: Path):
    for pack in (Pack.open("portraits"), Pack.open(tiny_pack)):
        side = 128 if pack.name == "portraits" else 64
        for path, size in ((pack.encoder_path, side), (pack.finder_path, 960), (pack.head_reader_path, 128)):
            if path is not None:
                OnnxLimits(read_outline(path)).check((1, 3, size, size))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_no_damage_brings_more_than_a_refusal(tiny_pack: Path, changes: list[tuple[int, int]]):
    path = Pack.open(tiny_pack).finder_path
    assert path is not None
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place % len(content)] = value
    with suppress(CoreError, ValueError):
        OnnxLimits(outline(io.BytesIO(content), len(content))).check((1, 3, 96, 96))


def test_memory_is_bounded_while_a_network_runs():
    """Whatever its limits overlooked: `trusted` networks have none."""
    many = model([*of_the_picture(512), node("ConstantOfShape", "size")], k=np.array([512, 512]))
    with pytest.raises(CoreError, match="needs more than 1 GiB"):
        OnnxModel(many.SerializeToString(), "damaged", trusted=True).run(PICTURE, "heat")


def test_memory_is_given_back_after_a_run():
    nodes = [
        *of_the_picture(100),
        node("ConstantOfShape", "size", "many"),
        node("ReduceMax", "many", axes=[0, 1]),
    ]
    network = OnnxModel(model(nodes, k=np.array([100, 100])).SerializeToString(), "damaged")
    network.run(PICTURE[..., :8, :8], "heat")
    before = resident()
    assert network.run(PICTURE, "heat")[0].tolist() == [0]  # 160 MB
    assert resident() - before < 40 << 20


def resident() -> int:
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


# Left in the middle


def chain() -> onnx.ModelProto:
    """Many nodes that each take a moment."""
    length = 100
    names = ["large", *(f"x{k}" for k in range(1, length)), "heat"]
    enlarge = node("Expand", "one n", "large")
    sines = [node("Sin", names[k], names[k + 1]) for k in range(length)]
    one = np.ones((1, 1), np.float32)
    nodes = [node("Shape", "picture", "s", start=0, end=1), node("Mul", "s m", "n"), enlarge, *sines]
    return model(nodes, one=one, m=np.array([1 << 12, 1 << 12]))


LONG = {"chain": chain, "loop": lambda: loop(1 << 62)}


@pytest.fixture(params=list(LONG))
def endless(request: pytest.FixtureRequest) -> OnnxModel:
    make: Callable[[], onnx.ModelProto] = LONG[request.param]
    return OnnxModel(make().SerializeToString(), "damaged", threads=1, trusted=True)


@pytest.fixture
def runs(endless: OnnxModel, monkeypatch: pytest.MonkeyPatch) -> Queue[Future]:
    """Brings each run of the network when it begins."""
    begun: Queue[Future] = Queue()
    submit = endless._run._thread.submit

    def told(*arguments: Any) -> Future:
        run = submit(*arguments)
        begun.put(run)
        return run

    monkeypatch.setattr(endless._run._thread, "submit", told)
    return begun


def was_ended(run: Future) -> bool:
    """Whether onnxruntime has ended a run early."""
    return "terminate" in str(run.exception(WAIT))


def test_a_cancel_reaches_a_network_that_runs(endless: OnnxModel, runs: Queue[Future]):
    worker = Worker()
    job = worker.task(lambda job: endless.run(PICTURE, "heat"))
    run = runs.get(timeout=WAIT)
    worker.cancel(job)
    with pytest.raises(CoreError) as cancelled:
        job.future.result(WAIT)
    assert cancelled.value.kind == "cancelled"
    assert was_ended(run)
    assert worker.close(WAIT)


def test_a_newer_edit_reaches_a_network_that_runs(endless: OnnxModel, runs: Queue[Future]):
    worker = Worker()
    older = worker.edit("a", lambda job: bool(endless.run(PICTURE, "heat")))
    run = runs.get(timeout=WAIT)
    newer = worker.edit("a", lambda job: True)
    assert older.future.result(WAIT) is False
    assert newer.future.result(WAIT) is True
    assert was_ended(run)
    assert worker.close(WAIT)


def test_a_network_has_so_much_time(endless: OnnxModel, runs: Queue[Future], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(onnx_network, "MOST_SECONDS", 0.05)
    with pytest.raises(CoreError, match="takes too long"):
        endless.run(PICTURE, "heat")
    assert was_ended(runs.get(timeout=WAIT))
