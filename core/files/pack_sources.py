"""What a pack can be installed from, and what is known of it before it comes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ...models.manifest import MANIFEST, PACK_NAME
from ...models.pack import file_sha256
from ..errors import CoreError
from . import pack_index
from .pack_archive import MOST_BYTES
from .packs_folder import Origin, manifest_hash
from .web import FetchFailure, Web, place, told

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
NO_INDEX = (
    'There is no file "{}" here, and no public index of packs yet: give a FILE or an address, or name an '
    f"index with --index or {pack_index.VARIABLE}."
)


@dataclass(frozen=True)
class Offer:
    """What a source has now: an address or a path, and what is known of the archive there before it comes."""

    source: str | Path
    sha256: str = ""
    size: int = 0
    version: str = ""
    tag: str = ""

    @property
    def shown(self) -> str:
        return str(self.source) if isinstance(self.source, Path) else place(self.source)


def origin_from(web: Web, source: str, index: str) -> Origin:
    """Where `source` is: at an address, on this machine, or in an index that is an address or a path.

    `web` remembers passwords, and the origin has none. CoreError "bad-value" when it is none of these.
    """
    if "://" in source:
        address = _without_password(web, pack_index.as_address(source))
        return Origin(str(pack_index.as_path(address) or address))
    path = Path(source).expanduser()
    if path.is_file() or (path / MANIFEST).is_file():
        return Origin(str(path.absolute()))
    if not PACK_NAME.fullmatch(source):
        text = f'There is no archive or pack at "{source}": give a FILE, its folder, an address or a name.'
        raise CoreError("bad-value", text)
    if not index:
        raise CoreError("bad-value", NO_INDEX.format(source))
    return Origin(source, _without_password(web, pack_index.as_address(index)))


def offer_of(web: Web, origin: Origin, sha256: str = "") -> Offer:
    """What the source has now. CoreError "pack" when that cannot be found out or is not `sha256`, "bad-value"
    when it is nothing to install."""
    version = tag = ""
    source, size = origin.source, 0
    if origin.index:
        if not sha256:
            _check_safe(origin.index)
        entry = pack_index.find(web, origin.index, origin.source)
        if sha256 not in ("", entry.sha256):
            raise CoreError("pack", f'The index has another SHA-256 for "{origin.source}": ask its maker.')
        source, sha256, size, version = entry.url, entry.sha256, entry.size, entry.version
    if (path := pack_index.as_path(pack_index.as_address(source))) is not None:
        return _offer_here(path, sha256, version)
    if not size:
        if not sha256:
            _check_safe(source)
        size, tag = _asked(web, source, sha256)
    return Offer(source, sha256, size, version, tag)


def _offer_here(path: Path, sha256: str, version: str) -> Offer:
    """A file or folder of this machine, which may have another hash than the expected one."""
    if path.is_dir():
        if sha256:
            raise CoreError("bad-value", f'"{path}" is a folder, which has no SHA-256: give its archive.')
        return Offer(path, manifest_hash(path), version=version)
    if not path.is_file():  # reading a pipe would wait for its writer
        raise CoreError(
            "bad-value", f'There is no file "{path}": put it there, or install the pack from another place.'
        )
    try:
        found = file_sha256(path)
    except OSError as error:
        text = f'"{path}" cannot be read ({error.strerror}): check its permissions.'
        raise CoreError("bad-value", text) from None
    if sha256 not in ("", found):
        raise CoreError("pack", f'"{path}" has another SHA-256 than the expected one: get it again.')
    return Offer(path, found, version=version)


def _asked(web: Web, address: str, sha256: str) -> tuple[int, str]:
    """The size of the file at an address, and what the server calls this version of it."""
    try:
        with told(), web.open(address) as answer:
            length = answer.headers.get("Content-Length", "")
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            led_to = answer.geturl()
    except FetchFailure as failure:
        raise not_fetched(f"{place(address)}: {failure}") from None
    if not sha256:
        _check_safe(led_to)
    if not length.isdecimal():
        raise not_fetched(f"{place(address)} does not say how large it is")
    if not 0 < int(length) <= MOST_BYTES:
        raise not_fetched(f"{place(address)} has a file of {length} bytes, which no pack has")
    return int(length), tag[:200]


def _check_safe(address: str) -> None:
    """CoreError for an address whose answer anybody on the way could change."""
    parts = urlsplit(address)
    if parts.scheme == "http" and parts.hostname not in THIS_MACHINE:
        text = (
            f"What comes from {place(address)} by http can be changed on its way: give an https address, or "
            "the archive's --sha256."
        )
        raise CoreError("bad-value", text)


def _without_password(web: Web, address: str) -> str:
    try:
        return web.without_password(address)
    except FetchFailure as failure:
        raise CoreError("bad-value", f'"{place(address)}" cannot be opened: {failure}.') from None


def not_fetched(reason: str) -> CoreError:
    text = (
        f"The pack cannot be fetched ({reason}): check the connection and try again (it continues where it "
        "stopped), or fetch the archive elsewhere and install that."
    )
    return CoreError("pack", text)
