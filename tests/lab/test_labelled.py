"""Pictures with a table of what they show: where they lie, in which order they come, and what is learnt."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from celeba_folder import SHOWN, make_celeba_folder
from PIL import Image

from anycost.commands.cli import main
from anycost.core.errors import CoreError
from anycost.lab.data.labelled import LabelledBatches, LabelledSettings, in_order, labelled
from anycost.lab.from_pack import fill
from anycost.lab.networks.attribute_training import save_features
from anycost.lab.networks.attributes import names_of
from anycost.lab.networks.labelled_attributes import (
    LabelledAttributeSettings,
    LabelledAttributeTraining,
    accuracies,
    logistic_loss,
    weights_of,
)
from anycost.lab.networks.standardised import fold, standardise
from anycost.lab.running.loop import LOG
from anycost.models.features import Features, load_features
from anycost.models.pack import Pack, add_readers

NAMES = tuple(SHOWN)
COLOURS = ("red", "lime", "blue", "yellow", "aqua", "magenta", "white", "black")


@pytest.fixture(scope="module")
def celeba(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_celeba_folder(tmp_path_factory.mktemp("data") / "celeba")


@pytest.fixture
def copy(celeba: Path, tmp_path: Path) -> Path:
    """A CelebA folder to change."""
    return shutil.copytree(celeba, tmp_path / "celeba")


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Eight pictures, each of one colour, labelled by whether it has red, green and blue."""
    rows = ["name,Red,Green,Blue"]
    for colour in COLOURS:
        image = Image.new("RGB", (48, 40), colour)
        image.save(tmp_path / f"{colour}.png")
        rgb = image.getpixel((0, 0))
        assert isinstance(rgb, tuple)
        rows.append(",".join([f"{colour}.png", *("1" if value else "-1" for value in rgb)]))
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    (tmp_path / "parts.csv").write_text("\n".join([f"{c}.png,{c == 'black':d}" for c in COLOURS]))
    return tmp_path


def mine(place: Path, **changes: Any) -> LabelledSettings:
    return replace(LabelledSettings(str(place), table="mine.csv", partition="parts.csv"), **changes)


# where they lie


def test_celebas_own_layout_is_found_and_split_as_its_partition_says(celeba: Path):
    training, validation = labelled(LabelledSettings(str(celeba)))
    assert training.names == validation.names == NAMES
    assert [len(some.pictures) for some in (training, validation)] == [12, 6]
    assert training.pictures[0] == celeba / "img_align_celeba" / "000001.jpg"
    first = (celeba / "Anno" / "list_attr_celeba.txt").read_text().splitlines()[2].split()
    assert training.labels[0].tolist() == [int(value) for value in first[1:]]
    assert training.shares()[0] == (training.labels[:, 0] > 0).float().mean()


def test_kaggles_layout_is_found(copy: Path):
    text = (copy / "Anno" / "list_attr_celeba.txt").read_text().splitlines()
    lines = [["image_id", *text[1].split()], *(line.split() for line in text[2:])]
    (copy / "list_attr_celeba.csv").write_text("\n".join(",".join(line) for line in lines))
    parts = (copy / "Eval" / "list_eval_partition.txt").read_text().replace(" ", ",")
    (copy / "list_eval_partition.csv").write_text("image_id,partition\n" + parts)
    (copy / "img_align_celeba").rename(copy / "inner")
    (copy / "img_align_celeba").mkdir()
    (copy / "inner").rename(copy / "img_align_celeba" / "img_align_celeba")
    before = labelled(LabelledSettings(str(copy)))
    shutil.rmtree(copy / "Anno")
    shutil.rmtree(copy / "Eval")
    after = labelled(LabelledSettings(str(copy)))
    for one, other in zip(before, after, strict=True):
        assert one.pictures == other.pictures
        assert torch.equal(one.labels, other.labels)


