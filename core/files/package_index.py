"""Finds a wheel in the package indexes that the user's pip is set up for."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import url2pathname

from .web import FetchFailure, NotThere, Web, place, told
from .weights import Wheel

PYPI = "https://pypi.org/simple"
# PEP 691's JSON; PEP 503's HTML from older servers
ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
MAX_PAGE_BYTES = 8 << 20
PIP_TIMEOUT = 60  # s
YES = ("1", "true", "yes", "on", "y", "t")


def find_wheel(web: Web, wheel: Wheel) -> str:
    """The address of the wheel's file, in the first place that has it; FetchFailure when none has.

    The places are those of pip's options find-links, index-url and extra-index-url, in this order.
    """
    problems, without = [], []
    for address, is_index in _places(pip_options()):
        try:
            address = web.without_password(address)
            found = _in_index(web, address, wheel) if is_index else _in_find_links(web, address, wheel)
        except NotThere:
            found = None
        except FetchFailure as failure:
            problems.append(f"{place(address)}: {failure}")
            continue
        if found:
            return found
        without.append(place(address))
    # a place that could not be asked is the likelier reason
    raise FetchFailure("; ".join(problems) or f"it is not in {', '.join(without) or 'any index of pip'}")


def pip_options() -> dict[str, str]:
    """pip's options of where to look, by name: from PIP_ environment variables, else its configuration."""
    configured = _pip_configuration()
    options = {}
    for name in ("index-url", "extra-index-url", "find-links", "no-index"):
        from_environment = os.environ.get("PIP_" + name.upper().replace("-", "_"))
        values = (from_environment, configured.get(f"install.{name}"), configured.get(f"global.{name}"))
        options[name] = next(filter(None, values), "").strip()
    return options


def _pip_configuration() -> dict[str, str]:
    """What `pip config list` says, such as {"global.index-url": "https://..."}; empty without pip."""
    if importlib.util.find_spec("pip") is None:
        return {}
    # in Python's own folder, since -m would also run a pip.py of the present one
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    try:
        done = subprocess.run(
            command,
            cwd=sys.prefix,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PIP_TIMEOUT,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    configured = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        try:
            configured[name] = str(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            continue
    return configured


def _places(options: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Addresses, and whether each is an index: it has a page for every project."""
    for text in options["find-links"].split():
        yield _address(text), False
    if options["no-index"].lower() in YES:
        return
    for text in [options["index-url"] or PYPI, *options["extra-index-url"].split()]:
        yield _address(text), True


def _address(text: str) -> str:
    """pip also takes a path on this machine for an address."""
    is_address = "://" in text or text.startswith("file:")
    return text if is_address else Path(text).expanduser().absolute().as_uri()


def _in_index(web: Web, index: str, wheel: Wheel) -> str | None:
    """The wheel on its project's page."""
    page = f"{index.rstrip('/')}/{wheel.project}/"
    if urlsplit(page).scheme == "file":  # no server looks for the page in the folder
        page += "index.html"
    return _on_page(web, page, wheel)


def _in_find_links(web: Web, address: str, wheel: Wheel) -> str | None:
    """find-links is a folder of wheels or a page with links."""
    folder = _folder(address)
    if folder is None:
        return _on_page(web, address, wheel)
    file = folder / wheel.filename
    return file.as_uri() if file.is_file() else None


def _folder(address: str) -> Path | None:
    """The folder on this machine that the address names."""
    parts = urlsplit(address)
    path = Path(url2pathname(parts.path))
    return path if parts.scheme == "file" and path.is_dir() else None


def _on_page(web: Web, page: str, wheel: Wheel) -> str | None:
    with told(), web.open(page, {"Accept": ACCEPT}) as answer:
        data = answer.read(MAX_PAGE_BYTES + 1)
        base, kind = answer.geturl(), answer.headers.get("Content-Type", "")
    if len(data) > MAX_PAGE_BYTES:
        raise FetchFailure("its page is too long")
    links = _json_links(data) if "json" in kind else _html_links(data)
    with told():
        alike = [urldefrag(urljoin(base, link)).url for link in links if wheel.filename in unquote(link)]
        parts = [urlsplit(address) for address in alike]
    found = [p for p in parts if unquote(p.path).rpartition("/")[2] == wheel.filename]
    # a page on the web must not lead to this machine's files
    allowed = [p.geturl() for p in found if p.scheme != "file" or urlsplit(base).scheme == "file"]
    return next(iter(allowed), None)


def _json_links(data: bytes) -> list[str]:
    try:
        return [str(file["url"]) for file in json.loads(data)["files"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise FetchFailure("its page cannot be read") from None


def _html_links(data: bytes) -> list[str]:
    parser = _Links()
    parser.feed(data.decode("utf-8", "replace"))
    return [urljoin(parser.base, link) for link in parser.links]


class _Links(HTMLParser):
    """The links of a page, and the address that they are relative to if the page says it."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") or ""
        if tag == "base":
            self.base = self.base or address
        elif tag == "a" and address:
            self.links.append(address)
