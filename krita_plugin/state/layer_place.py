"""Where Apply puts a new layer. Plain data, no Qt."""

from __future__ import annotations

from enum import Enum

from ..words import tr


class LayerPlace(Enum):
    """The values are kept with the settings."""

    TOP = "top"  # over all other layers
    ABOVE = "above"  # over the active layer, of which Project then reads what lies up to it
    GROUP = "group"  # on top in a group, whose mask holds the selection

    @property
    def words(self) -> str:
        """As the artist chooses it."""
        return {
            LayerPlace.TOP: tr("On top"),
            LayerPlace.ABOVE: tr("Above the active layer"),
            LayerPlace.GROUP: tr("In a group with a mask"),
        }[self]

    @property
    def tip(self) -> str:
        return {
            LayerPlace.TOP: tr("A new layer goes over all others"),
            LayerPlace.ABOVE: tr(
                "A new layer goes over the active one; Project reads what lies up to that one"
            ),
            LayerPlace.GROUP: tr("A new layer goes into a group on top, whose mask is what is selected"),
        }[self]


PLACES = tuple(place.value for place in LayerPlace)
