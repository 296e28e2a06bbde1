"""Connects the core's keeper to the conversation; the same in Krita and in studio."""

from __future__ import annotations

from typing import Any, Dict

from ..bridge.qt_client import CoreKeeper
from .state.conversation import Conversation

LONGEST_VERSION = 64  # characters


def connect(keeper: CoreKeeper, core: Conversation) -> None:
    """From now on the conversation hears about the connection and gets the core's notifications. Before the
    keeper starts."""
    keeper.words.connect(core.link_words)
    keeper.gave_up.connect(core.link_gave_up)
    keeper.ready.connect(lambda hello: _ready(core, hello))
    keeper.lost.connect(core.link_lost)
    keeper.silent.connect(core.link_silent)
    keeper.client.notified.connect(core.notified)


def _ready(core: Conversation, hello: Dict[str, Any]) -> None:
    core.version = str(hello.get("version", ""))[:LONGEST_VERSION]
    core.link_ready()
