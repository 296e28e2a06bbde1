"""What is installed and kept by Krita's side: the plugin, its settings, bytes in a document."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from failing_calls import WritePath

from anycost.commands import plugin_install, plugin_package
from anycost.commands.krita_places import places
from anycost.commands.plugin_install import install, uninstall
from anycost.core.errors import CoreError
from anycost.krita_plugin.setting_stores import SettingsFile

KRITARC = b"theme=Krita dark\n\n[python]\nenable_tenbrushes=true\n\n[x]\na=1\n"
FILES = {"__init__.py": b'"""Anycost"""\n', "bridge/a.py": b"A = 1\n" * 2000, "manual.html": b"<p>"}
NOTES = ("config/anycost/plugin.json", "config/anycost/core.json")  # of what was done, so far


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a Krita, and a plugin of three files."""
    root = tmp_path / "root"
    (root / "config").mkdir(parents=True)
    (root / "config" / "kritarc").write_bytes(KRITARC)
    monkeypatch.setenv("HOME", str(root))
    monkeypatch.setenv("XDG_DATA_HOME", str(root / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(root / "config"))
    for module in (plugin_install, plugin_package):
        monkeypatch.setattr(module, "plugin_files", lambda: FILES)
    monkeypatch.setattr(plugin_package, "core_files", lambda: {"wheel/core.whl": b"wheel"})
    return root


def test_the_plugin_is_installed(root: Path):
    WritePath(root, install, (CoreError,), unit=str, begun=NOTES).check()
    assert (places()[0].kritarc).read_bytes() != KRITARC


def test_the_plugin_is_updated(root: Path, monkeypatch: pytest.MonkeyPatch):
    install()
    newer = {**FILES, "bridge/b.py": b"B = 1\n", "manual.html": b"<p>new"}
    monkeypatch.setattr(plugin_install, "plugin_files", lambda: newer)
    WritePath(root, install, (CoreError,), unit=str, begun=NOTES).check()


def test_the_plugin_is_uninstalled(root: Path):
    install()

    def again() -> None:
        with suppress(CoreError):  # there may be nothing left to remove
            uninstall()

    WritePath(root, uninstall, (CoreError,), unit=str, begun=NOTES, again=again).check()


def test_the_plugins_zip(root: Path):
    (root / "plugin.zip").write_bytes(b"an older one")
    WritePath(root, lambda: plugin_package.package(root / "plugin.zip"), (CoreError,)).check()


def test_the_studios_settings(root: Path):
    """One that cannot be written is lost, and no other."""
    path = root / "studio.json"
    SettingsFile(path).write("language", "de")
    WritePath(root, lambda: SettingsFile(path).write("folded", "Hair"), (), may_fail=True).check()
