"""Connects the core's keeper to the conversation; the same in Krita and in studio."""

from __future__ import annotations

from ..bridge.qt_client import CoreKeeper
from .conversation import Conversation


def connect(keeper: CoreKeeper, core: Conversation) -> None:
    """From now on the conversation hears about the connection and gets the core's notifications."""
    keeper.words.connect(core.link_words)
    keeper.gave_up.connect(core.link_gave_up)
    keeper.ready.connect(lambda _hello: core.link_ready())
    keeper.lost.connect(core.link_lost)
    keeper.client.notified.connect(core.notified)
    if keeper.is_ready:  # a second window: the core is there already
        core.link_ready()
