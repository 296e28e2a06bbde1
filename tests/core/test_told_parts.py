"""What a pack's reader of heads tells of skin and hair is what an edit tints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from known_face import KnownFace, bank, known_face, portraits

from anycost.bridge.messages import Placement
from anycost.core.editing.carry.carry import carry, plan
from anycost.core.editing.carry.change import Head
from anycost.core.editing.carry.movement import LATTICE
from anycost.core.editing.carry.picture_parts import SIDE, Parts
from anycost.core.editing.carry.surface import Surface
from anycost.core.editing.carry.worn_glasses import glasses_on
from anycost.core.editing.carrying import Carrying
from anycost.core.editing.opened_face import head_of, opened_face
from anycost.core.editing.session import Session
from anycost.core.errors import CoreError
from anycost.core.faces.face_parts import Mask
from anycost.core.faces.head_reader_net import HeadLook
from anycost.core.faces.placement import to_unit
from anycost.core.faces.reading import LEFT_EYE, RIGHT_EYE
from anycost.lab.measuring.carry_report import field_share
from anycost.lab.networks.export import export_head_reader
from anycost.models.head_reader import GRID, PARTS, HeadReader
from anycost.models.pack import Pack, write_pack

DIRECTIONS = {direction.name: direction for direction in portraits().directions}


@pytest.fixture(scope="module")
def face() -> KnownFace:
    return known_face()


def masks(**shares: np.ndarray) -> dict[str, Mask]:
    """Masks of the whole square, 64 px a side, for every part; those not given are empty."""
    whole = Placement(SIDE / 2, SIDE / 2, SIDE)
    empty = np.zeros((GRID, GRID), np.uint8)
    return {name: Mask(whole, shares.get(name, empty)) for name in PARTS}


def disc(x: float, y: float, radius: float, side: int) -> np.ndarray:
    rows, columns = (np.mgrid[0:side, 0:side] + 0.5) / side
    return np.hypot(columns - x, rows - y) < radius


def blurred(shape: np.ndarray) -> np.ndarray:
    """As unsure at its edge as a network is: uint8 [GRID, GRID]."""
    small = cv2.resize(shape.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.rint(255 * cv2.GaussianBlur(small, (0, 0), 1.5)).astype(np.uint8)


def parts_of(
    picture: np.ndarray,
    face: KnownFace,
    told: dict[str, Mask],
    person: Mask | None = None,
    near: bool = False,
) -> Parts:
    surface = Surface.of_square(picture)
    head = head_of(face.reading, face.placement)
    assert head is not None
    return Parts(picture, head, person, surface.placement, told, near)


def hair_of(parts: Parts, picture: np.ndarray) -> np.ndarray:
    """How far each pixel of a picture [SIDE, SIDE, 3] is taken for hair, 0..1."""
    whole = np.stack(np.meshgrid(*[(np.arange(SIDE) + 0.5) / SIDE] * 2), axis=-1).astype(np.float32)
    return parts.hair.at(whole, picture.astype(np.float32) / 255)


def test_hair_ends_where_the_picture_does_though_the_reader_is_unsure(face: KnownFace):
    hat_side = disc(0.3, 0.25, 0.15, SIDE)  # nowhere that hair would be guessed
    picture = np.full((SIDE, SIDE, 3), (200, 170, 150), np.uint8)
    picture[hat_side] = (60, 40, 30)
    noise = np.random.default_rng(0).normal(0, 3, picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    parts = parts_of(picture, face, masks(hair=blurred(hat_side), skin=blurred(~hat_side)))
    whole = np.stack(np.meshgrid(*[(np.arange(SIDE) + 0.5) / SIDE] * 2), axis=-1).astype(np.float32)
    for guided, shape in ((parts.hair, hat_side), (parts.skin, ~hat_side)):
        found = guided.at(whole, picture.astype(np.float32) / 255)
        assert (found > 0.5)[shape].mean() > 0.98
        assert (found < 0.5)[~shape].mean() > 0.98


@pytest.mark.parametrize(("near", "colour", "hair"), [
    (True, (75, 52, 40), True),  # a little lighter than the hair: smooth hair, lit from above
    (True, (40, 60, 160), False),  # a blue cap
    (False, (75, 52, 40), False),  # photographs have hats
])  # fmt: skip
def test_painted_hair_that_is_told_as_a_hat_is_hair(
    face: KnownFace, near: bool, colour: tuple[int, int, int], hair: bool
):
    top, ends = disc(0.5, 0.2, 0.12, SIDE), disc(0.5, 0.75, 0.15, SIDE)
    picture = np.full((SIDE, SIDE, 3), (200, 170, 150), np.uint8)
    picture[top], picture[ends] = colour, (60, 40, 30)
    told = masks(hat=blurred(top), hair=blurred(ends), skin=blurred(~top & ~ends))
    parts = parts_of(picture, face, told, near=near)
    found = hair_of(parts, picture)
    assert found[ends].mean() > 0.8
    assert (found[top].mean() > 0.8) == hair
    assert (found[top].mean() < 0.2) == (not hair)


def test_what_lies_behind_the_person_is_no_hair(face: KnownFace):
    """A halo around a head, which a reader takes for hair."""
    halo, person = disc(0.5, 0.4, 0.4, SIDE), disc(0.5, 0.45, 0.3, SIDE)
    picture = np.full((SIDE, SIDE, 3), (200, 170, 150), np.uint8)
    picture[halo] = (60, 40, 30)
    whole, told = Placement(SIDE / 2, SIDE / 2, SIDE), masks(hair=blurred(halo))
    mask, nobody = (Mask(whole, np.where(shape, 255, 0).astype(np.uint8)) for shape in (person, 0 * person))
    found = [hair_of(parts_of(picture, face, told, who), picture) for who in (None, mask, nobody)]
    assert found[0][halo & ~person].mean() > 0.8
    np.testing.assert_array_equal(found[2], found[0])  # who does not even see the face tells nothing
    assert found[1][halo & ~person].mean() < 0.1
    assert found[1][disc(0.5, 0.45, 0.25, SIDE)].mean() > 0.8


def test_a_head_without_hair_has_none_to_tint(face: KnownFace):
    rgb = cv2.resize(face.rgba[20:-20, 20:-20, :3], (SIDE, SIDE))
    everything = np.full((GRID, GRID), 255, np.uint8)
    parts = parts_of(rgb, face, masks(skin=everything))
    head = head_of(face.reading, face.placement)
    assert head is not None
    made = plan(head, parts, {"hair_lightness": 1.0}, bank(), DIRECTIONS)
    assert not carry(Surface.of_square(rgb), made).changed.any()


def test_a_look_has_a_mask_for_each_part():
    shares = np.random.default_rng(1).dirichlet(np.ones(len(PARTS)), (GRID, GRID)).transpose(2, 0, 1)
    zeros = np.zeros(546)
    look = HeadLook(
        Placement(5, 6, 7), np.zeros((546, 2)), zeros, zeros, shares, np.zeros((3, GRID, GRID)), 1.0
    )
    assert list(look.masks) == list(PARTS)
    for name, share in zip(PARTS, shares, strict=True):
        assert look.masks[name].placement == look.placement
        np.testing.assert_allclose(look.masks[name].values / 255, share, atol=0.5 / 255 + 1e-9)


def rims(face: KnownFace, *eyes: tuple[int, ...]) -> np.ndarray:
    """Frames around eyes of a face, as a reader is sure of them: uint8 [GRID, GRID]."""
    drawn = np.zeros((4 * GRID, 4 * GRID), np.uint8)
    assert face.reading.mesh is not None
    points = to_unit(face.placement, face.reading.mesh[:, :2]) * len(drawn)
    apart = np.linalg.norm(points[LEFT_EYE[0]] - points[RIGHT_EYE[0]])
    for eye in eyes:
        x, y = points[list(eye)].mean(axis=0)
        axes = round(0.25 * apart), round(0.2 * apart)
        cv2.ellipse(drawn, (round(x), round(y)), axes, 0, 0, 360, 255, 6)
    return cv2.resize(drawn, (GRID, GRID), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize(("eyes", "worn"), [((LEFT_EYE, RIGHT_EYE), True), ((LEFT_EYE,), False), ((), False)])
def test_nobody_gets_a_second_pair_of_glasses(face: KnownFace, eyes: tuple, worn: bool):
    told = {
        name: replace(mask, placement=face.placement)
        for name, mask in masks(glasses=rims(face, *eyes)).items()
    }
    opened = opened_face(face.rgba, face.placement, face.reading, portraits().resolution, told)
    opened.far = True
    limited = Carrying(portraits(), lambda: None).limited(opened)
    assert ("glasses" in limited) == worn
    assert "hair_length" in limited


@pytest.fixture(scope="module")
def with_reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default pack with a reader that takes all for hair, and believes in it."""
    folder = tmp_path_factory.mktemp("packs")
    torch.manual_seed(0)
    network = HeadReader().eval()
    with torch.no_grad():
        last = [layer for layer in network.maps.modules() if isinstance(layer, torch.nn.Conv2d)][-1]
        assert last.bias is not None
        last.weight.zero_()
        last.bias.zero_()
        last.bias[PARTS.index("hair")] = 9.0
        network.score.weight.zero_()
        network.score.bias.fill_(9.0)
    export_head_reader(network, folder / "reader.onnx")
    pack = portraits()
    return write_pack(
        folder / "portraits",
        pack.generator(),
        name=pack.name,
        title=pack.title,
        licence=pack.licence,
        provenance=pack.provenance,
        mean_w=pack.mean_w,
        rule=pack.rule,
        ratios=pack.ratios,
        resolutions=pack.resolutions,
        ladder=pack.ladder,
        alignment=pack.alignment,
        directions=pack.directions,
        bank=pack.bank,
        head_reader=folder / "reader.onnx",
        half=True,
    )


