"""Reading model files runs no code from them and trusts none of their sizes."""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import pickletools
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import datetime, timezone
from fractions import Fraction
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
import pytest
import torch
from foreign_files import (
    ClaimedTensor,
    Runs,
    StorageName,
    module_tree,
    nvidia_modules,
    nvidia_state,
    pickled,
    write_nvidia,
    write_torch_zip,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from anycost.models.importing import containers, unpickle
from anycost.models.importing.containers import read_checkpoint
from anycost.models.importing.tables import tables_in
from anycost.models.importing.unpickle import Foreign, NumpyArray
from anycost.models.manifest import PackError

CONTENT: dict[str, Any] = {
    "weights": OrderedDict(a=torch.arange(12.0).view(3, 4), half=torch.ones(3).half(), ids=torch.arange(5)),
    "view": torch.arange(12.0).view(3, 4)[1:, ::2].t(),
    "number": torch.tensor(2.5),
    "none": torch.zeros(0, 3),
    "fid": np.float64(2.77),
    "epoch": 10**20,
    "flags": [True, False, None, 1.5, "text", (1, 2), {3: "three"}, -7],
}


def assert_same(read: Any, expected: Any) -> None:
    if isinstance(expected, torch.Tensor):
        assert torch.equal(read, expected)
        assert read.dtype == expected.dtype
    elif isinstance(expected, dict):
        assert list(read) == list(expected)
        for key in expected:
            assert_same(read[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert type(read) is type(expected)
        for one, other in zip(read, expected, strict=True):
            assert_same(one, other)
    else:
        assert read == expected
        assert isinstance(read, bool) == isinstance(expected, bool)


# ---- sound files


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pytorch_file_reads_as_it_was_saved(tmp_path: Path, zipped: bool) -> None:
    content = CONTENT | {"args": argparse.Namespace(size=256, path="x"), "dtype": torch.float32}
    torch.save(content, tmp_path / "file.pt", _use_new_zipfile_serialization=zipped)
    found = read_checkpoint(tmp_path / "file.pt")
    assert found.container == "PyTorch"
    assert found.file_bytes == (tmp_path / "file.pt").stat().st_size
    assert found.content.pop("args").attributes == {"size": 256, "path": "x"}
    assert found.content.pop("dtype").name == "torch.float32"
    del content["args"], content["dtype"]
    assert_same(found.content, content)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_an_nvidia_pickle_reads_as_it_was_dumped(tmp_path: Path, protocol: int) -> None:
    state = nvidia_state((6, 6, 4, 4))
    networks = {
        "G_ema": module_tree(state),
        "content": CONTENT | {"names": {"a", "b"}, "array": np.arange(3)},
    }
    found = read_checkpoint(write_nvidia(tmp_path / "network.pkl", networks, protocol))  # type: ignore[arg-type]
    assert found.container == "NVIDIA"
    assert found.content["G_ema"].name == "Generator"
    assert found.content["training_set_kwargs"] == {"path": "faces", "use_labels": False}
    (table,) = tables_in(found.content["G_ema"])
    read = table.tensors
    assert read.keys() == state.keys()
    for name in state:
        assert_same(read[name], state[name])
    assert torch.equal(found.content["content"].pop("array").tensor, torch.arange(3))
    assert found.content["content"].pop("names") == {"a", "b"}
    assert_same(found.content["content"], CONTENT)


def test_channels_last_weights_keep_their_values(tmp_path: Path) -> None:
    weight = torch.arange(72.0).view(2, 4, 3, 3).contiguous(memory_format=torch.channels_last)
    read = read_checkpoint(write_nvidia(tmp_path / "network.pkl", {"w": weight})).content["w"]  # type: ignore[dict-item]
    assert_same(read, weight)


def test_a_safetensors_file(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(6.0).view(2, 3), "b": torch.zeros(1, dtype=torch.bfloat16)}
    save_file(tensors, tmp_path / "file.safetensors")
    assert_same(read_checkpoint(tmp_path / "file.safetensors").content, tensors)


# ---- files that would run something


def plain_pickle(content: Any) -> bytes:
    with nvidia_modules():
        return pickle.dumps(content, 4)


def old_stream(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def new_zip(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def inside_a_network(content: Any) -> bytes:
    tree = module_tree({"weight": torch.zeros(3)})
    tree.state["hook"] = content
    return plain_pickle({"G_ema": tree})


def inside_a_storage(content: Any) -> bytes:
    """NVIDIA's files hold tensors as bytes of a PyTorch stream, which can hide code too."""
    with nvidia_modules():
        return pickle.dumps({"G_ema": _FromBytes(old_stream(content))}, 4)


class _FromBytes:
    def __init__(self, data: bytes):
        self.data = data

    def __reduce__(self) -> tuple[Any, ...]:
        return torch.storage._load_from_bytes, (self.data,)


HIDING_PLACES = [plain_pickle, old_stream, new_zip, inside_a_network, inside_a_storage]


@pytest.mark.parametrize("hidden", HIDING_PLACES)
def test_a_hostile_pickle_is_refused_and_does_not_run(tmp_path: Path, hidden: Callable[[Any], bytes]) -> None:
    marker = tmp_path / "it-ran"
    (tmp_path / "model.pkl").write_bytes(hidden({"g_ema": {"a": torch.zeros(2)}, "b": Runs(marker)}))
    with pytest.raises(PackError, match=r"names 'posix\.system', which no model needs: it was not opened"):
        read_checkpoint(tmp_path / "model.pkl")
    assert not marker.exists()


def test_the_hostile_pickle_is_hostile(tmp_path: Path) -> None:
    """Shows that the test above can fail: an ordinary reader runs the code."""
    pickle.loads(plain_pickle({"b": Runs(tmp_path / "it-ran")}))
    assert (tmp_path / "it-ran").exists()


@pytest.mark.parametrize(
    "stream",
    [
        b"\x80\x04cbuiltins\neval\n(X\x01\x00\x00\x001tR.",
        b"\x80\x04X\x08\x00\x00\x00builtinsX\x04\x00\x00\x00eval\x93X\x01\x00\x00\x001\x85R.",  # STACK_GLOBAL
        b"\x80\x04(cos\nsystem\nX\x02\x00\x00\x00lso.",  # OBJ
        b"\x80\x04(X\x02\x00\x00\x00lsios\nsystem\n.",  # INST
        b"\x80\x04\x82\x01.",  # EXT1
        b"\x80\x04ctorch.hub\nload\n.",
        b"\x80\x04ctorch\nload\n.",
        b"\x80\x04cnumpy\nload\n.",
        b"\x80\x04cargparse\nNamespace.__init__\n.",
        b"\x80\x04cbuiltins\ngetattr\n.",
        b"\x80\x04cdnnlib.tflib.network\nNetwork\n.",
        b"\x80\x04Pstorage\n.",  # PERSID, never in a plain pickle
        b"\x80\x04\x97.",  # NEXT_BUFFER
    ],
)
def test_what_a_model_has_no_need_for_is_refused(tmp_path: Path, stream: bytes) -> None:
    (tmp_path / "model.pkl").write_bytes(stream.ljust(64, b"\0"))
    with pytest.raises(PackError, match=r"names '|uses the pickle operation|outside itself|TensorFlow"):
        read_checkpoint(tmp_path / "model.pkl")


@pytest.mark.parametrize(
    "stream",
    [
        b"\x80\x04R.",
        b"\x80\x04.",
        b"\x80\x04NN\x93.",
        b"\x80\x04}N.",
        b"\x80\x04N}s.",
        b"\x80\x04]N(NNu.",
        b"\x80\x04NNb.",
        b"\x80\x04h\x07.",
        b"\x80\x04e.",
        b"\x80\x04(((.",
        b"\x80\x04\x85.",
        b"\x80\x04ctorch\nFloatStorage\n)R.",
        b"\x80\x04c_codecs\nencode\n(X\x01\x00\x00\x00aX\x05\x00\x00\x00rot13tR.",
        b"\x80\x04ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR.",
        b"\x80\x04ctorch.storage\n_load_from_bytes\n(NtR.",
        b"\x80\x04ctorch_utils.persistence\n_reconstruct_persistent_obj\n(NtR.",
        b"\x80\x04I" + b"9" * 5000 + b"\n.",
        b"\x80\x04\x8b\xff\xff\xff\x7f.",  # a number of 2 GiB
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",  # bytes of 8 EiB
        b"\x80\xff\xfe\xfd.",
    ],
)
def test_nonsense_is_refused(tmp_path: Path, stream: bytes) -> None:
    (tmp_path / "model.pkl").write_bytes(stream.ljust(20, b"."))
    with pytest.raises(PackError):
        read_checkpoint(tmp_path / "model.pkl")


# ---- objects of other programs are data


class Settings:
    """Of a program that the reader does not have, and whose code must not run."""

    def __init__(self, marker: Path):
        self.out = marker

    def __setstate__(self, state: dict[str, Any]) -> None:
        state["out"].touch()


@pytest.mark.parametrize("write", [plain_pickle, old_stream, new_zip])
def test_an_object_of_another_program_is_its_name_and_its_data(
    tmp_path: Path, write: Callable[[Any], bytes]
) -> None:
    marker = tmp_path / "it-ran"
    content = {
        "settings": Settings(marker),
        "paths": [Path("a/b"), PureWindowsPath("c")],
        "count": Counter("aab"),
        "when": datetime(2026, 1, 1, tzinfo=timezone.utc),
        "scale": Fraction(1, 3),
        "text": np.array(["words"], dtype=object),
        "weights": torch.arange(3.0),
    }
    (tmp_path / "model.pt").write_bytes(write(content))
    found = read_checkpoint(tmp_path / "model.pt").content
    assert not marker.exists()
    settings = found["settings"]
    assert isinstance(settings, Foreign)
    assert settings.name == "test_containers.Settings"
    assert settings.attributes["out"].name.endswith("PosixPath")
    assert torch.equal(found["weights"], torch.arange(3.0))
    assert {type(value) for value in found["paths"]} == {Foreign}


def test_functions_of_the_standard_library_are_no_data(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"call": partial(print, "it ran")}, 4))
    with pytest.raises(PackError, match=r"names 'builtins\.print', which no model needs"):
        read_checkpoint(tmp_path / "model.pkl")


def test_arrays_of_numpy_are_read(tmp_path: Path) -> None:
    arrays = [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(4, dtype=np.int16)[::2],
        np.zeros((0, 3)),
    ]
    for protocol in (2, 4, 5):
        (tmp_path / "model.pkl").write_bytes(pickle.dumps({"arrays": arrays}, protocol))
        found = read_checkpoint(tmp_path / "model.pkl").content["arrays"]
        for read, expected in zip(found, arrays, strict=True):
            assert isinstance(read, NumpyArray)
            assert torch.equal(read.tensor, torch.tensor(np.ascontiguousarray(expected)))  # type: ignore[arg-type]
    for k, array in enumerate(arrays):
        np.save(tmp_path / "array.npy", array)
        assert torch.equal(read_checkpoint(tmp_path / "array.npy").content, torch.tensor(arrays[k].copy()))
    np.savez_compressed(tmp_path / "arrays.npz", a=arrays[0], words=np.array(["x"]))
    found = read_checkpoint(tmp_path / "arrays.npz").content
    assert list(found) == ["a"]
    assert torch.equal(found["a"], torch.tensor(arrays[0]))


@pytest.mark.parametrize(
    "array", [np.array([{}], dtype=object), np.array(["a"]), np.array([1j]), np.arange(3, dtype=">f4")]
)
def test_an_array_file_of_anything_but_numbers_is_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "array.npy", array)
    with pytest.raises(PackError, match="not plain numbers"):
        read_checkpoint(tmp_path / "array.npy")


@pytest.mark.parametrize(
    "shape", ["(1 << 40,)", f"({1 << 40},)", f"({1 << 62}, {1 << 62})", "(-4,)", "((4,),)", "[4]", "(4,"]
)
def test_an_array_file_that_claims_too_much_is_refused(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(16)
    (tmp_path / "array.npy").write_bytes(data)
    with pytest.raises(PackError, match=r"damaged|claims more"):
        read_checkpoint(tmp_path / "array.npy")


def test_arrays_that_unpack_to_more_than_any_model_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert containers.MAX_ARRAYS <= 1 << 28
    monkeypatch.setattr(containers, "MAX_ARRAYS", 1 << 20)
    np.savez_compressed(tmp_path / "bomb.npz", a=np.zeros(1 << 20, np.uint8))
    with pytest.raises(PackError, match="more content than any model"):
        read_checkpoint(tmp_path / "bomb.npz")


def test_a_file_of_a_big_endian_computer_is_said_as_that(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("archive/data.pkl", pickled({}))
        archive.writestr("archive/byteorder", "big")
    with pytest.raises(PackError, match="big-endian"):
        read_checkpoint(tmp_path / "model.pt")


# ---- files that would exhaust memory or never end


@pytest.mark.parametrize("number", [1 << 63, -(1 << 63) - 1, 1 << 10_000])
def test_a_number_that_is_slow_to_hash_is_no_key(tmp_path: Path, number: int) -> None:
    # multiples of 2^61 - 1 have one hash, so that a million keys would take hours
    data = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    (tmp_path / "model.pkl").write_bytes(
        b"\x80\x04}\x8b" + len(data).to_bytes(4, "little") + data + b"Ns" + b"." * 9
    )
    with pytest.raises(PackError, match="more than 64 bits"):
        read_checkpoint(tmp_path / "model.pkl")


def test_one_array_cannot_be_built_again_and_again(tmp_path: Path) -> None:
    data = b"B" + (1 << 16).to_bytes(4, "little") + bytes(1 << 16)  # q\x01: the state that all arrays share
    kind = b"cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85R"
    state = b"(K\x01J\x00\x00\x01\x00\x85" + kind + b"\x89" + data + b"tq\x010"
    make = b"cnumpy.core.multiarray\n_reconstruct\nq\x020"
    again = b"h\x02)Rh\x01b" * 5000  # 300 MB from 100 KB
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04" + state + make + b"](" + again + b"e.")
    with pytest.raises(PackError, match="more content than its size allows"):
        read_checkpoint(tmp_path / "model.pkl")


def deep_tuple(depth: int) -> bytes:
    """A few bytes of operations that build nested tuples with 2^depth leaves."""
    return b"N" + b"2\x86" * depth


def test_a_key_that_takes_for_ever_to_hash_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04}" + deep_tuple(100) + b"Ns.")
    with pytest.raises(PackError, match="neither a text nor a number"):
        read_checkpoint(tmp_path / "model.pkl")
    for container in (b"\x8f(" + deep_tuple(100) + b"\x90.", b"(" + deep_tuple(100) + b"\x91."):
        (tmp_path / "model.pkl").write_bytes(b"\x80\x04" + container)
        with pytest.raises(PackError, match="neither a text nor a number"):
            read_checkpoint(tmp_path / "model.pkl")
    data = b"\x80\x02}" + deep_tuple(100) + b"Ns."
    with pytest.raises(PackError, match="neither a text nor a number"):
        read_checkpoint(write_torch_zip(tmp_path / "model.pt", data, {}))


def test_a_text_made_of_a_large_tree_is_not_printed(tmp_path: Path) -> None:
    name = b"c_codecs\nencode\n(X\x01\x00\x00\x00a"
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04" + name + deep_tuple(100) + b"tR.")
    with pytest.raises(PackError, match="unusual encoding"):
        read_checkpoint(tmp_path / "model.pkl")


def test_a_large_memo_index_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04X\x0a\x00\x00\x00some wordsr\xff\xff\xff\x7f.")
    assert read_checkpoint(tmp_path / "model.pkl").content == "some words"


def test_a_cheap_call_cannot_be_repeated_to_fill_the_memory(tmp_path: Path) -> None:
    text = b"X" + (1 << 16).to_bytes(4, "little") + b"a" * (1 << 16) + b"q\x00"
    calls = (
        b"c_codecs\nencode\nq\x010" + b"h\x01h\x00X\x06\x00\x00\x00latin1\x86R" * 5000
    )  # 300 MB from 160 KB
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04" + text + calls + b".")
    with pytest.raises(PackError, match="more content than its size allows"):
        read_checkpoint(tmp_path / "model.pkl")


def test_endless_operations_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unpickle.MAX_OPERATIONS < 10_000_000
    monkeypatch.setattr(unpickle, "MAX_OPERATIONS", 1000)
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04" + b"N0" * 501 + b"N.")
    with pytest.raises(PackError, match="more content than any model"):
        read_checkpoint(tmp_path / "model.pkl")


def test_streams_inside_a_stream_share_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = {str(i): torch.zeros(1) for i in range(20)}
    file = write_nvidia(tmp_path / "network.pkl", tensors)  # type: ignore[arg-type]
    assert len(read_checkpoint(file).content) == 21
    outer = sum(1 for _ in pickletools.genops(file.read_bytes()))
    monkeypatch.setattr(unpickle, "MAX_OPERATIONS", 2 * outer)
    with pytest.raises(PackError, match="more content than any model"):
        read_checkpoint(file)


FLOATS = np.arange(4, dtype=np.float32).tobytes()


@pytest.mark.parametrize(
    ("elements", "size", "stride", "offset"),
    [
        (4, (1 << 30,), (1,), 0),
        (4, (5,), (1,), 0),
        (4, (4,), (1,), 1),
        (4, (2, 2), (3, 2), 0),
        (4, (1 << 20, 1 << 20), (0, 0), 0),  # one element that claims to be 4 TiB
        (4, (5,), (0,), 0),
        (1 << 40, (4,), (1,), 0),  # a storage larger than its entry
        (5, (4,), (1,), 0),
        (4, (4,), (1, 1), 0),
        (4, (-1,), (1,), 0),
        (4, (4,), (-1,), 3),
        (4, (4,), (1,), -1),
        (4, (1,) * 9, (1,) * 9, 0),
        (4, (True,), (1,), 0),
        (4, (1 << 80,), (1,), 0),
        (4, (2.0,), (1,), 0),
        (4, [4], [1], 0),
        (4, None, None, 0),
        (-4, (4,), (1,), 0),
        ("4", (4,), (1,), 0),
    ],
)
def test_a_tensor_may_not_claim_more_than_the_file_has(
    tmp_path: Path, elements: Any, size: Any, stride: Any, offset: Any
) -> None:
    data = pickled({"g_ema": ClaimedTensor(StorageName("0", elements), size, stride, offset)})
    with pytest.raises(PackError, match=r"claims more|tensor with|put together|is damaged"):
        read_checkpoint(write_torch_zip(tmp_path / "model.pt", data, {"data/0": FLOATS}))


def test_the_zip_of_the_test_above_reads_when_it_is_honest(tmp_path: Path) -> None:
    data = pickled({"g_ema": ClaimedTensor(StorageName("0", 4), (2, 2), (2, 1))})
    read = read_checkpoint(write_torch_zip(tmp_path / "model.pt", data, {"data/0": FLOATS})).content
    assert_same(read, {"g_ema": torch.arange(4.0).view(2, 2)})


def test_a_storage_of_two_sizes_is_refused(tmp_path: Path) -> None:
    claims = [ClaimedTensor(StorageName("0", n), (n,), (1,)) for n in (4, 400)]
    with pytest.raises(PackError, match="gives one storage two sizes"):
        read_checkpoint(write_torch_zip(tmp_path / "model.pt", pickled(claims), {"data/0": FLOATS}))


def test_a_stream_may_not_claim_more_than_the_file_has(tmp_path: Path) -> None:
    stream = old_stream({"g_ema": torch.arange(1000.0)})
    assert stream.count(b"M\xe8\x03") == 2  # 1000, for the storage and for the size
    (tmp_path / "model.pt").write_bytes(stream.replace(b"M\xe8\x03", b"J\xff\xff\xff\x7f"))
    with pytest.raises(PackError, match="is damaged or cut off"):
        read_checkpoint(tmp_path / "model.pt")


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize(
    "memory", [bytes(4 << 20), os.urandom(1 << 12)]
)  # a zip bomb, and data that compression enlarges
def test_a_packed_zip_is_refused(tmp_path: Path, compression: int, memory: bytes) -> None:
    elements = len(memory) // 4
    data = pickled({"g_ema": ClaimedTensor(StorageName("0", elements), (elements,), (1,))})
    file = write_torch_zip(tmp_path / "model.pt", data, {"data/0": memory}, compression)
    with pytest.raises(PackError, match="an archive that PyTorch did not write"):
        read_checkpoint(file)


def test_a_zip_whose_entries_share_their_bytes_is_refused(tmp_path: Path) -> None:
    file = write_torch_zip(tmp_path / "model.pt", pickled({}), {"data/0": bytes(1 << 16), "data/1": b"1234"})
    data = bytearray(file.read_bytes())
    first = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    while data[first + 46 : first + 60] != b"archive/data/1":
        first = data.index(b"PK\x01\x02", first + 1)
    for field in (20, 24):  # packed and unpacked sizes that now cover all other entries
        data[first + field : first + field + 4] = (1 << 16).to_bytes(4, "little")
    file.write_bytes(data)
    with pytest.raises(PackError, match="an archive that PyTorch did not write"):
        read_checkpoint(file)


def test_a_zip_with_one_name_twice_is_refused(tmp_path: Path) -> None:
    file = write_torch_zip(tmp_path / "model.pt", pickled({}), {})
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("archive/data.pkl", pickled({"g_ema": Runs(tmp_path / "it-ran")}))
    with pytest.raises(PackError, match="an archive that PyTorch did not write"):
        read_checkpoint(file)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}},
        {"a": {"dtype": "F32", "shape": [1 << 62, 4], "data_offsets": [0, 64]}},
        {"a": {"dtype": "F32", "shape": [8], "data_offsets": [0, 64]}},
        {name: {"dtype": "F32", "shape": [16], "data_offsets": [0, 64]} for name in "ab"},
        {"a": {"dtype": "F32", "shape": [-16], "data_offsets": [0, 64]}},
        {"a": {"dtype": "X", "shape": [16], "data_offsets": [0, 64]}},
        {"a": 3},
        [],
    ],
)  # fmt: skip
def test_a_safetensors_header_that_lies_is_refused(tmp_path: Path, header: Any) -> None:
    text = json.dumps(header).encode()
    (tmp_path / "file.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(64))
    with pytest.raises(PackError):
        read_checkpoint(tmp_path / "file.safetensors")


def test_a_safetensors_header_of_absurd_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.safetensors").write_bytes((1 << 62).to_bytes(8, "little") + b"{" + bytes(64))
    with pytest.raises(PackError, match="is damaged or not a safetensors file"):
        read_checkpoint(tmp_path / "file.safetensors")


def test_a_file_of_absurd_size_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "model.pt").open("wb") as file:
        file.truncate((4 << 30) + 1)  # sparse
    with pytest.raises(PackError, match="larger than 4 GiB"):
        read_checkpoint(tmp_path / "model.pt")


# ---- files that are something else

OTHERS = {
    "page.html": (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
    "page.pt": (b"\xef\xbb\xbf<HTML><head>quota exceeded</head>", "is a web page"),
    "error.xml": (b"<?xml version='1.0'?><Error>denied</Error>", "is a web page"),
    "face.png": (b"\x89PNG\r\n\x1a\n" + bytes(40), "a picture"),
    "face.jpg": (b"\xff\xd8\xff\xe0" + bytes(40), "a picture"),
    "model.tar.gz": (b"\x1f\x8b\x08" + bytes(40), "is compressed: unpack it"),
    "model.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(40), "is an archive: unpack it"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS"),
    "weights.h5": (b"\x89HDF\r\n\x1a\n" + bytes(40), "HDF5"),
    "notes.txt": (b"these are the weights, honestly", "is not a model file"),
    "empty.pt": (b"", "is empty"),
    "zeros.pt": (bytes(1000), "is not a model file"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_named_for_what_they_are(tmp_path: Path, name: str) -> None:
    data, words = OTHERS[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PackError, match=words):
        read_checkpoint(tmp_path / name)


def test_a_zip_of_something_else_is_to_be_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "release.zip", "w") as archive:
        archive.writestr("release/model.pt", b"...")
    with pytest.raises(PackError, match="is an archive: unpack it"):
        read_checkpoint(tmp_path / "release.zip")


def test_a_torchscript_program_is_refused(tmp_path: Path) -> None:
    file = write_torch_zip(tmp_path / "model.pt", pickled({}), {"constants.pkl": pickled(())})
    with pytest.raises(PackError, match="is a TorchScript program"):
        read_checkpoint(file)


def test_what_is_not_a_plain_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(PackError, match="is not a file"):
            read_checkpoint(path)
    with pytest.raises(PackError, match="cannot be read"):
        read_checkpoint(tmp_path / "nothing")


# ---- damage, anywhere


def sound_files() -> dict[str, bytes]:
    state = {"g_ema": {"a": torch.randn(8, 3), "b": torch.randn(40)}, "args": argparse.Namespace(x=1)}
    tensors = io.BytesIO()
    tensors.write(new_zip(state))
    with nvidia_modules():
        network = pickle.dumps({"G_ema": module_tree(nvidia_state((2, 2))), "fid": np.float64(1)}, 4)
    from safetensors.torch import save

    array, arrays = io.BytesIO(), io.BytesIO()
    np.save(array, np.arange(12.0).reshape(3, 4))
    np.savez_compressed(arrays, a=np.arange(3), b=np.ones((2, 2), np.float32))
    return {
        "array": array.getvalue(),
        "arrays": arrays.getvalue(),
        "zip": tensors.getvalue(),
        "stream": old_stream(state),
        "nvidia": network,
        "safetensors": save({"a": torch.randn(8, 3)}),
    }


SOUND = sound_files()


@pytest.mark.parametrize("kind", SOUND)
@settings(max_examples=40)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_off_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, share: float
) -> None:
    data = SOUND[kind]
    file = tmp_path_factory.getbasetemp() / f"cut-{kind}"
    file.write_bytes(data[: int(share * len(data))])
    with pytest.raises(PackError) as caught:
        read_checkpoint(file)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SOUND)
@settings(max_examples=80)
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4
    )
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, kind: str, changes: list[tuple[float, int]]
) -> None:
    data = bytearray(SOUND[kind])
    for share, flip in changes:
        data[int(share * len(data))] ^= flip
    file = tmp_path_factory.getbasetemp() / f"damaged-{kind}"
    file.write_bytes(data)
    try:
        found = read_checkpoint(file)
    except PackError:
        return
    assert found.file_bytes == len(data)
