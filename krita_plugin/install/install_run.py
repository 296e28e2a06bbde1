"""Installs the core step by step, each a process of its own. Nothing here waits."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Callable, Deque, Dict, List, Optional, Sequence

from ...bridge import launch
from ...bridge.qt_client import QtNetwork
from ..qt import QtCore, Signal
from ..words import mark_tr, tr
from . import install_place
from .install_output import NO_RIGHTS, NO_ROOM, OutputReader, sentence
from .install_process import InstallProcess
from .install_steps import KINDS, InstallStep, networks_step, steps
from .install_tools import PROBE_LIMIT_MS, Tool, candidates

LOG_TAIL = 1 << 18  # characters of the output that are kept for the log's button
LONGEST_ANSWER = 1000  # characters of what a Python or uv says of itself
SHOW_EVERY_MS = 50  # progress that comes in floods
INDEX = "https://pypi.org"
NO_WHEEL = mark_tr(
    "This plugin came without the core: import the zip that `anycost plugin package` writes, or run "
    "`anycost plugin install` in a terminal."
)
OTHER_KRITA = mark_tr("Another Krita is installing the core: wait until it is done.")
NO_NETWORKS = mark_tr(
    "The folder has no wheel of mediapipe (any system's will do): add it, then press Try again."
)
KILLED = mark_tr("The system ended the installation: close other programs, then press Try again.")


class InstallStage(Enum):
    NONE = "none"  # nothing is going on
    LOOKING = "looking"  # for a Python or uv
    NO_TOOL = "no tool"  # there is none
    RUNNING = "running"
    REMOVING = "removing"
    FAILED = "failed"  # `sentence` says why
    FETCHING = "fetching"  # the core is there; the networks that read faces are on their way
    ROUGH = "rough"  # they did not come: `sentence` says why
    EXACT = "exact"  # they are there, as was asked for by itself


class CoreInstaller(QtCore.QObject):
    """One installation at a time, for all windows of this Krita.

    It ends with the networks that read faces; the core works, less well, without them.
    """

    changed = Signal()  # another stage
    progressed = Signal()  # `progress` has something to show
    done = Signal()  # the core was installed: start it
    removing = Signal()  # the core is about to be removed: let go of it
    _cleared = Signal(list, list)  # folders, and those of them that could not be deleted

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self.stage = InstallStage.NONE
        self.progress = OutputReader()
        self.sentence = ""
        self.kind = "cpu"  # what was asked for last...
        self.folder: Optional[Path] = None  # ...and from where
        self._log: Deque[str] = deque()
        self._log_length = 0  # characters
        self._steps: List[InstallStep] = []
        self._target: Optional[Path] = None
        self._tools: List[Tool] = []
        self._bare: Optional[Tool] = None
        self._networks_asked = False  # for themselves
        self._deleting: List[Path] = []
        self._process: Optional[InstallProcess] = None
        self._answer = ""
        self._lock: Optional[QtCore.QLockFile] = None
        self._limit = QtCore.QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._kill)
        self._show = QtCore.QTimer(self)
        self._show.setSingleShot(True)
        self._show.timeout.connect(self.progressed.emit)
        self._cleared.connect(self._after_clearing)

    @property
    def busy(self) -> bool:
        return self.can_cancel or self.stage is InstallStage.REMOVING

    @property
    def can_cancel(self) -> bool:
        return self.stage in (InstallStage.LOOKING, InstallStage.RUNNING, InstallStage.FETCHING)

    @property
    def has_log(self) -> bool:
        return bool(self._log)

    @property
    def log(self) -> str:
        """What was printed so far, at most LOG_TAIL characters of it."""
        return "".join(self._log)

    def install(self, kind: str, folder: Optional[Path] = None) -> None:
        """Install the core, in place of one that is there; from the wheels of a folder if one is given."""
        if self.busy:
            return
        self.kind, self.folder = kind, folder
        self._begin(networks=False)
        if install_place.core_wheel() is None:
            self._fail(tr(NO_WHEEL))
        elif self._take_place():
            self.progress.begin(tr("Looking for Python…"))
            self._tools, self._bare = candidates(launch.core_environment()), None
            self._set(InstallStage.LOOKING)
            self._look_on()

    def get_networks(self, folder: Optional[Path] = None) -> None:
        """Get the networks that read faces for a core that is there; from a folder if one is given."""
        if self.busy or install_place.missing():
            return
        self.folder = folder
        self._begin(networks=True)
        self._set(InstallStage.FETCHING)
        self._fetch_networks()

    def cancel(self) -> None:
        """End what is going on; what was downloaded stays for the next time."""
        if self.can_cancel:
            half = self.stage is not InstallStage.FETCHING
            self._end(InstallStage.NONE)
            if half:
                self._clear(fetched=False)

    def dismiss(self) -> None:
        """The artist has read what went wrong."""
        if not self.busy:
            self._set(InstallStage.NONE)

    def remove(self) -> None:
        """Delete the core and all that came with it."""
        if self.busy:
            return
        self.removing.emit()
        try:
            install_place.forget()
        except OSError:
            self._fail(tr(NO_RIGHTS, folder=launch.config_path()))
            return
        self.progress.begin(tr("Removing the core…"))
        self._set(InstallStage.REMOVING)
        self._clear(fetched=True)

    def stop(self) -> None:
        """Krita ends."""
        if self._process is not None:
            self._end(InstallStage.NONE)

    def _begin(self, networks: bool) -> None:
        self._networks_asked = networks
        self._log.clear()
        self._log_length = 0

    # The place

    def _take_place(self) -> bool:
        """Whether the core can go where it is to go; else the sentence is shown."""
        home, kind = install_place.home(), KINDS[self.kind]
        try:
            install_place.wheels(self.kind).mkdir(parents=True, exist_ok=True)
            needed = kind.disk + (0 if self.folder else kind.download)
            if install_place.free_bytes() < needed:
                self._fail(tr(NO_ROOM))
                return False
        except OSError:
            self._fail(tr(NO_RIGHTS, folder=home))
            return False
        self._lock = QtCore.QLockFile(str(home / "lock"))
        self._lock.setStaleLockTime(0)
        if not self._lock.tryLock(0):
            self._fail(tr(OTHER_KRITA))
            return False
        return True

    # Looking for a Python or uv: the first that answers well

    def _look_on(self) -> None:
        if not self._tools:
            self._found(self._bare)
            return
        tool = self._tools.pop(0)
        self._limit.start(PROBE_LIMIT_MS)
        self._start(tool.probe, lambda code: self._answered(tool.answered(code, self._answer)))

    def _answered(self, tool: Optional[Tool]) -> None:
        self._limit.stop()
        if tool is None:
            self._look_on()
        elif tool.has_pip:
            self._found(tool)
        else:  # good enough if there is nothing better
            self._bare = self._bare or tool
            self._look_on()

    def _found(self, tool: Optional[Tool]) -> None:
        wheel = install_place.core_wheel()
        if tool is None or wheel is None:
            self._end(InstallStage.NO_TOOL)
            return
        self._note(f"{' '.join(tool.command)}\n")
        self._target = install_place.new_folder()
        self._steps = steps(tool, self._target, wheel, self.kind, self.folder)
        self._set(InstallStage.RUNNING)
        self._next()

    # Running

    def _next(self) -> None:
        if not self._steps:
            self._done()
            return
        step = self._steps.pop(0)
        self.progress.begin(step.words)
        self._note(f"\n$ {' '.join(step.command)}\n")
        self._start(step.command, self._stepped)
        self.progressed.emit()

    def _stepped(self, code: int) -> None:
        if code == 0:
            self._next()
        elif code < 0:
            self._fail(tr(KILLED))
        else:
            self._fail(sentence(self.log, str(install_place.home()), offline=self.folder is not None))

    def _done(self) -> None:
        if self.stage is not InstallStage.FETCHING:
            self._core_is_there()
        else:
            self._end(InstallStage.EXACT if self._networks_asked else InstallStage.NONE)

    def _core_is_there(self) -> None:
        target = self._target
        try:
            assert target is not None
            install_place.mark(target, self.kind)
        except OSError:
            self._fail(tr(NO_RIGHTS, folder=launch.config_path()))
            return
        self._end(InstallStage.FETCHING)
        self.done.emit()
        self._clear(fetched=True)
        self._fetch_networks()

    def _fetch_networks(self) -> None:
        step = networks_step(launch.core_python(), self.folder)
        if step is None:
            self._fail(tr(NO_NETWORKS))
        else:
            self._steps = [step]
            self._next()

    def _start(self, command: Sequence[str], done: Callable[[int], None]) -> None:
        """`done` gets the exit code, below zero for a process that was killed."""
        self._answer = ""
        process = self._process = InstallProcess(_environment(), self)
        process.said.connect(self._hear)
        process.ended.connect(lambda code: self._ended(code, done))
        process.start(command)

    def _hear(self, text: str) -> None:
        if self.stage is InstallStage.LOOKING:
            self._answer = (self._answer + text)[:LONGEST_ANSWER]
            return
        self._note(text)
        self.progress.feed(text)
        if not self._show.isActive():
            self._show.start(SHOW_EVERY_MS)

    def _ended(self, code: int, done: Callable[[int], None]) -> None:
        self._process = None
        done(code)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    # Ending

    def _fail(self, why: str) -> None:
        self.sentence = why
        fetching = self.stage is InstallStage.FETCHING
        self._end(InstallStage.ROUGH if fetching else InstallStage.FAILED)

    def _end(self, stage: InstallStage) -> None:
        self._limit.stop()
        self._show.stop()
        process, self._process = self._process, None
        if process is not None:
            process.let_go()
        self._steps, self._tools = [], []
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
        self._keep_log()
        self._set(stage)

    def _set(self, stage: InstallStage) -> None:
        self.stage = stage
        self.changed.emit()

    def _note(self, text: str) -> None:
        self._log.append(text)
        self._log_length += len(text)
        while self._log_length > LOG_TAIL:
            self._log_length -= len(self._log.popleft())

    def _keep_log(self) -> None:
        if self._log:
            with suppress(OSError):  # the button still shows it
                install_place.log_path().write_text(self.log, encoding="utf-8")

    def _clear(self, fetched: bool) -> None:
        found = install_place.installed()
        gone = install_place.put_away(None if found is None else found.folder, fetched)
        doomed = [folder for folder in gone if folder not in self._deleting]
        self._deleting += doomed

        def run() -> None:
            time.sleep(0.2)  # a process that was just killed may still be writing
            self._cleared.emit(doomed, install_place.delete(doomed))

        threading.Thread(target=run, daemon=True).start()

    def _after_clearing(self, doomed: List[Path], left: List[str]) -> None:
        self._deleting = [folder for folder in self._deleting if folder not in doomed]
        if self.stage is not InstallStage.REMOVING or self._deleting:
            return
        if left:
            self._fail(tr(NO_RIGHTS, folder=left[0]))
        else:
            self._set(InstallStage.NONE)


def _environment() -> QtCore.QProcessEnvironment:
    """That of the core, for programs which fetch files and print what they do."""
    elsewhere = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")  # where a user's own pip puts things
    kept = launch.core_environment()
    variables = {name: value for name, value in kept.items() if name not in elsewhere}
    variables.update(proxy_variables(variables))
    variables.update(
        PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_USER="0", PYTHONUNBUFFERED="1", NO_COLOR="1"
    )
    environment = QtCore.QProcessEnvironment()
    for name, value in variables.items():
        environment.insert(name, value)
    return environment


def proxy_variables(environ: Dict[str, str]) -> Dict[str, str]:
    """The system's proxy, where the environment names none."""
    if any(environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return {}
    query = QtNetwork.QNetworkProxyQuery(QtCore.QUrl(INDEX))
    kinds = QtNetwork.QNetworkProxy.ProxyType
    schemes = {kinds.HttpProxy: "http", kinds.HttpCachingProxy: "http", kinds.Socks5Proxy: "socks5"}
    for proxy in QtNetwork.QNetworkProxyFactory.systemProxyForQuery(query):
        if proxy.type() in schemes and proxy.hostName():
            url = QtCore.QUrl()
            url.setScheme(schemes[proxy.type()])
            url.setHost(proxy.hostName())
            url.setPort(proxy.port())
            url.setUserName(proxy.user())
            url.setPassword(proxy.password())
            address = bytes(url.toEncoded()).decode("ascii")
            return {"HTTPS_PROXY": address, "HTTP_PROXY": address}
    return {}
