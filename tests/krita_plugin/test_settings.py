"""What the artist chose once, kept from one start to the next."""

from __future__ import annotations

import pytest
from panel_wire import Desk, Wire

from anycost.krita_plugin.settings import Kept, Settings, Unstored
from anycost.krita_plugin.state.state import PanelState

pytest.importorskip("PyQt5.QtCore")
import qt_loop

from anycost.krita_plugin.setting_stores import SettingsFile

qt_loop.application()


@pytest.mark.parametrize("nonsense", ["", "yes", "nan", "-5", "1e9", "auto\n", "none"])
def test_nonsense_in_the_store_counts_as_nothing(nonsense):
    store = Unstored()
    for name in ("quality", "frame_ms", "start_with_krita"):
        store.write(name, nonsense)
    kept = Kept(store)
    state = PanelState(Wire(), Desk(), settings=kept)
    usual = PanelState(Wire(), Desk())
    assert (state.quality, state.frame_ms) == (usual.quality, usual.frame_ms)
    assert kept.now == Settings()


def test_what_the_panel_chose_last_is_there_at_the_next_start(tmp_path):
    path = tmp_path / "a folder for Jürgen" / "studio.json"
    first = PanelState(Wire(), Desk(), settings=Kept(SettingsFile(path)))
    first.set_quality("full")
    first.set_frame_ms(500.0)
    first.set_projection_seconds(None)
    first.settings.set("canvas_preview", False)
    first.settings.keep_names("folded", ["Hair", "Größe, Form", ""])
    heard = []
    first.settings.listeners.append(lambda: heard.append(1))
    first.settings.set("canvas_preview", False)
    assert heard == []

    later = PanelState(Wire(), Desk(), settings=Kept(SettingsFile(path)))
    assert (later.quality, later.frame_ms, later.projection_seconds) == ("full", 500.0, None)
    assert not later.settings.now.canvas_preview
    assert later.settings.now.start_with_krita
    assert later.settings.names("folded") == ["Größe, Form", "Hair"]


@pytest.mark.parametrize("nonsense", [b"", b"[1]", b'{"quality": 3}', b'{"quality": "draft"', b"\xff" * 99])
def test_a_file_of_nonsense_counts_as_nothing_and_is_replaced(tmp_path, nonsense):
    path = tmp_path / "studio.json"
    path.write_bytes(nonsense)
    store = SettingsFile(path)
    assert store.read("quality") == ""
    store.write("quality", "full")
    assert SettingsFile(path).read("quality") == "full"
