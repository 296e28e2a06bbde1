"""The training of the reader of heads, on a tiny world of faces whose every point is known."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import Tensor
from toy_heads import DIM, IRIS, KIND, LIPS_PART, drawn, faces

from anycost.bridge.messages import FacePoints
from anycost.core.errors import CoreError
from anycost.core.faces.placement import place
from anycost.lab.data.head_cache import CacheKind, HeadCache, Shard, fill
from anycost.lab.data.head_crops import (
    EYES,
    LIPS,
    MOUTH,
    UNKNOWN,
    Views,
    Whole,
    eyes_and_mouth,
    head_crops,
    mirrored_points,
    straight,
)
from anycost.lab.data.head_pool import HeadPool
from anycost.lab.from_pack import fill as fill_from_pack
from anycost.lab.networks import head_reading
from anycost.lab.networks.export import export_head_reader
from anycost.lab.networks.head_errors import head_errors, unseen_crops
from anycost.lab.networks.head_reading import (
    HeadReaderSettings,
    HeadReaderTraining,
    _across,
    finish,
    heat_loss,
    painted_crops,
)
from anycost.lab.networks.standardised import fold
from anycost.lab.painter import LANDMARKS
from anycost.lab.running import checkpoints, loop
from anycost.lab.running.draws import Draws
from anycost.lab.worlds import NAMED
from anycost.models.head_points import KEYS, MIRROR, POINTS
from anycost.models.head_reader import GRID, OUTPUTS, PARTS, SIDE, Answers, HeadReader
from anycost.models.manifest import Alignment
from anycost.models.pack import Pack, add_readers

OTHERS = CacheKind(96, 1.5, seed=9)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("heads")
    fill(folder, 512, KIND, source=faces, style_dim=DIM)
    return folder


@pytest.fixture(scope="module")
def other_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("others")
    fill(folder, 512, OTHERS, source=faces, style_dim=DIM)
    return folder


def settings(cache: Path, **given) -> HeadReaderSettings:
    usual = {"pictures": 96, "batch": 8, "painted": 0.25, "learning_rate": 3e-3, "precision": "float32"}
    return HeadReaderSettings((str(cache),), **{**usual, **given})


def test_the_mirror_is_its_own_way_back():
    assert sorted(MIRROR) == list(range(POINTS))
    assert all(MIRROR[MIRROR[k]] == k for k in range(POINTS))
    assert all(MIRROR[k] < 478 for k in range(478))
    for left, right in ((33, 263), (133, 362), (61, 291), (468, 473), (1, 1), (152, 152), (478, 494)):
        assert MIRROR[left] == right
    points = torch.rand(4, POINTS, 2)
    all_of_them = torch.ones(4, dtype=torch.bool)
    assert torch.equal(mirrored_points(mirrored_points(points, all_of_them), all_of_them), points)


def test_the_painters_names_change_sides_too():
    assert set(NAMED) <= set(LANDMARKS)
    for name, group in NAMED.items():
        assert {MIRROR[k] for k in group} == set(NAMED[_across(name)])


def test_a_straight_square_is_the_one_that_the_core_places():
    eyes = torch.tensor([[[0.3, 0.5], [0.6, 0.4]]])
    corners = torch.tensor([[[0.45, 0.8], [0.7, 0.75]]])
    centre, side, angle = straight(eyes, corners.mean(1))
    (left, right), ends = eyes[0].tolist(), [tuple(corner) for corner in corners[0].tolist()]
    wanted = place(FacePoints((tuple(left), tuple(right)), (ends[0], ends[1])), Alignment(EYES, MOUTH))
    assert centre[0].tolist() == pytest.approx([wanted.x, wanted.y], abs=1e-5)
    assert float(side) == pytest.approx(wanted.size, abs=1e-5)
    assert float(torch.rad2deg(angle)) == pytest.approx(wanted.angle, abs=1e-3)


def test_points_and_labels_go_where_the_picture_goes():
    """In every crop the pixel at an eye's point is an eye, in the picture and in the parts."""
    heads = drawn(24)
    shown = head_crops(heads, Draws(0, 0, "crops"))
    assert 0 < (~shown.face).sum() < 12
    eyes, mouth = eyes_and_mouth(shown.points)
    looked = 0
    for k in shown.face.nonzero()[:, 0].tolist():
        across = eyes[k, 1] - eyes[k, 0]
        assert across[0] > 0  # the viewer's left eye is at the left, mirrored or not
        for point, part in ((eyes[k, 0], IRIS), (eyes[k, 1], IRIS), (mouth[k], LIPS_PART)):
            if not (point.min() > 0.02 and point.max() < 0.98):
                continue
            column, row = (point * GRID).long().tolist()
            assert shown.parts[k, row, column] == part
            column, row = (point * SIDE).long().tolist()
            assert shown.pictures[k, 2, row, column] < -0.3
            looked += 1
        known = shown.on_head[k]
        assert known.any()
        side = shown.parts[k].eq(IRIS) & (torch.arange(GRID) < GRID * float(eyes[k].mean(0)[0]))
        if side.any() and across[1].abs() < 0.1 * across[0]:  # the face map is mirrored with the head
            assert float(shown.face_map[k, 0][side].mean()) < 0
    assert looked > 30


