"""What several test files share, and how `make test` spreads them over processes."""

from __future__ import annotations

import gc
import os
import re
import shutil
import tempfile
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from qt_binding import use_wanted_binding

use_wanted_binding()
ROOT = Path(__file__).parent.parent
MOST_WORKERS = 8  # more would only wait for the longest file
FOLDER = pytest.StashKey[str]()
SHARED = re.compile(r"\bhead_data\b|\bpair: Pair\b")  # fixtures that take each worker many seconds
# Hypothesis may take any time, so that a slow machine fails no test. Examples may share a pack or folder.
settings.register_profile(
    "anycost",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("anycost")


def usable_cores() -> int:
    """The cores this process may run on, at most its container's share."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # not Linux, or "max"
        return cores


workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if workers > 1:  # read when torch is first imported; the processes that tests start inherit it
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, usable_cores() // workers)))


class RootIsNoPackage:
    """Keeps pytest from importing the checkout under its folder's name, which fails for `anycost-krita`."""

    @staticmethod
    def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        return pytest.Dir.from_parent(parent, path=path) if path == ROOT else None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose a short temporary folder: a Unix socket's path has room for about 100 bytes."""
    config.pluginmanager.register(RootIsNoPackage())  # as a plugin: this file's own hooks see only tests/
    if config.option.basetemp is None:
        config.stash[FOLDER] = config.option.basetemp = tempfile.mkdtemp(prefix="t-")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.TESTS_FAILED:
        return  # keep the files for a look
    if FOLDER in session.config.stash:
        shutil.rmtree(session.config.stash[FOLDER], ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: one worker per core. A single file runs in this process, which starts sooner."""
    single = len(config.args) == 1 and ".py" in config.args[0]
    return 0 if single else min(usable_cores(), MOST_WORKERS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`--dist loadfile`: each worker takes whole files, and one takes all that use a fixture of `SHARED`."""
    from xdist.scheduler import LoadFileScheduling  # here: a run without xdist needs none

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "shared" if _uses_shared(file) else file

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@cache
def _uses_shared(file: str) -> bool:
    return bool(SHARED.search((ROOT / file).read_text()))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Collects without looking for garbage, which took a sixth of that time: what is imported stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that are neither `slow` nor `krita` as `fast`, and start with the longest."""
    for item in items:
        if not _is_slow(item):
            item.add_marker("fast")
    items.sort(key=lambda item: (not item.get_closest_marker("krita"), not _is_slow(item)))


def _is_slow(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("slow") or item.get_closest_marker("krita"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The user's data folder, before `own_folders` hides it."""
    given = os.environ.get("XDG_DATA_HOME", "")
    return Path(given) if os.path.isabs(given) else Path.home() / ".local" / "share"


@pytest.fixture(scope="session", autouse=True)
def own_folders(real_data: Path, tmp_path_factory: pytest.TempPathFactory):
    """A separate cache and separate data, so that no user's calibration or weights change what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def user_faces(real_data: Path) -> Path:
    """The folder of the user's face weights, only to be read. Skipped where they are missing."""
    found = real_data / "anycost" / "weights" / "faces"
    if not found.is_dir():
        pytest.skip("the face weights are not here: anycost weights get faces")
    return found


@pytest.fixture
def face_weights(user_faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes a copy of the user's face weights the installed ones; their folder."""
    folder = tmp_path / "data" / "anycost" / "weights" / "faces"
    shutil.copytree(user_faces, folder)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return folder


@pytest.fixture(scope="module")
def faces_for_all(user_faces: Path, tmp_path_factory: pytest.TempPathFactory):
    """Makes the user's face weights the installed ones for a whole file, whose tests share what they open."""
    data = tmp_path_factory.mktemp("faces")
    (data / "anycost" / "weights").mkdir(parents=True)
    (data / "anycost" / "weights" / "faces").symlink_to(user_faces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(data))
        yield


@pytest.fixture(scope="session")
def head_data(real_data: Path, own_folders: None) -> None:
    """Makes the heads' shapes the installed ones. Skipped where they are missing."""
    found = real_data / "anycost" / "weights" / "heads"
    if not found.is_dir():
        pytest.skip("the heads' shapes are not here: anycost weights get heads")
    place = Path(os.environ["XDG_DATA_HOME"]) / "anycost" / "weights"
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "heads").exists():
        (place / "heads").symlink_to(found)
    from anycost.lab.heads.anny_data import anny_data  # read once, while the folders are these

    anny_data()


@pytest.fixture(scope="session")
def tiny_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small untrained complete pack."""
    from tiny_pack import make_tiny_pack  # imported here: the process that hands out tests needs no torch

    return make_tiny_pack(tmp_path_factory.mktemp("packs") / "tiny")


@pytest.fixture(scope="session")
def pair():
    """Two processes that train together: see pair.py."""
    from pair import Pair

    made = Pair()
    yield made
    made.close()
