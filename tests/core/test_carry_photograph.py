"""The carry on real pictures, read with the fetched weights: a photograph that is far from what the default
pack draws, and the sample portrait, which is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from known_face import bank, known_face, portraits

from anycost.bridge.messages import EditState, FacePoints, Frame, Layer, OpenedPicture
from anycost.commands.demo import SAMPLE
from anycost.core.editing.carry.carry import carry
from anycost.core.editing.carry.nearest import COUNT, nearest_latent
from anycost.core.editing.opened_face import OpenedFace
from anycost.core.editing.session import Session
from anycost.core.faces.face_parts import OUTLINES
from anycost.core.faces.placement import to_picture
from anycost.core.faces.reading import CHIN, FOREHEAD
from anycost.core.files.pictures import read_picture
from anycost.lab.measuring.faces_sheet import photograph

pytestmark = pytest.mark.slow


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def session(faces_for_all: None) -> Session:
    return Session(portraits())


@pytest.fixture(scope="module")
def told(session: Session) -> OpenedPicture:
    """What the artist is told of the photograph, which is open as "far"."""
    return session.open("far", np.array(photograph()))


@pytest.fixture(scope="module")
def far(session: Session, told: OpenedPicture) -> OpenedFace:
    """The photograph, projected."""
    list(session.project("far"))
    return session.pictures["far"]


@pytest.fixture(scope="module")
def told_near(session: Session) -> OpenedPicture:
    """What the artist is told of the sample, which is open as "near"."""
    return session.open("near", read_picture(SAMPLE))


@pytest.fixture(scope="module")
def near(session: Session, told_near: OpenedPicture) -> OpenedFace:
    """The sample, projected."""
    list(session.project("near", steps=0))
    return session.pictures["near"]


def applied(session: Session, picture: str, edits: dict[str, float]) -> Layer:
    layer = session.apply(picture, edits, never)
    assert layer is not None
    return layer


def on_picture(layer: Layer, rgba: np.ndarray) -> np.ndarray:
    """The picture with the layer over it, uint8 [H, W, 3]."""
    pixels = np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4)
    out = rgba[..., :3].copy()
    box = out[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width]
    box[pixels[..., 3] > 0] = pixels[pixels[..., 3] > 0, :3]
    return out


def rgb(frame: Frame) -> np.ndarray:
    return np.frombuffer(frame.rgba, np.uint8).reshape(frame.height, frame.width, 4)[..., :3]


def opaque(rgb: np.ndarray) -> np.ndarray:
    """[H, W, 3] -> [H, W, 4]"""
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


# Far pictures


def test_of_a_photograph_the_artist_hears_what_works(told: OpenedPicture):
    names = {direction.name for direction in portraits().directions}
    assert told.advice.endswith(".")
    assert set(told.limited) <= names
    assert "hair_length" in told.limited
    assert not {"smile", "glasses", "skin_tone", "eye_open"} & set(told.limited)


def test_a_photograph_is_projected_at_once_to_the_nearest_portraits(session: Session, told: OpenedPicture):
    (step,) = session.project("far")
    assert (step.stage, step.step, step.steps) == ("nearest", 0, 0)
    assert step.w.dtype == np.float32
    assert (step.w == step.w[0]).all()
    assert session.pictures["far"].w is not None
    head = session.pictures["far"].head
    assert head is not None
    np.testing.assert_allclose(step.w[0], nearest_latent(head, bank()), atol=1e-6)


def test_the_nearest_portraits_of_a_portrait_are_around_it():
    """A portrait of the bank is itself one of its nearest, so the mean leans towards it."""
    found = []
    for number in range(0, 40, 4):
        head = known_face(number, size=128).opened().head
        assert head is not None
        w, own = nearest_latent(head, bank()), bank().w[number]
        others = np.linalg.norm(bank().w - w, axis=1)
        found.append(np.linalg.norm(own - w) < np.median(others))
        alone = (w * COUNT - own) / (COUNT - 1)  # the mean of the others, if it is among them
        assert np.abs(alone).max() < np.abs(bank().w).max()
    assert np.mean(found) > 0.8


def test_the_sample_is_not_far(session: Session, told_near: OpenedPicture):
    assert (told_near.advice, told_near.limited) == ("", ())
    assert next(session.project("near")).stage == "encoder"


def test_what_is_not_limited_is_seen_on_a_photograph(session: Session, far: OpenedFace, told: OpenedPicture):
    """What can only be drawn changes nothing there, unless as a shape, and is told to be limited."""
    photo = np.array(photograph())
    for direction in portraits().directions:
        layer = session.apply("far", {direction.name: direction.high}, never)
        if layer is None:
            assert direction.how == ("drawn",)
            assert direction.name in told.limited
        elif direction.name not in told.limited:
            change = on_picture(layer, photo).astype(np.float32) - photo[..., :3]
            assert np.abs(cv2.GaussianBlur(change, (0, 0), 4)).max() > 8, direction.name


def test_a_photograph_keeps_its_texture(session: Session, far: OpenedFace):
    """The energy of its Laplacian outside the mouth, which is drawn."""
    photo = np.array(photograph())
    smiling = on_picture(applied(session, "far", {"smile": 1.0}), photo)
    assert far.head is not None
    changed = (smiling != photo[..., :3]).any(axis=2)
    lips = to_picture(far.placement, far.head.mesh[list(OUTLINES["lips"]), :2])
    mouth = cv2.fillPoly(np.zeros(changed.shape, np.uint8), [np.round(lips).astype(np.int32)], 1)
    where = changed & (cv2.dilate(mouth, np.ones((25, 25), np.uint8)) == 0)
    assert where.mean() > 0.05

    def energy(picture: np.ndarray) -> float:
        gray = picture.astype(np.float32).mean(axis=2)
        return float((cv2.Laplacian(gray, cv2.CV_32F)[where] ** 2).mean())

    assert 0.95 < energy(smiling) / energy(photo[..., :3]) < 1.10


def test_a_gray_photograph_stays_gray(session: Session):
    small = photograph().reduce(2)  # a large one is searched for longer
    photo = np.array(small.convert("L").convert("RGBA"))
    session.open("gray", photo)
    list(session.project("gray"))
    for edits in ({"smile": 1.0, "skin_tone": 0.5}, {"glasses": 1.0}, {"mouth_open": 1.0}):
        assert np.ptp(on_picture(applied(session, "gray", edits), photo), axis=2).max() == 0


# Frames


@pytest.fixture(scope="module")
def in_frames(session: Session, far: OpenedFace, near: OpenedFace) -> dict[str, FacePoints]:
    """Where the one face of each picture's frames is; an edit does not bring it away from there."""
    found = {}
    for which in ("far", "near"):
        frame = list(session.render(EditState(which, 1, {}, "full"), never))[-1]
        (face,) = session.faces(opaque(rgb(frame)))
        found[which] = face.face_points
    return found


