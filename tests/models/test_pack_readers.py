"""A pack gets another finder and a reader of heads, and all else in it stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from safetensors.torch import save_file

from anycost.commands.cli import main
from anycost.commands.portraits_pack import CARD, renew_readers
from anycost.core.faces.head_reader_net import HeadNetwork
from anycost.core.faces.onnx_network import OnnxNetwork
from anycost.lab.networks.export import export_finder, export_head_reader
from anycost.models.features import Features, load_features
from anycost.models.finder import Finder
from anycost.models.head_reader import HeadReader
from anycost.models.pack import Pack, PackError, add_readers


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A finder and a reader of heads, untrained."""
    folder = tmp_path_factory.mktemp("networks")
    export_finder(Finder(16), folder / "f.onnx")
    export_head_reader(HeadReader(), folder / "h.onnx")
    return folder / "f.onnx", folder / "h.onnx"


@pytest.fixture
def pack(tiny_pack: Path, tmp_path: Path) -> Pack:
    return Pack.open(shutil.copytree(tiny_pack, tmp_path / "tiny"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_both_are_added_and_all_else_stays_to_the_byte(pack: Pack, networks: tuple[Path, Path]):
    finder, heads = networks
    before = contents(pack.folder)
    add_readers(pack, (finder, 128), heads, documents={"MODEL_CARD.md": "New."})
    again, after = Pack.open(pack.folder), contents(pack.folder)
    assert again.finder_path is not None
    assert again.head_reader_path is not None
    assert again.finder_path.read_bytes() == finder.read_bytes()
    assert again.head_reader_path.read_bytes() == heads.read_bytes()
    assert again.finder_size == 128
    assert after["MODEL_CARD.md"] == b"New."
    new = {"pack.json", "MODEL_CARD.md", "finder.onnx", "head_reader.onnx"}
    assert {k: v for k, v in after.items() if k not in new} == {
        k: v for k, v in before.items() if k not in new
    }


def test_a_copy_leaves_the_pack_as_it_was(pack: Pack, networks: tuple[Path, Path], tmp_path: Path):
    before = contents(pack.folder)
    copy = add_readers(pack, head_reader=networks[1], folder=tmp_path / "copy")
    assert Pack.open(copy).head_reader_path is not None
    assert contents(pack.folder) == before
    with pytest.raises(PackError, match="There is a pack"):
        add_readers(pack, head_reader=networks[1], folder=copy)


def test_the_command_tries_networks_before_it_takes_them(
    pack: Pack, networks: tuple[Path, Path], capsys: pytest.CaptureFixture
):
    finder, heads = map(str, networks)
    before = contents(pack.folder)

    def refused(*arguments: str) -> str:
        assert main(["packs", "readers", *arguments]) == 2
        return capsys.readouterr().err

    own = str(pack.folder)
    assert "--finder, --head-reader or --features" in refused(own)
    assert 'There is no file "nowhere.onnx"' in refused(own, "--finder", "nowhere.onnx")
    assert "is no reader of heads" in refused(own, "--head-reader", finder)
    assert "cannot be used" in refused(own, "--finder", heads)
    assert "not a safetensors file" in refused(own, "--features", heads)
    generator = str(pack.folder / "generator.safetensors")
    assert "does not hold an attribute network" in refused(own, "--features", generator)
    assert "stays as it is" in refused("portraits", "--finder", finder)
    assert contents(pack.folder) == before
    assert main(["packs", "readers", own, "--finder", finder, "--head-reader", heads]) == 0
    again = Pack.open(pack.folder)
    assert again.finder_path is not None
    assert again.head_reader_path is not None
    OnnxNetwork(again.finder_path, "heat")
    HeadNetwork(again.head_reader_path.read_bytes(), "damaged")


def test_the_command_gives_a_pack_an_attribute_network(pack: Pack, tmp_path: Path):
    network, path = Features(2, (4, 4), ["Smiling", "Young"]), tmp_path / "features.safetensors"
    save_file(network.state_dict(), path, network.metadata)
    assert main(["packs", "readers", str(pack.folder), "--features", str(path)]) == 0
    again = Pack.open(pack.folder)
    assert again.features_path is not None
    assert load_features(again.features_path).names == ("Smiling", "Young")


def test_the_shipped_readers_and_card_are_put_in_place(
    pack: Pack, networks: tuple[Path, Path], tmp_path: Path
):
    for file, place in zip(
        networks, ("heads_finder/finder.onnx", "head_reader/head_reader.onnx"), strict=True
    ):
        (tmp_path / "runs" / place).parent.mkdir(parents=True)
        shutil.copy(file, tmp_path / "runs" / place)
    again = Pack.open(renew_readers(tmp_path / "runs", pack.folder))
    assert again.head_reader_path is not None
    assert again.head_reader_path.read_bytes() == networks[1].read_bytes()
    assert (again.folder / "MODEL_CARD.md").read_text() == CARD.read_text()