def test_without_a_partition_every_tenth_picture_is_for_validation(copy: Path):
    (copy / "Anno" / "list_attr_celeba.txt").rename(copy / "CelebAMask-HQ-attribute-anno.txt")
    (copy / "img_align_celeba").rename(copy / "CelebA-HQ-img")
    shutil.rmtree(copy / "Eval")
    training, validation = labelled(LabelledSettings(str(copy)))
    assert [path.name for path in validation.pictures] == ["000010.jpg", "000020.jpg"]
    assert len(training.pictures) == 22


def test_some_attributes_can_be_asked_for(celeba: Path):
    some, _ = labelled(LabelledSettings(str(celeba), attributes=("No_Beard", "Smiling")))
    whole, _ = labelled(LabelledSettings(str(celeba)))
    assert some.names == ("No_Beard", "Smiling")
    assert torch.equal(some.labels, whole.labels[:, [3, 0]])


def test_missing_pictures_are_counted_and_left_out(copy: Path, capsys: pytest.CaptureFixture[str]):
    for number in (1, 2, 24):
        (copy / "img_align_celeba" / f"{number:06d}.jpg").unlink()
    training, validation = labelled(LabelledSettings(str(copy)))
    assert [len(some.pictures) for some in (training, validation)] == [10, 6]
    assert "left out: 3 of 24 pictures" in capsys.readouterr().err
    shutil.rmtree(copy / "img_align_celeba")
    with pytest.raises(CoreError, match=r"none of the pictures .* such as 000001.jpg: unpack them there"):
        labelled(LabelledSettings(str(copy)))