@pytest.mark.parametrize("edits", [{"smile": 1.0}, {"turn": -0.5}, {"eye_open": -0.9, "brow_raise": 1.0}])
@pytest.mark.parametrize("which", ["far", "near"])
def test_draft_and_full_frames_have_the_same_face(
    session: Session, which: str, edits: dict[str, float], in_frames: dict[str, FacePoints]
):
    """As the mesh reads them, enlarged to one size: within a hundredth of the face's height."""
    side = len(session.pictures[which].frame.rgb)
    meshes, pictures = [], []
    for quality in ("full", "preview", "draft"):
        frame = list(session.render(EditState(which, 1, edits, quality), never))[-1]
        large = cv2.resize(rgb(frame), (side, side), interpolation=cv2.INTER_CUBIC)
        pictures.append(cv2.GaussianBlur(large, (0, 0), 0.01 * side).astype(int))
        face = session._readers.read_at(opaque(large), in_frames[which])
        assert face is not None
        assert face.mesh is not None
        meshes.append(face.mesh[:, :2])
    height = np.linalg.norm(meshes[0][FOREHEAD] - meshes[0][CHIN])
    for mesh, picture in zip(meshes[1:], pictures[1:], strict=True):
        assert np.linalg.norm(mesh - meshes[0], axis=1).mean() < 0.01 * height
        assert np.abs(picture - pictures[0]).mean() < 1.5


def test_frames_show_what_apply_gives(session: Session, far: OpenedFace):
    edits = {"smile": 1.0, "skin_tone": 0.5, "glasses": 1.0}
    frame = list(session.render(EditState("far", 1, edits, "full"), never))[-1]
    plan = session._carrying.planned(far, edits)
    whole = carry(far.surface, plan).rgb
    layer = on_picture(applied(session, "far", edits), np.array(photograph()))
    y, x = far.surface.y, far.surface.x
    assert np.array_equal(layer[y : y + whole.shape[0], x : x + whole.shape[1]], whole)
    unit = (np.stack(np.meshgrid(*[np.arange(frame.side) + 0.5] * 2), axis=-1)) / frame.side
    at = (to_picture(far.placement, unit) - 0.5).astype(np.float32)
    shown = cv2.remap(layer, at[..., 0], at[..., 1], cv2.INTER_CUBIC).astype(int)
    inner = slice(frame.side // 10, -frame.side // 10)
    assert np.abs(shown - rgb(frame))[inner, inner].mean() < 3
