"""The training of the finder: faces lie where their points say, and steep ones do not count."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import onnxruntime
import pytest
import torch
from toy_heads import DIM, KIND, faces

from anycost.core.errors import CoreError
from anycost.lab.data.head_cache import fill
from anycost.lab.networks import finding
from anycost.lab.networks.finding import (
    SIDE,
    STEEPEST,
    FinderSettings,
    heat,
    measure,
    peaks,
    put,
    scenes,
    unseen,
    upright,
)
from anycost.lab.networks.standardised import fold
from anycost.lab.running import checkpoints
from anycost.lab.running.draws import Draws
from anycost.models.finder import STRIDE, Finder

TINY = FinderSettings(pictures=512, repeats=2, batch=4, width=8, learning_rate=0.02, precision="float32")


def dotted(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Black portraits with three white squares, and where these are: [N, 3, 2]."""
    pictures = torch.full((count, 3, SIDE, SIDE), -1.0)
    places = torch.tensor([[48, 56], [80, 56], [64, 88]])
    for x, y in places.tolist():
        pictures[:, :, y - 4 : y + 4, x - 4 : x + 4] = 1
    return pictures, (places / SIDE).expand(count, -1, -1)


def test_faces_are_put_where_their_points_say():
    pictures, points = dotted(16)
    angle = torch.linspace(-170, 170, 16)
    drawn, placed = put(pictures, points, angle, torch.full_like(pictures, -1), Draws(0, 0, "put"))
    seen = 0
    for picture, place in zip(drawn, placed.flatten(0, 1).view(16, 3, 2), strict=True):
        for x, y in place.floor().long().tolist():
            if 2 <= x < SIDE - 2 and 2 <= y < SIDE - 2:
                assert picture[:, y - 1 : y + 2, x - 1 : x + 2].amax() > 0.2
                seen += 1
    assert seen >= 24


def test_a_turn_by_an_angle_turns_the_line_between_the_eyes():
    pictures, points = dotted(5)
    angle = torch.tensor([-120.0, -30.0, 0.0, 45.0, 170.0])
    _, placed = put(pictures, points, angle, pictures, Draws(0, 0, "turn"))
    across = placed[:, 1] - placed[:, 0]
    torch.testing.assert_close(torch.rad2deg(torch.atan2(across[:, 1], across[:, 0])), angle)


