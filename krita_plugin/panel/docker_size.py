"""How high the docker is when it is shown for the first time; later the artist has said it."""

from __future__ import annotations

from typing import List

from ..qt import Qt, QtWidgets
from ..settings import Kept

HEIGHT = 420  # pixels with its title: eight sliders
SIZED = "docker_sized"  # among the settings


def give_room(docker: QtWidgets.QDockWidget, settings: Kept) -> bool:
    """Make a docker in its window as high as that, once and for all: Qt gives a new one little more than the
    least. The dockers above and below give what they do not need. False while they cannot yet."""
    if settings.text(SIZED, ("true",), ""):
        return True
    window = docker.parent()
    if docker.isFloating() or not isinstance(window, QtWidgets.QMainWindow):
        return False
    others = _beside(docker, window)
    spare = [max(0, other.height() - other.minimumSizeHint().height()) for other in others]
    wanted = HEIGHT - docker.height()
    if sum(spare) < wanted:
        return False
    settings.keep_text(SIZED, "true")
    if wanted > 0:
        heights = [other.height() - wanted * part // sum(spare) for other, part in zip(others, spare)]
        window.resizeDocks([docker, *others], [HEIGHT, *heights], Qt.Orientation.Vertical)
    return True


def _beside(docker: QtWidgets.QDockWidget, window: QtWidgets.QMainWindow) -> List[QtWidgets.QDockWidget]:
    """The dockers in the same column."""
    return [
        other
        for other in window.findChildren(QtWidgets.QDockWidget)
        if other is not docker
        and not (other.isFloating() or other.visibleRegion().isEmpty())
        and (other.x(), other.width()) == (docker.x(), docker.width())
    ]
