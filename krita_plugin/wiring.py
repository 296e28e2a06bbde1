"""Joins the core's keeper to a panel's state; the same in Krita and in studio."""

from __future__ import annotations

from ..bridge.qt_client import CoreKeeper
from .state import PanelState


def connect(keeper: CoreKeeper, state: PanelState) -> None:
    """From now on the state hears of the connection and of the core's notifications."""
    keeper.words.connect(state.link_words)
    keeper.gave_up.connect(state.link_gave_up)
    keeper.ready.connect(lambda _hello: state.link_ready())
    keeper.lost.connect(state.link_lost)
    keeper.client.notified.connect(state.notified)
    if keeper.is_ready:  # a second window: the core is there already
        state.link_ready()
