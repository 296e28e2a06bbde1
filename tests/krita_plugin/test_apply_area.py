"""The controls below the sliders, offscreen, over a core that never answers."""

from __future__ import annotations

import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from panel_wire import Desk, Wire
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QWidget

from anycost.krita_plugin.apply_area import ApplyArea
from anycost.krita_plugin.picture import Edge
from anycost.krita_plugin.state import PanelState

qt_loop.application()


@pytest.fixture
def area():
    """The controls in 208 pixels, which a panel of 220 leaves them."""
    state = PanelState(Wire(), Desk())
    area = ApplyArea(state)
    state.listeners.append(lambda topic: area.show_state())
    state.set_document("a")
    area.resize(208, area.minimumSizeHint().height())
    area.show()
    yield area
    area.deleteLater()
    qt_loop.settle()


def widget(area, name):
    return area.findChild(QWidget, f"anycost_{name}")


def test_keeping_to_the_selection_waits_for_one(area):
    only = widget(area, "only_selected")
    assert not only.isEnabled()
    assert only.toolTip().startswith("Select a part of the face first")
    area.state.set_selection((1, 2, 30, 40))
    assert only.isEnabled()
    only.click()
    assert area.state.only_selected
    area.state.set_selection(None)
    assert not only.isEnabled()
    assert only.isChecked()


def test_grow_and_feather_appear_with_it_and_are_told(area):
    grow, feather = widget(area, "grow"), widget(area, "feather")
    assert not grow.isVisible()
    area.state.set_selection((1, 2, 30, 40))
    widget(area, "only_selected").click()
    assert grow.isVisible()
    assert (grow.minimum(), grow.maximum()) == (-200, 200)
    assert (feather.minimum(), feather.maximum()) == (0, 500)
    grow.selectAll()
    QTest.keyClicks(grow, "-12")  # pyright: ignore[reportCallIssue]
    QTest.keyClick(grow, Qt.Key.Key_Return)  # pyright: ignore[reportCallIssue]
    feather.stepUp()
    assert area.state.edge == Edge(-12, 1)
    widget(area, "only_selected").click()
    assert not feather.isVisible()
    assert area.state.edge == Edge(-12, 1)


def test_the_button_says_what_apply_does_and_its_menu_chooses(area):
    button = widget(area, "apply")
    assert button.text() == "Apply as new layer"
    add, update = button.menu().actions()
    assert [action.isChecked() for action in (add, update)] == [True, False]
    update.trigger()
    assert area.state.updates_layer
    assert button.text() == "Update the layer"
    assert "two undo steps" in button.toolTip()
    add.trigger()
    assert not area.state.updates_layer
    assert not update.isChecked()


def test_everything_fits_into_a_narrow_panel(area):
    area.state.set_selection((1, 2, 30, 40))
    area.state.set_only_selected(True)
    assert area.minimumSizeHint().width() <= 208


def test_a_host_without_selections_does_not_offer_it():
    desk = Desk()
    desk.selects = False
    area = ApplyArea(PanelState(Wire(), desk))
    area.show()
    area.show_state()
    assert not widget(area, "only_selected").isVisible()
    area.deleteLater()
