"""Mixing another face into an edit: by layers of w+ where the generator draws, else by how both are read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from known_face import bank, known_face, portraits

from anycost.bridge.messages import DrawThumbnail, EditState, Mix
from anycost.core.editing.carry.change import Change
from anycost.core.editing.carrying import PLAIN
from anycost.core.editing.opened_face import OpenedFace
from anycost.core.editing.session import Session
from anycost.core.editing.style_mixing import FURTHEST, Other, _smoothing, mixed, with_other
from anycost.core.errors import CoreError

BANDS = ("coarse", "middle", "fine")
SHARES = st.floats(0, 1, width=32)


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def session() -> Session:
    made = Session(portraits())
    for name, seed in (("a", 3), ("b", 5)):
        made.pictures[name] = known_face(seed).opened()
    for name in ("a", "b"):
        made.pictures["far " + name] = replace(made.pictures[name], far=True)
    return made


def small(session: Session, picture: str, mix: Mix | None, **edits: float) -> np.ndarray:
    """A thumbnail, int [64, 64, 4]."""
    drawn = session.thumbnail(DrawThumbnail(picture, edits, 64, "draft", mix), never)
    return np.frombuffer(drawn.rgba, np.uint8).reshape(64, 64, 4).astype(int)


@given(arrays(np.float32, (2, 12, 5), elements=st.floats(-3, 3, width=32)), SHARES, SHARES, SHARES)
def test_each_amount_moves_its_own_layers(ws: np.ndarray, coarse: float, middle: float, fine: float):
    w, other = ws
    found = mixed(w, other, Mix(seed=0, coarse=coarse, middle=middle, fine=fine))
    for layer in range(12):
        share = coarse if layer < 4 else middle if layer < 8 else fine
        assert found[layer] == pytest.approx((1 - share) * w[layer] + share * other[layer], abs=1e-5)


def test_a_whole_mix_draws_the_other_face_s_portrait(session: Session):
    a, b = session.pictures["a"], session.pictures["b"]
    assert a.w is not None
    assert b.w is not None
    everything = session._other(a, Mix("b", None, 1, 1, 1))
    assert session._wanted(a, {}, everything) == pytest.approx(b.w, abs=1e-5)
    assert session._wanted(a, {}, None) is None


def test_nothing_taken_is_no_mix(session: Session):
    for picture in ("a", "far a"):
        assert np.array_equal(small(session, picture, Mix("b")), small(session, picture, None))
        assert session.apply(picture, {}, never, mix=Mix("b")) is None


@pytest.mark.parametrize("mix", [Mix("b", None, 1, 0, 0), Mix("b", None, 0, 1, 0), Mix("b", None, 0, 0, 1)])
@pytest.mark.parametrize("picture", ["a", "far a"])
def test_each_amount_changes_the_picture_and_comes_with_the_sliders(session, picture, mix):
    alone, plain = small(session, picture, mix), small(session, picture, None)
    assert np.abs(alone - plain).max() > 8
    with_smile = small(session, picture, mix, smile=0.9)
    assert np.abs(with_smile - alone).max() > 8
    assert np.abs(with_smile - small(session, picture, None, smile=0.9)).max() > 8


def test_frames_and_layers_have_the_mix_too(session: Session):
    mix = Mix("b", None, 0.8, 0.8, 0.8)
    for picture in ("a", "far a"):
        (*_, frame) = session.render(EditState(picture, 1, {}, "draft", mix=mix), never)
        (*_, plain) = session.render(EditState(picture, 2, {}, "draft"), never)
        assert frame.rgba != plain.rgba
        layer = session.apply(picture, {}, never, mix=mix)
        assert layer is not None
        assert layer.width * layer.height > 100


def test_made_up_faces_come_again_with_their_seed(session: Session):
    def drawn(seed: int) -> np.ndarray:
        return small(session, "a", Mix(seed=seed, middle=0.8))

    assert np.array_equal(drawn(7), drawn(7))
    assert np.abs(drawn(7) - drawn(8)).max() > 8


@pytest.mark.parametrize(
    ("picture", "mix", "kind"),
    [
        ("a", Mix("gone", fine=1.0), "unknown-picture"),
        ("far a", Mix(seed=1, fine=1.0), "bad-value"),
        ("far a", Mix("faceless", fine=1.0), "no-face"),
        ("a", Mix("new", fine=1.0), "not-projected"),
    ],
)
def test_what_cannot_be_mixed_is_said(session: Session, picture: str, mix: Mix, kind: str):
    session.pictures["faceless"] = replace(session.pictures["b"], head=None)
    session.pictures["new"] = replace(session.pictures["b"], w=None)
    with pytest.raises(CoreError) as error:
        small(session, picture, mix)
    assert error.value.kind == kind
    assert error.value.message.endswith(".")


def test_a_thumbnail_is_the_frame_made_small(session: Session):
    edits = {"smile": 0.8}
    (*_, frame) = session.render(EditState("a", 3, edits, "draft"), never)
    asked = DrawThumbnail("a", edits, frame.side, "draft")
    alone, shown = (
        np.frombuffer(drawn.rgba, np.uint8).reshape(frame.side, frame.side, 4)[..., :3].astype(int)
        for drawn in (session.thumbnail(asked, never), frame)
    )
    assert np.abs(alone - shown).max() <= 12
    with pytest.raises(CoreError) as error:
        session.thumbnail(DrawThumbnail("a", {"beard": 0.8}, 64), lambda: True)
    assert error.value.kind == "cancelled"


# By how both are read


def toward(opened: OpenedFace, other: OpenedFace, **amounts: float) -> Change:
    assert opened.head is not None
    assert opened.parts is not None
    taken = Other(
        Mix("b", None, *(amounts.get(band, 0.0) for band in BANDS)), head=other.head, parts=other.parts
    )
    return with_other(PLAIN, opened.head, opened.parts, bank(), taken)


def test_a_face_has_nothing_to_take_of_itself(session: Session):
    a = session.pictures["a"]
    change = toward(a, a, coarse=1.0, middle=1.0, fine=1.0)
    assert np.abs(change.moved).max() < 1e-6
    assert not change.zones.any()


def test_shape_and_colours_come_by_their_own_amounts(session: Session):
    a, b = session.pictures["a"], session.pictures["b"]
    assert a.parts is not None
    assert b.parts is not None
    colours = toward(a, b, fine=1.0)
    assert not colours.moved.any()
    wanted = b.parts.colour("skin").mean() - a.parts.colour("skin").mean()
    assert colours.zones[0].mean() == pytest.approx(np.clip(wanted, -0.8, 0.8), abs=0.05)
    assert not colours.zones[4].any()  # the background stays
    coarse, middle = toward(a, b, coarse=1.0), toward(a, b, middle=1.0)
    assert not coarse.zones.any()
    assert np.abs(coarse.moved - middle.moved).max() > 0.005
    both = np.linalg.norm(toward(a, b, coarse=1.0, middle=1.0).moved, axis=1)
    assert 0.01 < both.max() < 2 * FURTHEST  # of the square's side, about twice a face's height


def test_one_pack_s_heads_are_smoothed_alike_in_every_frame(session: Session):
    _smoothing.cache_clear()
    for amount in (0.2, 0.4, 0.6):
        list(session.render(EditState("far a", 1, {}, "full", mix=Mix("far b", None, amount)), never))
    assert _smoothing.cache_info().misses == 1
