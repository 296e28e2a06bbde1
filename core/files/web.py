"""Opens http, https and file addresses with the environment's proxies and certificates."""

from __future__ import annotations

import base64
import os
import socket
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from http.client import HTTPException, responses
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit

from ...bridge.version import VERSION

SCHEMES = ("http", "https", "file")
TIMEOUT = 30.0  # s without a byte
# names of a file with certificates; OpenSSL itself reads SSL_CERT_FILE and SSL_CERT_DIR
CERTIFICATES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class FetchFailure(Exception):
    """Something could not be fetched; the message is a phrase without user names and passwords."""


class NotThere(FetchFailure):
    """The server, or this machine, says that there is nothing at the address."""


class Web:
    """Opens addresses. It remembers the passwords that it has seen, and sends each to its own server only."""

    def __init__(self) -> None:
        self._passwords = _Passwords()

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        """Made when something is opened: reading the certificates takes a while."""
        opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(context=_certificates()),
            urllib.request.FileHandler(),
            urllib.request.HTTPRedirectHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            self._passwords,
        ):
            opener.add_handler(handler)
        opener.addheaders = [("User-Agent", f"anycost/{VERSION}")]
        return opener

    def without_password(self, url: str) -> str:
        """The address without user name and password, which are remembered; FetchFailure for no address."""
        with told():
            parts = urlsplit(url)
            origin = _origin(parts)  # also checks the port
        if parts.scheme not in SCHEMES:
            raise FetchFailure("only http, https and file addresses can be opened")
        if parts.username is not None:
            self._passwords.known[origin] = (unquote(parts.username), unquote(parts.password or ""))
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        """The answer: a context with `read`, `headers` and `geturl`. Open and read it within `told`."""
        request = urllib.request.Request(self.without_password(url), headers=dict(headers or {}))
        return self._opener.open(request, timeout=TIMEOUT)


@contextmanager
def told() -> Iterator[None]:
    """Turns whatever opening and reading raise into FetchFailure."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        missing = isinstance(cause, FileNotFoundError) or getattr(error, "code", None) in (404, 410)
        raise (NotThere if missing else FetchFailure)(_phrase(error)) from None


def place(url: str) -> str:
    """What to call the address: its server, or its path on this machine."""
    with suppress(ValueError):
        parts = urlsplit(url)
        return parts.hostname or unquote(parts.path)
    return "an address that cannot be read"


class _Passwords(urllib.request.BaseHandler):
    def __init__(self) -> None:
        self.known: dict[tuple[str, str, int | None], tuple[str, str]] = {}

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        found = self.known.get(_origin(urlsplit(request.full_url)))
        if found:
            token = base64.b64encode(":".join(found).encode()).decode()
            # a redirection to another server does not carry it along
            request.add_unredirected_header("Authorization", f"Basic {token}")
        return request

    https_request = http_request


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or usual


def _certificates() -> ssl.SSLContext:
    context = ssl.create_default_context()
    for name in CERTIFICATES:
        path = os.environ.get(name, "")
        with suppress(OSError):  # ssl's own errors are OSErrors too
            if os.path.isdir(path):
                context.load_verify_locations(capath=path)
            elif path:
                context.load_verify_locations(cafile=path)
    return context


def _phrase(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"it answers {error.code} {responses.get(error.code, '')}".rstrip()
    if isinstance(error, URLError) and isinstance(error.reason, Exception):
        error = error.reason
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted here"
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    if isinstance(error, socket.gaierror):
        return "no server of that name is known"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "it gives no answer that can be understood"