def test_an_attribute_that_never_changes_is_left_out(colours: Path, capsys: pytest.CaptureFixture[str]):
    table = (colours / "mine.csv").read_text().splitlines()
    (colours / "mine.csv").write_text("\n".join([table[0] + ",Always", *(line + ",1" for line in table[1:])]))
    training, validation = labelled(mine(colours))
    assert training.names == validation.names == ("Red", "Green", "Blue")
    assert "left out: Always" in capsys.readouterr().err
    with pytest.raises(CoreError, match="nothing to learn"):
        labelled(mine(colours, attributes=("Always",)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"folder": "none"}, 'There is no folder "none"'),
        ({"table": ""}, "has no list_attr_celeba.txt, .* name its table in data.table"),
        ({"table": "other.csv"}, "There is no table"),
        ({"partition": "other.csv"}, "There is no table"),
        ({"attributes": ("Pink",)}, 'has no attribute "Pink": choose from Red, Green, Blue'),
        ({"partition": ""}, "no pictures for validation: 8 pictures are too few"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(changes: dict[str, Any], said: str, colours: Path):
    with pytest.raises(CoreError, match=said):
        labelled(mine(colours, **changes))


def test_a_partition_of_other_pictures_is_refused(colours: Path, capsys: pytest.CaptureFixture[str]):
    (colours / "parts.csv").write_text("a.png,0\nb.png,1\n")
    with pytest.raises(CoreError, match=r"no pictures for training: .*parts.csv\" has none of them"):
        labelled(mine(colours))
    assert "8 of 8 pictures" in capsys.readouterr().err


# in which order they come


def test_the_middle_square_is_shown(celeba: Path):
    _, rgb = next(iter(in_order(labelled(LabelledSettings(str(celeba)))[0], 32, 64)))
    assert rgb.shape == (12, 3, 32, 32)
    edges = torch.cat([rgb[:, :, 0], rgb[:, :, -1]]).float()  # the file is red above and below
    assert ((edges[:, 0] > 200) & (edges[:, 1:].amax(1) < 60)).float().mean() < 0.05


def seen(batches: list) -> list[tuple[tuple[int, ...], tuple[bool, ...]]]:
    """Each picture's labels, and whether it has red, green and blue."""
    return [
        (tuple(labels), tuple((rgb.float().mean((1, 2)) > 127).tolist()))
        for some in batches
        for labels, rgb in zip(some[0].tolist(), some[1], strict=True)
    ]


def test_labels_follow_their_pictures_and_every_epoch_shows_each_once(colours: Path):
    training, _ = labelled(mine(colours))
    shown = seen(list(islice(LabelledBatches(training, 16, 7, seed=1).from_position(0), 3)))
    assert all(labels == tuple(1 if has else -1 for has in colour) for labels, colour in shown)
    epochs = [shown[:7], shown[7:14], shown[14:]]
    assert all(len(set(epoch)) == 7 for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_a_batch_depends_on_seed_and_position_alone(celeba: Path):
    training, _ = labelled(LabelledSettings(str(celeba)))
    whole = LabelledBatches(training, 32, 5, seed=3)
    resumed = islice(LabelledBatches(training, 32, 5, seed=3).from_position(10), 2)
    for (labels, rgb), position in zip(resumed, (10, 15), strict=True):
        assert torch.equal(labels, whole[position][0])
        assert torch.equal(rgb, whole[position][1])
    assert not torch.equal(LabelledBatches(training, 32, 5, seed=4)[10][1], whole[10][1])


def test_a_picture_is_reflected_in_half_of_the_epochs_unless_forbidden(colours: Path):
    image = Image.new("RGB", (40, 40))
    image.paste((255, 255, 255), (0, 0, 20, 40))  # white on the left
    for colour in COLOURS:
        image.save(colours / f"{colour}.png")
    training, _ = labelled(mine(colours))
    left = LabelledBatches(training, 16, 70)[0][1][:, 0, 0, 0] > 127
    assert 20 < left.sum() < 50
    assert (LabelledBatches(training, 16, 70, mirror=False)[0][1][:, 0, 0, 0] > 127).all()


def test_the_next_good_picture_comes_with_its_labels_for_a_truncated_one(
    colours: Path, capsys: pytest.CaptureFixture[str]
):
    training, validation = labelled(mine(colours))
    for colour in ("red", "black"):
        path = colours / f"{colour}.png"
        path.write_bytes(path.read_bytes()[:60])
    batches = LabelledBatches(training, 16, 7)
    shown = seen([batches[0]])
    assert len(shown) == 7
    assert all(labels == tuple(1 if has else -1 for has in colour) for labels, colour in shown)
    assert capsys.readouterr().err.count("red.png") == 1
    assert list(in_order(validation, 16, 8)) == []
    for path in colours.glob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(CoreError, match="nor any other picture can be read"):
        LabelledBatches(training, 16, 7)


# what is learnt


def test_the_loss_is_the_logistic_one_and_what_is_unknown_costs_nothing():
    rng = np.random.default_rng(0)
    values, labels = rng.normal(0.5, 0.5, (6, 3)), rng.integers(-1, 2, (6, 3))
    weights = np.array([[2.0, 1.0, 0.5], [1.0, 3.0, 0.25]])
    logits = 8 * (values - 0.5)
    there, away = np.log1p(np.exp(-logits)), np.log1p(np.exp(logits))
    expected = np.where(labels > 0, there * weights[0], np.where(labels < 0, away * weights[1], 0)).mean()
    found = logistic_loss(torch.tensor(values), torch.tensor(labels), torch.tensor(weights))
    assert float(found) == pytest.approx(expected)


def test_rare_things_can_weigh_as_much_as_their_absence():
    shares = torch.tensor([0.5, 0.02])
    assert torch.equal(weights_of(shares, 0.0), torch.ones(2, 2))
    there, away = weights_of(shares, 1.0)
    torch.testing.assert_close(there * shares, away * (1 - shares))
    assert weights_of(shares, 0.5)[0, 1] == pytest.approx(5.0)  # (0.5 / 0.02) ** 0.5


def test_a_blind_network_is_right_as_often_as_the_commoner_value_is(colours: Path):
    training, _ = labelled(mine(colours))
    network = Features(3, (4, 4), training.names).eval()
    torch.nn.init.zeros_(network.attributes.weight)
    torch.nn.init.zeros_(network.attributes.bias)
    network.mean = training.shares()  # 4 of the 7 have each
    assert list(accuracies(network, training).values()) == pytest.approx([4 / 7] * 3)


def test_a_run_learns_and_leaves_a_network_that_a_pack_can_use(
    celeba: Path, tiny_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    config = tmp_path / "mine.toml"
    config.write_text(
        'network = "labelled_attributes"\npictures = 240\nbatch = 12\nlearning_rate = 0.02\n'
        f'widths = [8, 16, 16]\nprecision = "float32"\n[data]\nfolder = {json.dumps(str(celeba))}\n'
    )
    assert main(["train", str(config), "--out", str(tmp_path / "run")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "run" / LOG).open()]
    [loss] = [row["reading"] for row in rows if "reading" in row]
    assert loss < 0.3  # at first 0.69, the logarithm of 2
    judged = [row for row in rows if "accuracy" in row]
    assert [row["seen"] for row in judged] == [240, 240]
    assert judged[-1]["accuracies"].keys() == set(NAMES)
    assert judged[-1]["accuracy"] == pytest.approx(np.mean(list(judged[-1]["accuracies"].values())))
    assert "mean of 4 over 6 pictures" in capsys.readouterr().out
    assert list((tmp_path / "run").glob("samples-*.png"))
    path = tmp_path / "run" / "features.safetensors"
    pack = Pack.open(add_readers(Pack.open(tiny_pack), folder=tmp_path / "pack", features=path))
    assert pack.features_path is not None
    network = load_features(pack.features_path)
    assert names_of(network) == NAMES
    validation = labelled(LabelledSettings(str(celeba)))[1]
    assert accuracies(network, validation) == pytest.approx(judged[-1]["accuracies"])


def test_a_run_whose_validation_part_is_damaged_goes_on(colours: Path):
    settings = LabelledAttributeSettings(mine(colours), widths=(4, 4, 4), precision="float32")
    task = LabelledAttributeTraining(settings)
    (colours / "black.png").write_bytes(b"")
    task.show(colours, 64)
    assert "accuracy" in (colours / LOG).read_text()


def test_a_run_is_not_resumed_with_other_attributes(celeba: Path):
    settings = LabelledAttributeSettings(LabelledSettings(str(celeba)), widths=(4, 4, 4), precision="float32")
    kept = LabelledAttributeTraining(settings).state()
    other = replace(settings, data=LabelledSettings(str(celeba), attributes=("Smiling",)))
    with pytest.raises(CoreError, match="attributes differ"):
        LabelledAttributeTraining(other).restore(kept)


def test_a_run_starts_from_a_pack_with_what_its_network_already_reads(
    celeba: Path, tiny_pack: Path, tmp_path: Path
):
    torch.manual_seed(1)
    theirs = Features(2, (8, 8, 16), ("Young", "Male")).eval()
    standardise(theirs)
    fold(theirs)
    theirs.mean.fill_(0.3)
    theirs.deviation.fill_(0.4)
    path = tmp_path / "features.safetensors"
    save_features(theirs, path)
    pack = Pack.open(add_readers(Pack.open(tiny_pack), folder=tmp_path / "pack", features=path))
    settings = LabelledAttributeSettings(
        LabelledSettings(str(celeba)), widths=(8, 8, 16), precision="float32"
    )
    task = LabelledAttributeTraining(settings)
    fresh = task.network.attributes.weight.detach().clone()
    fill(task, pack, 0)
    picture = torch.rand(4, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(task.network.values(picture)[:, 1], theirs.values(picture)[:, 1])
    assert torch.equal(task.network.attributes.weight[[0, 2, 3]], fresh[[0, 2, 3]])
