"""Downloads from a real server: continued, refused and checked."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import pytest
from small_web import Page, SmallWeb, own_machine, published, small_web

from anycost.core.errors import CoreError
from anycost.core.files.download import TRIES, download, part_path
from anycost.core.files.web import FetchFailure, Web

DATA = random.Random(0).randbytes(300_000)
FILE = published("net.bin", DATA)
HALF = 150_000


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own_machine(monkeypatch, tmp_path)


@pytest.fixture
def web():
    with small_web() as server:
        yield server


def fetched(web: SmallWeb, page: Page) -> bytes:
    web.pages["/net.bin"] = page
    return download(Web(), f"{web.address}/net.bin", FILE, lambda done: None).read_bytes()


def failure(web: SmallWeb, page: Page) -> str:
    with pytest.raises(FetchFailure) as error:
        fetched(web, page)
    assert str(error.value).startswith("127.0.0.1: ")
    return str(error.value)


def test_a_download_tells_its_progress(web: SmallWeb):
    heard: list[int] = []
    web.pages["/net.bin"] = Page(DATA)
    path = download(Web(), f"{web.address}/net.bin", FILE, heard.append)
    assert path.read_bytes() == DATA
    assert path.parent.stat().st_mode & 0o077 == 0
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0, FILE.size)


def test_a_cut_connection_is_continued_at_once(web: SmallWeb):
    assert fetched(web, Page(DATA, cuts=[HALF, 50_000])) == DATA
    ranges = [request.headers.get("Range") for request in web.requests]
    assert ranges == [None, f"bytes={HALF}-", f"bytes={HALF + 50_000}-"]
    assert sum(request.sent for request in web.requests) == FILE.size  # nothing was sent twice


def test_a_later_call_continues(web: SmallWeb):
    assert "connection" in failure(web, Page(DATA, cuts=[1000] * TRIES))
    assert part_path(FILE).read_bytes() == DATA[: 1000 * TRIES]
    assert fetched(web, Page(DATA)) == DATA
    assert web.requests[-1].headers["Range"] == f"bytes={1000 * TRIES}-"
    assert web.requests[-1].sent == FILE.size - 1000 * TRIES


def test_a_whole_part_needs_no_server(web: SmallWeb):
    part_path(FILE).write_bytes(DATA)
    assert fetched(web, Page(status=404)) == DATA
    assert web.requests == []


def test_a_server_without_ranges_sends_all_again(web: SmallWeb):
    part_path(FILE).write_bytes(b"x" * HALF)
    assert fetched(web, Page(DATA, ranges=False)) == DATA
    assert web.requests[0].headers["Range"] == f"bytes={HALF}-"


@pytest.mark.parametrize("size", [HALF, FILE.size, FILE.size + 1])
def test_wrong_bytes_of_an_earlier_download_are_dropped(web: SmallWeb, size: int):
    part_path(FILE).write_bytes(b"x" * size)
    assert fetched(web, Page(DATA)) == DATA
    assert "Range" not in web.requests[-1].headers


def test_a_part_longer_than_the_servers_file_is_dropped(web: SmallWeb):
    part_path(FILE).write_bytes(DATA[:HALF])
    assert "another size" in failure(web, Page(DATA[:1000]))
    assert not part_path(FILE).exists()


def test_a_file_of_other_bytes_is_refused_and_not_kept(web: SmallWeb):
    assert "another file" in failure(web, Page(b"x" * FILE.size))
    assert not part_path(FILE).exists()
    assert len(web.requests) == 1


def test_too_long_a_file_is_refused_before_it_is_read(web: SmallWeb):
    assert "another size" in failure(web, Page(DATA + b"x"))
    assert not part_path(FILE).exists()


def test_no_more_than_the_known_size_is_read(web: SmallWeb):
    """The server promises the right size and sends more."""
    assert "another file" in failure(web, Page(b"x" * (FILE.size * 50), length=FILE.size))
    assert fetched(web, Page(DATA + b"x" * FILE.size, length=FILE.size)) == DATA


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Page(status=404), "404 Not Found"),
        (Page(status=503), "503 Service Unavailable"),
        (Page(status=302, location="/net.bin"), "302 Found"),  # in a circle
        (Page(status=302, location="file:///etc/hostname"), "302 Found"),
        (Page(status=302, location="ftp://127.0.0.1/net.bin"), "no answer that can be understood"),
    ],
)
def test_a_refusal_is_a_phrase(web: SmallWeb, page: Page, words: str):
    assert words in failure(web, page)


def test_a_redirection_is_followed(web: SmallWeb):
    web.pages["/there"] = Page(DATA)
    assert fetched(web, Page(status=302, location="/there")) == DATA


def test_without_a_server_the_part_stays():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nobody listens
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/net.bin"
        part_path(FILE).write_bytes(DATA[:HALF])
        with pytest.raises(FetchFailure, match=r"^127\.0\.0\.1: Connection refused$"):
            download(Web(), address, FILE, lambda done: None)
    assert part_path(FILE).read_bytes() == DATA[:HALF]


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("anycost.core.files.web.TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it never accepts
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/net.bin"
        with pytest.raises(FetchFailure, match=r"no answer within 0\.2 s"):
            download(Web(), address, FILE, lambda done: None)


@pytest.mark.parametrize("address", ["ftp://a/b", "data:,x", "/etc/passwd", "http://[", "http://a:port/b"])
def test_only_addresses_of_the_web_and_of_files_are_opened(address: str):
    with pytest.raises(FetchFailure):
        download(Web(), address, FILE, lambda done: None)


def test_a_file_address_is_read(tmp_path: Path):
    (tmp_path / "net.bin").write_bytes(DATA)
    part_path(FILE).write_bytes(DATA[:HALF])
    path = download(Web(), (tmp_path / "net.bin").as_uri(), FILE, lambda done: None)
    assert path.read_bytes() == DATA


def test_a_folder_that_cannot_be_written_is_told_with_its_path(tmp_path: Path):
    (tmp_path / "cache" / "anycost" / "downloads" / "net.bin.part").mkdir(parents=True)
    with small_web() as web, pytest.raises(CoreError, match=r'"/.*net\.bin\.part" cannot be written'):
        fetched(web, Page(DATA))


def test_a_password_goes_to_its_own_server_only(web: SmallWeb):
    """Also after a redirection to the same server, and not after one to another."""
    with small_web() as other:
        key = "Basic dXNlOnM6M2NyZXQ="
        other.pages["/there"] = Page(DATA)
        web.pages["/same"] = Page(status=302, location=f"{other.address}/there", password=key)
        web.pages["/net.bin"] = Page(status=302, location="/same", password=key)
        address = web.address.replace("//", "//use:s%3A3cret@") + "/net.bin"
        assert download(Web(), address, FILE, lambda done: None).read_bytes() == DATA
        assert [request.headers.get("Authorization") for request in web.requests] == [key, key]
        assert "Authorization" not in other.requests[0].headers


def test_a_failure_does_not_tell_the_password(web: SmallWeb):
    address = web.address.replace("//", "//use:s3cret@") + "/none"
    with pytest.raises(FetchFailure) as error:
        download(Web(), address, FILE, lambda done: None)
    assert "s3cret" not in str(error.value)