def test_a_mirrored_crop_has_the_points_of_a_mirrored_face():
    heads = drawn(16)
    eyes, mouth = eyes_and_mouth(heads.landmarks)
    views = Views(Whole(heads.rgb, heads.landmarks, eyes, mouth), Draws(3, 0, "crops"), 0.0)
    points = mirrored_points(views.points(heads.landmarks), views.mirrored)
    left, right = points[:, 33], points[:, 263]
    assert views.mirrored.any()
    assert (left[:, 0] < right[:, 0]).all()


def test_what_lies_outside_of_the_picture_is_unknown():
    heads = drawn(24)
    shown = head_crops(heads, Draws(0, 0, "crops"))
    assert shown.parts.eq(UNKNOWN).any()
    assert not (shown.on_head & shown.parts.eq(UNKNOWN)).any()
    assert shown.parts[shown.parts.ne(UNKNOWN)].max() < len(PARTS)


def test_painted_portraits_give_the_points_that_correspond():
    pictures, points = torch.zeros(8, 3, 128, 128), torch.rand(8, len(NAMED), 2) * 0.1 + 0.45
    names = list(NAMED)
    for name, at in (("left_eye", (0.39, 0.46)), ("right_eye", (0.61, 0.46)), ("mouth", (0.5, 0.66))):
        points[:, names.index(name)] = torch.tensor(at)
    shown, moved, face = painted_crops(pictures, points, Draws(0, 0, "painted"))
    assert shown.shape == (8, 3, SIDE, SIDE)
    left, right = moved[:, names.index("left_eye")], moved[:, names.index("right_eye")]
    assert (left[face, 0] < right[face, 0]).all()


def test_a_run_may_begin_with_a_packs_network(cache: Path, tiny_pack: Path, tmp_path: Path):
    task = HeadReaderTraining(settings(cache))
    with torch.no_grad():  # trained ones have no two equal weights, of which the file would have one
        for parameter in task.network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    fold(task.network.eval())
    as_stored(task.network)
    export_head_reader(task.network, tmp_path / "head_reader.onnx")
    pack = add_readers(
        Pack.open(tiny_pack), head_reader=tmp_path / "head_reader.onnx", folder=tmp_path / "pack"
    )
    later = HeadReaderTraining(settings(cache, seed=1))
    fill_from_pack(later, Pack.open(pack), 0)
    pictures = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3)) * 2 - 1
    with torch.no_grad():
        wanted = task.network(pictures)
        for network in (later.network, later.average.network):
            for mine, theirs in zip(network(pictures), wanted, strict=True):
                torch.testing.assert_close(mine, theirs, atol=1e-2, rtol=5e-3)  # means are 0 to a half's bit
    with pytest.raises(CoreError, match="has no network of this kind"):
        fill_from_pack(later, Pack.open(tiny_pack), 0)


