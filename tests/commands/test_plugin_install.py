"""Installing the plugin into the folders of this user's Kritas, and taking it away again."""

from __future__ import annotations

import compileall
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from anycost.commands import plugin_package
from anycost.commands.core_wheel import NAME as WHEEL
from anycost.commands.core_wheel import ROOT
from anycost.commands.krita_places import Place, places
from anycost.commands.plugin_install import install, uninstall
from anycost.core.errors import CoreError


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home whose names have spaces and umlauts."""
    home = tmp_path / "Künstlerin Ada"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setattr(plugin_package.core_wheel, "core_wheel", lambda: b"the wheel")
    return home


def tree(folder: Path) -> dict[str, bytes | str | None]:
    """Every file, link and folder below, with what it holds."""
    found: dict[str, bytes | str | None] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found[name] = (
            os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        )
    return found


def test_install_copies_enables_and_notes_this_python(home):
    (home / "config").mkdir()
    kritarc = home / "config" / "kritarc"
    kritarc.write_text(
        "theme=Krita dark\n\n[python]\nenable_tenbrushes=true\nenable_anycost=false\n\n[x]\na=1\n"
    )
    kritarc.chmod(0o600)
    (plugin,) = install()
    assert plugin == home / "data/krita/pykrita/anycost"
    assert (plugin / "bridge/launch.py").read_bytes() == (ROOT / "bridge/launch.py").read_bytes()
    assert (plugin / "krita_plugin/translations/de.ts").exists()
    assert not (plugin / "core").exists()
    assert not (plugin / "wheel").exists()  # this Python has the core
    assert (home / "data/krita/actions/anycost.action").exists()
    lines = kritarc.read_text().splitlines()
    assert lines.count("enable_anycost=true") == 1
    assert "enable_anycost=false" not in lines
    assert {"theme=Krita dark", "enable_tenbrushes=true", "[x]", "a=1"} <= set(lines)
    assert stat.S_IMODE(kritarc.stat().st_mode) == 0o600
    assert json.loads((home / "config/anycost/core.json").read_text()) == {"python": sys.executable}


def test_install_again_removes_what_an_older_version_wrote_and_keeps_all_else(home):
    (plugin,) = install()
    note = home / "config/anycost/plugin.json"
    older = json.loads(note.read_text())
    (plugin / "bridge/old.py").write_bytes(b"")
    written = next(iter(older.values()))
    written["files"][str(plugin / "bridge/old.py")] = (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    note.write_text(json.dumps(older))
    (plugin / "my notes.txt").write_text("keep")
    (plugin.parent / "tenbrushes").mkdir()
    install()
    assert not (plugin / "bridge/old.py").exists()
    assert (plugin / "my notes.txt").read_text() == "keep"
    assert sorted(os.listdir(plugin.parent)) == ["anycost", "anycost.desktop", "tenbrushes"]


@pytest.mark.parametrize(
    ("kritarc", "times"), [(None, 1), (b"", 1), (b"a=\xe9\n[python]\nenable_anycost=false\n", 1), (b"a=1", 2)]
)
def test_uninstall_leaves_no_trace(home, kritarc, times):
    (home / "data/krita/pykrita/tenbrushes").mkdir(parents=True)
    if kritarc is not None:
        (home / "config").mkdir()
        (home / "config/kritarc").write_bytes(kritarc)
    before = tree(home)
    (plugin,) = [install() for _ in range(times)][-1]
    compileall.compile_dir(plugin / "bridge", quiet=2)  # as Krita's Python does
    assert list(plugin.rglob("*.pyc"))
    assert uninstall() == ([plugin], [])
    after = tree(home)
    if kritarc in (None, b""):  # an empty kritarc is as good as none
        before.pop("config/kritarc", None)
        before.pop("config", None)
        after.pop("config", None)
    assert after == before


def test_uninstall_keeps_what_was_changed_and_what_is_not_ours(home):
    (plugin,) = install()
    (plugin / "krita_plugin/panel/panel.py").write_text("mine now")
    (plugin / "my notes.txt").write_text("keep")
    assert uninstall() == ([plugin], [plugin / "krita_plugin/panel/panel.py"])
    left = {name for name, content in tree(plugin).items() if content is not None}
    assert left == {"krita_plugin/panel/panel.py", "my notes.txt"}
    with pytest.raises(CoreError, match="nothing to remove"):
        uninstall()


@pytest.mark.parametrize("what", ["own plugin", "file", "link", "link inside"])
def test_something_else_in_the_plugin_s_place_is_refused(home, what):
    plugin = home / "data/krita/pykrita/anycost"
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    plugin.parent.mkdir(parents=True)
    if what == "own plugin":
        plugin.mkdir()
        (plugin / "__init__.py").write_text("my own code")
    elif what == "file":
        plugin.write_text("my own file")
    elif what == "link":
        plugin.symlink_to(elsewhere)
    else:
        install()
        for path in (plugin / "bridge").iterdir():
            path.unlink()
        (plugin / "bridge").rmdir()
        (plugin / "bridge").symlink_to(elsewhere)
    before = tree(home)
    with pytest.raises(CoreError, match="then try again"):
        install()
    assert tree(home) == before


def test_a_link_in_a_file_s_place_is_replaced_not_followed(home):
    (plugin,) = install()
    mine = home / "mine"
    mine.write_text("keep")
    for name in ("manual.html", "bridge/launch.py"):
        (plugin / name).unlink()
        (plugin / name).symlink_to(mine)
    (home / "config/kritarc.part").symlink_to(mine)
    (plugin.parent / "anycost.desktop.part").symlink_to(mine)
    install()
    assert mine.read_text() == "keep"
    assert not (plugin / "manual.html").is_symlink()


@pytest.mark.parametrize("dangling", [False, True])
def test_a_linked_kritarc_stays_a_link(home, dangling):
    (home / "config").mkdir()
    dotfile, text = home / "dotfiles", b"name=caf\xe9\x0c\n" + "b=\u2028\n".encode()
    if not dangling:
        dotfile.write_bytes(text)
    kritarc = home / "config" / "kritarc"
    kritarc.symlink_to(dotfile)
    install()
    assert kritarc.is_symlink()
    wanted = b"[python]\nenable_anycost=true\n"
    assert dotfile.read_bytes() == (wanted if dangling else text + b"\n" + wanted)


@pytest.mark.parametrize("what", ["folder", "pipe", "loop"])
def test_a_kritarc_that_cannot_be_read_is_a_sentence(home, what):
    kritarc = home / "config" / "kritarc"
    kritarc.parent.mkdir()
    if what == "folder":
        kritarc.mkdir()
    elif what == "pipe":
        os.mkfifo(kritarc)
    else:
        kritarc.symlink_to(kritarc)
    with pytest.raises(CoreError, match="then try again"):
        install()
    assert not (home / "data").exists()


def test_a_place_that_cannot_be_written_is_a_sentence(home):
    (home / "data").write_text("a file where a folder should be")
    with pytest.raises(CoreError, match="choose another place"):
        install()
    with pytest.raises(CoreError, match="choose another place"):
        plugin_package.package(home / "data" / "x" / "anycost.zip")


@pytest.mark.parametrize(
    "note",
    [b"", b"\xff", b"[1]", b"[" * 60_000, b'{"x": 5}', b'{"x": {"files": 5}}', b'{"x": {"files": {"a": 1}}}',
     b'{"x": {"change": [1, 2, 3, 4]}}', b'{"x": {"change": [null, true, 5]}}'],
)  # fmt: skip
def test_a_note_that_helps_nobody_is_a_sentence(home, note):
    path = home / "config/anycost/plugin.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(note)
    with pytest.raises(CoreError, match="install` again"):
        uninstall()


def test_the_flatpak_gets_the_plugin_too_with_the_wheel_since_its_krita_cannot_use_this_python(home):
    flatpak = home / ".var/app/org.kde.krita"
    (flatpak / "config").mkdir(parents=True)
    (flatpak / "config/kritarc").write_text("a=1\n")
    before = tree(home)
    usual, sandboxed = install()
    assert usual == home / "data/krita/pykrita/anycost"
    assert sandboxed == flatpak / "data/krita/pykrita/anycost"
    assert (sandboxed / "wheel" / WHEEL).read_bytes() == b"the wheel"
    assert b"enable_anycost=true" in (flatpak / "config/kritarc").read_bytes()
    assert not (flatpak / "config/anycost").exists()
    uninstall()
    after = tree(home)
    after.pop("config")  # folders of this user's, which any program makes
    assert after == before


@pytest.mark.parametrize("variables", [("$HOME/my art", "[$e]"), ("{home}/my art", "")])
def test_a_moved_resource_folder(home, variables):
    value, mark = variables
    (home / "config").mkdir()
    (home / "my art").mkdir()
    text = f"ResourceDirectory{mark}={value.format(home=home)}\n"
    (home / "config/kritarc").write_text(text)
    assert install() == [home / "my art/pykrita/anycost"]
    (home / "config/kritarc").write_text("ResourceDirectory=/nowhere\n")
    assert install() == [home / "data/krita/pykrita/anycost"]
    assert uninstall()[0] == [home / "my art/pykrita/anycost", home / "data/krita/pykrita/anycost"]


def test_where_krita_keeps_its_folders_on_other_systems(tmp_path):
    store = tmp_path / "Local/Packages/49800Krita_x1/LocalCache"
    store.mkdir(parents=True)
    environ = {"LOCALAPPDATA": str(tmp_path / "Local"), "APPDATA": str(tmp_path / "Roaming")}
    assert places("win32", environ, tmp_path) == [
        Place(tmp_path / "Local/kritarc", tmp_path / "Roaming/krita"),
        Place(store / "Local/kritarc", store / "Roaming/krita"),
    ]
    library = tmp_path / "Library"
    mac = Place(library / "Preferences/kritarc", library / "Application Support/krita")
    assert places("darwin", {}, tmp_path) == [mac]
    usual = Place(tmp_path / ".config/kritarc", tmp_path / ".local/share/krita")
    assert places("linux", {"XDG_DATA_HOME": "relative"}, tmp_path) == [usual]
