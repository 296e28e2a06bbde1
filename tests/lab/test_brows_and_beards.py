"""Brows, lashes and beards: where they lie on the face, and that they move with it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("numba")

from anycost.core.errors import CoreError
from anycost.lab.heads.beards import BEARDS, beard_of, beard_places, bearded
from anycost.lab.heads.brows_and_lashes import _rims, brows, lashes
from anycost.lab.heads.controls import POPULATION, UNNAMED
from anycost.lab.heads.face_roots import face_roots
from anycost.lab.heads.head_mesh import head_mesh
from anycost.lab.heads.people import People, people
from anycost.lab.heads.strands import hair_of
from anycost.models.head_reader import PARTS

try:
    head_mesh()
except CoreError:
    pytest.skip("the shapes of the heads are not here", allow_module_level=True)

BEARD = PARTS.index("beard")


def someone(**given: float) -> People:
    given = {"masculine": 0.0} | given
    values = {name: torch.tensor([float(value)]) for name, value in given.items()}
    return people(POPULATION.complete(values), torch.zeros(1, UNNAMED))


@pytest.mark.parametrize(
    "given", [{}, {"brow_left": -0.9, "brow_right": -0.9, "brow_frown": 0.9}, {"turn": 0.8}]
)
def test_brows_lie_above_the_eyes(given: dict[str, float]):
    one = someone(age=0.4, **given)
    (brow,) = brows(one, 0.5)
    up = one.turned[0, :, 1]
    heights = (brow.points - one.eyes[0].mean(0)) @ up
    assert heights.min() > 0.3 * one.eye_radius[0]
    assert heights.max() < 0.6
    along = (brow.points[:, 0] - one.eyes[0].mean(0)) @ one.turned[0, :, 0]
    assert 0.4 < (along > 0).float().mean() < 0.6
    assert 0.04 < along.abs().min() < 0.2


def test_brows_move_with_the_forehead():
    rest, raised = (brows(someone(brow_left=up, brow_right=up), 0.3)[0] for up in (0.0, 0.9))
    assert (raised.points - rest.points)[..., 1].mean() > 0.02
    torch.testing.assert_close(raised.root, rest.root)


def test_thicker_brows_are_higher_and_arched_ones_rise():
    def spread(**given: float) -> float:
        (brow,) = brows(someone(**given), 0.5)
        return float(brow.root[:, 1].std())

    assert spread(brow_thickness=0.9) > spread(brow_thickness=-0.9) + 0.004
    arched, flat = (brows(someone(brow_arch=a), 0.5)[0].root[:, 1].max() for a in (0.9, -0.9))
    assert arched > flat + 0.04


def test_lashes_stand_on_the_lids_and_shut_with_them():
    wide, shut = someone(), someone(eyes_shut=1.0)
    for one in (wide, shut):
        (some,) = lashes(one, 0.5)
        rim = np.concatenate([edge for pair in _rims() for edge in pair])
        near = torch.cdist(some.points[:, 0], one.places[0, rim]).amin(1)
        assert near.max() < 0.03
        eyes = one.eyes[0]
        far = torch.cdist(some.points.reshape(-1, 3), eyes).amin(1)
        assert far.min() > 0.9 * one.eye_radius[0]
    tips = [lashes(one, 0.5)[0].points[:, -1, 1].amax() - one.eyes[0, 0, 1] for one in (wide, shut)]
    assert tips[1] < tips[0] - 0.03


def test_longer_lashes():
    short, long = (lashes(someone(lashes=value), 0.5)[0].points for value in (0.1, 0.9))
    length = [(points[:, -1] - points[:, 0]).norm(dim=-1).mean() for points in (short, long)]
    assert length[1] > 1.3 * length[0]


def test_who_has_a_beard():
    assert bearded(someone(masculine=1.0, beard=1.0)) > 0.99
    assert bearded(someone(masculine=-1.0, beard=1.0)) == 0
    assert bearded(someone(masculine=1.0, beard=1.0, age=0.02)) == 0
    assert len(BEARDS) >= 12


@pytest.mark.parametrize("style", BEARDS, ids=lambda style: style.name)
def test_beards_keep_off_lips_and_eyes_and_move_with_the_jaw(style):
    often = np.array([each.often for each in BEARDS])
    place = float((often.cumsum() - often / 2)[BEARDS.index(style)] / often.sum())
    given = {"masculine": 1.0, "beard": 1.0, "beard_style": place, "hair_style": 0.01, "age": 0.5}
    one, open_ = someone(**given), someone(mouth_open=0.9, **given)
    assert beard_of(one)[0] is style
    closed, opened = (next(s for s in hair_of(each, 0.3)[0] if s.part == BEARD) for each in (one, open_))
    mesh = head_mesh()
    lips = (mesh.masks["lips"] > 0.8).nonzero()[:, 0]
    assert torch.cdist(closed.root, mesh.mean[lips]).min() > 0.005
    for eye in one.eyes[0]:
        assert (closed.points - eye).norm(dim=-1).min() > 2 * one.eye_radius[0]
    # seen from the front, next to no hair lies over the middle of the lips
    middle = one.places[0, lips].mean(0)
    away = (closed.points[..., :2] - middle[:2]) / torch.tensor([0.15, 0.045])
    assert ((away.norm(dim=-1) < 1) & (closed.points[..., 2] > middle[2])).any(1).float().mean() < 0.03
    if style.chin:
        chin = (closed.root - torch.tensor([0.0, 6.3, 1.45])).norm(dim=1) < 0.15
        chin_open = (opened.root - torch.tensor([0.0, 6.3, 1.45])).norm(dim=1) < 0.15
        lower = opened.points[chin_open, 0, 1].mean() - closed.points[chin, 0, 1].mean()
        assert lower < -0.05


def test_a_longer_beard():
    given = {"masculine": 1.0, "beard": 1.0, "beard_style": 0.8, "age": 0.5}
    length = []
    for value in (-0.8, 0.8):
        (some,) = [s for s in hair_of(someone(beard_length=value, **given), 0.2)[0] if s.part == BEARD]
        length.append((some.points[:, 1:] - some.points[:, :-1]).norm(dim=-1).sum(1).mean())
    assert length[1] > 1.5 * length[0]


def test_the_parts_of_a_beard_lie_where_they_should():
    mean = head_mesh().mean.numpy()
    for name, share in beard_places(mean).items():
        assert share.min() >= 0
        assert share.max() > 0.8, name
        where = mean[share > 0.5]
        assert where[:, 1].max() < 7.4
        assert abs(where[:, 0].mean()) < 0.02


def test_face_roots_carry_directions():
    flat = np.array([[0.3, 7.5], [-0.3, 7.5], [0.0, 6.3]])
    roots = face_roots(flat)
    np.testing.assert_allclose(roots.mean[:, :2], flat, atol=1e-6)
    mean = head_mesh().mean.numpy()
    quarter = mean @ np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]).astype(np.float32)  # x becomes y
    way = np.array([[1.0, 0, 0]]).repeat(3, 0)
    turned = roots.carried(quarter, way)
    assert (turned[:, 1] > 0.8).all()
