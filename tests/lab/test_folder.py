"""A folder of pictures as training data: what is used, how it is cropped, and which picture comes when."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pair import Pair
from PIL import Image

from anycost.core.errors import CoreError
from anycost.core.files.pictures import read_picture
from anycost.lab.data.folder import FolderBatches, check
from anycost.lab.data.frame import PictureFrame, fitted
from anycost.lab.data.picture_files import survey
from anycost.lab.running import distributed

COLOURS = [(250, 20, 20), (20, 250, 20), (20, 20, 250), (250, 250, 20), (20, 250, 250), (120, 120, 120)]


def plain(path: Path, colour: tuple[int, ...], size: tuple[int, int] = (40, 40)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, colour in enumerate(COLOURS):
        plain(tmp_path / f"sub{number % 2}" / f"{number}.png", colour)
    return tmp_path


def seen_colours(pictures: torch.Tensor) -> list[tuple[int, ...]]:
    """Each plain picture's colour."""
    assert torch.equal(pictures.amax((2, 3)), pictures.amin((2, 3)))
    return [tuple(p[:, 0, 0].tolist()) for p in pictures]


def square(rgba: np.ndarray, resolution: int) -> np.ndarray:
    return fitted(Image.fromarray(rgba), PictureFrame(resolution))


def rgba(rgb: np.ndarray) -> np.ndarray:
    opaque = np.full((*rgb.shape[:2], 1), 255, np.uint8)
    return np.concatenate([rgb, opaque], axis=2)


@settings(max_examples=30)
@given(st.integers(20, 90), st.integers(20, 90), st.integers(8, 20))
def test_the_centred_square_is_cut_and_nothing_else(width: int, height: int, resolution: int):
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[top : top + side, left : left + side] = (10, 200, 90)
    cut = square(rgba(rgb), resolution)
    assert cut.shape == (resolution, resolution, 3)
    assert (cut == (10, 200, 90)).all()


@settings(max_examples=30)
@given(st.integers(64, 200), st.sampled_from([16, 32, 48]), st.booleans())
def test_a_gradient_stays_one_and_is_not_stretched(side: int, resolution: int, upright: bool):
    """A pixel of the result is centred on (i + 1/2) side / R of the square."""
    slope = 1.2
    line = slope * np.arange(side)
    wide = np.broadcast_to(line[:, None] if upright else line[None], (side, side))
    margin = np.full((side, 7) if upright else (7, side), 255.0)
    picture = np.concatenate([margin, wide, margin], axis=1 if upright else 0)
    rgb = np.rint(np.repeat(picture[..., None], 3, axis=2)).astype(np.uint8)
    expected = slope * ((np.arange(resolution) + 0.5) * side / resolution - 0.5)
    got = square(rgba(rgb), resolution)[..., 0].astype(float)
    got = got if upright else got.T
    inner = slice(3, -3)  # at the edge the filter runs out of pixels
    assert np.abs(got[inner] - expected[inner, None]).max() < 1.5


def test_what_is_finer_than_the_result_is_averaged():
    board = np.indices((400, 400)).sum(0) % 2 * 255
    cut = square(rgba(np.repeat(board[..., None], 3, axis=2).astype(np.uint8)), 32)
    assert np.abs(cut.astype(float) - 127.5).max() < 4


def test_see_through_pictures_lie_on_grey_and_hidden_colours_do_not_bleed(tmp_path: Path):
    half = np.zeros((64, 64, 4), np.uint8)
    half[:, :34] = (200, 40, 40, 255)
    half[:, 34:] = (0, 255, 0, 0)  # an invisible green
    cut = square(half, 16)
    assert (cut[:, :5] == (200, 40, 40)).all()
    assert (cut[:, 11:] == 128).all()
    assert np.abs(cut[:, 8].astype(int) - (164, 84, 84)).max() < 12  # half covered: none of the green
    plain(tmp_path / "a.png", (0, 0, 0, 0))
    [picture] = next(iter(FolderBatches(tmp_path, 16, 1)))
    assert (picture == 128).all()


