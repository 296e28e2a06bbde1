"""The layer that a face's edit is in. Plain data, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Hashable, Optional, Tuple

from ...bridge.messages import Selected


@dataclass(frozen=True)
class FaceLayer:
    """What Apply added for a face, or what the artist took up again; nothing yet without ids."""

    ids: Tuple[Hashable, ...] = ()  # the host's, of each version: an undo brings older ones back
    key: str = ""  # of the edit that is kept with it
    name: str = ""  # as Apply gave it, or as the artist called it when he took it up
    only: Optional[Selected] = None  # what it keeps to, in the picture's pixels
    masked: bool = False  # by a mask in Krita instead, which is the artist's
