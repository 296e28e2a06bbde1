"""The wheel that setup.py builds holds everything the command needs outside a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from anycost import __version__
from anycost.commands.plugin_package import ROOT, package

pytestmark = pytest.mark.slow
PACK = ROOT / "models" / "packs" / "portraits"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with only the wheel's contents."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps"]
    tree = folder / "source"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, files.decode().split("\0")):  # copies: building leaves a build folder behind
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*build, "--wheel-dir", folder, tree], check=True)
    (wheel,) = folder.glob("anycost_krita-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def anycost(installed: Path, *arguments: str | Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", "import sys; from anycost.commands.cli import main; sys.exit(main())"]
    done = subprocess.run(
        [*command, *arguments],
        env=environment,
        cwd=installed.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_runs_from_the_wheel(installed: Path):
    assert anycost(installed, "--version").strip() == f"anycost {__version__}"
    assert "tests" not in {path.name for path in (installed / "anycost").iterdir()}


def test_the_default_pack_is_in_it(installed: Path):
    shipped = installed / "anycost" / "models" / "packs" / "portraits"
    assert {path.name for path in shipped.iterdir()} == {path.name for path in PACK.iterdir()}
    picture = installed.parent / "face.png"
    anycost(
        installed, "render", "--pack", "portraits", "--seed", "1", "--resolution", "64", "--channels", "0.5",
        "--out", picture,
    )  # fmt: skip
    assert picture.stat().st_size > 1000


def test_the_plugin_from_the_wheel_is_the_plugin_from_the_checkout(installed: Path, tmp_path: Path):
    anycost(installed, "plugin", "package", installed.parent / "plugin.zip")
    package(tmp_path / "plugin.zip")
    assert (installed.parent / "plugin.zip").read_bytes() == (tmp_path / "plugin.zip").read_bytes()