def test_batches_go_on_where_they_stopped(cache: Path):
    pool = HeadPool([str(cache)])
    assert pool.pictures == 256  # one shard is kept for measuring
    first, later = pool.batches(8, 0, 5), pool.batches(8, 16, 5)
    skipped = [next(first) for _ in range(3)][2]
    assert torch.equal(skipped.rgb, next(later).rgb)
    seen = torch.cat([some.landmarks for some, _ in zip(pool.batches(64, 0, 5), range(4), strict=False)])
    assert len(torch.unique(seen[:, 0], dim=0)) == 256  # an epoch shows all


def test_a_pool_reads_several_caches_in_order(cache: Path, other_cache: Path):
    pool = HeadPool([str(cache), str(other_cache)])
    assert pool.pictures == 512
    mixed = pool.read([300, 4, 257])
    own = HeadPool([str(other_cache)])
    assert torch.equal(mixed.landmarks[[0, 2]], own.read([44, 1]).landmarks)
    assert torch.equal(mixed.landmarks[1], HeadPool([str(cache)]).read([4]).landmarks[0])


def test_a_folder_may_be_filled_further_while_it_is_read(cache: Path, other_cache: Path, tmp_path: Path):
    growing = shutil.copytree(other_cache, tmp_path / "growing")
    pool = HeadPool([str(growing), str(cache)])
    numbers = pool.numbers(200, 0, 5)
    first = next(numbers)
    seen = pool.read(first)
    fill(growing, 768, OTHERS, source=faces, style_dim=DIM)
    shown = [first, *(next(numbers) for _ in range(4))]
    flat = [number for some in shown for number in some]
    assert sorted(flat[:512]) == list(range(512))  # an epoch of what was there
    assert max(flat[512:]) >= 512  # the next one shows what came
    assert torch.equal(pool.read(first).landmarks, seen.landmarks)  # pictures keep their numbers
    assert torch.equal(pool.label("z", [512]), HeadCache(growing, 2).label("z", [0]))


def test_held_shards_give_what_is_read_from_the_disk(cache: Path, monkeypatch: pytest.MonkeyPatch):
    numbers = [300, 4, 257, 4, 511]
    read = HeadCache(cache).read(numbers)
    monkeypatch.setattr(Shard, "_may_hold", lambda _: True)
    held = HeadCache(cache)
    for name, label in vars(held.read(numbers)).items():
        assert torch.equal(label, getattr(read, name)), name
    monkeypatch.setattr(Shard, "_open", lambda _: pytest.fail("the disk is read again"))
    assert torch.equal(held.read([4]).rgb, read.rgb[1:2])


@pytest.mark.slow
def test_training_lowers_the_losses(cache: Path):
    task = HeadReaderTraining(settings(cache, pictures=800, batch=4, style=0.3, learning_rate=1e-3))
    batch = next(task.batches(0))
    losses = [{k: float(v.detach()) for k, v in task.step(batch, 80).items()} for _ in range(10)]
    for name in ("points", "parts", "face_map"):
        assert losses[-1][name] < 0.6 * abs(losses[1][name]), name


@pytest.mark.slow
def test_a_resumed_run_ends_with_the_same_bits(cache: Path, tmp_path: Path):
    few = settings(cache, pictures=6, batch=2, painted=0.5)
    loop.run(HeadReaderTraining(few), tmp_path / "whole")
    task = HeadReaderTraining(few)
    stopped = tmp_path / "stopped"
    source = task.batches(0)
    task.step(next(source), 0)
    checkpoints.save(stopped / checkpoints.LAST, {"seen": 2, "task": task.state()})
    loop.run(HeadReaderTraining(few), stopped, resume=True)
    whole, resumed = (
        checkpoints.load(run / checkpoints.LAST)["task"] for run in (tmp_path / "whole", stopped)
    )
    for part in ("network", "average"):
        assert all(torch.equal(whole[part][name], resumed[part][name]) for name in whole[part])


