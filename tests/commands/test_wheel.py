"""The wheel that setup.py builds holds everything the command needs outside a checkout."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from anycost import __version__
from anycost.commands import core_wheel, plugin_package
from anycost.commands.cli import main
from anycost.commands.core_wheel import ROOT

pytestmark = pytest.mark.slow
PACK = ROOT / "models" / "packs" / "portraits"


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin's zip as the command makes it in a checkout."""
    out, said = tmp_path_factory.mktemp("checkout") / "out.zip", io.StringIO()
    with contextlib.redirect_stderr(said):
        assert main(["plugin", "package", str(out)]) == 0
    assert said.getvalue() == ""
    return out


@pytest.fixture(scope="module")
def wheel(packaged: Path) -> bytes:
    """The core's wheel in it, which takes seconds to build."""
    with zipfile.ZipFile(packaged) as archive:
        return archive.read(f"anycost/wheel/{core_wheel.NAME}")


@pytest.fixture(scope="module")
def installed(wheel: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with only the wheel's contents."""
    site = tmp_path_factory.mktemp("wheel") / "site"
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        archive.extractall(site)
    return site


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


def test_the_plugin_from_the_wheel_is_the_plugin_from_the_checkout(
    packaged: Path, installed: Path, tmp_path: Path
):
    anycost(installed, "plugin", "package", tmp_path / "installed.zip")
    assert (tmp_path / "installed.zip").read_bytes() == packaged.read_bytes()


def test_the_zip_has_the_core_s_wheel_and_the_versions_that_it_was_tested_with(packaged: Path, wheel: bytes):
    with zipfile.ZipFile(packaged) as archive:
        for name, path in plugin_package.LISTS.items():
            assert archive.read(f"anycost/wheel/{name}.txt") == (ROOT / path).read_bytes()
    with zipfile.ZipFile(io.BytesIO(wheel)) as inner:
        names = inner.namelist()
        record = inner.read(f"{core_wheel.INFO}/RECORD").decode().splitlines()
    packs = [path for path in (ROOT / "models/packs").rglob("*") if path.is_file()]
    assert {f"anycost/{path.relative_to(ROOT).as_posix()}" for path in packs} <= set(names)
    assert {"anycost/core/service/__main__.py", "anycost/bridge/qt_client.py"} <= set(names)
    assert sorted(line.split(",")[0] for line in record) == sorted(names)
