"""Finding a wheel where pip would look: indexes of JSON or HTML pages, folders, and what pip is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_web import WHEEL, Page, SmallWeb, add_to_index, own_machine, small_web

from anycost.core.files import package_index
from anycost.core.files.package_index import find_wheel, pip_options
from anycost.core.files.web import FetchFailure, Web
from anycost.core.files.weights import Wheel

FACES = Wheel("faces", "1.0", WHEEL, "0" * 64, 1, {})
ALIKE = f"x{WHEEL}"
REALLY_ASKED = package_index._pip_configuration


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own_machine(monkeypatch, tmp_path)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch):
    with small_web() as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/simple")
        yield server


def html(*links: str, head: str = "") -> Page:
    anchors = "".join(f'<a href="{link}" data-requires-python="&gt;=3.8">file</a><br>' for link in links)
    return Page(f"<html><head>{head}</head><body>{anchors}</body></html>".encode(), "text/html")


def as_json(document: object) -> Page:
    return Page(json.dumps(document).encode(), "application/vnd.pypi.simple.v1+json")


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (f"../../files/{WHEEL}#sha256=0", f"/files/{WHEEL}"),
        (f"/files/{WHEEL}", f"/files/{WHEEL}"),
        (f"{WHEEL}?key=1&amp;x=2", f"/simple/faces/{WHEEL}?key=1&x=2"),
        (WHEEL.replace("-", "%2D"), f"/simple/faces/{WHEEL.replace('-', '%2D')}"),
    ],
)
def test_links_of_an_html_page(web: SmallWeb, link: str, path: str):
    web.pages["/simple/faces/"] = html(ALIKE, "http://[", f"{WHEEL}.metadata", link)
    assert find_wheel(Web(), FACES) == web.address + path


def test_an_html_page_may_say_what_its_links_are_relative_to(web: SmallWeb):
    web.pages["/simple/faces/"] = html(WHEEL, head='<base href="/files/">')
    assert find_wheel(Web(), FACES) == f"{web.address}/files/{WHEEL}"


def test_links_of_a_json_page(web: SmallWeb):
    files = [{"filename": name, "url": f"../../files/{name}"} for name in (ALIKE, WHEEL)]
    web.pages["/simple/faces/"] = as_json({"files": files})
    assert find_wheel(Web(), FACES) == f"{web.address}/files/{WHEEL}"
    assert web.requests[0].headers["Accept"].startswith("application/vnd.pypi.simple.v1+json")


@pytest.mark.parametrize("document", [[], {}, {"files": 1}, {"files": [1]}, {"files": [{}]}])
def test_a_strange_json_page_is_refused(web: SmallWeb, document: object):
    web.pages["/simple/faces/"] = as_json(document)
    with pytest.raises(FetchFailure, match="page cannot be read"):
        find_wheel(Web(), FACES)


@pytest.mark.parametrize("data", [b"{", b"\xff", b"[" * 100_000])
def test_broken_json_is_refused(web: SmallWeb, data: bytes):
    web.pages["/simple/faces/"] = Page(data, "application/json")
    with pytest.raises(FetchFailure, match="page cannot be read"):
        find_wheel(Web(), FACES)


def test_a_page_without_end_is_refused(web: SmallWeb, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("anycost.core.files.package_index.MAX_PAGE_BYTES", 1000)
    web.pages["/simple/faces/"] = Page(b" " * 1001)
    with pytest.raises(FetchFailure, match="too long"):
        find_wheel(Web(), FACES)


def test_a_page_on_the_web_does_not_lead_to_this_machines_files(web: SmallWeb):
    web.pages["/simple/faces/"] = html(f"file:///tmp/{WHEEL}")
    with pytest.raises(FetchFailure, match=r"not in 127\.0\.0\.1"):
        find_wheel(Web(), FACES)


def test_an_index_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "simple" / "faces"
    folder.mkdir(parents=True)
    (folder / "index.html").write_bytes(html(f"../../files/{WHEEL}").data)
    found = (tmp_path / "files" / WHEEL).as_uri()
    for address in ((tmp_path / "simple").as_uri(), str(tmp_path / "simple")):
        monkeypatch.setenv("PIP_INDEX_URL", address)
        assert find_wheel(Web(), FACES) == found


def test_the_other_indexes_are_asked_too(web: SmallWeb, monkeypatch: pytest.MonkeyPatch):
    """One without the project, one that is no server, one that has it."""
    add_to_index(web, b"")
    web.pages["/other/faces/"] = web.pages.pop("/simple/faces/")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"http://127.0.0.1:1/x\n {web.address}/other/")
    assert find_wheel(Web(), FACES) == f"{web.address}/files/{WHEEL}"


def test_find_links_is_a_folder_or_a_page(web: SmallWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    web.pages["/links.html"] = html(WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "yes")
    monkeypatch.setenv("PIP_FIND_LINKS", f"{tmp_path} {web.address}/links.html")
    assert find_wheel(Web(), FACES) == f"{web.address}/{WHEEL}"
    (tmp_path / WHEEL).touch()
    assert find_wheel(Web(), FACES) == (tmp_path / WHEEL).as_uri()


def test_without_an_index_nothing_is_asked(web: SmallWeb, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(FetchFailure):
        find_wheel(Web(), FACES)
    assert web.requests == []


def test_a_password_in_an_index_address_is_used_and_not_told(web: SmallWeb, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_INDEX_URL", web.address.replace("//", "//use:s3cret@") + "/simple")
    add_to_index(web, b"")
    web.pages["/simple/faces/"].password = "Basic dXNlOnMzY3JldA=="
    found = find_wheel(Web(), FACES)
    assert found == f"{web.address}/files/{WHEEL}"
    web.pages["/simple/faces/"].password = "another"
    with pytest.raises(FetchFailure) as error:
        find_wheel(Web(), FACES)
    assert str(error.value) == "127.0.0.1: it answers 401 Unauthorized"


def test_pip_tells_its_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(package_index, "_pip_configuration", REALLY_ASKED)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")  # which pip takes for no file at all
    assert pip_options() == dict.fromkeys(("index-url", "extra-index-url", "find-links", "no-index"), "")
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://a/it's\nextra-index-url =\n  https://b\n  https://c\n"
        "find-links = x\n[install]\nfind-links = y\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    options = pip_options()
    assert options["index-url"] == "https://a/it's"
    assert options["extra-index-url"].split() == ["https://b", "https://c"]
    assert (options["find-links"], options["no-index"]) == ("y", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "https://d")
    assert pip_options()["index-url"] == "https://d"
