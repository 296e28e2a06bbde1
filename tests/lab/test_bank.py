"""How a pack's bank is made, and how its directions are described, in a made-up world of known heads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from anycost.bridge.messages import Placement
from anycost.core.editing.carry.by_reading import OwnFace
from anycost.core.editing.carry.change import Head
from anycost.core.editing.carry.solid_head import HeadPose, rotation_of
from anycost.core.editing.carry.zones import ZONES
from anycost.core.faces.face_parts import OUTLINES, Mask, PersonNetwork
from anycost.core.faces.pyramid import Pyramid
from anycost.core.faces.reading import BROWS, CHIN, LEFT_EYE, RIGHT_EYE
from anycost.lab.directions import bank_making, ways
from anycost.lab.directions.bank_making import UNREADABLE, Maker, ReadPortrait, _kept, alignment_of, make_bank
from anycost.lab.directions.ways import described
from anycost.models.bank import Bank
from anycost.models.pack import Direction, Pack, PackError

SIDE = 256  # px of the world's pictures
LOW, HIGH = range(2)  # the ends of a direction
PORTRAITS = 8
# In this world the first numbers of w say which head it is and how far each of these is done to it
NAMES = ("chin", "nod", "skin", "patch")
LOWER, TURNED, DARKER = 0.06, np.array([0.2, 0.0, 0.0]), -0.8  # what each does at 1


class World(Maker):
    """Heads that are known, drawn as flat shapes: nothing is read. At -1 a `chin` cannot be made out."""

    def __init__(self, pack: Pack, resting: np.ndarray, unreadable: float = -9.0):
        self.pack, self._resting, self._unreadable = pack, resting, unreadable

    def portraits(self, count: int, seed: int = 11) -> Iterator[ReadPortrait]:
        for number in range(count):
            w = np.zeros((self.pack.n_style, self.pack.style_dim), np.float32)
            w[:, 0] = number
            found = self.portrait(w)
            assert found is not None
            yield found

    def portrait(self, w: np.ndarray, like: ReadPortrait | None = None) -> ReadPortrait | None:
        if w[0, 1] <= self._unreadable:
            return None
        return ReadPortrait(w, self.draw(w), OwnFace(self.head(w), Placement(SIDE / 2, SIDE / 2, SIDE)))

    def read(self, rgb: np.ndarray, like: OwnFace) -> OwnFace | None:
        return None

    def head(self, w: np.ndarray) -> Head:
        number, chin, nod = w[0, :3]
        rng = np.random.default_rng(int(number))
        resting = self._resting + rng.normal(0, 0.01, 3) * (self._resting > 0.2)
        low = np.clip((resting[:, 1] - 0.2) / 0.2, 0, 1)  # of the lower face
        resting[:, 1] += LOWER * chin * low
        rotation = rotation_of(rng.normal(0, 0.05, 3))
        pose = HeadPose(rotation_of(nod * TURNED) @ rotation, 0.4, np.array([0.5, 0.5, 0.0]))
        mesh = pose.placed(resting)
        return Head(mesh, np.stack([iris_of(mesh, eye) for eye in (LEFT_EYE, RIGHT_EYE)]))

    def draw(self, w: np.ndarray) -> np.ndarray:
        mesh, (skin, patch) = self.head(w).mesh, w[0, 3:5]
        rgb = np.full((SIDE, SIDE, 3), (150, 170, 200), np.uint8)
        fill(rgb, mesh[list(OUTLINES["face"])], (90, 60, 40), grown=1.25)  # hair
        fill(rgb, mesh[list(OUTLINES["face"])], np.array([150, 115, 95]) * np.exp(skin * DARKER / 2.2))
        for brow in BROWS:
            fill(rgb, mesh[list(brow)], (90, 60, 40), grown=1.5)
        fill(rgb, mesh[list(OUTLINES["lips"])], (180, 80, 80), grown=1.2)
        for iris in self.head(w).irises:
            fill(rgb, iris, (60, 40, 40), grown=2.0)
        if patch:
            cheek = mesh[[101, 36, 205, 50]]
            fill(rgb, cheek, (20, 160, 60) if patch > 0 else (20, 60, 160), grown=1.3)
        return cv2.GaussianBlur(rgb, (0, 0), 1.0)


def iris_of(mesh: np.ndarray, eye: tuple[int, ...]) -> np.ndarray:
    left, right = mesh[list(eye[:2]), :2]
    rim = 0.2 * np.linalg.norm(right - left) * np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])
    return (left + right) / 2 + rim


def fill(rgb: np.ndarray, points: np.ndarray, colour: object, grown: float = 1.0) -> None:
    """Fills the hull of points in the unit square, grown about their middle."""
    middle = points[:, :2].mean(axis=0)
    places = (middle + grown * (points[:, :2] - middle)) * SIDE
    hull = cv2.convexHull(np.round(places).astype(np.int32))
    cv2.fillConvexPoly(rgb, hull, np.asarray(colour, float).tolist(), cv2.LINE_AA)


class Everybody(PersonNetwork):
    """Sees a person everywhere."""

    def __init__(self) -> None:
        pass

    def look(self, pyramid: Pyramid, placement: Placement) -> Mask:
        return Mask(placement, np.full((SIDE, SIDE), 255, np.uint8))


@pytest.fixture(scope="module")
def resting() -> np.ndarray:
    bank = Pack.open("portraits").bank
    assert bank is not None
    return bank.resting.astype(float)


@pytest.fixture(scope="module")
def pack(tiny_pack: Path) -> Pack:
    """A pack whose directions are those of the world."""
    opened = Pack.open(tiny_pack)
    steps = np.eye(opened.style_dim, dtype=np.float32)[1 : 1 + len(NAMES)]
    directions = [
        Direction(name, name.title(), "Test", -1.0, 1.0, np.tile(step, (opened.n_style, 1)))
        for name, step in zip(NAMES, steps, strict=True)
    ]
    return replace(opened, directions=tuple(directions), encoder_file=None)


@pytest.fixture(scope="module")
def world(pack: Pack, resting: np.ndarray) -> World:
    return World(pack, resting)


@pytest.fixture(scope="module")
def bank(world: World, few_tried: None) -> Bank:
    return make_bank(world, PORTRAITS, 6)


@pytest.fixture(scope="module")
def few_tried() -> Iterator[None]:
    """Carries edits over to fewer portraits, which takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank_making, "TRIED", 1)
        patch.setattr(ways, "PORTRAITS", 3)
        yield