def test_a_session_asks_the_packs_reader(with_reader: Path, face: KnownFace, face_weights: Path):
    pack = Pack.open(with_reader)
    assert pack.head_reader_path is not None
    session = Session(pack)
    session.open("face", face.rgba, face.reading.face_points)
    told = session.pictures["face"].told
    assert told is not None
    assert told["hair"].values.min() > 200
    assert told["skin"].values.max() < 5
    plain = Session(replace(portraits(), head_reader_file=None))
    plain.open("face", face.rgba, face.reading.face_points)
    assert plain.pictures["face"].told is None


def test_a_reader_that_is_none_is_told(
    with_reader: Path, face: KnownFace, face_weights: Path, monkeypatch: pytest.MonkeyPatch
):
    session = Session(Pack.open(with_reader))
    monkeypatch.setattr(Pack, "read", lambda self, file: b"no network")
    with pytest.raises(CoreError, match="install its pack again"):
        session.open("face", face.rgba, face.reading.face_points)


# Glasses


def framed(head: Head) -> np.ndarray:
    """What a reader sees of round glasses on a head, uint8 [GRID, GRID]."""
    side = 8 * GRID
    frame = np.zeros((side, side), np.uint8)
    middles = [head.mesh[list(eye[:2]), :2].mean(axis=0) for eye in (LEFT_EYE, RIGHT_EYE)]
    apart = float(np.linalg.norm(middles[1] - middles[0]))
    rim = max(1, round(0.07 * apart * side))
    for middle in middles:
        cv2.circle(frame, np.rint(middle * side).astype(int).tolist(), round(0.42 * apart * side), 255, rim)
    return blurred(frame > 0)


