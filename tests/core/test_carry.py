"""A carry changes what an edit changes; every other pixel stays the same to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_face import KnownFace, known_face, planned, portraits

from anycost.bridge.messages import EditState, Frame, Layer, Placement
from anycost.core.editing.carry.carry import carry
from anycost.core.editing.opened_face import BORDER, OpenedFace, filled, opened_face
from anycost.core.editing.session import Session

DIRECTIONS = portraits().directions
EDIT = {"smile": 0.8, "skin_tone": 0.6, "turn": 0.4}  # moved and tinted all over the face
DRAWN = {**EDIT, "beard": 1.0}


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def face() -> KnownFace:
    return known_face(3, angle=9.0)


@pytest.fixture(scope="module")
def session(face: KnownFace) -> Session:
    made = Session(portraits())
    made.pictures["a"] = face.opened()
    return made


def with_picture(session: Session, opened: OpenedFace) -> Session:
    session.pictures["b"] = opened
    return session


def on_picture(layer: Layer, rgba: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture with the layer over it, uint8 [H, W, 3], and the layer's alpha there."""
    pixels = np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4)
    box = slice(layer.y, layer.y + layer.height), slice(layer.x, layer.x + layer.width)
    over, alpha = rgba[..., :3].copy(), np.zeros(rgba.shape[:2], np.uint8)
    over[box][pixels[..., 3] > 0] = pixels[pixels[..., 3] > 0, :3]
    alpha[box] = pixels[..., 3]
    return over, alpha


def some_edits(most: int = 3) -> st.SearchStrategy[dict[str, float]]:
    some = st.lists(st.sampled_from(DIRECTIONS), min_size=1, max_size=most, unique_by=lambda d: d.name)
    return some.flatmap(lambda ds: st.fixed_dictionaries({d.name: st.floats(d.low, d.high) for d in ds}))


# Nothing asked for, nothing changed


@given(st.lists(st.sampled_from(DIRECTIONS), unique_by=lambda d: d.name))
def test_sliders_at_0_change_no_pixel(session: Session, directions: list):
    zeros = {direction.name: 0.0 for direction in directions}
    opened = session.pictures["a"]
    plan = planned(opened, zeros)
    assert plan.empty
    carried = carry(opened.surface, plan)
    assert np.array_equal(carried.rgb, opened.surface.rgb)
    assert not carried.changed.any()
    assert session.apply("a", zeros, never) is None


def test_frames_without_an_edit_are_the_square_itself(session: Session):
    opened = session.pictures["a"]
    (*_, last) = session.render(EditState("a", 1, {"smile": 0.0, "beard": 0.0}, "full"), never)
    assert last.rgba == np.dstack([opened.frame.rgb, np.zeros((256, 256), np.uint8)]).tobytes()
    (*_, draft) = session.render(EditState("a", 2, {}, "draft"), never)
    rgb = np.frombuffer(draft.rgba, np.uint8).reshape(draft.side, draft.side, 4)[..., :3]
    assert np.array_equal(rgb, opened.rough_frame.rgb)


# Only what changes


def square_of(frame: Frame) -> np.ndarray:
    """A frame's pixels, uint8 [S, S, 4]."""
    return np.frombuffer(frame.rgba, np.uint8).reshape(frame.side, frame.side, 4)


@settings(max_examples=10)
@given(some_edits(), st.booleans())
def test_a_frame_s_alpha_says_what_changed(session: Session, edits: dict[str, float], dragging: bool):
    opened = session.pictures["a"]
    (*_, last) = session.render(EditState("a", 1, edits, "full", dragging), never)
    frame = square_of(last)
    plain = opened.frame.rgb if last.side == len(opened.frame.rgb) else opened.rough_frame.rgb
    changed = np.pad((frame[..., :3] != plain).any(axis=2), 2)
    near = np.lib.stride_tricks.sliding_window_view(changed, (5, 5)).sum(axis=(2, 3))  # [S, S]
    assert not frame[..., 3][near == 0].any()
    assert (frame[..., 3][near == 25] == 255).all()
    assert (frame[..., 3][near > 0] > 0).all()


