"""A picture of two people, and one without a face that is found: faces are picked and placed by the mouse."""

from __future__ import annotations

import os

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor, QImage, QLinearGradient, QPainter
from shared import Tap, at_rest, closed, drag, open_panel, settled, shown

from anycost.krita_plugin.state.document_faces import View

NARROW = 220  # pixels
SPOTS = ((200.0, 150.0), (290.0, 160.0), (240.0, 250.0))  # two eyes and a mouth, where no face is


def run(t):
    docker = open_panel(t)
    t.window().resizeDocks([docker], [NARROW], Qt.Orientation.Horizontal)
    docker.state.projection_seconds = 0.3
    tap = docker.state.core.link = Tap(docker.state.core.link)
    yield from two_people(t, docker, tap)
    yield from nobody(t, docker)


def opened(t, docker, image, name):
    """A picture of our own making, in front and seen by the docker."""
    path = os.path.join(t.out, name)
    image.save(path)
    document = t.krita.openDocument(path)
    yield from shown(t, docker, document)
    return document


def side_by_side():
    """The sample portrait twice; the second one mirrored and smaller."""
    sample = QImage(os.environ["DRIVE_PICTURE"]).convertToFormat(QImage.Format.Format_RGB32)
    second = sample.mirrored(True, False).scaledToHeight(
        sample.height() * 3 // 4, Qt.TransformationMode.SmoothTransformation
    )
    both = QImage(sample.width() + second.width(), sample.height(), QImage.Format.Format_RGB32)
    both.fill(QColor("#8a8f98"))
    painter = QPainter(both)
    painter.drawImage(0, 0, sample)
    painter.drawImage(sample.width(), sample.height() - second.height(), second)
    painter.end()
    return both


def gradient():
    image = QImage(480, 360, QImage.Format.Format_RGB32)
    shades = QLinearGradient(0, 0, 480, 360)
    shades.setColorAt(0, QColor("#9fb8c8"))
    shades.setColorAt(1, QColor("#c8a48f"))
    painter = QPainter(image)
    painter.fillRect(image.rect(), shades)
    painter.end()
    return image


def picked(t, state, index, what):
    """Click a face's box; whether it came to a drawn face."""
    shown = t.widget("anycost_face_map")
    face = state.faces.all[index]
    spot = shown.to_screen(face.box.x, face.box.y)
    yield from t.click(shown, spot.x(), spot.y())
    chosen = yield from t.until(lambda: state.faces.chosen in (face, state.faces.all[index]))
    drawn = yield from t.until(lambda: not state.busy and settled(state))
    return t.check(what, chosen and drawn and state.view is View.FACE, (state.message, state.status()))


def two_people(t, docker, tap):
    state = docker.state
    document = yield from opened(t, docker, side_by_side(), "two.png")
    yield from t.click(t.widget("anycost_project"))
    found = yield from t.until(lambda: state.faces is not None or state.message)
    count = len(state.faces.all) if state.faces else 0
    if not t.check("two faces are found", found and count == 2, (count, state.message)):
        t.screenshot("not_two.png")
        return
    status = t.widget("anycost_status").text()
    t.check("the status line asks for one", status == "2 faces: click the one to edit", status)
    yield 0.2
    t.screenshot("picking.png", docker)
    t.screenshot("picking_krita.png")
    if not (yield from picked(t, state, 1, "a click projects the second one")):
        return
    name = state.core.opened.directions[0].name
    slider = t.widget("anycost_slider_" + name)
    yield from drag(t, slider, [0.6, 0.8])
    yield from t.until(lambda: settled(state))
    second = state.value(name)
    yield from t.click(t.widget("anycost_faces"))
    t.check(
        "Faces shows all of them", state.view is View.PICKING and t.widget("anycost_face_map").isVisible()
    )
    yield from picked(t, state, 0, "and the first one is picked there")
    t.check("with sliders at zero", slider.value() == 0 and second > 0, (slider.value(), second))
    yield from drag(t, slider, [0.4, 0.2])
    yield from t.until(lambda: settled(state))
    first = state.value(name)
    yield from t.click(t.widget("anycost_faces"))
    yield 0.2
    t.screenshot("switching.png", docker)
    sent = len(tap.sent)
    yield from picked(t, state, 1, "the second one comes back")
    t.check("with its own value", slider.value() == round(100 * second), (slider.value(), second))
    asked = {method for method, _ in tap.sent[sent:]}
    t.check("and without a new projection", asked <= {"edit"}, asked)
    yield from t.click(t.widget("anycost_faces"))
    yield from picked(t, state, 0, "and so does the first")
    t.check("with its own value too", slider.value() == round(100 * first) and first < 0, first)
    layers = len(document.rootNode().childNodes())
    yield from t.click(t.widget("anycost_apply"))
    came = yield from t.until(lambda: len(document.rootNode().childNodes()) == layers + 1)
    document.waitForDone()
    bounds = document.rootNode().childNodes()[-1].bounds()
    t.check("Apply paints the face shown", came and bounds.right() < document.width() * 0.6, bounds)
    yield from apply_all(t, state, document)
    yield from mixing(t, state, document)
    yield from closed(t, docker, document)
    t.check("closing it forgets its faces", state.faces is None)


