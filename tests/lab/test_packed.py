"""Packed pictures: the same as those of the folder, also after an interruption, and nothing else is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from anycost.commands.cli import EXIT_BAD_INPUT, main
from anycost.core.errors import CoreError
from anycost.lab.data import packed
from anycost.lab.data.batches import DataSettings, batches
from anycost.lab.data.folder import FolderBatches, check
from anycost.lab.data.frame import PictureFrame
from anycost.lab.data.packed import HEADER, MAGIC, Packed, is_packed, pack
from anycost.lab.data.picture_files import Files, survey


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures of 40 x 30 px, and one that is damaged after its head."""
    made = tmp_path_factory.mktemp("pictures")
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 255, (30, 40, 3), np.uint8)
        Image.fromarray(pixels).save(made / f"{number:02d}.png")
    whole = (made / "05.png").read_bytes()
    (made / "05-cut.png").write_bytes(whole[:60])
    return made


def files(folder: Path, frame: PictureFrame) -> Files:
    return Files(survey(folder, frame).pictures, frame)


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("shape", [(1, 1), (4, 3)])
def test_packed_pictures_are_those_of_the_folder(
    folder: Path, tmp_path: Path, shape: tuple[int, int], processes
):
    source = files(folder, PictureFrame(16, shape))
    assert pack(source, tmp_path / "a", processes) == 12
    read = Packed(tmp_path / "a")
    assert (len(read), read.frame, len(source)) == (12, source.frame, 13)
    good = [k for k in range(13) if "cut" not in source.name(k)]
    for k, number in enumerate(good):
        assert np.array_equal(read.read(k), source.read(number))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@dataclass(frozen=True)
class Stopping(Files):
    """Ctrl-C comes at one picture."""

    at: int = 0
    seen: Callable[[int], None] = print

    def read(self, index: int) -> np.ndarray:
        self.seen(index)
        if index == self.at:
            raise KeyboardInterrupt
        return super().read(index)


def test_packing_goes_on_where_it_was_stopped(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packed, "NOTED", 3)
    frame = PictureFrame(16)
    source = files(folder, frame)
    pack(source, tmp_path / "whole")
    read: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        pack(Stopping(source.pictures, frame, 10, read.append), tmp_path / "a")
    assert not (tmp_path / "a").exists()
    with (tmp_path / "a.part").open("ab") as half:
        half.write(b"what was written after the last note")
    read.clear()
    assert pack(Stopping(source.pictures, frame, -1, read.append), tmp_path / "a") == 12
    assert read == [9, 10, 11, 12]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "whole").read_bytes()


def test_half_packed_files_of_other_pictures_are_kept(folder: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(packed, "NOTED", 3)
    source = files(folder, PictureFrame(16))
    with pytest.raises(KeyboardInterrupt):
        pack(Stopping(source.pictures, source.frame, 10, lambda _: None), tmp_path / "a")
    for other in (files(folder, PictureFrame(8)), Files(source.pictures[1:], source.frame)):
        with pytest.raises(CoreError, match="half-packed file of other pictures"):
            pack(other, tmp_path / "a")
    (tmp_path / "b").write_text("mine")
    with pytest.raises(CoreError, match="exists"):
        pack(source, tmp_path / "b")
    assert (tmp_path / "b").read_text() == "mine"


def test_lower_resolutions_are_the_means_of_cells(folder: Path, tmp_path: Path):
    pack(files(folder, PictureFrame(16, (4, 3))), tmp_path / "a")
    whole, low = Packed(tmp_path / "a"), Packed(tmp_path / "a", PictureFrame(8, (8, 6)))
    wanted = torch.nn.functional.avg_pool2d(torch.from_numpy(np.array(whole.pictures)).float(), 2)
    got = torch.from_numpy(np.stack([low.read(k) for k in range(12)])).float()
    assert (got - wanted).abs().max() <= 0.5


def test_training_reads_them_in_black_squares_and_in_another_process(folder: Path, tmp_path: Path):
    pack(files(folder, PictureFrame(16, (4, 3))), tmp_path / "a")
    data = DataSettings("folder", folder=str(tmp_path / "a"), shape=(4, 3), mirror=False)
    batch = next(batches(data, 16, 12, 0, 0))
    assert batch.pictures.shape == (12, 3, 16, 16)
    assert (batch.pictures[:, :, :2] == -1).all()
    assert (batch.pictures[:, :, 14:] == -1).all()
    inner = ((batch.pictures[:, :, 2:14] + 1) * 127.5).round().byte().flatten(1)
    stored = torch.from_numpy(np.array(Packed(tmp_path / "a").pictures)).flatten(1)
    assert {tuple(row) for row in inner.tolist()} == {tuple(row) for row in stored.tolist()}
    here = FolderBatches(tmp_path / "a", 8, 4, seed=3, shape=(4, 3))
    for one, two in islice(zip(here, here.in_background(), strict=False), 3):
        assert torch.equal(one, two)


def test_other_shapes_and_sizes_than_were_packed_are_refused(folder: Path, tmp_path: Path):
    pack(files(folder, PictureFrame(16, (4, 3))), tmp_path / "a")
    with pytest.raises(CoreError, match="pictures of 4:3, not 1:1"):
        FolderBatches(tmp_path / "a", 16, 2)
    for resolution in (32, 12):
        with pytest.raises(CoreError, match=f"cannot be reduced to {resolution} px"):
            FolderBatches(tmp_path / "a", resolution, 2, shape=(4, 3))


def test_the_command_packs_and_says_what_it_cannot(folder: Path, tmp_path: Path, capsys):
    out = tmp_path / "a"
    given = ["data", "pack", str(folder), "--out", str(out)]
    assert main([*given, "--resolution", "16", "--shape", "4:3"]) == 0
    assert "holds 12 pictures of 16 x 12 px" in capsys.readouterr().out
    assert main(["data", "folder", str(out)]) == 0
    assert "12 pictures of 16 x 12 px" in capsys.readouterr().out
    for more, said in (
        (["--resolution", "16"], "exists"),
        (["--resolution", "64"], "no picture of at least 64 px"),
        (["--resolution", "20"], "not 20"),
        (["--resolution", "16", "--shape", "9:1"], "width to height"),
        (["--resolution", "16", "--processes", "0"], "at least one process"),
    ):
        assert main([*given, *more]) == EXIT_BAD_INPUT
        assert said in capsys.readouterr().err
    assert (
        main(["data", "pack", str(out), "--out", str(tmp_path / "b"), "--resolution", "16"]) == EXIT_BAD_INPUT
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.from_regex(rb"\{[^}]{0,40}\}") | st.fixed_dictionaries(
    {"resolution": st.integers() | st.none(), "shape": st.lists(st.integers(), max_size=3) | st.text()}
).map(lambda said: json.dumps(said).encode()), st.integers(0, 2000))  # fmt: skip
def test_no_head_of_a_file_brings_more_than_a_sentence(tmp_path: Path, said: bytes, more: int):
    path = tmp_path / "a"
    path.write_bytes((MAGIC + said).ljust(HEADER, b"\n") + bytes(more))
    assert is_packed(path)
    with suppress(CoreError):
        found = Packed(path)
        assert found.pictures.nbytes <= more
    with suppress(CoreError):
        check(path)