@torch.no_grad()
def as_stored(network: HeadReader) -> None:
    """Rounds weights as a file does."""
    for weight in network.parameters():
        if weight.ndim > 1:
            weight.copy_(weight.half())


@pytest.mark.slow
def test_the_run_leaves_the_same_reader_as_onnx(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(head_reading, "unseen_crops", partial(unseen_crops, count=4))
    loop.run(HeadReaderTraining(settings(cache, pictures=4, batch=4)), tmp_path)
    path = finish(tmp_path)
    assert path.stat().st_size < 6_000_000
    task = HeadReaderTraining(settings(cache))
    task.restore(checkpoints.load(tmp_path / checkpoints.LAST)["task"])
    fold(task.average.network)
    picture = torch.rand(3, 3, SIDE, SIDE) * 2 - 1
    with torch.no_grad():
        as_stored(task.average.network)
        expected = task.average.network(picture)
    session = onnxruntime.InferenceSession(str(path))
    for wanted, found in zip(expected, session.run(list(OUTPUTS), {"picture": picture.numpy()}), strict=True):
        torch.testing.assert_close(torch.tensor(found), wanted, atol=2e-3, rtol=1e-3)


def test_heat_is_least_wrong_where_the_points_are():
    points = torch.tensor([[[0.3, 0.6], [0.7, 0.2], [1.4, 0.5]]])  # the third lies outside
    heat = torch.zeros(1, 3, 32, 32)
    flat = heat_loss(heat, points)
    heat[0, 0, 19, 9] = heat[0, 1, 6, 22] = 6.0
    right = heat_loss(heat, points)
    assert right < flat
    heat[0, 2, 0, 0] = 50.0
    assert heat_loss(heat, points) == right
    heat[0, 1, 6, 22], heat[0, 1, 22, 6] = 0.0, 6.0
    assert heat_loss(heat, points) > right


def test_points_are_sought_in_pairs():
    assert len(KEYS) == len(set(KEYS))
    assert {MIRROR[key] for key in KEYS} == set(KEYS)


def test_a_reader_that_knows_the_truth_has_no_errors(cache: Path):
    crops = unseen_crops([str(cache)], 16)
    assert len(crops) == 1
    (shown,) = crops

    def truth(pictures: Tensor) -> Answers:
        parts = torch.nn.functional.one_hot(shown.parts.clamp(max=15), 16).permute(0, 3, 1, 2).float()
        return Answers(
            parts, shown.face_map, shown.points, shown.relief, torch.zeros(16, POINTS), torch.ones(16)
        )

    errors = head_errors(truth, crops)
    assert errors.face_map < 1e-4
    assert errors.points < 1e-4
    assert errors.mean_share == pytest.approx(1)
    blind = HeadReader().eval()
    with torch.inference_mode():
        assert head_errors(blind, crops).points > 0.3


def test_settings_are_checked(cache: Path):
    with pytest.raises(ValueError, match="caches"):
        HeadReaderSettings(())
    with pytest.raises(CoreError, match="too few"):
        HeadCache(cache, first=9)


def test_views_of_nothing_but_faces_are_all_faces():
    heads = drawn(8)
    eyes, mouth = eyes_and_mouth(heads.landmarks)
    whole = Whole(heads.rgb, heads.landmarks, eyes, mouth)
    assert Views(whole, Draws(0, 0, "all"), 0.0).face.all()
    assert not Views(whole, Draws(0, 0, "all"), 1.0).face.any()
    assert set(LIPS) == {61, 291}


def test_crops_are_the_same_for_the_same_draws():
    heads = drawn(8)
    one, two = (head_crops(heads, Draws(4, 8, "crops")) for _ in range(2))
    assert torch.equal(one.pictures, two.pictures)
    assert torch.equal(one.points, two.points)