# ---- what is measured


def test_a_bank_holds_the_portraits_as_they_were_read(bank: Bank, world: World, resting: np.ndarray):
    portraits = list(world.portraits(PORTRAITS))
    np.testing.assert_array_equal(bank.w, [p.w[0] for p in portraits])
    np.testing.assert_array_equal(bank.meshes, [p.points for p in portraits])
    assert np.linalg.norm(bank.resting - (resting - resting.mean(axis=0)), axis=1).max() < 0.03
    assert bank.far == 1.0  # without an encoder, no picture is far
    assert tuple(bank.effects) == NAMES


def test_a_movement_is_found_in_heads_that_are_turned_any_way(bank: Bank):
    chin = bank.effects["chin"]
    for end, way in ((LOW, -1), (HIGH, 1)):
        np.testing.assert_allclose(chin.moves[end, 0, CHIN], [0, way * LOWER, 0], atol=0.012)
        assert np.abs(chin.moves[end, 0, 10]).max() < 0.01
    assert not chin.turn.any()


def test_a_turn_of_the_head_is_told_from_a_movement(bank: Bank):
    nod = bank.effects["nod"]
    np.testing.assert_allclose(nod.turn, [-TURNED, TURNED], atol=0.02)
    assert np.abs(nod.moves[:, 0]).max() < 0.01


def test_a_tint_is_found_in_its_zone(bank: Bank):
    zones = bank.effects["skin"].zones[:, :, 0].mean(axis=-1)  # [2, 6]
    skin, others = ZONES.index("skin"), [ZONES.index(zone) for zone in ("lips", "hair", "background")]
    np.testing.assert_allclose(zones[:, skin], [-DARKER, DARKER], atol=0.15)
    assert np.abs(zones[:, others]).max() < 0.15  # the edge of the lips is mixed with skin
    assert not bank.effects["skin"].moves.any()


@pytest.mark.parametrize("left", [0.0, 0.5, 1.0])
def test_how_much_of_a_colour_is_kept_is_found(left: float):
    """Portraits of any colour come nearer to one: their differences are `left` of what they were."""
    rng = np.random.default_rng(2)
    before = rng.normal(0, 0.2, (40, 3))
    after = np.array([0.4, 0.0, -0.4]) + left * UNREADABLE * before + rng.normal(0, 0.005, (40, 3))
    assert _kept(before, after) == pytest.approx(left, abs=0.02)


def test_where_all_portraits_have_one_colour_all_of_it_is_kept(bank: Bank):
    assert (bank.effects["chin"].kept == 1).all()


def test_a_direction_at_whose_end_no_face_is_read_is_refused(pack: Pack, resting: np.ndarray):
    with pytest.raises(PackError, match='With "Chin" at -1, hardly a face') as caught:
        make_bank(World(pack, resting, unreadable=-1.0), 8, 4)
    assert "narrow its range" in str(caught.value)


# ---- parts and ways


def test_directions_are_described_by_what_they_do(world: World, bank: Bank):
    found = {d.name: d for d in described(world, bank, Everybody())}
    assert found["chin"].how == ("moved",)
    assert found["nod"].how[0] == "moved"
    assert found["skin"].how == ("tinted",)
    assert "skin" in found["skin"].parts
    assert not {"lips", "hair", "background", "head"} & set(found["skin"].parts)
    assert "drawn" in found["patch"].how
    assert "moved" not in found["patch"].how
    assert all("head" in found[name].parts for name in ("chin", "nod", "patch"))


def test_what_a_maker_says_is_kept(world: World, bank: Bank, pack: Pack):
    first, *others = pack.directions
    said = [replace(first, parts=("mouth",)), *(replace(d, parts=("hair",), how=("drawn",)) for d in others)]
    again = World(replace(pack, directions=tuple(said)), bank.resting)
    found = described(again, bank, Everybody())
    assert (found[0].parts, found[0].how[0]) == (("mouth",), "moved")
    assert [(d.parts, d.how) for d in found[1:]] == [(("hair",), ("drawn",))] * 3


def test_where_everything_is_said_nothing_is_drawn(bank: Bank, pack: Pack):
    said = tuple(replace(d, parts=("hair",), how=("drawn",)) for d in pack.directions)
    unable = World(replace(pack, directions=said), np.zeros((0, 3)))
    assert described(unable, bank, Everybody()) == said


# ---- packs that can have none


def test_a_pack_without_faces_or_directions_is_refused(tiny_pack: Path):
    pack = Pack.open(tiny_pack)
    with pytest.raises(PackError, match='"Tiny" draws no faces'):
        alignment_of(replace(pack, alignment=None))
    with pytest.raises(PackError, match='"Tiny" has no directions: add some first'):
        alignment_of(replace(pack, directions=()))
