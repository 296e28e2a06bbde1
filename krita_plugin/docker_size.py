"""How high the docker is when it is shown for the first time; later the artist has said it."""

from __future__ import annotations

from .qt import Qt, QtWidgets
from .settings import Kept

HEIGHT = 420  # pixels with its title: eight sliders, and Krita's other dockers keep what they need
SIZED = "docker_sized"  # among the settings


def give_room(docker: QtWidgets.QDockWidget, settings: Kept) -> None:
    """Make a docker in its window as high as that, once and for all; Qt gives a new one little more than the
    least."""
    window = docker.parent()
    if docker.isFloating() or not isinstance(window, QtWidgets.QMainWindow):
        return
    if settings.text(SIZED, ("true",), "") == "":
        settings.keep_text(SIZED, "true")
        if docker.height() < HEIGHT:
            window.resizeDocks([docker], [HEIGHT], Qt.Orientation.Vertical)
