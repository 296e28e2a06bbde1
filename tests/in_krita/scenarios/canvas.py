"""The preview on the canvas: where it lies, when it goes, and that the document knows nothing of it."""

# a scenario fails where a widget is missing
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

import os

from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QMdiArea
from shared import applied, at_rest, closed, open_panel, opened, pixels, remove, sample, settled, shown

from anycost.krita_plugin.canvas.canvas_overlay import CanvasOverlay, canvas_of

SPREADS = {  # zoom, degrees, mirrored, scrolled to
    "at 100 %": (1.0, 0, False, -200),
    "enlarged and turned": (1.7, 33, False, 60),
    "turned and mirrored": (0.8, 20, True, -40),
}


def run(t):
    docker = open_panel(t)
    document = yield from sample(t, docker, "canvas")
    if document is None:
        return
    yield from unknown_to_the_document(t, docker, document)
    yield from when_it_goes(t, docker)
    yield from a_stroke_through_it(t, docker, document)
    yield from where_it_lies(t, docker, document)
    yield from views_and_windows(t, docker, document)


def overlays(t):
    """Those of the canvas in front that show something: one or none."""
    _area, front = canvas(t)
    return [overlay for overlay in front.findChildren(CanvasOverlay) if overlay.isVisible() and overlay.laid]


def canvas(t):
    """The scroll area and the canvas in front."""
    found = canvas_of(t.window().findChild(QMdiArea).currentSubWindow().widget())
    assert found is not None
    return found


def edited(t, state, share):
    """Move the first slider, until it is drawn in full."""
    direction = state.core.opened.directions[0]
    state.set_edit(direction.name, share * direction.high)
    yield from t.until(lambda: settled(state))
    yield 0.1


def picture(t):
    """What the canvas shows, without the pointer over it."""
    yield from t.xdotool("mousemove", 0, 0)
    yield 0.1
    _area, widget = canvas(t)
    return widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def apart(one, other):
    """The mean difference of two images' bytes."""
    a, b = (image.constBits().asstring(image.sizeInBytes()) for image in (one, other))
    some = [(x, y) for x, y in zip(a[1::28], b[1::28], strict=True)]  # the green of every seventh pixel
    return sum(abs(x - y) for x, y in some) / len(some)


def unknown_to_the_document(t, docker, document):
    undo, root = t.krita.action("edit_undo"), document.rootNode()
    document.setModified(False)
    before, steps, layers = pixels(document), undo.text(), len(root.childNodes())
    t.check("without an edit nothing lies over the canvas", not overlays(t))
    yield from edited(t, docker.state, 1.0)
    t.check("an edit does", overlays(t), docker.state.status())
    t.screenshot("preview.png")
    t.check("it is no layer", len(root.childNodes()) == layers)
    t.check("and no step to undo", undo.text() == steps, undo.text())
    t.check("nor a change to save", not document.modified())
    t.check("the picture itself is untouched", pixels(document) == before)
    path = os.path.join(t.out, "with_preview.kra")
    document.saveAs(path)
    yield from at_rest(document)
    t.check("saving goes on showing it", overlays(t))
    again = t.krita.openDocument(path)
    same = pixels(again) == before and len(again.rootNode().childNodes()) == layers
    t.check("what is saved has no trace of it", same)
    again.close()


def when_it_goes(t, docker):
    state, settings = docker.state, docker.state.settings
    plain = t.widget("anycost_preview")
    plain.set_compare(True)
    t.check("holding for the original hides it", not overlays(t))
    plain.set_compare(False)
    t.check("letting go shows it", overlays(t))
    yield from t.click(t.widget("anycost_canvas"))
    t.check("the button turns it off", not overlays(t) and not settings.now.canvas_preview)
    yield from edited(t, state, 0.6)
    t.check("for later edits too", not overlays(t))
    yield from t.click(t.widget("anycost_canvas"))
    t.check("and on again", overlays(t) and settings.now.canvas_preview)
    docker.setVisible(False)
    t.check("it goes with the docker", not overlays(t))
    docker.setVisible(True)
    docker.raise_()
    t.check("and comes back with it", (yield from t.until(lambda: overlays(t), 10)))
    state.reset_all()
    t.check("sliders at 0 end it at once", not overlays(t))
    yield from t.until(lambda: settled(state))
    t.check("and no frame brings it back", not overlays(t))
    yield from edited(t, state, 1.0)


