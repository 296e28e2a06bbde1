"""Two panels with two packs at one core: each draws with its own, however often the other takes it away."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("PyQt5.QtNetwork")
import qt_loop
from drawn_face import portrait, with_colour_finder
from panel_wire import Desk
from qt_loop import until
from safetensors.numpy import load_file, save_file

from anycost.bridge.messages import Placement
from anycost.bridge.qt_client import CoreKeeper
from anycost.krita_plugin.state.picture import Picture
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.wiring import connect
from anycost.models.pack import file_sha256

qt_loop.application()
PLACE = Placement(100.0, 80.0, 90.0, 8.0)
NAMES = ("one", "two")


class Easel(Desk):
    """All documents are the same face."""

    def read(self, document, around, done, failed, up_to_active=False):
        rgba = portrait(PLACE, 200, 160)
        done(Picture(200, 160, rgba.tobytes(), document_size=(200, 160)))


class Seat:
    """A panel's state with its host and its own connection."""

    def __init__(self, pack, patch):
        patch.setenv("ANYCOST_PACK", pack)  # read by the state as it is made
        self.easel = Easel()
        self.keeper = CoreKeeper("tests", "0")
        self.state = PanelState(self.keeper.client, self.easel)
        connect(self.keeper, self.state.core)
        self.state.projection_seconds = 0.2
        self.state.set_document("a")
        self.keeper.start()
        self.until(lambda: self.state.core.connected)

    def until(self, what):
        assert until(what), (self.state.message, self.state.core.words, self.keeper.report())

    @property
    def drawn(self):
        """Whether the newest edit is on screen, in full."""
        face = self.state.portrait
        frame = face.frame if face else None
        return (
            face is not None
            and frame is not None
            and frame.stamp == face.stamp
            and frame.index == frame.passes
        )

    def project(self):
        self.state.project()
        self.until(lambda: self.state.portrait is not None and not self.state.busy and self.drawn)

    def smile(self, value):
        self.state.set_edit("smile", value)
        self.until(lambda: self.drawn and self.state.can_apply)

    def layer(self):
        """What Apply adds, float [H, W, 4]."""
        count = len(self.easel.layers)
        self.state.apply()
        self.until(lambda: len(self.easel.layers) > count or self.state.message)
        layer = self.easel.layers[-1][1]
        return np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4).astype(float)


@pytest.fixture(scope="module")
def seats(tmp_path_factory, tiny_pack):
    """A panel for each of two packs of the same shape that smile otherwise; the first has the core."""
    folder = tmp_path_factory.mktemp("two-panels")
    packs = [with_colour_finder(tiny_pack, folder / name) for name in NAMES]
    turn_around(packs[1])
    with pytest.MonkeyPatch.context() as patch, qt_loop.core_home(folder / "home", patch):
        made = []
        for pack in packs:
            made.append(Seat(str(pack), patch))
            made[-1].project()
        yield made
        process = made[0].keeper.process
        for seat in made:
            seat.keeper.stop()
        assert until(lambda: qt_loop.gone(process))
        qt_loop.settle()


def turn_around(pack):
    """Its directions lead to where the others come from, and it says so of itself."""
    path = pack / "directions.safetensors"
    save_file({name: -vector for name, vector in load_file(path).items()}, path)
    manifest = json.loads((pack / "pack.json").read_text())
    manifest["title"] = "The other"
    manifest["files"][path.name] = file_sha256(path)
    (pack / "pack.json").write_text(json.dumps(manifest))


def close(one, other):
    """The same drawing: engines that were measured meanwhile differ in the last bit of a few pixels."""
    return one.shape == other.shape and np.abs(one - other).mean() < 0.5


def test_each_panel_draws_with_its_own_pack_whose_turn_it_ever_is(seats):
    own = []
    for seat in seats:
        seat.smile(0.8)
        own.append(seat.layer())
    assert not close(*own)
    for value in (0.4, 0.6):
        for seat, before in zip(seats, own, strict=True):
            seat.smile(value)
            seat.smile(0.8)
            assert close(seat.layer(), before), value


def test_who_lost_its_pack_is_told_keeps_its_sliders_and_asks_for_nothing(seats):
    one, two = seats
    one.smile(0.8)
    two.smile(0.3)
    one.until(lambda: one.state.core.displaced)
    assert "“The other”" in one.state.core.words
    assert one.state.value("smile") == 0.8
    assert not one.state.can_apply
    count = len(one.easel.layers)
    one.state.apply()
    qt_loop.settle(0.3)
    assert len(one.easel.layers) == count
    assert not two.state.core.displaced  # two panels take no turns by themselves
    one.smile(0.5)
    assert one.state.core.words == "Ready"
    two.until(lambda: two.state.core.displaced)
    assert two.state.value("smile") == 0.3


def test_after_edits_of_both_at_once_the_next_edit_of_each_is_its_own(seats):
    """Each takes the other's pack away in the middle of its edits. Who is refused twice is to try again."""
    own = []
    for seat in seats:
        seat.smile(0.8)
        own.append(seat.layer())
    for value in (0.1, 0.2, 0.3):
        for seat in seats:
            seat.state.set_edit("smile", value)
            qt_loop.settle(0.02)
    for seat in seats:
        seat.until(lambda: not any(one.keeper.client._pending for one in seats))
        assert seat.drawn or seat.state.core.displaced
        assert seat.state.value("smile") == 0.3
    for seat, before in zip(seats, own, strict=True):
        seat.smile(0.8)
        assert close(seat.layer(), before)
