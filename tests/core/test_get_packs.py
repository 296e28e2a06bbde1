"""Packs are installed, updated and removed: from files, a server and an index, killed midway, while open."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from small_pack import small_pack
from small_web import Page, SmallWeb, own_machine, small_web

from anycost.core.errors import CoreError
from anycost.core.files import get_packs, pack_index, packs_folder, untrusted
from anycost.core.files.download import TRIES
from anycost.core.files.get_packs import Installed, install, update
from anycost.core.files.pack_archive import bundle
from anycost.core.files.pack_check import damage, look_into
from anycost.core.files.packs_folder import changing, remove
from anycost.core.files.web import CERTIFICATES
from anycost.core.service.desk import Desk
from anycost.models.pack import BUILT_IN, Pack, PackError, file_sha256, list_packs


@pytest.fixture(autouse=True)
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of packs."""
    own_machine(monkeypatch, tmp_path)
    monkeypatch.setattr(os, "fsync", lambda file: None)  # slow, and only a power cut could tell
    for name in CERTIFICATES:  # slow too, and nothing here comes by https
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data" / "anycost" / "packs"


@pytest.fixture
def web():
    with small_web() as server:
        yield server


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two versions of a pack, each as one file."""
    place = tmp_path_factory.mktemp("archives")
    for seed in (1, 2):
        bundle(Pack.open(small_pack(place / f"made-{seed}", seed=seed)), place / f"{seed}.zip")
    return place / "1.zip", place / "2.zip"


def get(source: object, **more: str) -> Installed:
    return install(str(source), lambda done, size: None, **more)


def renew(name: str = "small") -> bool:
    return update(name, lambda done, size: None).new


def refusal(call: Callable[[], object], kind: str = "bad-value") -> str:
    with pytest.raises(CoreError) as error:
        call()
    assert error.value.kind == kind
    assert error.value.message.endswith(".")
    return error.value.message


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def made(archive: Path) -> Path:
    """The folder that an archive was made of."""
    return archive.with_name(f"made-{archive.stem}")


def test_a_pack_is_installed_from_a_file_or_its_folder(archives: tuple[Path, Path], packs: Path):
    for source in (archives[0], made(archives[0]), archives[0].as_uri()):
        found = get(source)
        assert found == Installed("small", packs / "small", "", True)
        assert contents(packs / "small") == contents(made(archives[0]))
        assert list_packs()["small"] == packs / "small"
        assert (packs / "small").stat().st_mode & 0o777 == 0o755
        assert not get(source).new  # it is there already
        assert remove("small") == packs / "small"
        assert sorted(path.name for path in packs.iterdir()) == [".changing.lock"]


def test_what_cannot_be_installed_is_said(archives: tuple[Path, Path], tmp_path: Path, packs: Path):
    (tmp_path / "page.zip").write_bytes(b"<html>")
    assert "page.zip" in refusal(lambda: get(tmp_path / "page.zip"), "pack")
    assert "no public index of packs yet" in refusal(lambda: get("faces"))
    assert "There is no archive or pack" in refusal(lambda: get(tmp_path / "no.zip"))
    assert "no https, http or file address" in refusal(lambda: get("ftp://example.org/a.zip"))
    assert "There is no file" in refusal(lambda: get((tmp_path / "no.zip").as_uri()))
    assert "64 hex digits" in refusal(lambda: get(archives[0], sha256="12"))
    assert "another SHA-256" in refusal(lambda: get(archives[0], sha256="0" * 64), "pack")
    assert "has no SHA-256" in refusal(lambda: get(made(archives[0]), sha256="0" * 64))
    assert "can be changed on its way" in refusal(lambda: get("http://example.org/a.zip"))
    assert "can be changed on its way" in refusal(lambda: get("faces", index="http://example.org/i.json"))
    assert list_packs().keys() == {path.name for path in BUILT_IN.iterdir()}
    assert sorted(path.name for path in packs.iterdir()) == [".changing.lock"]


def test_another_pack_of_the_name_is_not_replaced(archives: tuple[Path, Path], packs: Path, tmp_path: Path):
    get(archives[0])
    assert "`anycost packs update small`" in refusal(lambda: get(archives[1]))
    assert contents(packs / "small") == contents(made(archives[0]))
    other = small_pack(tmp_path / "mine", "portraits")
    assert 'A pack "portraits" came with Anycost' in refusal(lambda: get(other))
    (packs / "letters").mkdir()
    assert "is in the way" in refusal(lambda: get(small_pack(tmp_path / "letters", "letters")))


def test_a_damaged_folder_is_refused_and_leaves_nothing(tmp_path: Path, packs: Path):
    folder = small_pack(tmp_path / "small")
    (folder / "generator.safetensors").write_bytes(b"x")
    assert "generator.safetensors is damaged" in refusal(lambda: get(folder), "pack")
    assert sorted(path.name for path in packs.iterdir()) == [".changing.lock"]


# ---- the web


def test_a_download_goes_on_where_it_was_cut(web: SmallWeb, archives: tuple[Path, Path], packs: Path):
    data = archives[0].read_bytes()
    web.pages["/a.zip"] = Page(data, cuts=[1000] * (1 + TRIES))  # the first answer is asked for its size
    assert "it continues where it stopped" in refusal(lambda: get(f"{web.address}/a.zip"), "pack")
    assert not (packs / "small").exists()
    sent = len(data) - 1000 * TRIES
    assert get(f"{web.address}/a.zip").new
    assert web.requests[-1].sent == sent
    assert contents(packs / "small") == contents(made(archives[0]))
    assert list((packs.parents[2] / "cache" / "anycost" / "downloads").iterdir()) == []


def test_a_download_has_the_given_hash(web: SmallWeb, archives: tuple[Path, Path]):
    first, second = (path.read_bytes() for path in archives)
    web.pages["/a.zip"] = Page(first)
    right = file_sha256(archives[0])
    assert "another file" in refusal(lambda: get(f"{web.address}/a.zip", sha256="0" * 64), "pack")
    assert get(f"{web.address}/a.zip", sha256=right).new
    web.pages["/a.zip"] = Page(second)
    remove("small")
    assert len(second) == len(first)
    assert "another file" in refusal(lambda: get(f"{web.address}/a.zip", sha256=right), "pack")


def test_what_a_server_says_is_told(web: SmallWeb, archives: tuple[Path, Path]):
    assert "404 Not Found" in refusal(lambda: get(f"{web.address}/a.zip"), "pack")
    web.pages["/a.zip"] = Page(b"<html>")
    assert "no zip file" in refusal(lambda: get(f"{web.address}/a.zip"), "pack")
    web.pages["/a.zip"] = Page(archives[0].read_bytes())  # what was wrong is not continued
    assert get(f"{web.address}/a.zip").new


@pytest.mark.parametrize("length", [0, 9 << 30])
def test_a_file_of_no_pack_s_size_is_not_fetched(web: SmallWeb, length: int):
    web.pages["/a.zip"] = Page(b"x" * bool(length), length=length)
    assert f"a file of {length} bytes" in refusal(lambda: get(f"{web.address}/a.zip"), "pack")


def test_a_password_is_not_written_down(web: SmallWeb, archives: tuple[Path, Path], packs: Path):
    web.pages["/a.zip"] = Page(archives[0].read_bytes(), password="Basic dXNlOnM6M2NyZXQ=")
    get(web.address.replace("//", "//use:s%3A3cret@") + "/a.zip")
    assert "3cret" not in (packs / "small.source.json").read_text()
    (packs / "small" / "LICENSE").write_text("x")
    assert "401 Unauthorized" in refusal(renew, "pack")


# ---- an index


def index_of(path: Path, archive: Path, name: str = "small", **changes: Any) -> Path:
    """An index beside the archive, with changes to its entry."""
    size = archive.stat().st_size
    pack_index.add(path, name, pack_index.Entry(archive.name, file_sha256(archive), size, "1.0"))
    document = json.loads(path.read_text())
    document["packs"][name] |= changes
    path.write_text(json.dumps(document))
    return path


def test_a_name_comes_from_an_index_on_the_web(web: SmallWeb, archives: tuple[Path, Path], tmp_path: Path):
    index = index_of(tmp_path / "index.json", archives[0])
    web.pages["/i/index.json"] = Page(index.read_bytes())
    web.pages["/i/1.zip"] = Page(archives[0].read_bytes())
    address = f"{web.address}/i/index.json"
    assert get("small", index=address).version == "1.0"
    web.requests.clear()
    assert not get("small", index=address).new
    assert not renew()
    assert {request.path for request in web.requests} == {"/i/index.json"}  # the archive is known
    assert 'no pack "faces": it has small' in refusal(lambda: get("faces", index=address))


def test_a_new_version_in_an_index_is_an_update(archives: tuple[Path, Path], tmp_path: Path, packs: Path):
    for archive in archives:
        shutil.copy(archive, tmp_path)
    index = index_of(tmp_path / "index.json", archives[0])
    get("small", index=str(index))
    index_of(index, archives[1], version="2.0")
    assert update("small", lambda done, size: None) == Installed("small", packs / "small", "2.0", True)
    assert contents(packs / "small") == contents(made(archives[1]))
    assert not renew()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": None}, "lacks an address"),
        ({"sha256": "x"}, "lacks an address"),
        ({"size": True}, "lacks an address"),
        ({"size": 9 << 30}, "lacks an address"),
        ({"version": "1\x1b[31m"}, "lacks an address"),
        ({"url": "ftp://example.org/a.zip"}, "cannot be opened"),
        ({"url": "http://[x/a.zip"}, "cannot be opened"),
        ({"url": "file:///etc/passwd"}, "cannot be opened"),
        ({"sha256": "0" * 64}, "another file"),
        ({"size": 12}, "another size"),
    ],
)
def test_wrong_entries_of_an_index_are_refused(
    web: SmallWeb, archives: tuple[Path, Path], tmp_path: Path, changes: dict[str, Any], words: str
):
    index = index_of(tmp_path / "index.json", archives[0], **changes)
    web.pages["/index.json"] = Page(index.read_bytes())
    web.pages["/1.zip"] = Page(archives[0].read_bytes())
    assert words in refusal(lambda: get("small", index=f"{web.address}/index.json"), "pack")
    assert "small" not in list_packs()


@pytest.mark.parametrize("data", [b"", b"[]", b'{"packs": []}', b"[" * 100_000, b" " * (2 << 20)])
def test_what_is_no_index_is_refused(tmp_path: Path, data: bytes):
    (tmp_path / "index.json").write_bytes(data)
    text = refusal(lambda: get("small", index=str(tmp_path / "index.json")), "pack")
    assert "ANYCOST_PACK_INDEX" in text


def test_an_index_that_calls_a_pack_otherwise_is_refused(archives: tuple[Path, Path], tmp_path: Path):
    shutil.copy(archives[0], tmp_path)
    index = index_of(tmp_path / "index.json", archives[0], "faces")
    assert 'the pack "small" is called "faces"' in refusal(lambda: get("faces", index=str(index)), "pack")


# ---- updates


def test_an_update_brings_what_the_source_has_now(archives: tuple[Path, Path], tmp_path: Path, packs: Path):
    source = Path(shutil.copy(archives[0], tmp_path / "small.zip"))
    get(source)
    assert not renew()
    shutil.copy(archives[1], source)
    assert renew()
    assert contents(packs / "small") == contents(made(archives[1]))
    assert not renew()
    source.unlink()
    assert "There is no file" in refusal(renew)


def test_an_address_is_asked_and_fetched_only_when_it_changed(web: SmallWeb, archives: tuple[Path, Path]):
    first, second = (path.read_bytes() for path in archives)
    web.pages["/a.zip"] = Page(first, kind="application/zip")
    get(f"{web.address}/a.zip")
    web.pages["/a.zip"] = Page(second)
    assert renew()
    assert not renew()


def test_an_update_mends_a_damaged_pack(archives: tuple[Path, Path], packs: Path):
    get(archives[0])
    for name in ("LICENSE", "pack.json"):
        (packs / "small" / name).write_text("damaged")
        assert renew()
        assert contents(packs / "small") == contents(made(archives[0]))


def test_an_update_drops_nothing_that_the_user_made(archives: tuple[Path, Path], packs: Path):
    get(archives[0])
    path = packs / "small" / "pack.json"
    path.write_text(path.read_text().replace('"Small"', '"Mine"'))
    assert "was changed since" in refusal(renew)
    assert '"Mine"' in path.read_text()


def test_only_the_users_packs_can_be_changed(archives: tuple[Path, Path], tmp_path: Path, packs: Path):
    assert "came with Anycost" in refusal(lambda: remove("portraits"))
    assert "came with Anycost" in refusal(lambda: renew("portraits"))
    get(archives[0])
    assert "choose one of yours (small)" in refusal(lambda: remove("faces"))
    assert "choose one of yours (small)" in refusal(lambda: remove("../small"))
    mine = small_pack(packs / "folder", "mine")
    assert "Nobody knows where" in refusal(lambda: renew("mine"))
    assert remove("mine") == mine
    elsewhere = small_pack(tmp_path / "linked", "linked")
    (packs / "linked").symlink_to(elsewhere)
    remove("linked")
    assert damage(elsewhere) == []
    (packs / "small" / "pack.json").write_text("damaged")
    remove("small")
    assert sorted(path.name for path in packs.iterdir()) == [".changing.lock"]


@pytest.mark.parametrize("record", ["", "{", "[]", '{"source": 1, "manifests": []}', '{"manifests": 3}'])
def test_a_damaged_record_is_none(archives: tuple[Path, Path], packs: Path, record: str):
    get(archives[0])
    (packs / "small.source.json").write_text(record)
    assert "Nobody knows where" in refusal(renew)


def test_a_pack_that_takes_its_reader_too_long_is_a_sentence(
    archives: tuple[Path, Path], packs: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(untrusted, "PATIENCE", 0.05)  # seconds, in which no process starts
    assert f'"{archives[0]}" cannot be read: it takes more than 0.05 s.' in refusal(
        lambda: get(archives[0]), "pack"
    )
    assert not list(packs.glob("*small*"))
    (problem,) = damage(BUILT_IN / "portraits")
    assert "takes more than" in problem


# ---- killed midway


CHANGES = ("rename", "replace", "unlink", "rmdir", "mkdir")  # of names and places of files


def steps_of(call: Callable[[], object]) -> int:
    """Calls, and counts the changes."""
    with pytest.MonkeyPatch.context() as patch:
        counted = [0]

        def counting(function):
            def changed(*arguments, **more):
                counted[0] += 1
                return function(*arguments, **more)

            return changed

        for name in CHANGES:
            patch.setattr(os, name, counting(getattr(os, name)))
        call()
    return counted[0]


def kill_at(step: int, call: Callable[[], object]) -> None:
    """Calls in another process, which is killed before it makes change number `step`."""
    child = os.fork()
    if child == 0:
        left = [step]

        def dying(function):
            def changed(*arguments, **more):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*arguments, **more)

            return changed

        for name in CHANGES:
            setattr(os, name, dying(getattr(os, name)))
        get_packs.damage = lambda folder: look_into(str(folder))  # a sandbox would import torch each time
        try:
            call()
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])


def chosen(steps: int) -> list[int]:
    """All at the end, when the pack takes its place, and some before."""
    return sorted({*range(0, steps, 9), *range(max(0, steps - 8), steps)})


def state(packs: Path) -> dict[str, bytes] | None:
    """The files of the installed pack, which must be sound; None without one."""
    folder = list_packs().get("small")
    if folder is None:
        return None
    assert folder == packs / "small"
    assert damage(folder) == []
    return contents(folder)


def tidy(packs: Path) -> None:
    names = {path.name for path in packs.iterdir()}
    assert names <= {".changing.lock", "small", "small.source.json"}


@pytest.mark.slow
def test_a_killed_install_leaves_no_pack_or_a_whole_one(archives: tuple[Path, Path], packs: Path):
    new, seen = contents(made(archives[0])), []
    get(archives[0])  # makes the folders
    remove("small")
    for step in chosen(steps_of(lambda: get(archives[0]))):
        remove("small")
        kill_at(step, lambda: get(archives[0]))
        seen.append(state(packs))
        with changing():
            tidy(packs)
        get(archives[0])  # goes through, whatever was left
        assert state(packs) == new
        assert not renew()
    assert seen[0] is None
    assert seen[-1] == new
    assert all(found in (None, new) for found in seen)


@pytest.mark.slow
def test_a_killed_update_leaves_the_old_pack_or_the_new_one(
    archives: tuple[Path, Path], packs: Path, tmp_path: Path
):
    old, new = (contents(made(archive)) for archive in archives)
    source, seen = tmp_path / "small.zip", []
    shutil.copy(archives[0], source)
    get(source)
    shutil.copy(archives[1], source)
    for step in chosen(steps_of(renew)):
        shutil.copy(archives[0], source)
        assert renew()
        shutil.copy(archives[1], source)
        kill_at(step, renew)
        with changing():  # puts back what was moved away at that moment
            tidy(packs)
        seen.append(state(packs))
        renew()
        assert state(packs) == new
        assert not renew()
    assert seen[0] == old
    assert seen[-1] == new
    assert all(found in (old, new) for found in seen)


@pytest.mark.slow
def test_a_killed_removal_is_finished_or_not_begun(archives: tuple[Path, Path], packs: Path):
    get(archives[0])
    for step in range(steps_of(lambda: remove("small"))):
        get(archives[0])
        kill_at(step, lambda: remove("small"))
        left = state(packs)
        with changing():
            tidy(packs)
        assert state(packs) == left
        if left:
            assert left == contents(made(archives[0]))
            assert not renew()
            remove("small")


def test_a_killed_download_goes_on(web: SmallWeb, archives: tuple[Path, Path], packs: Path):
    data = archives[0].read_bytes()
    web.pages["/a.zip"] = Page(data, cuts=[2000, 2000])  # the first answer is asked for its size
    child = os.fork()
    if child == 0:

        def die(done: int, size: int) -> None:
            if done == 2000:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            install(f"{web.address}/a.zip", die)
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    web.requests.clear()
    assert get(f"{web.address}/a.zip").new
    assert web.requests[-1].headers["Range"] == "bytes=2000-"
    assert state(packs) == contents(made(archives[0]))


# ---- a running core


def test_a_pack_in_use_outlives_its_replacement_and_removal(
    archives: tuple[Path, Path], tmp_path: Path, tiny_pack: Path
):
    """What a core has loaded goes on; what it reads later is not taken from another version."""
    source = tmp_path / "source"
    shutil.copytree(tiny_pack, source)
    get(source)
    desk = Desk("tiny", lambda text: None)
    desk.open_pack("tiny")
    opened = Pack.open("tiny")
    latents = torch.ones(1, opened.n_style, opened.style_dim)
    before = opened.generator()(latents).numpy()
    document = json.loads((source / "pack.json").read_text())
    document["title"], document["files"]["MODEL_CARD.md"] = "Newer", hash_of(source / "MODEL_CARD.md", b"new")
    (source / "pack.json").write_text(json.dumps(document))
    assert renew("tiny")
    assert (opened.generator()(latents).numpy() == before).all()
    assert opened.encoder_path is not None  # the same bytes in both
    assert desk.open_pack("tiny").title == "Newer"
    remove("tiny")
    assert (opened.generator()(latents).numpy() == before).all()
    with pytest.raises(PackError, match="was replaced or removed while it was open: choose it again"):
        _ = opened.finder_path


def hash_of(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return file_sha256(path)


def test_a_link_in_place_of_a_pack_is_not_replaced(archives: tuple[Path, Path], packs: Path, tmp_path: Path):
    get(archives[0])
    moved = shutil.move(packs / "small", tmp_path / "moved")
    (packs / "small").symlink_to(moved)
    (tmp_path / "moved" / "LICENSE").write_text("x")
    assert "is a link to a folder elsewhere" in refusal(renew)
    assert (packs / "small").is_symlink()
    assert packs_folder.installed() == ["small"]
