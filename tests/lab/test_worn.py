"""What people wear fits them: glasses stay off the face, hats cover crowns and not eyes."""

import pytest
import torch
from torch import Tensor

from anycost.lab.heads import clothes, hats, headscarves
from anycost.lab.heads.controls import POPULATION, STYLE_DIM, unnamed
from anycost.lab.heads.earrings import earrings_of
from anycost.lab.heads.glasses_worn import glasses_of
from anycost.lab.heads.hands import HELD, hands_of
from anycost.lab.heads.head_mesh import BODY
from anycost.lab.heads.people import People, people
from anycost.lab.heads.pieces import worn_of
from anycost.lab.heads.worn_mesh import GLASSES, HAT, OTHER, Piece, chosen

pytestmark = pytest.mark.usefixtures("head_data")


def crowd(count: int, seed: int = 0, **given: "float | list[float]") -> People:
    z = torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(seed))
    controls = POPULATION.values(z)
    for name, value in given.items():
        controls[name] = torch.tensor(value).float().expand(count)
    return people(controls, unnamed(z))


def middles(often: "list[float]") -> "list[float]":
    """The share in the middle of every kind."""
    weights = torch.tensor(often)
    return ((weights.cumsum(0) - 0.5 * weights) / weights.sum()).tolist()


def inside(person: People, row: int, points: Tensor) -> Tensor:
    """How far points [K, 3] of the world lie under the skin that is nearest to them, [K]."""
    body = (person.mesh.vertex_group == BODY) & (person.mesh.mean[:, 1] > 5.8)
    skin, normals = person.places[row][body], person.normals[row][body]
    away, nearest = torch.cdist(points, skin).topk(3, largest=False)
    depth = ((skin[nearest] - points.unsqueeze(1)) * normals[nearest]).sum(-1).mean(1)  # [K]
    return torch.where(away[:, 0] < 0.12, depth, torch.zeros_like(depth))


def solid(pieces: "list[Piece]") -> Tensor:
    return torch.cat([piece.places for piece in pieces if piece.opacity.min() > 0.99])


def test_glasses_stay_off_the_face_and_sit_on_the_nose():
    count = 16
    wearers = crowd(count, 3, glasses=1.0, glasses_shape=[k / (count - 1) for k in range(count)])
    worn = glasses_of(wearers)
    for row in range(count):
        pieces = worn[row]
        assert {piece.part for piece in pieces} == {GLASSES}
        frame = pieces[0]
        front = frame.rest[:, 2] > wearers.rest[row][:, 2].max() - 0.75
        assert inside(wearers, row, frame.places[front]).max() < 0.02, row
        assert inside(wearers, row, frame.places).max() < 0.06, row  # the arms end in the ears' crease
        bridge = frame.places[front & (frame.rest[:, 0].abs() < 0.05)]
        nose = wearers.places[row][wearers.mesh.masks["face"] > 0.5]
        assert torch.cdist(bridge, nose).min() < 0.22, row


def test_nobody_wears_what_the_controls_leave_out():
    plain = crowd(5, 1, glasses=0.0, hat=0.0, headscarf=0.0, earrings=0.0, hand=0.0)
    assert glasses_of(plain) == hats.hats_of(plain) == headscarves.headscarves_of(plain) == [[]] * 5
    assert earrings_of(plain) == hands_of(plain) == [[]] * 5
    assert all(clothes.clothes_of(plain))


def test_hats_cover_the_crown_and_not_the_eyes():
    shapes = middles([kind.often for kind in hats.HATS])
    wearers = crowd(len(shapes), 1, hat=1.0, headscarf=0.0, hat_shape=shapes)
    worn = hats.hats_of(wearers)
    crown = wearers.rest[..., 1].argmax(1)
    eyes = torch.tensor([[[-0.29, 7.28, 1.4], [0.29, 7.28, 1.4], [0.0, 6.3, 1.4]]])
    for row, kind in enumerate(hats.HATS):
        name = kind.made.__name__
        assert worn[row], name
        assert {piece.part for piece in worn[row]} == {HAT}
        places = torch.cat([piece.rest for piece in worn[row]])
        top = wearers.rest[row, crown[row]]
        assert places[:, 1].max() > top[1], name
        face = (places[:, 0].abs() < 0.45) & (places[:, 2] > 0.9) & (places[:, 1] < 7.42)
        if "visor" not in name and "brim" not in name:
            assert not (face & (places[:, 2] < 1.5)).any(), name
        assert inside(wearers, row, torch.cat([piece.places[::3] for piece in worn[row]])).max() < 0.05, name
    heads = torch.stack([wearers.rest[row, crown[row]] for row in range(len(shapes))]).unsqueeze(1)
    hidden = hats.covered(wearers, torch.cat([heads, eyes.expand(len(shapes), -1, -1)], dim=1))
    assert (hidden[:, 0] > 0.99).all()
    assert (hidden[:, 1:] < 0.01).all()


