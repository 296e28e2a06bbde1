"""`anycost data`: a contact sheet of portraits is a picture file; bad requests give one clear sentence."""

from pathlib import Path

import numpy as np
import pytest

from anycost.commands.cli import main
from anycost.commands.data import draw
from anycost.core.errors import CoreError
from anycost.core.files.pictures import read_picture
from anycost.lab.data import head_cache


def test_a_contact_sheet_is_written_whole(tmp_path: Path):
    path = tmp_path / "sheet.png"
    draw(path, rows=1, columns=2, resolution=32, seed=3)
    first = read_picture(path)
    assert first.shape == (32, 64, 4)
    assert (first[..., 3] == 255).all()
    draw(path, rows=1, columns=2, resolution=32, seed=3)
    assert np.array_equal(first, read_picture(path))
    draw(path, rows=1, columns=2, resolution=32, seed=3, correlated=False)
    assert not np.array_equal(first, read_picture(path))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"rows": 0}, "at least one row"),
        ({"columns": -2}, "at least one row"),
        ({"resolution": 16}, "32 to 1024"),
        ({"resolution": 2048}, "32 to 1024"),
        ({"rows": 100, "columns": 100}, "64 megapixels"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**70}, "seed"),
        ({"out": Path("sheet.txt")}, "must end in .png"),
        ({"out": Path("missing") / "sheet.png"}, "folder must exist"),
    ],
)
def test_bad_requests_end_in_one_sentence_and_write_nothing(tmp_path: Path, bad: dict, said: str):
    request = {"out": Path("sheet.png"), **bad}
    request["out"] = tmp_path / request["out"]
    with pytest.raises(CoreError, match=said) as raised:
        draw(**request)
    assert raised.value.kind == "bad-value"
    assert "\n" not in raised.value.message
    assert not list(tmp_path.iterdir())


def test_a_contact_sheet_of_heads_is_written_whole(tmp_path: Path, head_data: None):
    picture, labels = tmp_path / "heads.png", tmp_path / "labels.png"
    sizes = ["--rows", "1", "--columns", "2", "--resolution", "32"]
    assert main(["data", "heads", "--sheet", str(picture), *sizes]) == 0
    assert main(["data", "heads", "--sheet", str(labels), *sizes, "--labels"]) == 0
    first, second = read_picture(picture), read_picture(labels)
    assert first.shape == second.shape == (32, 64, 4)
    assert not np.array_equal(first, second)


def test_a_cache_of_heads_is_asked_for_in_whole_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for bad, said in (
        (["--count", "0"], "at least one head"),
        (["--processes", "0"], "at least one head"),
        (["--resolution", "16"], "32 to 1024"),
        (["--wide", "0.5"], "1 to 4 times"),
    ):
        assert main(["data", "heads", "--cache", str(tmp_path / "heads"), *bad]) != 0
        assert said in capsys.readouterr().err
    assert not (tmp_path / "heads").exists()


@pytest.mark.slow
def test_a_cache_of_heads_is_filled(tmp_path: Path, head_data: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(head_cache, "SHARD", 2)
    asked = ["data", "heads", "--cache", str(tmp_path), "--count", "3", "--resolution", "32", "--seed", "2"]
    assert main(asked) == 0
    cache = head_cache.HeadCache(tmp_path)
    assert cache.pictures == 4
    heads = cache.read(range(4))
    assert heads.part.ne(0).flatten(1).any(1).all()
    inside = ((heads.landmarks > 0) & (heads.landmarks < 1)).all(2)
    assert inside.float().mean() > 0.9
    assert heads.visible.float().mean() > 0.4
    _, on_head = head_cache.decoded(heads.face_map)
    assert 0.05 < on_head.float().mean() < 0.8
