"""The zip as Krita's importer reads it, and installing the plugin into Krita's own folder."""

from __future__ import annotations

import ast
import configparser
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from anycost.commands.plugin_package import ROOT, enabled, install, package
from anycost.core.errors import CoreError

IMPORTER = "/usr/share/krita/pykrita/plugin_importer"


def test_the_zip_has_what_the_importer_looks_for(tmp_path):
    with zipfile.ZipFile(package(tmp_path / "anycost.zip")) as archive:
        names = archive.namelist()
        desktop = configparser.ConfigParser()
        desktop.read_string(archive.read("anycost.desktop").decode())
    assert desktop["Desktop Entry"]["X-KDE-Library"] == "anycost"
    assert {"anycost/", "anycost/__init__.py", "anycost.action", "anycost/manual.html"} <= set(names)
    assert "anycost/krita_plugin/docker.py" in names
    assert "anycost/bridge/qt_client.py" in names
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
    assert (resources / "pykrita/anycost/krita_plugin/panel.py").exists()
    assert (resources / "actions/anycost.action").exists()


def test_the_plugin_s_source_is_python_3_8_s():
    for room in ("bridge", "krita_plugin"):
        for path in (ROOT / room).glob("*.py"):
            ast.parse(path.read_text(), feature_version=(3, 8))


def test_the_package_starts_nothing_outside_krita():
    code = "import sys, anycost; print([m for m in sys.modules if m.startswith(('anycost.', 'PyQt5'))])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['anycost.bridge', 'anycost.bridge.version']"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def test_install_copies_enables_and_notes_this_python(home):
    (home / "config").mkdir()
    kritarc = home / "config" / "kritarc"
    kritarc.write_text(
        "theme=Krita dark\n\n[python]\nenable_tenbrushes=true\nenable_anycost=false\n\n[x]\na=1\n"
    )
    kritarc.chmod(0o600)
    plugin = install()
    assert plugin == home / "data/krita/pykrita/anycost"
    assert (plugin / "bridge/launch.py").read_bytes() == (ROOT / "bridge/launch.py").read_bytes()
    assert not (plugin / "core").exists()
    assert (home / "data/krita/actions/anycost.action").exists()
    lines = kritarc.read_text().splitlines()
    assert lines.count("enable_anycost=true") == 1
    assert "enable_anycost=false" not in lines
    assert {"theme=Krita dark", "enable_tenbrushes=true", "[x]", "a=1"} <= set(lines)
    assert stat.S_IMODE(kritarc.stat().st_mode) == 0o600
    assert json.loads((home / "config/anycost/core.json").read_text()) == {"python": sys.executable}


def test_install_again_replaces_files_and_leaves_nothing_behind(home):
    plugin = install()
    (plugin / "old.py").write_text("gone in this version")
    kept = plugin.parent / "tenbrushes"
    kept.mkdir()
    install()
    assert not (plugin / "old.py").exists()
    assert sorted(os.listdir(plugin.parent)) == ["anycost", "anycost.desktop", "tenbrushes"]


def test_a_linked_kritarc_stays_a_link(home):
    (home / "config").mkdir()
    (home / "dotfiles").write_bytes(b"name=caf\xe9\n")
    kritarc = home / "config" / "kritarc"
    kritarc.symlink_to(home / "dotfiles")
    install()
    assert kritarc.is_symlink()
    # bytes that are not UTF-8 stay unchanged
    assert (home / "dotfiles").read_bytes() == b"name=caf\xe9\n\n[python]\nenable_anycost=true\n"


def test_a_place_that_cannot_be_written_is_a_sentence(home):
    (home / "data").write_text("a file where a folder should be")
    with pytest.raises(CoreError, match="choose another place"):
        install()
    with pytest.raises(CoreError, match="choose another place"):
        package(home / "data" / "x" / "anycost.zip")


def test_a_kritarc_that_cannot_be_read_is_a_sentence(home):
    (home / "config" / "kritarc").mkdir(parents=True)
    with pytest.raises(CoreError, match="then try again"):
        install()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[python]\nenable_anycost=true\n"),
        ("a=1", "a=1\n\n[python]\nenable_anycost=true\n"),
        ("[python]\n[b]\nenable_anycost=no\n", "[python]\nenable_anycost=true\n[b]\nenable_anycost=no\n"),
    ],
)
def test_kritarc(before, after):
    assert enabled(before) == after
    assert enabled(after) == after


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