def test_scarves_leave_the_face_open_and_hide_the_hair():
    shapes = middles([kind.often for kind in headscarves.SCARVES])
    wearers = crowd(len(shapes), 2, headscarf=1.0, hat_shape=shapes)
    worn = headscarves.headscarves_of(wearers)
    points = torch.tensor([[[0.0, 8.2, 0.0], [0.3, 7.5, -0.3], [0.0, 7.0, 1.6], [0.0, 6.4, 1.5]]])
    hidden = hats.covered(wearers, points.expand(len(shapes), -1, -1))
    assert (hidden[:, :2] > 0.99).all()
    assert (hidden[:, 2:] < 0.01).all()
    for row in range(len(shapes)):
        places = torch.cat([piece.rest for piece in worn[row]])
        open_ = (places[:, 0].abs() < 0.35) & (places[:, 1] > 6.75) & (places[:, 1] < 7.5)
        assert not (open_ & (places[:, 2] > 1.0)).any()


def test_many_are_dressed_as_one_by_one():
    """Two wearers of each kind, dressed together, wear what each of them wears alone."""
    shares = middles([kind.women for kind in clothes.CLOTHES])
    wearers = crowd(2 * len(shares), 5, clothing=shares * 2, masculine=-1.0)
    assert clothes.kinds_worn(wearers)[0].tolist() == [*range(len(shares))] * 2
    for row, together in enumerate(clothes.clothes_of(wearers)):
        (alone,) = clothes.clothes_of(chosen(wearers, torch.tensor([row])))
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one.places, other.places, atol=1e-4, rtol=0)
            torch.testing.assert_close(one.colour, other.colour, atol=1e-3, rtol=0)
            assert one.part == other.part
            assert abs(len(one.triangles) - len(other.triangles)) < 20  # a lining ends at a neckline


def test_clothes_of_every_kind_leave_the_face_free():
    wearers = crowd(32, 4, clothing=[(k + 0.5) / 32 for k in range(32)])
    kinds, places = clothes.kinds_worn(wearers)
    assert ((places >= 0.0) & (places <= 1.0)).all()
    assert len(kinds.unique()) > 11
    for row, pieces in enumerate(clothes.clothes_of(wearers)):
        rest = torch.cat([piece.rest for piece in pieces])
        assert torch.isfinite(rest).all()
        chin = wearers.rest[row][wearers.mesh.masks["lips"] > 0.5][:, 1].min()
        front = (rest[:, 2] > 1.2) & (rest[:, 0].abs() < 0.5)
        assert rest[front][:, 1].max() < chin, clothes.CLOTHES[int(kinds[row])].made.__name__


def test_earrings_hang_from_the_lobes():
    wearers = crowd(8, 5, earrings=1.0, headscarf=0.0, earring_shape=[k / 7 for k in range(8)])
    ears = wearers.mesh.masks["ears"] > 0.5
    for row, pieces in enumerate(earrings_of(wearers)):
        assert {piece.part for piece in pieces} == {OTHER}
        for side in (-1.0, 1.0):
            own = torch.cat([piece.places for piece in pieces if piece.rest[:, 0].mean() * side > 0.0])
            lobe = wearers.places[row][ears & (wearers.mesh.mean[:, 0] * side > 0.0)]
            assert torch.cdist(own, lobe).min() < 0.03


def test_hands_and_things_do_not_go_through_the_face():
    shapes = middles([kind.often for kind in HELD])
    holders = crowd(len(shapes), 6, hand=1.0, hand_place=shapes)
    face = (holders.mesh.mean[:, 2] > 0.9) & (holders.mesh.mean[:, 1] > 6.3)
    for row, pieces in enumerate(hands_of(holders)):
        assert {piece.part for piece in pieces} == {OTHER}
        for piece in pieces:
            places = piece.places[::2]
            depth = inside(holders, row, places)
            near = torch.cdist(places, holders.places[row][face]).amin(1) < 0.12
            assert depth[near].max() < 0.06 if near.any() else True, HELD[row].made.__name__


def test_the_same_controls_dress_alike_and_batches_do_not_matter():
    given = {"glasses": 1.0, "hat": 1.0, "headscarf": 0.0, "earrings": 1.0, "hand": 1.0}
    wearers = crowd(3, 7, **given)
    one, two = worn_of(wearers), worn_of(crowd(3, 7, **given))
    for first, second in zip(one, two, strict=True):
        assert all(torch.equal(a.places, b.places) for a, b in zip(first, second, strict=True))
    controls = {name: value[1:2] for name, value in wearers.controls.items()}
    alone = worn_of(people(controls, wearers.details[1:2]))[0]
    assert len(alone) == len(one[1])
    for piece, other in zip(alone, one[1], strict=True):
        assert torch.allclose(piece.places, other.places, atol=1e-3)
        assert torch.equal(piece.triangles, other.triangles)
        assert torch.allclose(piece.colour, other.colour, atol=1e-4)