def test_every_mode_of_picture_is_trained_on(tmp_path: Path):
    grey = Image.new("L", (40, 50), 90)
    grey.save(tmp_path / "grey.png")
    Image.fromarray(np.full((50, 40), 90 * 257, np.uint16)).save(tmp_path / "grey16.png")
    grey.convert("P").save(tmp_path / "palette.png")
    grey.convert("LA").save(tmp_path / "alpha.png")
    grey.convert("CMYK").save(tmp_path / "four.jpg", quality=100)
    grey.convert("RGB").save(tmp_path / "photo.JPG", quality=100)
    grey.convert("RGB").save(tmp_path / "web.webp", lossless=True)
    grey.save(tmp_path / "scan.tif")
    batch = next(iter(FolderBatches(tmp_path, 32, 8)))
    assert batch.shape == (8, 3, 32, 32)
    assert (batch.float() - 90).abs().max() < 3


def test_pictures_stand_upright_as_the_camera_says(tmp_path: Path):
    image = Image.new("RGB", (40, 40), "black")
    image.paste((255, 255, 255), (0, 0, 20, 40))  # white on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    image.save(tmp_path / "a.png", exif=exif)
    [picture] = next(iter(FolderBatches(tmp_path, 16, 1, mirror=False)))
    assert picture[:, :7].min() > 240
    assert picture[:, 9:].max() < 15


def test_mirror_reflects_half_of_the_pictures_and_no_mirror_none(tmp_path: Path):
    image = Image.new("RGB", (40, 40), "black")
    image.paste((255, 255, 255), (0, 0, 20, 40))
    image.save(tmp_path / "a.png")
    whites = next(iter(FolderBatches(tmp_path, 16, 64)))[:, 0, 0, 0] > 127
    assert 16 < whites.sum() < 48
    assert (next(iter(FolderBatches(tmp_path, 16, 64, mirror=False)))[:, 0, 0, 0] > 127).all()


def test_every_epoch_shows_every_picture_once_in_another_order(folder: Path):
    stream = iter(FolderBatches(folder, 16, 3, seed=1))
    epochs = [seen_colours(torch.cat([next(stream), next(stream)])) for _ in range(4)]
    for epoch in epochs:
        assert sorted(epoch) == sorted(COLOURS)
    assert len({tuple(epoch) for epoch in epochs}) > 1
    assert seen_colours(next(iter(FolderBatches(folder, 16, 6, seed=2)))) != epochs[0]


def test_a_batch_depends_on_seed_and_position_alone(folder: Path):
    whole = torch.cat(list(islice(FolderBatches(folder, 16, 4, seed=3), 5)))
    resumed = torch.cat(list(islice(FolderBatches(folder, 16, 4, seed=3, seen=8), 3)))
    assert torch.equal(whole[8:], resumed)
    other_batch = torch.cat(list(islice(FolderBatches(folder, 16, 5, seed=3), 4)))
    assert torch.equal(whole, other_batch)


def test_other_processes_read_the_same_batches_in_order(folder: Path):
    here = FolderBatches(folder, 16, 4, seed=3, seen=4)
    for one, two in islice(zip(here, here.in_background(), strict=False), 5):
        assert torch.equal(one, two)


def keep_own_share(folder: Path, out: Path) -> None:
    own = torch.stack(list(islice(FolderBatches(folder, 16, 4, seed=3).in_background(), 3)))
    torch.save(own, out / f"{distributed.rank()}.pt")


@pytest.mark.slow
def test_processes_that_train_together_share_each_joint_batch(
    pair: Pair, folder: Path, tmp_path_factory: pytest.TempPathFactory
):
    out = tmp_path_factory.mktemp("shares")
    pair.run(keep_own_share, folder, out)
    joint = torch.cat([torch.load(out / f"{rank}.pt") for rank in "01"], dim=1)
    assert torch.equal(joint, torch.stack(list(islice(FolderBatches(folder, 16, 4, seed=3), 3))))


def test_damaged_files_are_named_once_and_the_next_picture_comes_instead(folder: Path, capfd):
    whole = (folder / "sub0" / "0.png").read_bytes()
    (folder / "sub0" / "1-cut.png").write_bytes(whole[:60])  # a header without a picture
    (folder / "letter.jpg").write_text("no picture at all")
    stream = iter(FolderBatches(folder, 16, 7, seed=1))
    colours = seen_colours(torch.cat([next(stream), next(stream)]))
    assert set(colours) == set(COLOURS)
    assert colours.count(COLOURS[2]) == 4  # sub0/2.png follows sub0/1-cut.png
    said = capfd.readouterr().err
    assert said.count("letter.jpg") == 1
    assert said.count("1-cut.png") == 1


