"""`anycost weights` as a user runs it, with a small package index and small fakes for weights."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from small_web import (
    WHEEL,
    Page,
    SmallWeb,
    add_to_index,
    in_wheel,
    own_machine,
    published,
    set_catalogue,
    small_web,
    zipped,
)

from anycost.commands.cli import main
from anycost.core.files.weights import CATALOGUE, Address, Weights

CONTENTS = {"a.net": b"network" * 1000, "LICENSE": b"the licence"}
GOOD = zipped({f"net/{name}": data for name, data in CONTENTS.items()})
FACES = in_wheel(CONTENTS, GOOD)
LOOSE = b"another network"

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The index has FACES; "single" is at an address of its own."""
    own_machine(monkeypatch, tmp_path)
    monkeypatch.delenv("ANYCOST_OFFLINE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with small_web() as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/simple")
        add_to_index(server, GOOD)
        server.pages["/n.bin"] = Page(LOOSE)
        source, file = Address(f"{server.address}/n.bin"), published("n.bin", LOOSE)
        single = Weights("single", "One network", "testing too", "BSD", source, (file,), loose=True)
        set_catalogue(monkeypatch, FACES, single)
        yield server


@pytest.fixture
def anycost(web: SmallWeb, capsys: pytest.CaptureFixture) -> Call:
    def call(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        out, complaints = capsys.readouterr()
        assert isinstance(code, int)
        return code, out, complaints

    return call


def place(tmp_path: Path, name: str = "faces") -> Path:
    return tmp_path / "data" / "anycost" / "weights" / name


def states(anycost: Call) -> list[str]:
    code, out, complaints = anycost("weights", "list")
    assert (code, complaints) == (0, "")
    return re.findall(r"State: (.*)", re.sub(r"\n {8}(?=\S)", " ", out))


def test_list_tells_all_about_each(anycost: Call, tmp_path: Path):
    code, out, _ = anycost("weights", "list")
    assert code == 0
    for words in ("faces: Test networks", "For: testing", "Licence: MIT", WHEEL, "faces 1.0", "/n.bin"):
        assert words in out
    for file in FACES.files:
        assert f"{file.name}, " in out
        assert file.sha256 in out


def test_list_tells_what_is_here(anycost: Call, tmp_path: Path):
    assert states(anycost) == [
        "not here: anycost weights get faces",
        "not here: anycost weights get single",
    ]
    assert anycost("weights", "get", "single", "faces", "single")[0] == 0
    assert states(anycost) == [f"in use, {place(tmp_path)}", f"in use, {place(tmp_path, 'single')}"]
    (place(tmp_path) / "a.net").unlink()
    damaged, _ = states(anycost)
    assert re.fullmatch(r'damaged: "/.*/a\.net" is missing; anycost weights get faces', damaged)


def test_the_real_list_fits_a_terminal(anycost: Call, monkeypatch: pytest.MonkeyPatch):
    set_catalogue(monkeypatch, *CATALOGUE)
    _, out, _ = anycost("weights", "list")
    assert [line for line in out.splitlines() if len(line) > 100 and "https://" not in line] == []


def test_get_fetches_once(anycost: Call, web: SmallWeb, tmp_path: Path):
    assert anycost("weights", "get", "faces") == (0, "faces: in use now\n", "")
    assert {path.name: path.read_bytes() for path in place(tmp_path).iterdir()} == CONTENTS
    web.requests.clear()
    assert anycost("weights", "get", "faces") == (0, "faces: in use already\n", "")
    assert web.requests == []


def test_get_without_a_name_fetches_the_recommended(anycost: Call):
    assert anycost("weights", "get") == (0, "faces: in use now\n", "")
    assert "what set-up does: faces." in " ".join(anycost("weights", "get", "--help")[1].split())


def test_get_tells_its_progress_in_lines_that_a_program_reads(anycost: Call):
    code, out, complaints = anycost("weights", "get", "faces", "--progress", "raw")
    assert (code, complaints) == (0, "")
    first, *progress, last = out.splitlines()
    assert first == f"Downloading {WHEEL}"
    assert progress[0] == f"Progress 0 of {len(GOOD)}"
    assert progress[-1] == f"Progress {len(GOOD)} of {len(GOOD)}"
    assert last == "faces: in use now"


def test_get_repairs(anycost: Call, tmp_path: Path):
    place(tmp_path).mkdir(parents=True)
    (place(tmp_path) / "a.net").write_bytes(b"half")
    assert anycost("weights", "get", "faces") == (0, "faces: in use now\n", "")


def test_an_unknown_name_is_refused_before_anything_is_fetched(anycost: Call, web: SmallWeb):
    code, out, complaints = anycost("weights", "get", "faces", "hair")
    assert (code, out) == (2, "")
    assert complaints == 'anycost: There are no weights of the name "hair": choose from faces, single.\n'
    assert web.requests == []
    for line in (("add", "hair", "file"), ("remove", "hair")):
        assert anycost("weights", *line)[0] == 2


def test_what_cannot_be_fetched_is_one_sentence(anycost: Call, web: SmallWeb):
    web.pages.clear()
    code, out, complaints = anycost("weights", "get", "single")
    assert (code, out) == (2, "")
    assert complaints == (
        "anycost: One network cannot be fetched (127.0.0.1: it answers 404 Not Found): check the connection "
        "and run `anycost weights get single` (it continues where it stopped), or fetch n.bin elsewhere and "
        "run `anycost weights add single FILE`.\n"
    )


def test_add_and_remove(anycost: Call, web: SmallWeb, tmp_path: Path):
    wheel = tmp_path / "my.whl"
    wheel.write_bytes(GOOD)
    assert anycost("weights", "add", "faces", wheel) == (0, "faces: in use now\n", "")
    assert anycost("weights", "add", "faces", wheel) == (0, "faces: in use already\n", "")
    assert anycost("weights", "remove", "faces") == (0, "faces: removed\n", "")
    assert anycost("weights", "remove", "faces") == (0, "faces: not here\n", "")
    assert not place(tmp_path).exists()
    assert web.requests == []


def test_add_refuses_a_wrong_file(anycost: Call, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"x")
    code, out, complaints = anycost("weights", "add", "faces", tmp_path / "file")
    assert (code, out) == (2, "")
    assert complaints.startswith("anycost: ")
    assert complaints.endswith(f"give {WHEEL} or a folder with all files of faces.\n")
    assert not place(tmp_path).exists()


def test_installing_the_plugin_fetches_the_recommended(anycost: Call, tmp_path: Path):
    assert anycost("plugin", "install")[0] == 0
    assert sorted(os.listdir(place(tmp_path))) == sorted(CONTENTS)
    assert not place(tmp_path, "single").exists()


def test_the_plugin_is_installed_without_a_network_too(anycost: Call, web: SmallWeb, tmp_path: Path):
    web.pages.clear()
    code, out, complaints = anycost("plugin", "install")
    assert code == 0
    assert "Settings > Dockers > Anycost" in out
    assert complaints.startswith("anycost: Test networks cannot be fetched ")
    assert complaints.count("\n") == 1
    assert (tmp_path / "data" / "krita" / "pykrita" / "anycost").is_dir()


def test_offline_fetches_nothing(
    anycost: Call, web: SmallWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ANYCOST_OFFLINE", "1")
    code, _, complaints = anycost("plugin", "install")
    assert (code, complaints, web.requests) == (0, "", [])
    assert not place(tmp_path).exists()
