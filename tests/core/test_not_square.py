"""A pack of pictures of 4:3: what is projected, shown, changed and written is that part of the square."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PIL import Image

from anycost.bridge.messages import DrawThumbnail, EditState, Placement
from anycost.commands.edit import Asked, edit_file
from anycost.commands.render import render_file
from anycost.core.editing.carry.carry import carry
from anycost.core.editing.carrying import Carrying
from anycost.core.editing.opened_face import BORDER, opened_face
from anycost.core.editing.session import Session
from anycost.core.faces.placement import middle
from anycost.krita_plugin.state.picture import Picture
from anycost.models.manifest import MANIFEST
from anycost.models.pack import Pack

SHAPE = (4, 3)
WIDE, TALL = (128, 96), (90, 160)  # width, height
SMILE = {"smile": 1.0}


@pytest.fixture(scope="module")
def pack(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """It draws something in its black rows, too: nothing of that may be seen."""
    folder = tmp_path_factory.mktemp("wide") / "wide"
    shutil.copytree(tiny_pack, folder)
    said = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**said, "alignment": None, "shape": SHAPE}))
    return Pack.open(folder)


@pytest.fixture(scope="module")
def session(pack: Pack) -> Session:
    made = Session(pack)
    for name, size in (("wide", WIDE), ("tall", TALL), ("whole", TALL)):
        made.open(name, picture(*size), whole=name == "whole")
        list(made.project(name, steps=0))
    return made


def picture(width: int, height: int) -> np.ndarray:
    """Opaque noise that is bright, uint8 [h, w, 4]."""
    rgba = np.random.default_rng(width).integers(40, 256, (height, width, 4)).astype(np.uint8)
    rgba[..., 3] = 255
    return rgba


def never() -> bool:
    return False


@pytest.mark.parametrize(
    ("size", "box"), [(WIDE, (0, 0, 128, 96)), (TALL, (0, 46, 90, 114)), ((200, 60), (60, 0, 140, 60))]
)
def test_what_is_shown_is_the_largest_part_of_that_shape_in_the_middle(size, box):
    opened = opened_face(picture(*size), middle(size[0], size[1], SHAPE), None, 32)
    surface = opened.surface
    assert (surface.x, surface.y) == box[:2]
    assert surface.rgb.shape[:2] == (box[3] - box[1], box[2] - box[0])
    assert np.array_equal(surface.rgb, picture(*size)[box[1] : box[3], box[0] : box[2], :3])


def test_the_generator_is_asked_for_black_rows(session: Session):
    face = session.pictures["wide"].face  # 128 px: each of its pixels is one of the picture
    assert np.array_equal(face[16:112], picture(*WIDE)[..., :3])
    assert not face[:16].any()
    assert not face[112:].any()


def test_a_square_keeps_its_pixels(session: Session):
    opened = opened_face(picture(*WIDE), middle(*WIDE), None, 32)
    assert opened.face is opened.square


def test_a_tall_picture_s_rows_beside_the_shape_are_not_in_what_is_projected(session: Session):
    face = session.pictures["tall"].face
    assert len(face) == 90
    assert not face[:11].any()
    assert face[12:78].min() >= 1


@pytest.mark.parametrize("name", ["wide", "tall"])
def test_an_edit_stays_within_the_shape_and_ends_softly(session: Session, name: str):
    layer = session.apply(name, SMILE, never)
    assert layer is not None
    width, height = WIDE if name == "wide" else TALL
    top = 0 if name == "wide" else 46
    assert layer.x >= 0
    assert layer.y >= top
    assert layer.y + layer.height <= height - top
    before = picture(width, height)[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width]
    after = np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4)
    change = np.abs(after[..., :3].astype(int) - before[..., :3])
    change[after[..., 3] == 0] = 0
    rows = change.mean(axis=(1, 2))
    fading = max(1, round(BORDER * session.pictures[name].placement.size / 2))
    assert rows[:fading].mean() < 0.75 * rows[len(rows) // 4 : -len(rows) // 4].mean()
    assert len(rows) > 0.8 * (height - 2 * top)


def test_a_whole_picture_is_edited_up_to_its_border(session: Session):
    """Not so at the sides of the shape that lie within it."""

    def mean_change(name: str) -> np.ndarray:
        layer = session.apply(name, SMILE, never)
        assert layer is not None
        after = picture(*TALL)
        drawn = np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4)
        box = after[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width]
        box[drawn[..., 3] > 0] = drawn[drawn[..., 3] > 0]
        return np.abs(after.astype(int) - picture(*TALL))[..., :3].mean(axis=2)

    cut, whole = mean_change("tall"), mean_change("whole")
    assert np.array_equal(cut[50:110, 4:86], whole[50:110, 4:86])
    assert cut[50:110, 0].mean() < 0.4 * whole[50:110, 0].mean()
    assert np.array_equal(cut[46, 4:86], whole[46, 4:86])


def test_black_rows_of_the_portraits_darken_nothing():
    """The portraits show the picture, then all of it brighter: its edge becomes as bright as the rest."""
    wide = np.full((96, 128, 4), (90, 100, 110, 255), np.uint8)
    opened = opened_face(wide, middle(*WIDE, SHAPE), None, 32, ends=(-99, -99, 999, 999))
    before, after = (np.zeros((32, 32, 3), np.uint8) for _ in range(2))
    before[4:28], after[4:28] = (90, 100, 110), (130, 140, 150)
    made = Carrying(cast(Pack, SimpleNamespace(bank=None, directions=())), lambda: None).planned(
        opened, {}, (before, after)
    )
    assert np.abs(carry(opened.surface, made).rgb.astype(int) - (130, 140, 150)).max() <= 1


def test_frames_change_nothing_beside_the_shape(session: Session):
    (*_, frame) = session.render(EditState("tall", 1, SMILE, "full"), never)
    alpha = np.frombuffer(frame.rgba, np.uint8).reshape(frame.height, frame.width, 4)[..., 3]
    top = round(frame.side / 8)
    assert not alpha[: top - 1].any()
    assert not alpha[-top + 1 :].any()
    assert alpha[frame.side // 2].any()


def test_a_thumbnail_is_transparent_beside_the_shape(session: Session):
    drawn = session.thumbnail(DrawThumbnail("wide", SMILE, 64), never)
    alpha = np.frombuffer(drawn.rgba, np.uint8).reshape(64, 64, 4)[..., 3]
    assert (alpha[8:56] == 255).all()
    assert not alpha[:8].any()
    assert not alpha[56:].any()


def test_a_placement_says_what_is_shown_and_travels_with_it(session: Session):
    placement = session.open("again", picture(*TALL)).placement
    assert placement == Placement(45, 80, 90, 0, SHAPE)
    assert placement.shown == (0, 0.125, 1, 0.875)
    assert Placement.of(json.loads(json.dumps(placement.data()))) == placement
    old = {key: value for key, value in placement.data().items() if key != "shape"}
    assert Placement.of(old).shown == (0, 0, 1, 1)


def test_drawn_pictures_have_the_pack_s_shape(pack: Pack, tmp_path: Path):
    render_file(pack, None, 3, None, "full", tmp_path / "a.png")
    render_file(pack, None, 3, None, "full", tmp_path / "a.npy")
    exact = np.load(tmp_path / "a.npy")[0].transpose(1, 2, 0)  # [32, 32, 3]
    drawn = np.asarray(Image.open(tmp_path / "a.png"))
    assert drawn.shape == (24, 32, 3)
    assert np.array_equal(drawn, np.rint(exact[4:28] * 127.5 + 127.5).clip(0, 255).astype(np.uint8))


def test_a_file_is_edited_within_the_shape_alone(pack: Pack, tmp_path: Path):
    Image.fromarray(picture(*TALL)).save(tmp_path / "in.png")
    edit_file(
        tmp_path / "in.png",
        tmp_path / "out.png",
        pack,
        Asked(SMILE, "full", 1.0, lambda faces: faces[0], None),
    )
    before, after = (np.asarray(Image.open(tmp_path / name)) for name in ("in.png", "out.png"))
    changed = np.flatnonzero((before != after).any(axis=(1, 2)))
    assert before.shape == after.shape
    assert 46 <= changed.min() < 56
    assert 104 < changed.max() < 114


@pytest.mark.parametrize(
    ("place", "document", "whole"),
    [
        ((0, 0, 1), (4, 3), True),
        ((0, 0, 2), (9, 7), True),
        ((0, 0, 1), (5, 3), False),
        ((0, 1, 1), (4, 4), False),
        ((0, 0, 1), (0, 0), False),
    ],
)
def test_the_panel_says_whether_it_sends_all_of_a_document(place, document, whole: bool):
    left, top, factor = place
    assert Picture(4, 3, bytes(48), left, top, factor, document).whole is whole
