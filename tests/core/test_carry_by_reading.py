"""Packs without a bank, and packs that draw no faces: their own two portraits say what an edit does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_face import KnownFace, drawn, irises_of, known_face, portraits

from anycost.bridge.messages import Layer, Placement
from anycost.commands.demo import SAMPLE
from anycost.core.editing.carry.by_reading import MOVING, REACH, SIDE, OwnFaces, change_by_reading
from anycost.core.editing.carry.change import Head
from anycost.core.editing.carry.drawn import REACH as DRAWN_AROUND
from anycost.core.editing.carry.drawn import SAME
from anycost.core.editing.carry.solid_head import HeadPose, rotation_of
from anycost.core.editing.carrying import Carrying
from anycost.core.editing.edits import edited
from anycost.core.editing.session import Session
from anycost.core.faces.attention_mesh import Mesh
from anycost.core.faces.pyramid import Pyramid
from anycost.core.faces.readers import Readers
from anycost.core.faces.reading import MOUTH_CORNERS
from anycost.core.files.pictures import read_picture
from anycost.models.manifest import Alignment
from anycost.models.pack import Pack

CHEEK = (50, 101, 118, 205)


def never() -> bool:
    return False


def without_bank(**changes: Any) -> Pack:
    return replace(portraits(), bank_file=None, bank_portraits=0, **changes)


@pytest.fixture(scope="module")
def face() -> KnownFace:
    return known_face(3)


def head_of(face: KnownFace) -> Head:
    head = face.opened().head
    assert head is not None
    return head


def on_picture(layer: Layer | None, rgba: np.ndarray) -> np.ndarray:
    """The picture with the layer over it, uint8 [H, W, 3]."""
    assert layer is not None
    pixels = np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4)
    out = rgba[..., :3].copy()
    box = out[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width]
    box[pixels[..., 3] > 0] = pixels[pixels[..., 3] > 0, :3]
    return out


# From two heads


@given(
    scale=st.floats(0.5, 2),
    tilt=st.tuples(*[st.floats(-0.4, 0.4)] * 3),
    move=st.tuples(*[st.floats(-0.1, 0.1)] * 3),
)
def test_a_movement_is_turned_and_scaled_onto_the_pictures_head(
    face: KnownFace, scale: float, tilt: tuple[float, ...], move: tuple[float, ...]
):
    before = head_of(face)
    pose = HeadPose(rotation_of(np.array(tilt)), scale, np.array([0.1, -0.2, 0.3]))
    here = pose.placed(before.mesh)
    after = before.mesh.copy()
    after[list(CHEEK)] += move
    change = change_by_reading(Head(here, irises_of(here)), before, Head(after, before.irises))
    expected = (pose.placed(after) - here)[:, :2]
    height = np.linalg.norm(here[10] - here[152])
    still = np.linalg.norm(expected, axis=1) == 0
    assert not change.moved[still].any()
    if np.linalg.norm(expected[CHEEK[0]]) > MOVING * height:
        np.testing.assert_allclose(change.moved[list(CHEEK)], expected[list(CHEEK)], atol=1e-6)
    assert not change.tints
    assert not change.gaze.any()


def test_readings_that_tremble_move_nothing(face: KnownFace):
    before = head_of(face)
    noise = 0.001 * np.random.default_rng(0).uniform(-1, 1, before.mesh.shape)
    after = Head(before.mesh + noise, before.irises + 0.0005)
    assert not change_by_reading(before, before, after).moves


def test_a_gaze_is_that_of_the_irises_alone(face: KnownFace):
    before = head_of(face)
    aside = np.array([0.02, 0.0])
    change = change_by_reading(before, before, Head(before.mesh, before.irises + aside))
    np.testing.assert_allclose(change.gaze, [aside, aside], atol=1e-9)
    assert not change.moved.any()


# From portraits


class OneFace:
    """Stands in for the mesh network: sees a known face in the whole picture.

    Its mouth's corners are as high as the picture is light."""

    def __init__(self, mesh: np.ndarray, flag: float = 0.9):
        self.mesh, self.flag = mesh, flag
        self.places: list[Placement] = []

    def look(self, pyramid: Pyramid, place: Placement) -> Mesh:
        self.places.append(place)
        light = pyramid.crop(Placement(SIDE / 2, SIDE / 2, SIDE), 8).mean()
        points = SIDE * self.mesh
        points[list(MOUTH_CORNERS), 1] -= light - 100
        return Mesh(points, SIDE * irises_of(self.mesh), self.flag)


def own_faces(network: OneFace) -> OwnFaces:
    alignment = portraits().alignment
    assert alignment is not None
    return OwnFaces(cast(Any, network), alignment)


def even(level: int) -> np.ndarray:
    return np.full((128, 128, 3), level, np.uint8)


def test_both_portraits_are_read_in_one_crop_which_starts_where_the_pack_has_its_faces(face: KnownFace):
    network = OneFace(head_of(face).mesh)
    faces = own_faces(network)
    before = faces.read(even(100))
    assert before is not None
    (x, y), (_, mouth) = (
        cast(Alignment, portraits().alignment).eyes,
        cast(Alignment, portraits().alignment).mouth,
    )
    start = network.places[0]
    assert (start.x, start.size) == pytest.approx((x * SIDE, REACH * (mouth - y) * SIDE))
    after = faces.read(even(108), before)
    assert after is not None
    assert after.crop == before.crop == network.places[-1]
    np.testing.assert_allclose(before.head.mesh, network.mesh, atol=1e-6)
    np.testing.assert_allclose(
        (after.head.mesh - before.head.mesh)[list(MOUTH_CORNERS), 1], -8 / SIDE, atol=1e-6
    )