def apply_all(t, state, document):
    """A layer for each edited face, by the picker's button, and back to the face that was in front."""
    front, layers = state.faces.chosen, len(document.rootNode().childNodes())
    yield from t.click(t.widget("anycost_faces"))
    every = t.widget("anycost_apply_all")
    yield from t.until(every.isVisible)
    yield 0.2  # until it has its place below the faces
    yield from t.click(every)
    came = yield from t.until(lambda: len(document.rootNode().childNodes()) == layers + 2)
    over = yield from t.until(lambda: not state.several.applying and not state.portrait.applying)
    yield from at_rest(document)
    new = document.rootNode().childNodes()[layers:]
    t.check(
        "Apply all adds a layer for each face", came and over and len(new) == 2, (len(new), state.message)
    )
    sides = [node.bounds().center().x() < document.width() * 0.5 for node in new]
    t.check("each over its own face", sorted(sides) == [False, True], sides)
    back = yield from t.until(lambda: state.faces.chosen is front and state.view is View.FACE)
    t.check("and comes back to the face in front", back)
    yield from t.until(lambda: settled(state))
    t.screenshot("apply_all.png")


def mixing(t, state, document):
    """Something of the second face on the first one; Apply keeps it."""
    first, second = (face.portrait for face in state.faces.all)
    yield from t.click(t.widget("anycost_open_mixing"))
    faces = t.widget("anycost_mix_faces")
    middle = faces.visualItemRect(faces.item(0)).center()
    yield from t.click(faces.viewport(), middle.x(), middle.y())
    chosen = yield from t.until(lambda: first.mix is not None and first.mix.picture == second.key)
    t.check("the other face can be mixed in", chosen, first.mix)
    yield from t.until(lambda: settled(state))
    before = first.frame.rgba
    for band in ("coarse", "middle"):
        yield from drag(t, t.widget(f"anycost_mix_{band}"), [0.5, 0.9])
    drawn = yield from t.until(lambda: settled(state) and first.frame.rgba != before)
    t.check("its shape and features come with their sliders", drawn and first.mix.middle > 0.5, first.mix)
    yield 0.2
    t.screenshot("mixing_faces.png")
    layers = len(document.rootNode().childNodes())
    yield from t.click(t.widget("anycost_apply"))
    came = yield from t.until(lambda: len(document.rootNode().childNodes()) == layers + 1)
    yield from t.until(lambda: not first.applying)
    yield from at_rest(document)
    name = document.rootNode().childNodes()[-1].name()
    t.check("a mix is applied", came and "Mixed" in name, (name, state.message))
    yield from t.click(t.widget("anycost_open_mixing"))


def nobody(t, docker):
    state = docker.state
    document = yield from opened(t, docker, gradient(), "nobody.png")
    yield from t.click(t.widget("anycost_project"))
    yield from t.until(lambda: state.view is View.PLACING or state.portrait)
    words = t.widget("anycost_error").text()
    t.check("without a face the handles are offered", words.startswith("No face was found: drag"), words)
    if state.view is not View.PLACING:
        return
    shown = t.widget("anycost_face_map")
    yield 0.3  # until it has its place below the sentence
    for handle, spot in enumerate(SPOTS):
        yield from drag_handle(t, shown, handle, spot)
    points = state.faces.handles.points
    moved = [abs(x - u) < 4 and abs(y - v) < 4 for (x, y), (u, v) in zip(points, SPOTS, strict=True)]
    t.check("the mouse moves them", all(moved), points)
    yield 0.2
    t.screenshot("placing.png", docker)
    before = list(state.faces.handles.points)
    yield from t.xdotool("mousemove", 500, 500, "key", "shift+Tab")
    yield from t.xdotool("key", "Right")
    after = state.faces.handles.points
    right_eye = after[1][0] > before[1][0] and (after[0], after[2]) == (before[0], before[2])
    t.check("so do Tab and the arrow keys, in spite of Krita's shortcuts", right_eye, (before, after))
    yield from t.click(t.widget("anycost_use_place"))
    begun = yield from t.until(lambda: state.portrait is not None)
    t.check("a face is projected there", begun and state.portrait.face is not None, state.message)
    done = yield from t.until(lambda: not state.busy and settled(state))
    t.check("to the end", done and state.message == "", (state.message, state.status()))
    yield from closed(t, docker, document)


def drag_handle(t, shown, handle, spot):
    start = shown.to_screen(*shown.handles.points[handle])
    end = shown.to_screen(*spot)
    middle = (start + end) / 2
    yield from t.xdotool("mousemove", *t.at(shown, start.x(), start.y()), "mousedown", 1)
    for point in (middle, end):
        yield from t.xdotool("mousemove", *t.at(shown, point.x(), point.y()))
    yield from t.xdotool("mouseup", 1)