def test_only_large_enough_pictures_are_used_and_all_others_are_counted(tmp_path: Path, capfd):
    for number in range(14):
        plain(tmp_path / f"small{number}.png", COLOURS[0], (90, 30))
    plain(tmp_path / "large.png", COLOURS[1], (90, 32))
    found = survey(tmp_path, PictureFrame(32))
    assert found.pictures == (tmp_path / "large.png",)
    assert found.sizes == ((90, 32),)
    assert len(found.left_out) == 14
    assert all("90 x 30 px" in sentence and sentence.endswith(".") for sentence in found.left_out)
    batches = FolderBatches(tmp_path, 32, 2)
    assert seen_colours(next(iter(batches))) == [COLOURS[1]] * 2
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 11
    assert "left out: 4 more" in said[-1]


def test_hidden_and_other_files_do_not_count_and_bombs_are_refused(folder: Path):
    plain(folder / ".thumbnails" / "a.png", COLOURS[0])
    plain(folder / "._b.png", COLOURS[0])
    (folder / "notes.txt").write_text("notes")
    assert len(survey(folder).pictures) == len(COLOURS)
    assert not survey(folder).left_out
    Image.new("1", (9000, 9000)).save(folder / "bomb.png")
    os.mkfifo(folder / "pipe.png")
    for whole in (False, True):
        found = survey(folder, whole=whole)
        assert len(found.pictures) == len(COLOURS)
        assert "megapixels" in found.left_out[0]
        assert "pipe.png" in found.left_out[1]


def test_the_order_follows_the_names_alone(tmp_path: Path):
    names = ["b/2.png", "a.png", "b/10.png", "B.png", "b.png"]
    for name in names:
        plain(tmp_path / "one" / name, COLOURS[0])
    for name in reversed(names):
        plain(tmp_path / "two" / name, COLOURS[0])
    orders = [
        [Path(str(p)).relative_to(top) for p in survey(top).pictures]
        for top in (tmp_path / "one", tmp_path / "two")
    ]
    assert orders[0] == orders[1]
    assert sorted(map(str, orders[0])) == sorted(names)


def test_folders_without_a_usable_picture_are_refused_with_a_sentence(tmp_path: Path):
    for missing, said in (
        (tmp_path / "none", "no folder"),
        (plain(tmp_path / "a.png", COLOURS[0]), "no folder"),
    ):
        with pytest.raises(CoreError, match=said):
            survey(missing)
    with pytest.raises(CoreError, match="no picture of at least 64 px") as refused:
        FolderBatches(tmp_path, 64, 2)
    assert refused.value.kind == "bad-value"


def test_pictures_that_vanish_during_training_end_it_with_a_sentence(tmp_path: Path):
    path = plain(tmp_path / "a.png", COLOURS[0])
    stream = iter(FolderBatches(tmp_path, 16, 1))
    next(stream)
    path.unlink()
    with pytest.raises(CoreError, match="nor any other picture can be read"):
        next(stream)


def test_a_check_says_what_a_folder_is_good_for(tmp_path: Path):
    plain(tmp_path / "a.png", COLOURS[0], (70, 300))
    plain(tmp_path / "b.jpg", COLOURS[1], (300, 280))
    whole = plain(tmp_path / "c.png", COLOURS[2]).read_bytes()
    (tmp_path / "c.png").write_bytes(whole[:60])
    with pytest.raises(CoreError):
        read_picture(tmp_path / "c.png")
    text = check(tmp_path).splitlines()
    assert text[0].endswith("has 2 pictures to train on.")
    assert "70 to 280 px" in text[1]
    assert [line.split(": ")[1] for line in text[2:7]] == ["2.", "1.", "1.", "0.", "0."]
    assert text[7] == "Left out: 1 picture."
    assert "c.png" in text[8]
    assert len(text) == 9
