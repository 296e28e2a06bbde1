"""What the panel's state tells its listeners."""

from __future__ import annotations

from enum import Enum


class Topic(Enum):
    """Which part of what the panel shows has changed."""

    CONNECTION = "connection"
    PACK = "pack"  # also the quality and the speed
    DOCUMENT = "document"
    FACES = "faces"  # while they are picked or placed
    PROGRESS = "progress"
    EDITS = "edits"
    HISTORY = "history"  # the states that a face can go back to
    CHOICES = "choices"  # how Apply works
    FRAME = "frame"
    VARIATIONS = "variations"
    COMPARING = "comparing"
    MESSAGE = "message"
