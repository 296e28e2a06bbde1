"""How the docker looks and behaves: its room in Krita's own layout, keys, wheel, themes, settings, report."""

from __future__ import annotations

import os

from PyQt5.QtWidgets import QAction, QApplication, QMenu, QWidget
from shared import CROWD, at_rest, open_panel, sample

from anycost.krita_plugin.panel.docker_size import SIZED, give_room

SLIDERS = 8  # that Krita's default layout leaves visible
LOWEST, NARROWEST = 250, 220  # pixels that the panel makes do with


def run(t):
    docker = open_panel(t)
    document = yield from sample(t, docker, "the docker's look")
    if document is not None:
        panel = t.widget("anycost_panel", docker)
        yield from layout(t, docker, panel)
        yield from keys(t, docker, document)
        yield from wheel(t, docker)
        yield from themes(t, docker)
        yield from preview_apart(t, panel)
        yield from settings(t, docker, panel)
        report(t, panel)


def sliders(t, docker):
    """Those that can be seen whole."""
    names = [f"anycost_slider_{direction.name}" for direction in docker.state.core.opened.directions]
    found = [t.widget(name, docker) for name in names]
    return [slider for slider in found if slider.visibleRegion().boundingRect() == slider.rect()]


def layout(t, docker, panel):
    crowd = [other for other in t.krita.dockers() if other.objectName() in CROWD]
    for other in crowd:
        other.setVisible(True)
    yield 0.3
    docker.state.settings.keep_text(SIZED, "")
    give_room(docker, docker.state.settings)
    enough = yield from t.until(lambda: len(sliders(t, docker)) >= SLIDERS, 10)
    t.check("eight sliders are visible in Krita's layout", enough, (docker.size(), len(sliders(t, docker))))
    t.screenshot("layout.png")
    least = panel.minimumSizeHint()
    small = least.width() <= NARROWEST and least.height() <= LOWEST
    t.check("a low and narrow docker is enough", small, least)
    for other in crowd:
        other.setVisible(False)
    yield 0.2


def keys(t, docker, document):
    """Those of the slider move it, whatever Krita does with them; the others are Krita's."""
    state = docker.state
    document.rootNode().addChildNode(document.createNode("above", "paintlayer"), None)
    yield from at_rest(document)
    first, second = (direction.name for direction in state.core.opened.directions[:2])
    slider = t.widget("anycost_slider_" + first, docker)
    canvas = t.krita.activeWindow().activeView().canvas()
    zoom, node = canvas.zoomLevel(), document.activeNode()
    yield from t.click(slider, slider.position_x(0))
    t.check("a click gives the slider the focus", slider.hasFocus(), QApplication.focusWidget())
    yield from t.xdotool("key", "Right", "key", "Prior", "key", "shift+Right")
    moved = yield from t.until(lambda: state.value(first) == 0.31, 5)
    t.check("arrows and pages move it", moved, state.value(first))
    for written, value in (("0,42", 0.42), ("0.17", 0.17), ("1", 1.0)):
        yield from t.xdotool("type", written)
        yield from t.xdotool("key", "Return")
        came = yield from t.until(lambda value=value: state.value(first) == value, 5)
        t.check(f"{written} is written on it", came, state.value(first))
    t.check("and Enter gives it the focus back", slider.hasFocus(), QApplication.focusWidget())
    same = canvas.zoomLevel() == zoom and document.activeNode() == node
    t.check("Krita heard none of it", same, (canvas.zoomLevel(), document.activeNode().name()))
    yield from t.xdotool("key", "Tab")
    following = t.widget("anycost_slider_" + second, docker)
    t.check("Tab goes to the next slider", following.hasFocus(), QApplication.focusWidget())
    eraser = t.krita.action("erase_action")
    before = eraser.isChecked()
    yield from t.xdotool("key", "e")
    turned = yield from t.until(lambda: eraser.isChecked() != before, 5)
    t.check("a letter is Krita's", turned, eraser.isChecked())
    yield from t.xdotool("key", "e")


def wheel(t, docker):
    state = docker.state
    first, second = (direction.name for direction in state.core.opened.directions[:2])
    number, before = t.widget("anycost_value_" + second, docker), state.value(second)
    t.widget("anycost_slider_" + first, docker).setFocus()
    yield from t.xdotool("mousemove", *t.at(number), "click", 5)
    t.check("the wheel scrolls over a number", state.value(second) == before, state.value(second))
    yield from t.xdotool("click", 4)


def choose_theme(t, name):
    entries = t.window().findChildren(QAction)
    entries += [action for menu in t.window().findChildren(QMenu) for action in menu.actions()]
    for action in entries:
        if action.text().replace("&", "") == name:
            action.trigger()
            return
    raise LookupError("no theme called " + name)


def contrast(shown):
    image = shown.grab().toImage()
    lights = [image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height())]
    return max(lights) - min(lights)


def themes(t, docker):
    groups = {direction.group for direction in docker.state.core.opened.directions}
    names = [f"anycost_heading_{group}" for group in groups]
    names += ["anycost_fold_preview", "anycost_status", "anycost_quality_auto"]
    for theme in ("Krita bright", "Krita dark"):
        choose_theme(t, theme)
        yield 0.3
        apart = {name: contrast(t.widget(name, docker)) for name in names}
        t.check(f"{theme}: all can be read", min(apart.values()) > 60, apart)
        t.screenshot(f"docker_{theme[6:]}.png", docker)


def preview_apart(t, panel):
    preview = panel.preview
    panel.menu.apart.trigger()
    window = preview.window()
    yield from t.until(window.isVisible, 5)
    window.resize(560, 560)
    grown = yield from t.until(lambda: preview.height() == 560, 5)
    t.check("the preview comes off and grows", grown and window is not t.window(), preview.size())
    t.screenshot("preview_window.png")
    window.close()
    back = yield from t.until(lambda: preview.window() is t.window(), 5)
    t.check("and comes back", back, preview.window())


def settings(t, docker, panel):
    kept = docker.state.settings
    panel.menu.show_settings()
    dialog = t.widget("anycost_settings", panel)
    yield from t.until(dialog.isVisible, 5)
    yield 0.2
    t.screenshot("settings.png", dialog)
    box = dialog.findChild(QWidget, "anycost_setting_canvas_preview")
    before = kept.now.canvas_preview
    yield from t.click(box, 10)
    changed = yield from t.until(lambda: kept.now.canvas_preview != before, 5)
    written = t.krita.readSetting("anycost", "canvas_preview", "")
    t.check("a setting is kept in kritarc", changed and written == str(not before).lower(), written)
    kept.set("canvas_preview", before)
    dialog.close()


def report(t, panel):
    text = panel.menu.maker.text()
    said = [t.krita.version(), "Plugin:", "Qt: 5", "Core: ", "Pack: "]
    t.check("the report says what runs", all(part in text for part in said), text)
    private = [os.environ["HOME"], os.environ["XDG_DATA_HOME"], os.environ["DRIVE_PICTURE"]]
    t.check("and no path", not any(part in text for part in private), text)