def test_a_frame_s_alpha_ends_where_the_picture_does(face: KnownFace, session: Session):
    """The picture is cut in the middle of the face, and transparent on its other side."""
    half = face.rgba[:, : face.rgba.shape[1] // 2].copy()
    height, width = half.shape[:2]
    half[:, : width // 2, 3] = 0
    opened = opened_face(half, face.placement, face.reading, 128)
    opened.project(face.w)
    (*_, last) = with_picture(session, opened).render(EditState("b", 1, EDIT, "full"), never)
    y, x = np.mgrid[: last.side, : last.side] + 0.5
    x, y = face.placement.to_picture(x / last.side, y / last.side)
    alpha = square_of(last)[..., 3]
    outside = (x < width // 2 - 1) | (x > width) | (y < 0) | (y > height)
    assert not alpha[outside].any()
    assert alpha[(x > width // 2 + 2) & (x < width - BORDER * face.placement.size - 1)].max() == 255


@settings(max_examples=25)
@given(some_edits())
def test_a_layer_holds_what_changes_and_nothing_else(
    face: KnownFace, session: Session, edits: dict[str, float]
):
    layer = session.apply("a", edits, never)
    opened = session.pictures["a"]
    carried = carry(opened.surface, planned(opened, {n: v for n, v in edits.items() if v}, face))
    if layer is None:
        assert not carried.changed.any()
        return
    over, alpha = on_picture(layer, face.rgba)
    differs = (over != face.rgba[..., :3]).any(axis=2)
    assert np.array_equal(alpha, np.where(differs, 255, 0))
    top, left = opened.surface.y, opened.surface.x
    height, width = opened.surface.rgb.shape[:2]
    assert np.array_equal(over[top : top + height, left : left + width], carried.rgb)
    seen = alpha[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width] > 0
    assert all(line.any() for line in (seen[0], seen[-1], seen[:, 0], seen[:, -1]))  # no empty rim


def test_bands_leave_no_seam(face: KnownFace):
    """A part of the surface alone is carried as in the whole."""
    opened = face.opened()
    plan = planned(opened, DRAWN, face)
    whole = carry(opened.surface, plan).rgb
    surface = opened.surface
    part = replace(surface, rgb=surface.rgb[37:301, 21:250], x=surface.x + 21, y=surface.y + 37)
    inner = np.abs(carry(part, plan).rgb.astype(int) - whole[37:301, 21:250])[20:-20, 20:-20]
    assert inner.max() <= 2


# Gray pictures


@pytest.fixture(scope="module")
def gray() -> tuple[KnownFace, OpenedFace]:
    face = known_face(5, gray=True)
    return face, face.opened()


@settings(max_examples=10)
@given(some_edits())
def test_a_gray_picture_stays_gray(gray: tuple[KnownFace, OpenedFace], edits: dict[str, float]):
    face, opened = gray
    carried = carry(opened.surface, planned(opened, edits, face))
    assert np.ptp(carried.rgb, axis=2).max() == 0
    assert np.array_equal(carried.changed, (carried.rgb != opened.surface.rgb).any(axis=2))


# Selections and borders


@pytest.mark.parametrize("edits", [EDIT, DRAWN, {"mouth_open": 1.0}, {"glasses": 1.0}])
def test_a_selection_of_nothing_changes_nothing_and_of_all_everything(face: KnownFace, edits: dict):
    opened = face.opened()
    plan = planned(opened, edits, face)
    whole = carry(opened.surface, plan)
    assert whole.changed.any()
    shape = opened.surface.rgb.shape[:2]
    none = carry(opened.surface, plan, np.zeros(shape, np.uint8))
    assert np.array_equal(none.rgb, opened.surface.rgb)
    assert not none.changed.any()
    full = carry(opened.surface, plan, np.full(shape, 255, np.uint8))
    assert np.array_equal(full.rgb, whole.rgb)


def test_half_a_selection_leaves_the_other_half(face: KnownFace, session: Session):
    only = np.zeros(face.rgba.shape[:2], np.uint8)
    only[:, : len(only) // 2] = 255  # as high as it is wide
    layer, whole = (session.apply("a", DRAWN, never, only=chosen) for chosen in (only, None))
    assert layer is not None
    assert whole is not None
    over, alpha = on_picture(layer, face.rgba)
    assert not alpha[only == 0].any()
    assert alpha[only == 255].any()
    edge = len(only) // 2  # there the texture is given back that lies around a pixel
    unselected = on_picture(whole, face.rgba)[0]
    assert np.array_equal(over[:, : edge - 4], unselected[:, : edge - 4])
    assert np.abs(over[:, edge - 4 : edge].astype(int) - unselected[:, edge - 4 : edge]).max() <= 4


def steps(rgb: np.ndarray) -> np.ndarray:
    """The largest difference of neighbours in each column, [w - 1]."""
    return np.abs(np.diff(rgb.astype(int), axis=1)).max(axis=(0, 2))


def test_a_soft_selection_leaves_no_edge(face: KnownFace):
    """On even colour that is tinted, neighbours differ by no more than the selection's slope asks for."""
    opened = face.opened()
    surface = replace(opened.surface, rgb=np.full_like(opened.surface.rgb, 150))
    plan = planned(opened, {"skin_tone": 1.0})
    width = len(surface.rgb)  # as high as it is wide
    only = np.clip(np.arange(width) * 4 - width, 0, 255).astype(np.uint8)[None].repeat(width, axis=0)
    whole, soft = carry(surface, plan), carry(surface, plan, only)
    depth = np.abs(whole.rgb.astype(int) - 150).max()
    assert depth > 30
    assert steps(soft.rgb).max() <= steps(whole.rgb).max() + depth * 4 / 255 + 2


def test_a_change_ends_softly_at_the_pictures_border(session: Session):
    """A picture may be what is around a selection: at its border nothing may change, lest a seam be seen."""
    face = known_face(3, margin=0)
    cut = face.rgba[:, 70:]  # through the cheek
    placement = replace(face.placement, x=face.placement.x - 70)
    opened = opened_face(cut, placement, face.reading.moved(-70, 0), 128)
    opened.project(face.w)
    border = opened.border()
    assert border is not None
    assert border[:, 0].max() < 8
    reach = int(np.ceil(BORDER * placement.size))
    assert (border[reach + 1 : -reach - 1, reach + 1 : -reach - 1] == 255).all()
    assert (np.diff(border[128, : reach + 1].astype(int)) >= 0).all()
    layer = with_picture(session, opened).apply("b", EDIT, never)
    assert layer is not None
    over, _ = on_picture(layer, cut)
    change = np.abs(over.astype(int) - cut[..., :3]).max(axis=2)
    assert change[:, 0].max() <= 1
    assert change[:, reach + 1 : reach + 8].max() > 20


@pytest.mark.parametrize("margin", [8, 40])
def test_far_from_the_pictures_border_nothing_fades(margin: int):
    assert known_face(3, margin=margin).opened().border() is None


# Transparent pixels


def test_transparent_pixels_take_colours_from_nearby():
    rgba = np.zeros((64, 96, 4), np.uint8)
    rgba[:, :40] = (200, 40, 10, 255)
    rgba[20:30, 60:70] = (10, 90, 220, 7)  # nearly transparent is not empty
    rgba[50:, 80:, :3] = 255  # a hidden white
    out = filled(rgba)
    assert np.array_equal(out[rgba[..., 3] > 0], rgba[rgba[..., 3] > 0][:, :3])
    assert np.array_equal(out[5, 41], (200, 40, 10))
    assert out[25, 58].argmax() == 2
    assert not (out == 255).all(axis=2).any()


@pytest.mark.parametrize("alpha", [0, 255])
def test_a_picture_wholly_opaque_or_wholly_transparent_is_left_as_it_is(alpha: int):
    rgba = np.random.default_rng(0).integers(0, 256, (20, 30, 4), np.uint8)
    rgba[..., 3] = alpha
    assert np.array_equal(filled(rgba), rgba[..., :3])


def test_what_is_transparent_stays_so(face: KnownFace, session: Session):
    rgba = face.rgba.copy()
    rgba[: len(rgba) // 2, :, 3] = 0
    rgba[len(rgba) // 2 : len(rgba) // 2 + 20, :, 3] = 90
    opened = opened_face(rgba, face.placement, face.reading, 128)
    opened.project(face.w)
    layer = with_picture(session, opened).apply("b", DRAWN, never)
    assert layer is not None
    _, alpha = on_picture(layer, rgba)
    assert (alpha[alpha > 0] == rgba[..., 3][alpha > 0]).all()
    assert set(np.unique(alpha)) == {0, 90, 255}


def test_a_face_far_larger_than_the_picture_is_cut_to_it():
    face = known_face(3)
    opened = opened_face(face.rgba, Placement(150, 150, 900), None, 128)
    assert opened.surface.rgb.shape == face.rgba[..., :3].shape
    assert opened.parts is None