def a_stroke_through_it(t, docker, document):
    """A real one, in the middle of the face."""
    yield from at_rest(document)
    overlay = overlays(t)[0]
    node, place = document.rootNode().childNodes()[0], docker.state.portrait.placement
    before = bytes(node.pixelData(0, 0, document.width(), document.height()))
    middle = overlay.on_canvas().map(place.x, place.y)
    x, y = t.at(overlay.parentWidget(), *middle)
    t.krita.action("KritaShape/KisToolBrush").trigger()
    yield from t.xdotool("mousemove", x, y, "mousedown", 1)
    for step in range(1, 6):
        yield from t.xdotool("mousemove", x + 8 * step, y + 4 * step)
    yield from t.xdotool("mouseup", 1)
    yield from at_rest(document)
    after = bytes(node.pixelData(0, 0, document.width(), document.height()))
    t.check("a stroke goes through it onto the layer", before != after)
    t.check("which it still covers", overlays(t) == [overlay])
    t.krita.action("edit_undo").trigger()
    yield from at_rest(document)
    undone = bytes(node.pixelData(0, 0, document.width(), document.height()))
    t.check("one undo takes the stroke back", undone == before)


def spread(t, name):
    zoom, degrees, mirrored, scrolled = SPREADS[name]
    shows = t.krita.activeWindow().activeView().canvas()
    shows.setMirror(False)
    shows.setRotation(0)
    shows.setZoomLevel(zoom)
    shows.setMirror(mirrored)
    shows.setRotation(degrees)
    area, _canvas = canvas(t)
    area.horizontalScrollBar().setValue(scrolled)
    area.verticalScrollBar().setValue(scrolled)
    yield 0.2
    return (yield from picture(t))


def where_it_lies(t, docker, document):
    """However the canvas is spread, it looks as the layer does that Apply adds, and unlike the picture."""
    state, before, previews, after = docker.state, {}, {}, {}
    state.settings.set("canvas_preview", False)
    for name in SPREADS:
        before[name] = yield from spread(t, name)
    state.settings.set("canvas_preview", True)
    for name in SPREADS:
        previews[name] = yield from spread(t, name)
    node = yield from applied(t, docker, document, "canvas")
    t.check("Apply ends the preview", not overlays(t))
    for name in SPREADS:
        after[name] = yield from spread(t, name)
        found, all_of_it = apart(previews[name], after[name]), apart(before[name], after[name])
        t.check(f"{name} it lies where the layer does", found < 0.25 * all_of_it > 0, (found, all_of_it))
    yield from spread(t, "at 100 %")
    yield from edited(t, state, 0.5)
    t.check("another edit shows again", overlays(t))
    yield from remove(document, node)


def views_and_windows(t, docker, document):
    other = yield from opened(t, docker)
    t.check("another document has none", not overlays(t))
    yield from shown(t, docker, document)
    t.check("a second view of the document has one, too", overlays(t))
    first, second = (
        one.overlay for one in docker.canvas_preview.followed if one.document == docker.state.document
    )
    docker.state.reset_all()
    t.check("both end together", not first.laid and not second.laid)
    followed = len(docker.canvas_preview.followed)
    yield from closed(t, docker, other)
    gone = yield from t.until(lambda: len(docker.canvas_preview.followed) < followed, 10)
    t.check("what is closed is not followed", gone, docker.canvas_preview.followed)
