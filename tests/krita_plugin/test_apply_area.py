"""The controls below the sliders, offscreen, over a core that never answers."""

from __future__ import annotations

import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from panel_wire import Desk, Wire
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QWidget

from anycost.krita_plugin.panel.apply_area import ApplyArea
from anycost.krita_plugin.state.document_faces import Face, Faces
from anycost.krita_plugin.state.face_layer import FaceLayer
from anycost.krita_plugin.state.layer_place import LayerPlace
from anycost.krita_plugin.state.picture import Edge, Picture
from anycost.krita_plugin.state.state import PanelState
from anycost.krita_plugin.state.topic import Topic

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


def test_a_menu_chooses_where_new_layers_go(area):
    button = widget(area, "apply")
    assert button.text() == "New layer"
    top, above, group = button.menu().actions()
    assert [action.isChecked() for action in (top, above, group)] == [True, False, False]
    above.trigger()
    assert area.state.applying.place is LayerPlace.ABOVE
    group.trigger()
    assert area.state.applying.place is LayerPlace.GROUP
    assert not above.isChecked()


def test_the_layer_that_is_taken_up_is_named(area):
    label, update = widget(area, "layer"), widget(area, "update")
    assert not label.isVisible()
    assert update.toolTip().startswith("This face has no layer yet")
    picture = Picture(64, 64, bytes(4 * 64 * 64), document_size=(64, 64))
    faces = area.state.core.faces["a"] = Faces(picture)
    face = Face.whole(picture)
    faces.choose(face)
    face.portrait.layer = FaceLayer(("{1}",), "abcde", "Anycost: <b>Smile</b> +0.60, Age −0.30")
    area.state.tell(Topic.DOCUMENT)
    assert label.isVisible()
    assert label.text() == "Layer: <b>Smile</b> +0.60, Age −0.30"
    assert "<b>" not in label.toolTip()
    assert area.minimumSizeHint().width() <= 208


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