def field_of(head: Head, parts: Parts, edits: dict[str, float]) -> np.ndarray:
    moves = plan(head, parts, edits, bank(), DIRECTIONS).moves
    assert moves is not None
    return moves.field


def bent(head: Head, field: np.ndarray) -> float:
    """How far a field takes places of a frame's upper rims from any affine map, in the worst."""
    middles = np.array([head.mesh[list(eye[:2]), :2].mean(axis=0) for eye in (LEFT_EYE, RIGHT_EYE)])
    angles = np.radians(np.linspace(-140, -40, 20))
    ring = 0.42 * np.linalg.norm(middles[1] - middles[0]) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rims = (middles[:, None] + ring).reshape(-1, 2)
    source = LATTICE.at(field, LATTICE.place(rims[None]))[0]
    own = np.column_stack([rims, np.ones(len(rims))])
    return float(np.abs(own @ np.linalg.lstsq(own, source, rcond=None)[0] - source).max())


def test_glasses_keep_their_shape_above_moving_brows(face: KnownFace):
    head = head_of(face.reading, face.placement)
    assert head is not None
    square = face.opened().face
    bare = parts_of(square, face, masks())
    worn = parts_of(square, face, masks(glasses=framed(head)))
    assert glasses_on(head, bare) is None
    raised = {"brow_raise": 1.0}
    assert bent(head, field_of(head, bare, raised)) > 0.002
    assert bent(head, field_of(head, worn, raised)) < 0.0005


def test_eyes_shut_behind_glasses(face: KnownFace):
    head = head_of(face.reading, face.placement)
    assert head is not None
    parts = parts_of(face.opened().face, face, masks(glasses=framed(head)))
    made = plan(head, parts, {"eye_left": -1.0}, bank(), DIRECTIONS)
    assert made.moves is not None
    assert field_share(made) == pytest.approx(0.9, abs=0.15)


def test_glasses_of_a_head_that_turns_turn_with_it(face: KnownFace):
    head = head_of(face.reading, face.placement)
    assert head is not None
    bare, worn = (parts_of(face.opened().face, face, told) for told in (masks(), masks(glasses=framed(head))))
    turned = {"turn": 1.0}
    np.testing.assert_array_equal(field_of(head, worn, turned), field_of(head, bare, turned))
