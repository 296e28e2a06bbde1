"""What each room may import, and that a name means one thing in all rooms. Reads the source, so that imports
inside functions count too.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
QT = {"PyQt5", "PyQt6"}
OURS = {  # the rooms that a room may import
    "bridge": {"bridge"},
    "models": {"models"},
    "core": {"core", "models", "bridge"},
    "krita_plugin": {"krita_plugin", "bridge"},
    "lab": {"lab", "core", "models"},
    "commands": {"commands", "lab", "core", "krita_plugin", "models", "bridge"},
}
PLUGIN = {  # the plugin's folders that a folder of it may import
    "state": set(),
    "panel": {"state"},
    "documents": {"state"},
    "canvas": {"panel", "state"},
    "install": {"panel"},
}
LIBRARIES = {  # besides the standard library; rooms not listed may use any except Krita's
    "bridge": QT,
    "models": {"torch", "numpy", "safetensors", "onnx", "tflite", "flatbuffers"},
    "krita_plugin": QT | {"krita"},
}
ONLY_IN = {  # modules that only these files of the room may touch
    "bridge": (QT, {"qt_client.py"}),
    "krita_plugin": (
        {"krita"},
        {
            "annotations.py",
            "batch_layers.py",
            "docker.py",
            "document.py",
            "layer_pixels.py",
            "paint_layers.py",
            "placing.py",
            "selections.py",
            "underlying.py",
            "views.py",
        },
    ),
}


@cache
def tree(path: Path) -> ast.Module:
    """A file's syntax, which several tests look at."""
    return ast.parse(path.read_text("utf-8"))


def sources(room: str) -> list[Path]:
    found = sorted((ROOT / room).rglob("*.py"))
    assert found
    return found


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Full names of the modules that a file imports at any level; ours start with "anycost."."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    package = ["anycost", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = [*above, *filter(None, [node.module])]
            yield from (".".join([*module, alias.name]) for alias in node.names)


def test_imports_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "core" / "files" / "some.py"
    path.parent.mkdir(parents=True)
    path.write_text(
        "import os.path, json\nfrom typing import TYPE_CHECKING\nfrom . import folders\n"
        "if TYPE_CHECKING:\n    from ...lab.data import batches\n"
        "def f():\n    from ..errors import CoreError\n    from ... import __version__\n"
    )
    assert list(imported(path)) == [
        "os.path",
        "json",
        "typing.TYPE_CHECKING",
        "anycost.core.files.folders",
        "anycost.lab.data.batches",
        "anycost.core.errors.CoreError",
        "anycost.__version__",
    ]


@pytest.mark.parametrize("room", OURS)
def test_a_room_imports_only_the_rooms_below_it(room: str):
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(room)
        for name in imported(path)
        if name.startswith("anycost.") and name.split(".")[1] in OURS.keys() - OURS[room]
    }
    assert found == set()


@pytest.mark.parametrize("folder", PLUGIN)
def test_a_folder_of_the_plugin_imports_only_those_below_it(folder: str):
    found = {
        name.split(".")[2]
        for path in sources(f"krita_plugin/{folder}")
        for name in imported(path)
        if name.startswith("anycost.krita_plugin.")
    }
    assert found & PLUGIN.keys() <= PLUGIN[folder] | {folder}


@pytest.mark.parametrize("room", OURS)
def test_a_room_uses_only_its_libraries(room: str):
    libraries = defaultdict(set)
    for path in sources(room):
        for name in imported(path):
            libraries[name.partition(".")[0]].add(str(path.relative_to(ROOT)))
    foreign = libraries.keys() - sys.stdlib_module_names - {"anycost"}
    allowed = LIBRARIES.get(room, foreign - QT - {"krita"})
    assert {name: libraries[name] for name in foreign - allowed} == {}


@pytest.mark.parametrize("room", ONLY_IN)
def test_qt_and_krita_are_touched_in_few_files(room: str):
    modules, files = ONLY_IN[room]
    touching = {
        path.name for path in sources(room) for name in imported(path) if name.partition(".")[0] in modules
    }
    assert touching <= files


def test_importing_core_does_not_load_the_rooms_above_it():
    modules = [
        ".".join(["anycost", *path.relative_to(ROOT).with_suffix("").parts])
        for path in sources("core")
        if path.stem not in ("__init__", "__main__")
    ]
    script = (
        "import sys, importlib\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(*sorted({name.split('.')[1] for name in sys.modules if name.startswith('anycost.')}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *modules], capture_output=True, text=True, timeout=600, check=True
    )
    assert done.stdout.split() == ["bridge", "core", "models"]


# a subcommand's file is named after the subcommand, here also the name of what it opens
SAME_THING = {"__init__.py", "__main__.py", "studio.py", "weights.py"}


def test_no_two_rooms_have_a_file_of_the_same_name():
    rooms = defaultdict(set)
    for room in OURS:
        for path in sources(room):
            rooms[path.name].add(str(path.relative_to(ROOT)))
    shared = {
        name: paths
        for name, paths in rooms.items()
        if name not in SAME_THING and len({path.split("/")[0] for path in paths}) > 1
    }
    assert shared == {}, shared


TWINS = {"bridge/posix.py", "bridge/windows.py"}  # the same for two systems, under the same names


def test_no_two_public_classes_have_the_same_name():
    defined = defaultdict(list)
    for room in OURS:
        for path in sources(room):
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    defined[node.name].append(str(path.relative_to(ROOT)))
    shared = {name: paths for name, paths in defined.items() if len(paths) > 1 and set(paths) != TWINS}
    assert shared == {}, shared
