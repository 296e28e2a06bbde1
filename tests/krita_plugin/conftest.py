"""A panel's state between a core and a host that are in the test's hands."""

from __future__ import annotations

import pytest
from panel_wire import PACK, Desk, Wire

from anycost.krita_plugin.state.state import PanelState


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def state(wire, desk):
    """Connected, with document "a" in front."""
    state = PanelState(wire, desk)
    state.set_document("a")
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    return state
