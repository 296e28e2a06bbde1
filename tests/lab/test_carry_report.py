"""Measuring carried edits: the arithmetic on made-up readings, and two edits of a real photograph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_face import known_face, planned

from anycost.bridge.messages import Placement
from anycost.core.editing.carry.change import Change, Head
from anycost.core.editing.carry.surface import Surface
from anycost.core.editing.session import Session
from anycost.core.errors import CoreError
from anycost.core.faces.readers import Readers
from anycost.lab.measuring import carry_report as report
from anycost.lab.measuring.carry_report import CarriedPicture, CarryFigures, parsed_edit
from anycost.lab.measuring.carry_sheet import carry_sheet, cells
from anycost.lab.measuring.faces_sheet import photograph
from anycost.models.pack import Pack

RNG = np.random.default_rng(0)
HEAD = Head(
    np.concatenate([RNG.uniform(0.3, 0.7, (468, 2)), np.zeros((468, 1))], axis=1),
    np.tile([[0.4, 0.45]], (2, 5, 1)),
)
FINE = CarryFigures("p", "smile=1", "moved", 900, 0.9, 0.95, 0.002, 0.001, 1.0, 0, 1.0, 0.4, None)


def change(moved: np.ndarray, gaze: np.ndarray | None = None) -> Change:
    gaze = np.zeros((2, 2)) if gaze is None else gaze
    return Change(moved, gaze, np.zeros(468), np.zeros((6, 3)))


def after(moved: np.ndarray, gaze: float = 0.0) -> Head:
    irises = HEAD.irises + np.array([gaze, 0])
    return Head(HEAD.mesh + np.pad(moved, ((0, 0), (0, 1))), irises)


def some_moved() -> np.ndarray:
    """The mouth's half of the face goes down."""
    moved = np.zeros((468, 2))
    moved[HEAD.mesh[:, 1] > 0.6, 1] = 0.02
    return moved


def test_movement_is_the_share_of_the_way_that_was_meant():
    moved = some_moved()
    assert report.movement_share(change(moved), HEAD, after(moved)) == pytest.approx(1)
    assert report.movement_share(change(moved), HEAD, after(0.5 * moved)) == pytest.approx(0.5)
    assert report.movement_share(change(moved), HEAD, after(-moved)) == pytest.approx(-1)
    assert report.movement_share(change(np.zeros((468, 2))), HEAD, after(moved)) is None


def test_irises_count_beside_their_lids():
    still, looks = np.zeros((468, 2)), np.full((2, 2), (0.01, 0.0))
    assert report.movement_share(change(still, looks), HEAD, after(still, 0.01)) == pytest.approx(1)
    shifted = np.full((468, 2), (0.01, 0.0))  # the whole face, the lids too
    assert report.movement_share(change(still, looks), HEAD, after(shifted, 0.01)) == pytest.approx(0)


def test_the_points_of_a_glance_say_nothing_of_the_field():
    opened = known_face(3).opened()
    glance, smile = (planned(opened, {name: 1.0}) for name in ("gaze_x", "smile"))
    assert glance.change.gaze.any()
    assert report.field_share(glance) is None
    assert report.field_share(smile) == pytest.approx(1, abs=0.2)


def test_points_far_from_all_that_moves_should_stand_still():
    moved = some_moved()
    assert report.strayed(change(moved), HEAD, after(moved)) == pytest.approx(0)
    drift = moved + np.array([0.003, 0.004])
    height = np.linalg.norm(HEAD.mesh[10] - HEAD.mesh[152])
    assert report.strayed(change(moved), HEAD, after(drift)) == pytest.approx(0.005 / height)
    assert report.strayed(change(np.full((468, 2), 0.01)), HEAD, after(moved)) is None


def test_a_step_is_told_at_the_border_and_not_within():
    rgb = np.full((100, 100, 3), 100, np.uint8)
    surface = Surface(rgb, Placement(50, 50, 100))
    after, opaque = rgb.copy(), np.zeros((100, 100), bool)
    opaque[30:70, 30:70] = True
    opaque[50, 50] = False  # a pixel that stays by chance
    after[30:70, 30:70] = 101
    after[35:65, 35:65] = 160
    assert report.border_step(surface, after, opaque) == 1
    after[30:70, 30:70] = 107
    assert report.border_step(surface, after, opaque) == 7


@pytest.mark.parametrize("text", ["smile", "smile=", "smile=wide", ""])
def test_what_is_no_edit_is_refused(text: str):
    with pytest.raises(CoreError, match="NAME=NUMBER"):
        parsed_edit(text)
    assert parsed_edit(" smile=-0.5") == ("smile", -0.5)


def test_the_report_tells_median_worst_share_and_what_failed():
    rows = [
        FINE,
        replace(FINE, picture="q", movement=0.5),
        replace(FINE, picture="r", movement=0.8, step=None),
        replace(FINE, picture="s", edit="age=1", kind="tinted", changed=0),
    ]
    text = report.carry_report(rows)
    assert "| smile=1 | 0.8, 0.5, 67 % | 0.95, 0.95, 100 % | 0.002, 0.002, 100 % |" in text
    assert "- smile=1, movement: q 0.5" in text
    assert "- age=1, nothing changes: s" in text
    assert "All is as wanted." in report.carry_report(rows[:1])


# a real photograph


@pytest.fixture(scope="module")
def session(faces_for_all: None) -> Session:
    pytest.importorskip("matplotlib")
    return Session(Pack.open("portraits"))


@pytest.fixture(scope="module")
def readers(faces_for_all: None) -> Readers:
    return Readers()


@pytest.fixture(scope="module")
def hopper(session: Session, readers: Readers) -> CarriedPicture:
    return CarriedPicture(session, readers, "hopper", np.array(photograph()))


@pytest.mark.slow
def test_a_photograph_is_moved_and_tinted_as_meant(hopper: CarriedPicture):
    jaw, tone = hopper.measured("jaw=1"), hopper.measured("skin_tone=0.6")
    assert (jaw.kind, tone.kind) == ("moved", "tinted")
    assert jaw.movement is not None
    assert jaw.movement > 0.5
    assert jaw.field == pytest.approx(1, abs=0.15)
    assert tone.movement is None  # nothing is meant to move
    for figures in (jaw, tone):
        assert figures.changed > 1000
        assert figures.outside == 0
        assert figures.gray is None
        assert figures.texture == pytest.approx(1, abs=0.1)
        assert figures.identity is None or figures.identity < 0.02
    assert jaw.folds is not None
    assert jaw.folds > 0
    assert tone.field is None
    assert tone.folds is None


@pytest.mark.slow
def test_a_gray_photograph_stays_gray(session: Session, readers: Readers):
    gray = np.array(photograph().reduce(2).convert("L").convert("RGBA"))  # a large one is searched for longer
    picture = CarriedPicture(session, readers, "gray", gray)
    assert picture.measured("light_warmth=1").gray == 0


@pytest.mark.slow
def test_a_sheet_shows_the_original_first(hopper: CarriedPicture):
    row = list(cells(hopper, ["smile=1"], 64))
    assert [cell.shape for cell in row] == [(64, 64, 3)] * 2
    assert (row[0] != row[1]).any()
    sheet = np.array(carry_sheet([row, row], ["original", "smile=1"]))
    height, width = sheet.shape[:2]
    assert height > width > 2 * 64
    for cell in row:  # stands in the sheet as it is
        found = np.lib.stride_tricks.sliding_window_view(sheet, (64, 64, 3))[:, :, 0]
        assert (found == cell).all(axis=(2, 3, 4)).sum() == 2