@pytest.mark.slow
def test_only_faces_that_are_not_turned_too_far_count():
    pictures, points = dotted(128)
    shown = scenes((pictures, points), Draws(0, 0, "scenes"))
    across = shown.points[:, 1] - shown.points[:, 0]
    turn = torch.rad2deg(torch.atan2(across[:, 1], across[:, 0])).abs()
    assert turn[shown.found].max() <= STEEPEST + 0.1
    assert turn[shown.found].max() > 0.9 * STEEPEST
    assert (turn[~shown.found] > finding.NONE_FROM - 0.1).float().mean() > 0.5  # the rest are empty scenes
    assert 0.25 < (~shown.found).float().mean() < 0.45
    wanted = shown.heat()
    assert wanted.shape == (128, 3, SIDE // STRIDE, SIDE // STRIDE)
    assert wanted[~shown.found].abs().max() == 0
    assert shown.pictures.abs().max() <= 1


def test_heat_peaks_in_the_cell_of_the_point():
    found = heat(torch.tensor([[[42.0, 90.0]]]))[0, 0]
    assert found.shape == (SIDE // 4, SIDE // 4)
    assert divmod(int(found.argmax()), SIDE // 4) == (22, 10)
    assert found.max() > 0.9


def test_peaks_are_found_more_finely_than_cells():
    points = 8 + torch.rand(20, 3, 2, generator=torch.Generator().manual_seed(0)) * (SIDE - 16)
    found, height = peaks(heat(points))
    torch.testing.assert_close(found, points, atol=0.05, rtol=0)
    assert height.min() > 0.8


@pytest.mark.slow
def test_the_report_of_a_perfect_a_blind_and_a_gullible_finder(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(finding, "unseen", cache(unseen))  # all four are shown the same scenes
    wanted = iter(finding.unseen(40).heat().split(32))
    report = measure(lambda _: next(wanted), 40)
    assert report.error < 0.01
    assert (report.missed, report.false) == (0, 0)
    report = measure(lambda p: torch.zeros(len(p), 3, SIDE // 4, SIDE // 4), 40)
    assert (report.missed, report.false) == (1, 0)
    same = heat(torch.tensor([[[40.0, 50.0], [80.0, 50.0], [60.0, 90.0]]]))
    report = measure(lambda p: same.expand(len(p), -1, -1, -1), 40)
    assert report.missed > 0.8
    assert report.false == 1
    turned = heat(SIDE - torch.tensor([[[40.0, 50.0], [80.0, 50.0], [60.0, 90.0]]]))
    assert measure(lambda p: turned.expand(len(p), -1, -1, -1), 40).false == 0  # no face: upside down


def test_a_face_is_upright_up_to_its_steepest_turn():
    face = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0]])
    for degrees, expected in ((0, True), (45, True), (-50, True), (70, False), (-100, False), (180, False)):
        angle = torch.deg2rad(torch.tensor(float(degrees)))
        turn = torch.stack(
            [torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])]
        )
        assert bool(upright((face @ turn.T)[None])) is expected
    assert not upright((face * torch.tensor([1.0, -1.0]))[None])  # the mouth is above


@pytest.mark.slow
def test_training_finds_better_and_leaves_the_same_finder_as_onnx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(finding, "measure", partial(measure, count=32))
    task = finding.FinderTraining(TINY)
    batch = next(task.batches(0))
    losses = [float(task.step(batch, 64)["heat"].detach()) for _ in range(25)]  # the same scenes each time
    assert losses[-1] < 0.5 * losses[2]
    checkpoints.save(tmp_path / checkpoints.LAST, {"seen": 384, "task": task.state()})
    session = onnxruntime.InferenceSession(str(finding.finish(tmp_path)))
    picture = torch.rand(1, 3, 48, 80) * 2 - 1
    fold(task.network)
    with torch.no_grad():
        expected = task.network.eval()(picture)
    found = torch.tensor(session.run(["heat"], {"picture": picture.numpy()})[0])
    assert found.shape == (1, 3, 48 // STRIDE, 80 // STRIDE)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.slow
def test_rendered_heads_are_found_too(tmp_path: Path):
    """Scenes of both worlds in one batch, the same after a stop, with the eyes where they are dark."""
    fill(tmp_path, 512, KIND, source=faces, style_dim=DIM)
    settings = FinderSettings(
        (str(tmp_path),), 0.25, 0.5, pictures=512, batch=8, width=8, precision="float32"
    )
    task = finding.FinderTraining(settings)
    batches = task.batches(0)
    pictures, points = [next(batches) for _ in range(3)][2]
    assert pictures.shape == (8, 3, SIDE, SIDE)
    again, _ = next(task.batches(16))
    assert torch.equal(pictures, again)
    for picture, (left, right, _) in zip(pictures[2:], points[2:], strict=True):  # after two painted ones
        for x, y in ((SIDE * left).long().tolist(), (SIDE * right).long().tolist()):
            assert picture[:, y, x].max() < -0.5
    losses = [float(task.step((pictures, points), 64)["heat"].detach()) for _ in range(25)]
    assert losses[-1] < 0.6 * losses[1]


def test_the_finder_that_ships_is_small():
    assert sum(p.numel() for p in Finder(FinderSettings().width).parameters()) * 4 < 400_000


def test_a_run_of_another_width_is_not_resumed():
    kept = finding.FinderTraining(TINY).state()
    with pytest.raises(CoreError, match="width"):
        finding.FinderTraining(FinderSettings(width=12, precision="float32")).restore(kept)


def test_a_place_is_seen_by_the_whole_face():
    """The farthest pixel that a cell sees is about as far as a large face's other end."""
    finder = Finder(4)
    for p in finder.parameters():
        torch.nn.init.constant_(p, 0.1)
    picture = torch.ones(1, 3, 256, 256, requires_grad=True)
    finder.logits(picture)[0, 0, 32, 32].backward()
    assert picture.grad is not None
    columns = picture.grad[0, 0].abs().sum(0).nonzero()
    assert 150 < columns.max() - columns.min() < 180
