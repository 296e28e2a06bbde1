"""A web server on this machine that answers as a test wants it to, and weights to fetch from it."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from anycost.core.files import package_index, weights
from anycost.core.files.weights import Weights, WeightsFile, Wheel

WHEEL = "faces-1.0-py3-none-any.whl"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass
class Page:
    """What the server says at one path. `cuts` holds, for each answer, after how many bytes it breaks off."""

    data: bytes = b""
    kind: str = "application/octet-stream"
    status: int = 200
    location: str = ""
    ranges: bool = True
    length: int | None = None  # instead of the true one
    cuts: list[int] = field(default_factory=list)
    password: str = ""  # the Authorization header to insist on


@dataclass
class Request:
    path: str
    headers: Mapping[str, str]
    sent: int = 0  # bytes of the answer's body


class SmallWeb:
    """`pages` by path; `requests` lists what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[Request] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                request = Request(self.path, dict(self.headers.items()))
                web.requests.append(request)
                _answer(self, web.pages.get(self.path, Page(status=404)), request)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]


def _answer(handler: BaseHTTPRequestHandler, page: Page, request: Request) -> None:
    if page.password and handler.headers.get("Authorization") != page.password:
        page = Page(status=401)
    data, status = page.data, page.status
    start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    if page.ranges and start:
        data, status = (page.data[start:], 206) if start < len(page.data) else (b"", 416)
    handler.send_response(status)
    if status == 206:
        handler.send_header("Content-Range", f"bytes {start}-{len(page.data) - 1}/{len(page.data)}")
    if page.location:
        handler.send_header("Location", page.location)
    handler.send_header("Content-Type", page.kind)
    handler.send_header("Content-Length", str(len(data) if page.length is None else page.length))
    handler.end_headers()
    sent = data[: page.cuts.pop(0)] if page.cuts else data
    request.sent = len(sent)
    handler.wfile.write(sent)


@contextmanager
def small_web() -> Iterator[SmallWeb]:
    web = SmallWeb()
    try:
        yield web
    finally:
        web.close()


def own_machine(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Folders below `folder`, no proxy, and a pip that is not set up and not asked, which takes its time."""
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setattr(package_index, "_pip_configuration", dict)
    for name in (*PROXIES, "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)


def published(name: str, data: bytes) -> WeightsFile:
    return WeightsFile(name, hashlib.sha256(data).hexdigest(), len(data))


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip with these members by path."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            archive.writestr(path, data)
    return file.getvalue()


def in_wheel(contents: Mapping[str, bytes], wheel: bytes) -> Weights:
    """An entry "faces" with these files by name, each at net/NAME inside the wheel."""
    pinned = published(WHEEL, wheel)
    members = {name: f"net/{name}" for name in contents}
    source = Wheel("faces", "1.0", WHEEL, pinned.sha256, pinned.size, members)
    files = tuple(published(name, data) for name, data in contents.items())
    return Weights("faces", "Test networks", "testing", "MIT", source, files, recommended=True)


def set_catalogue(monkeypatch: pytest.MonkeyPatch, *entries: Weights) -> None:
    monkeypatch.setattr(weights, "CATALOGUE", entries)


def add_to_index(web: SmallWeb, wheel: bytes) -> Page:
    """The wheel in a package index of HTML pages at `web.address`/simple; returns the page of the file."""
    link = f'<a href="../../files/{WHEEL}#sha256=0">{WHEEL}</a>'
    web.pages["/simple/faces/"] = Page(f"<!DOCTYPE html><body>{link}</body>".encode(), "text/html")
    web.pages[f"/files/{WHEEL}"] = Page(wheel)
    return web.pages[f"/files/{WHEEL}"]