def test_what_is_no_face_is_not_read(face: KnownFace):
    assert own_faces(OneFace(head_of(face).mesh, flag=0.2)).read(even(100)) is None
    assert own_faces(OneFace(head_of(face).mesh, flag=0.4)).read(even(100)) is None


def test_without_a_bank_the_picture_moves_as_the_portraits_do(face: KnownFace):
    opened = face.opened()
    faces = own_faces(OneFace(head_of(face).mesh))
    made = Carrying(without_bank(), lambda: faces)
    assert made.drawn(opened, {"smile": 1.0, "skin_tone": 0.2}) == {"smile": 1.0, "skin_tone": 0.2}
    plan = made.planned(opened, {"smile": 1.0}, (even(100), even(105)))
    corners = plan.change.moved[list(MOUTH_CORNERS)]
    np.testing.assert_allclose(corners[:, 1], -5 / SIDE, atol=2e-3)
    assert plan.moves is not None
    assert plan.moves.inside is None  # the generator draws the mouth
    assert plan.tint is None
    assert plan.drawn is not None


def test_without_a_network_nothing_moves_and_all_is_drawn(face: KnownFace):
    plan = Carrying(without_bank(), lambda: None).planned(
        face.opened(), {"smile": 1.0}, face.portraits_of({"smile": 1.0})
    )
    assert plan.moves is None
    assert plan.drawn is not None
    assert (plan.drawn.share > 0.9).any()


def test_what_is_drawn_stays_at_the_parts_that_a_direction_touches(face: KnownFace):
    opened, edits = face.opened(), {"smile": 1.0}
    pack = without_bank()
    anywhere = tuple(replace(direction, parts=(), how=()) for direction in pack.directions)
    shares = []
    for directions in (pack.directions, anywhere):
        made = Carrying(replace(pack, directions=directions), lambda: None)
        drawing = made.planned(opened, edits, (even(100), even(160))).drawn
        assert drawing is not None
        shares.append(drawing.share)
    assert 0 < (shares[0] > 0.5).mean() < 0.2
    assert shares[1].min() == 1


# Whole sessions


def unchanged(before: np.ndarray, after: np.ndarray, side: int) -> np.ndarray:
    """Where two portraits are the same, also nearby, bool [side, side]."""
    away = np.abs(after.astype(int) - before).max(axis=2).astype(np.uint8)
    reach = 4 * max(1, round(DRAWN_AROUND * len(before))) + 2
    near = cv2.dilate(away, np.ones((reach + 1, reach + 1), np.uint8))
    return cv2.resize(near, (side, side), interpolation=cv2.INTER_NEAREST) < SAME


@pytest.mark.parametrize("slider", [{"glasses": 1.0}, {"bangs": 1.0}, {"smile": 1.0}])
def test_a_pack_that_draws_no_faces_draws_what_its_generator_changes(slider: dict[str, float]):
    """Nothing is known of the picture but its square."""
    face = known_face(5, margin=0)
    pack = without_bank(alignment=None, finder_file=None)
    session = Session(pack)
    opened = session.open("a", face.rgba)
    assert (opened.advice, opened.placement) == ("", Placement(128, 128, 256))
    # no mesh is there to move, and the generator has no part in these
    assert opened.limited == tuple(d.name for d in pack.directions if not d.vector.any())
    assert {"smile_left", "gaze_y"} <= set(opened.limited)
    session.restore("a", face.w)
    over = on_picture(session.apply("a", slider, never), face.rgba)
    changed = (over != face.rgba[..., :3]).any(axis=2)
    before, after = drawn(face.w), drawn(edited(face.w, slider, pack))
    same = unchanged(before, after, 256)
    assert same.mean() > 0.05
    assert not changed[same].any()
    large = cv2.resize(after, (256, 256), interpolation=cv2.INTER_CUBIC).astype(int)
    far = np.abs(after.astype(int) - before).max(axis=2).repeat(2, 0).repeat(2, 1) > 20
    inner = np.zeros_like(far)
    inner[10:-10, 10:-10] = True
    assert (
        np.abs(over - large)[far & inner].mean()
        < 0.7 * np.abs(face.rgba[..., :3] - large)[far & inner].mean()
    )


def test_where_its_generator_changes_nothing_nothing_changes():
    face = known_face(5, margin=0)
    still = tuple(replace(d, vector=np.zeros_like(d.vector)) for d in portraits().directions)
    session = Session(without_bank(alignment=None, finder_file=None, directions=still))
    session.open("a", face.rgba)
    session.restore("a", face.w)
    assert session.apply("a", {"smile": 1.0, "beard": 1.0}, never) is None


@pytest.mark.slow
def test_the_sample_smiles_without_a_bank_as_with_it(face_weights: Path):
    """Its mouth's corners go up, as the mesh reads them."""
    sample = read_picture(SAMPLE)
    readers = Readers()
    (before,) = readers.read(sample)
    assert before.mesh is not None
    corners = []
    for pack in (portraits(), without_bank()):
        session = Session(pack)
        session.open("a", sample, before.face_points)
        list(session.project("a", steps=0))
        over = on_picture(session.apply("a", {"smile": 1.0}, never), sample)
        after = readers.read_at(np.dstack([over, sample[..., 3]]), before.face_points)
        assert after is not None
        assert after.mesh is not None
        height = np.linalg.norm(before.mesh[10] - before.mesh[152])
        moved = (after.mesh - before.mesh)[:, :2] / height
        middle = moved[[13, 14], 1].mean()
        corners.append(middle - moved[list(MOUTH_CORNERS), 1].mean())
        assert np.abs(moved[[33, 133, 362, 263]]).max() < 0.01  # the eyes' corners stay
    assert min(corners) > 0.02
