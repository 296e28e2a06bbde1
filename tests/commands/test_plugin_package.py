"""The zip as Krita's importer reads it, and installing the plugin into Krita's own folder."""

from __future__ import annotations

import ast
import configparser
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from anycost.commands import plugin_package
from anycost.commands.core_wheel import ROOT
from anycost.commands.plugin_package import package

IMPORTER = "/usr/share/krita/pykrita/plugin_importer"


@pytest.fixture(autouse=True)
def no_wheel(monkeypatch):
    """test_wheel.py has the real one, which takes seconds to build."""
    monkeypatch.setattr(plugin_package.core_wheel, "core_wheel", lambda: b"the wheel")


def test_the_zip_has_what_the_importer_looks_for(tmp_path):
    with zipfile.ZipFile(package(tmp_path / "anycost.zip")) as archive:
        names = archive.namelist()
        desktop = configparser.ConfigParser()
        desktop.read_string(archive.read("anycost.desktop").decode())
    assert desktop["Desktop Entry"]["X-KDE-Library"] == "anycost"
    assert {"anycost/", "anycost/__init__.py", "anycost.action", "anycost/manual.html"} <= set(names)
    assert "anycost/krita_plugin/docker.py" in names
    assert "anycost/bridge/qt_client.py" in names
    assert "anycost/krita_plugin/translations/de.ts" in names
    assert not [name for name in names if "core" in Path(name).parts or "models" in Path(name).parts]


def test_the_zip_is_the_same_every_time(tmp_path):
    first, second = package(tmp_path / "a.zip"), package(tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "b.zip"]


def test_krita_s_own_importer_takes_it(tmp_path):
    if not Path(IMPORTER).exists():
        pytest.skip("Krita is not installed: its importer is not here")
    archive, resources = package(tmp_path / "anycost.zip"), tmp_path / "krita"
    resources.mkdir()
    command = [sys.executable, f"{IMPORTER}/plugin_importer.py", str(archive), str(resources)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Imported plugin: Anycost" in told.stdout
    assert (resources / "pykrita/anycost/krita_plugin/panel/panel.py").exists()
    assert (resources / "actions/anycost.action").exists()


def test_the_plugin_s_source_is_python_3_8_s():
    for room in ("bridge", "krita_plugin"):
        for path in (ROOT / room).rglob("*.py"):
            ast.parse(path.read_text(), feature_version=(3, 8))


def test_the_package_starts_nothing_outside_krita():
    code = "import sys, anycost; print([m for m in sys.modules if m.startswith(('anycost.', 'PyQt5'))])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['anycost.bridge', 'anycost.bridge.version']"


def test_a_zip_of_the_source_explains_itself(tmp_path):
    """GitHub's "Download ZIP" has entries for folders, and everything inside one folder."""
    if not Path(IMPORTER).exists():
        pytest.skip("Krita is not installed: its importer is not here")
    source, resources = tmp_path / "source.zip", tmp_path / "krita"
    resources.mkdir()
    with zipfile.ZipFile(source, "w") as archive:
        for path in [ROOT / "__init__.py", *sorted((ROOT / "krita_plugin").rglob("*"))]:
            if "__pycache__" not in path.parts:
                archive.write(path, Path("anycost-for-krita-main") / path.relative_to(ROOT))
    command = [sys.executable, f"{IMPORTER}/plugin_importer.py", str(source), str(resources)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Imported plugin: Anycost" in told.stdout
    assert "anycost plugin install" in (resources / "pykrita/anycost/__init__.py").read_text()
