"""Large ONNX models: loaded from their file within about its size, and never with other files' weights."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, helper, numpy_helper

from anycost.core.errors import CoreError
from anycost.core.faces import onnx_network
from anycost.core.faces.onnx_file import read_outline
from anycost.core.faces.onnx_network import OnnxNetwork
from anycost.models.pack import Pack, file_sha256


def model(channels: int, layers: int) -> ModelProto:
    """picture [1, 3, 4, 4] -> latents, through 1 x 1 convolutions."""
    rng = np.random.default_rng(0)
    sizes = [3, *[channels] * layers]
    weights = [
        numpy_helper.from_array(
            (rng.normal(size=(outputs, inputs, 1, 1)) / inputs**0.5).astype(np.float32), f"w{k}"
        )
        for k, (inputs, outputs) in enumerate(pairwise(sizes))
    ]
    names = ["picture", *(f"x{k}" for k in range(1, layers)), "latents"]
    nodes = [helper.make_node("Conv", [names[k], f"w{k}"], [names[k + 1]]) for k in range(layers)]
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, count, 4, 4])
        for name, count in (("picture", 3), ("latents", channels))
    ]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    onnx.save(model(16, 2), str(tmp_path / "small.onnx"))
    return tmp_path / "small.onnx"


@pytest.fixture
def from_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_network, "LARGE", 0)


def test_a_file_answers_as_its_bytes_do(tiny_pack: Path, monkeypatch: pytest.MonkeyPatch):
    pack = Pack.open(tiny_pack)
    path, file = pack.encoder_path, pack.encoder_file
    assert path is not None
    assert file is not None
    picture = np.random.default_rng(1).normal(size=(1, 3, 64, 64)).astype(np.float32)
    one = OnnxNetwork(path, "latents", pack.files[file])(picture)
    monkeypatch.setattr(onnx_network, "LARGE", 0)
    assert np.abs(OnnxNetwork(path, "latents", pack.files[file])(picture) - one).max() < 1e-5


def test_a_large_model_takes_about_its_size(tmp_path: Path, small: Path, from_file: None):
    large = tmp_path / "large.onnx"
    onnx.save(model(1024, 24), str(large))
    OnnxNetwork(small, "latents")  # what is imported for it is no model's
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = memory("VmRSS")
    network = OnnxNetwork(large, "latents")
    assert memory("VmHWM") - before < 1.5 * large.stat().st_size
    del network


def is_sound(path: Path) -> bool:
    """Whether a file is a model whose weights all lie in it."""
    try:
        return bool(read_outline(path).graph.node)
    except ValueError:
        return False


def memory(name: str) -> int:
    """A value of this process in bytes."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


@pytest.mark.usefixtures("from_file")
def test_a_model_that_was_exchanged_is_refused(small: Path):
    right = file_sha256(small)
    OnnxNetwork(small, "latents", right)
    onnx.save(model(8, 2), str(small))
    with pytest.raises(CoreError, match="install its pack again"):
        OnnxNetwork(small, "latents", right)


def test_bytes_of_another_hash_are_refused(small: Path):
    with pytest.raises(CoreError, match="install its pack again"):
        OnnxNetwork(small, "latents", "0" * 64)


@pytest.mark.usefixtures("from_file")
def test_weights_in_other_files_are_never_read(small: Path, tmp_path: Path):
    assert is_sound(small)
    outside = tmp_path / "outside.onnx"
    onnx.save(
        onnx.load(str(small)), str(outside), save_as_external_data=True, location="w.bin", size_threshold=0
    )
    assert (tmp_path / "w.bin").exists()
    assert not is_sound(outside)
    with pytest.raises(CoreError, match="install its pack again"):
        OnnxNetwork(outside, "latents")


@pytest.mark.parametrize("place", ["node", "branch", "sparse"])
def test_weights_in_other_files_are_found_anywhere(small: Path, place: str):
    changed = onnx.load(str(small))
    tensor = onnx.TensorProto(dims=[2], data_type=onnx.TensorProto.FLOAT)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/hostname")
    constant = helper.make_node("Constant", [], ["c"], value=tensor)
    if place == "node":
        changed.graph.node.append(constant)
    elif place == "branch":
        inner = helper.make_graph([constant], "inner", [], [])
        changed.graph.node.append(
            helper.make_node("If", ["picture"], ["i"], then_branch=inner, else_branch=inner)
        )
    else:
        changed.graph.sparse_initializer.add().values.CopyFrom(tensor)
    assert is_sound(small)
    small.write_bytes(changed.SerializeToString())
    assert not is_sound(small)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4), st.integers(0, 3000))
def test_no_damage_brings_more_than_a_refusal(small: Path, changes: list[tuple[int, int]], end: int):
    content = bytearray(small.read_bytes())
    for place, value in changes:
        content[place] = value
    damaged = small.with_name("damaged.onnx")
    damaged.write_bytes(content[: len(content) if end > 2000 else end])
    is_sound(damaged)  # no other exception
