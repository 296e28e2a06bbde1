"""The panel's end of the bridge: requests and notifications over QLocalSocket, and keeping a core alive.

Nothing here waits: Krita's window stays responsive whatever the core does. This is also the one place that
chooses between PyQt5 (Krita 5) and PyQt6 (Krita 6), since importing the wrong one inside Krita raises.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Deque, Dict, List, Optional

from . import framing, launch, protocol, system
from .answer import Answer, Done, Fault
from .messages import Hello

QT6 = "PyQt6" in sys.modules
if not QT6:
    try:
        import PyQt5  # noqa: F401
    except ImportError:
        QT6 = True
if TYPE_CHECKING or not QT6:
    from PyQt5 import QtCore, QtNetwork
else:
    from PyQt6 import QtCore, QtNetwork

READ_SLICE = 1 << 20  # bytes handled before the event loop gets its turn
WRITE_AHEAD = 4 << 20  # bytes at most in the socket's own buffer
MAX_QUEUED = 512 << 20  # bytes that wait for a core that does not read
LOG_TAIL = 16 << 10  # bytes of the core's own output that are kept for a report
CONNECT_EVERY_MS = 100
START_LIMIT_S = 90.0  # importing torch from a cold disk
HELLO_LIMIT_S = 30.0
SILENCE_LIMIT_S = 30.0  # without a byte although an answer is due; then the artist is told
WATCH_EVERY_MS = 1000
STARTS_A_MINUTE = 4
FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 8.0
OTHER_USER = "Another user's program listens where the core should: end it, then start the core again."
OTHER_VERSION = (
    "The core and the plugin are of different versions: run `anycost plugin install`, then restart Krita."
)


class QtClient(QtCore.QObject):
    """One connection. Requests have a callback, notifications are a signal, and every error is data."""

    connected = QtCore.pyqtSignal()
    lost = QtCore.pyqtSignal(str)  # why, in a sentence; everything pending was answered before
    notified = QtCore.pyqtSignal(str, dict, bytes)  # method, params, attachment

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._socket: Optional[QtNetwork.QLocalSocket] = None
        self._number = 0
        self._pending: Dict[int, Done] = {}
        self._decoder = framing.Decoder()
        self._queue: Deque[memoryview] = deque()
        self._queued = 0
        self._reading = False
        self._heard = 0.0

    @property
    def silence(self) -> float:
        """Seconds since the core last said anything, 0 when no answer is due."""
        return time.monotonic() - self._heard if self._pending else 0.0

    @property
    def is_connected(self) -> bool:
        state = QtNetwork.QLocalSocket.LocalSocketState.ConnectedState
        return self._socket is not None and self._socket.state() == state

    def open(self, path: str) -> None:
        """Try to connect; `connected` or `lost` follows."""
        self._drop()
        socket = self._socket = QtNetwork.QLocalSocket(self)
        socket.setReadBufferSize(2 * READ_SLICE)
        socket.connected.connect(lambda: self._opened(socket))
        socket.disconnected.connect(lambda: self._ended(socket, "The core closed the connection."))
        socket.readyRead.connect(self._read)
        socket.bytesWritten.connect(self._write)
        failed = socket.errorOccurred if hasattr(socket, "errorOccurred") else socket.error
        failed.connect(lambda _code: self._ended(socket, socket.errorString()))
        socket.connectToServer(path)

    def _opened(self, socket: QtNetwork.QLocalSocket) -> None:
        """Nobody else's program gets the artist's pictures, wherever it has managed to listen."""
        if system.is_own_descriptor(int(socket.socketDescriptor())):
            self.connected.emit()
        else:
            self._ended(socket, OTHER_USER)

    def close(self) -> None:
        """Close without emitting `lost`; pending requests are answered with a fault."""
        self._drop()
        self._fail_pending("The connection to the core was closed.")

    def request(
        self,
        method: str,
        params: Dict[str, Any],
        done: Done,
        data: bytes = b"",
    ) -> int:
        """Send a request with an attachment `data`; `done` is called once, never before this returns."""
        self._number += 1
        number = self._number
        if not self._pending:
            self._heard = time.monotonic()
        self._pending[number] = done
        fault = self._send(protocol.request(number, method, params), data)
        if fault is not None:
            QtCore.QTimer.singleShot(0, lambda: self._answer(number, Answer({}, b"", fault)))
        return number

    def cancel(self, request_id: int) -> None:
        """Stop a request; its answer says what became of it."""
        if request_id in self._pending:
            self._send(protocol.cancel(request_id), b"")

    # Sending: a bounded queue, topped up as the socket drains

    def _send(self, message: Dict[str, Any], data: bytes) -> Optional[Fault]:
        if not self.is_connected:
            return Fault("disconnected", "The core is not connected: wait until it has started.")
        if self._queued + len(data) > MAX_QUEUED:
            return Fault("busy", "The core does not take any more work: wait a moment, then try again.")
        try:
            head = framing.head(message, len(data))
        except (protocol.ProtocolError, ValueError) as error:
            return Fault("bad-value", str(error))
        for part in (head, data):
            if part:
                self._queue.append(memoryview(part))
                self._queued += len(part)
        self._write()
        return None

    def _write(self, _written: int = 0) -> None:
        socket = self._socket
        while socket is not None and self._queue and socket.bytesToWrite() < WRITE_AHEAD:
            part = self._queue.popleft()
            piece, rest = part[:READ_SLICE], part[READ_SLICE:]
            if rest:
                self._queue.appendleft(rest)
            self._queued -= len(piece)
            if socket.write(bytes(piece)) < 0:
                return  # the error signal follows

    # Receiving: a slice at a time, so that a flood of frames cannot hold the event loop

    def _read(self) -> None:
        socket = self._socket
        if socket is None or self._reading:
            return
        self._heard = time.monotonic()
        self._reading = True  # a callback that opens a dialog would let readyRead in again
        try:
            for message, data in self._decoder.feed(bytes(socket.read(READ_SLICE))):
                self._received(message, data)
        except protocol.ProtocolError as error:
            self._ended(socket, str(error))
        finally:
            self._reading = False
        if self._socket is socket and socket.bytesAvailable():
            QtCore.QTimer.singleShot(0, self._read)

    def _received(self, message: Dict[str, Any], data: bytes) -> None:
        sort = protocol.check(message)
        if sort == "notification":
            self.notified.emit(message["method"], message.get("params", {}), data)
        elif sort == "result":
            self._answer(message["id"], Answer(message["result"], data))
        elif sort == "error" and message["id"] is not None:
            kind = message["error"].get("data", {}).get("kind", protocol.PROTOCOL_KIND)
            self._answer(message["id"], Answer({}, b"", Fault(str(kind), message["error"]["message"])))

    def _answer(self, number: int, answer: Answer) -> None:
        done = self._pending.pop(number, None)
        if done is not None:
            done(answer)

    # Ending

    def _ended(self, socket: QtNetwork.QLocalSocket, why: str) -> None:
        if socket is not self._socket:
            return
        self._drop()
        self._fail_pending(why)
        self.lost.emit(why)

    def _drop(self) -> None:
        socket, self._socket = self._socket, None
        self._decoder = framing.Decoder()
        self._queue.clear()
        self._queued = 0
        if socket is not None:
            socket.blockSignals(True)
            socket.abort()
            socket.deleteLater()

    def _fail_pending(self, why: str) -> None:
        pending, self._pending = self._pending, {}
        for done in pending.values():
            done(Answer({}, b"", Fault("disconnected", why)))


class CoreKeeper(QtCore.QObject):
    """Keeps a core running: uses the one that runs or starts one, and restarts it when it dies."""

    words = QtCore.pyqtSignal(str)  # the state of the connection, for the panel
    ready = QtCore.pyqtSignal(dict)  # hello's answer
    lost = QtCore.pyqtSignal()
    gave_up = QtCore.pyqtSignal(str)  # a sentence; start() tries again

    def __init__(
        self, name: str, version: str, path: str = "", parent: Optional[QtCore.QObject] = None
    ) -> None:
        super().__init__(parent)
        self.client = QtClient(self)
        self.client.connected.connect(self._hello)
        self.client.lost.connect(self._lost)
        self.path = path or system.socket_path()
        self.hello_answer: Dict[str, Any] = {}
        self.process: Optional[QtCore.QProcess] = None
        self.log = bytearray()  # the end of what the core printed
        self.running = False
        self._who = Hello(name, version)
        self._starts: List[float] = []  # times of the last minute
        self._failures = 0
        self._deadline = 0.0
        self._greeted = False
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._try)
        self._silent = False
        self._watch = QtCore.QTimer(self)
        self._watch.setInterval(WATCH_EVERY_MS)
        self._watch.timeout.connect(self._listen)

    @property
    def is_ready(self) -> bool:
        return self._greeted

    def start(self) -> None:
        """Look for a core now; also the way out after `gave_up`."""
        if self.running:
            return
        self.running = True
        self._starts.clear()
        self._failures = 0
        self.words.emit("Looking for the core…")
        self._try()

    def stop(self) -> None:
        """Let go of the core. One that was started here ends by itself when its standard input closes."""
        self.running = self._greeted = False
        self._timer.stop()
        self._watch.stop()
        self.client.close()
        self._let_go()

    def report(self) -> str:
        """The end of the core's output, without the home folder's name."""
        home = QtCore.QDir.homePath()
        return bytes(self.log).decode("utf-8", "replace").replace(home, "~")

    # One attempt: connect; if nobody listens, start a core and try again until it does

    def _try(self) -> None:
        if self.client.is_connected:  # but it did not answer hello in time
            self._give_up("The core that runs does not answer: end its process, then start it again.")
        elif system.open_to_others(self.path):
            folder = os.path.dirname(self.path)
            self._give_up(f"The folder {folder} must be one that only you can enter: remove it, then start.")
        elif self.running:
            self.client.open(self.path)

    def _hello(self) -> None:
        self.words.emit("Connecting to the core…")
        self._later(HELLO_LIMIT_S)
        self.client.request(Hello.METHOD, self._who.data(), self._greeted_by)

    def _greeted_by(self, answer: Answer) -> None:
        self._timer.stop()
        if answer.fault is not None:
            if answer.fault.kind != "disconnected":
                self._give_up(answer.fault.message)
            return
        if answer.result.get("protocol") != protocol.PROTOCOL:
            self._give_up(OTHER_VERSION)
            return
        self._greeted = True
        self._failures = 0
        self.hello_answer = dict(answer.result)
        self._silent = False
        self._watch.start()
        self.words.emit("Connected")
        self.ready.emit(self.hello_answer)

    def _listen(self) -> None:
        """Tell the artist when a living core falls silent, and when it goes on: nothing else can be done."""
        silent = self.client.silence > SILENCE_LIMIT_S
        if silent != self._silent:
            self._silent = silent
            self.words.emit("The core does not answer: waiting for it…" if silent else "Ready")

    def _lost(self, why: str) -> None:
        was_ready, self._greeted = self._greeted, False
        self._watch.stop()
        if was_ready:
            self.lost.emit()
        if not self.running:
            return
        if was_ready:
            self.words.emit("The core stopped: restarting…")
            self._let_go()
            self._later(FIRST_DELAY_S)
        elif self.process is None:
            self._launch()
        elif time.monotonic() > self._deadline:
            self._give_up("The core does not start: see its report, then start it again.")
        else:
            self._later(CONNECT_EVERY_MS / 1000)

    def _later(self, seconds: float) -> None:
        self._timer.start(int(seconds * 1000))

    def _give_up(self, sentence: str) -> None:
        self.stop()
        self.words.emit(sentence)
        self.gave_up.emit(sentence)

    # The process

    def _launch(self) -> None:
        now = time.monotonic()
        self._starts = [start for start in self._starts if now - start < 60.0]
        if len(self._starts) >= STARTS_A_MINUTE:
            self._give_up("The core stopped again and again: see its report, then start it again.")
            return
        try:
            command = launch.core_command(self.path)
        except launch.CoreNotInstalled as error:
            self._give_up(str(error))
            return
        self._starts.append(now)
        self._deadline = now + START_LIMIT_S
        self.words.emit("Starting the core…")
        process = self.process = QtCore.QProcess(self)
        environment = QtCore.QProcessEnvironment()
        for name, value in launch.core_environment().items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(os.path.abspath(os.sep))
        process.setProcessChannelMode(QtCore.QProcess.ProcessChannelMode.MergedChannels)
        process.readyReadStandardOutput.connect(lambda: self._logged(process))
        process.finished.connect(lambda *_: self._exited(process))
        process.errorOccurred.connect(lambda error: self._not_started(process, error))
        self._later(CONNECT_EVERY_MS / 1000)
        process.start(command[0], command[1:])

    def _logged(self, process: QtCore.QProcess) -> None:
        self.log += bytes(process.readAllStandardOutput())
        del self.log[:-LOG_TAIL]

    def _not_started(self, process: QtCore.QProcess, error: QtCore.QProcess.ProcessError) -> None:
        if process is self.process and error == QtCore.QProcess.ProcessError.FailedToStart:
            self._exited(process)

    def _exited(self, process: QtCore.QProcess) -> None:
        """The core ended by itself. The socket tells as well; either may come first."""
        if process is not self.process:
            return
        self._logged(process)
        self.process = None
        process.deleteLater()
        if not self.running or self.client.is_connected:
            return
        self._failures += 1
        self.words.emit("The core stopped: restarting…")
        self._later(min(FIRST_DELAY_S * 2**self._failures, LONGEST_DELAY_S))

    def _let_go(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.closeWriteChannel()
        if process.state() == QtCore.QProcess.ProcessState.NotRunning:
            process.deleteLater()
        else:
            process.finished.connect(process.deleteLater)
