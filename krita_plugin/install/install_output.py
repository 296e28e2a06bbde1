"""What an installer prints, in one line of progress; what went wrong, in one sentence."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from ..words import mark_tr, tr

LONGEST_LINE = 4096  # characters that are looked at
_RAW = re.compile(r"Progress (\d{1,15}) of (\d{1,15})$")
_FILE = re.compile(r"(?:Downloading|Using cached) (?:\S*/)?([A-Za-z0-9._]+?)-\d\S*\.whl(?!\.metadata)")
_LACKS = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")
_PIP_SAYS = re.compile(r"^(?:ERROR|error): (.+)$", re.M)
_CORE_SAYS = re.compile(r"^anycost: .+ cannot be fetched \((.+)\): check", re.M)
MB = 1_000_000

NO_ROOM = mark_tr("The disk is full: free some space, then press Try again.")
PROXY = mark_tr(
    "The proxy refused the connection: check the proxy in your system's settings, then press Try again."
)
CERTIFICATE = mark_tr(
    "The server's certificate is not trusted, as behind some companies' proxies: set PIP_CERT to theirs, "
    "or install from a folder."
)
OFFLINE = mark_tr(
    "The package index cannot be reached: check your connection or proxy, or install from a folder."
)
NO_RIGHTS = mark_tr("{folder} cannot be written: correct its permissions, then press Try again.")
DAMAGED = mark_tr("A file arrived damaged: press Try again.")
FOLDER_LACKS = mark_tr("The folder has no wheel of {name} for this Python: add it, then press Try again.")
NOT_OFFERED = mark_tr(
    "{name} is not offered for this computer and its Python: install Python 3.12, then press Try again."
)
NO_MODULE = mark_tr(
    "The Python that was found cannot make environments: install python3-venv, then press Try again."
)
OTHER_WHEEL = mark_tr(
    "The folder has another mediapipe than the one that Anycost knows: see the log, then press Try again."
)
ENDED = mark_tr("The installation stopped ({why}): see its log, then press Try again.")
KNOWN: Tuple[Tuple[str, str], ...] = (  # what stands in the log, whatever the case, and the sentence for it
    (r"no space left on device|there is no room for|errno 28|disk quota exceeded|winerror 112", NO_ROOM),
    (r"proxyerror|407 proxy|tunnel connection failed|cannot connect to proxy", PROXY),
    (
        r"certificate_verify_failed|certificate verify failed|invalid peer certificate|is not trusted here",
        CERTIFICATE,
    ),
    (r"do not match the hashes|hash mismatch|badzipfile|is corrupted|is a damaged wheel", DAMAGED),
    (r"does not have the published|is not the published one", OTHER_WHEEL),
    (r"ensurepip is not available|no module named venv", NO_MODULE),
    (
        r"newconnectionerror|nameresolutionerror|getaddrinfo failed|temporary failure in name|dns error"
        r"|name or service not known|network is unreachable|connection refused|connection reset"
        r"|no server of that name|no answer within|timed out|max retries exceeded"
        r"|client error \(connect\)|urlopen error",
        OFFLINE,
    ),
)


class OutputReader:
    """Reads what the steps print; `words` and `share` are for the artist."""

    def __init__(self) -> None:
        self.words = ""  # one line
        self.share: Optional[float] = None  # of the file that is being fetched; None: nobody knows
        self._step = ""
        self._file = ""
        self._rest = ""

    def begin(self, step: str) -> None:
        self._step = self.words = step
        self.share, self._file, self._rest = None, "", ""

    def feed(self, text: str) -> None:
        """The next piece of output, cut anywhere."""
        *lines, rest = re.split(r"[\r\n]", self._rest + text)
        self._rest = rest[-LONGEST_LINE:]
        for line in lines:
            self._line(line[:LONGEST_LINE].strip())

    def _line(self, line: str) -> None:
        raw, file = _RAW.match(line), _FILE.search(line)
        if raw:
            done, total = int(raw[1]), int(raw[2])
            self.share = min(done / total, 1.0) if total else None
            if self._file and total >= MB:
                values = {"name": self._file, "done": done // MB, "total": -(-total // MB)}
                self.words = tr("{name}: {done} of {total} MB", **values)
        elif file:
            self._file, self.share = file[1].replace("_", "-"), None
            self.words = tr("Downloading {name}…", name=self._file)
        elif line.startswith("Installing collected packages:"):
            self.share = None
            self.words = tr("Installing {n} packages…", n=line.count(",") + 1)


def sentence(log: str, folder: str, offline: bool) -> str:
    """Why the installation ended, from the end of its log. `folder` is where it goes."""
    end = log.rpartition("\n$ ")[2].partition("\n")[2][-(1 << 16) :]  # after the last command
    lacks = _LACKS.search(end)
    for pattern, found in KNOWN:
        if re.search(pattern, end, re.I) and not (offline and found is OFFLINE):
            return tr(found)
    if lacks:
        return tr(FOLDER_LACKS if offline else NOT_OFFERED, name=lacks[1][:80])
    if re.search(r"permission denied|errno 13|access is denied|read-only file system", end, re.I):
        return tr(NO_RIGHTS, folder=folder)
    lines = [line for line in end.splitlines() if line.strip()]
    said = _CORE_SAYS.findall(end) or _PIP_SAYS.findall(end) or lines[-1:]
    why = said[-1].strip()[:160].rstrip(".") if said else tr("it said nothing")
    return tr(ENDED, why=why)
