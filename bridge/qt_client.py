"""The panel's end of the bridge: requests and notifications over QLocalSocket, and keeping a core alive.

Nothing here waits: Krita's window stays responsive whatever the core does. This is also the one place that
chooses between PyQt5 (Krita 5) and PyQt6 (Krita 6), since importing the wrong one inside Krita raises.
"""

from __future__ import annotations

import os
import sys
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, Deque, Dict, Iterator, List, Optional, Tuple

from . import framing, launch, protocol, system
from .answer import Answer, Done, Fault
from .messages import CORE_STATUS, Hello, topic

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

SLICE = 256 << 10  # bytes that are read or written at once
TURN_S = 0.004  # for what has come, before the event loop gets its turn
MAX_ARRIVED = 256  # messages that wait for it
LONGEST_SENTENCE = 2000  # characters of what a refusal says
WRITE_AHEAD = 4 << 20  # bytes at most in the socket's own buffer
MAX_QUEUED = 512 << 20  # bytes that wait for a core that does not read
LOG_TAIL = 16 << 10  # bytes of the core's own output that are kept for a report
CONNECT_EVERY_MS = 100
START_LIMIT_S = 90.0  # importing torch from a cold disk
HELLO_LIMIT_S = 30.0
WATCH_EVERY_MS = 1000  # a core that says nothing is watched; it answers at any time, also while it renders
ASK_AFTER_S = 10.0  # without a byte, until it is asked for a sign of life...
TELL_AFTER_S = 20.0  # ...until the artist is told, who may start it again...
END_AFTER_S = 60.0  # ...and until it is ended and started again
STARTS_A_MINUTE = 4
FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 8.0
SILENT = "The core does not answer: in a minute it is started again…"
HUNG = "The core that runs does not answer: end its process, then start it again."
NO_ROOM = "The core has no room for this window: trying again…"
OTHER_USER = "Another user's program listens where the core should: end it, then start the core again."
OTHER_VERSION = (
    "The core and the plugin are of different versions: run `anycost plugin install`, then restart Krita."
)


class QtClient(QtCore.QObject):
    """One connection. Requests have a callback, notifications are a signal, and every error is data."""

    connected = QtCore.pyqtSignal()
    lost = QtCore.pyqtSignal(str)  # why, in a sentence; everything pending was answered before
    notified = QtCore.pyqtSignal(str, dict, object)  # method, params, attachment: bytes or a memoryview

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._socket: Optional[QtNetwork.QLocalSocket] = None
        self._number = 0
        self._pending: Dict[int, Done] = {}
        self._decoder = framing.Decoder()
        self._slice: Optional[Iterator[Tuple[Dict[str, Any], bytes]]] = None  # messages not looked at yet
        self._arrived: OrderedDict[object, Tuple[Dict[str, Any], bytes]] = OrderedDict()  # to be handled
        self._queue: Deque[memoryview] = deque()
        self._queued = 0
        self._reading = False
        self._again = QtCore.QTimer(self)  # one: else each readyRead would begin another chain of turns
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._read)
        self.signs = 0  # of life: grows with all that the core says or takes
        self.reached = False  # somebody listened at the last attempt
        self.refusal = ""  # what they said before they hung up

    @property
    def peer(self) -> int:
        """The number of the core's process; 0 where nobody can tell."""
        return system.peer_process(int(self._socket.socketDescriptor())) if self._socket else 0

    @property
    def is_connected(self) -> bool:
        state = QtNetwork.QLocalSocket.LocalSocketState.ConnectedState
        return self._socket is not None and self._socket.state() == state

    def open(self, path: str) -> None:
        """Try to connect; `connected` or `lost` follows."""
        self._drop()
        self.reached, self.refusal = False, ""
        socket = self._socket = QtNetwork.QLocalSocket(self)
        socket.setReadBufferSize(4 * SLICE)
        socket.connected.connect(lambda: self._opened(socket))
        socket.disconnected.connect(lambda: self._hung_up(socket))
        socket.readyRead.connect(self._read)
        socket.bytesWritten.connect(self._write)
        failed = socket.errorOccurred if hasattr(socket, "errorOccurred") else socket.error
        failed.connect(lambda _code: self._ended(socket, socket.errorString()))
        socket.connectToServer(path)

    def _opened(self, socket: QtNetwork.QLocalSocket) -> None:
        """Nobody else's program gets the artist's pictures, wherever it has managed to listen."""
        self.reached = True
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

    def _write(self, written: int = 0) -> None:
        socket = self._socket
        if written and self._queue:  # of a short message, the system takes all, and nobody may read it
            self.signs += 1
        while socket is not None and self._queue and socket.bytesToWrite() < WRITE_AHEAD:
            part = self._queue.popleft()
            piece, rest = part[:SLICE], part[SLICE:]
            if rest:
                self._queue.appendleft(rest)
            self._queued -= len(piece)
            if socket.write(bytes(piece)) < 0:
                return  # the error signal follows

    # Receiving: for a moment at a time, so that a flood cannot hold the event loop

    def _read(self) -> None:
        socket = self._socket
        if socket is None or self._reading or self._again.isActive():
            return
        self.signs += 1
        self._reading = True  # a callback that opens a dialog would let readyRead in again
        try:
            with framing.no_look_for_cycles():
                self._take(socket, time.monotonic() + TURN_S / 2)
                self._handle(socket, time.monotonic() + TURN_S / 2)
        except protocol.ProtocolError as error:
            self._ended(socket, str(error))
        finally:
            self._reading = False
        if self._socket is socket and (self._arrived or self._slice or socket.bytesAvailable()):
            self._again.start(0)

    def _take(self, socket: QtNetwork.QLocalSocket, end: float) -> None:
        """Of the notifications that wait, only the newest of each topic stays."""
        while len(self._arrived) < MAX_ARRIVED and time.monotonic() < end:
            if self._slice is None:
                data = bytes(socket.read(SLICE))
                if not data:
                    break
                self._slice = self._decoder.messages(data)
            found = next(self._slice, None)
            if found is None:
                self._slice = None
            else:
                self._arrive(*found)

    def _arrive(self, message: Dict[str, Any], data: bytes) -> None:
        key: object = object()
        if protocol.check(message) == "notification":
            key = topic(message["method"], message.get("params", {}))
        self._arrived.pop(key, None)
        self._arrived[key] = message, data

    def _handle(self, socket: QtNetwork.QLocalSocket, end: float) -> None:
        while self._arrived and self._socket is socket:
            self._received(*self._arrived.popitem(last=False)[1])
            if time.monotonic() > end:
                break

    def _received(self, message: Dict[str, Any], data: bytes) -> None:
        sort = protocol.check(message)
        if sort == "notification":
            self.notified.emit(message["method"], message.get("params", {}), data)
        elif sort == "result":
            self._answer(message["id"], Answer(message["result"], data))
        elif sort == "error" and message["id"] is None:
            self.refusal = message["error"]["message"][:LONGEST_SENTENCE]
        elif sort == "error":
            kind = message["error"].get("data", {}).get("kind")
            kind = kind if kind in protocol.KINDS else protocol.PROTOCOL_KIND
            sentence = message["error"]["message"][:LONGEST_SENTENCE]
            self._answer(message["id"], Answer({}, b"", Fault(kind, sentence)))

    def _answer(self, number: int, answer: Answer) -> None:
        done = self._pending.pop(number, None)
        if done is not None:
            done(answer)

    # Ending

    def _hung_up(self, socket: QtNetwork.QLocalSocket) -> None:
        if socket is self._socket and socket.bytesAvailable():
            self._read()  # why
        self._ended(socket, "The core closed the connection.")

    def _ended(self, socket: QtNetwork.QLocalSocket, why: str) -> None:
        if socket is not self._socket:
            return
        self._drop()
        self._fail_pending(why)
        self.lost.emit(why)

    def _drop(self) -> None:
        socket, self._socket = self._socket, None
        self._decoder, self._slice = framing.Decoder(), None
        self._arrived.clear()
        self._again.stop()
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
    silent = QtCore.pyqtSignal(bool)  # it does not answer; restart() is worth an offer
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
        self._turned_away = 0  # times in a row
        self._signs = 0
        self._quiet = 0.0  # seconds without a sign of life
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

    def restart(self) -> None:
        """What the artist asks for where no core answers: another one."""
        if self.running:
            self._replace()
        else:
            self.start()

    def stop(self) -> None:
        """Let go of the core. One that was started here ends by itself when its standard input closes."""
        self.running = self._greeted = False
        self.silent.emit(False)
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
            self._replace()
        elif system.open_to_others(self.path):
            folder = os.path.dirname(self.path)
            self._give_up(f"The folder {folder} must be one that only you can enter: remove it, then start.")
        elif self.running:
            self.client.open(self.path)

    def _hello(self) -> None:
        if not self._turned_away:
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
        self._failures = self._turned_away = 0
        self.hello_answer = dict(answer.result)
        self._quiet = 0.0
        self._watch.start()
        self.words.emit("Connected")
        self.ready.emit(self.hello_answer)

    # A core that has died is noticed at once. One that hangs or was stopped only falls silent.

    def _listen(self) -> None:
        """Ask a core that has said nothing for a while, tell the artist, and end it at last.

        What counts are the watch's turns, not the time: Krita itself may have been busy or asleep.
        """
        before = self._quiet
        self._quiet = before + WATCH_EVERY_MS / 1000 if self.client.signs == self._signs else 0.0
        self._signs = self.client.signs
        if before < ASK_AFTER_S <= self._quiet:
            self.client.request(CORE_STATUS, {}, lambda _answer: None)
        elif before < TELL_AFTER_S <= self._quiet:
            self.words.emit(SILENT)
            self.silent.emit(True)
        elif before >= TELL_AFTER_S > self._quiet:
            self.words.emit("Ready")
            self.silent.emit(False)
        elif self._quiet >= END_AFTER_S:
            self._replace()

    def _replace(self) -> None:
        """End the core that does not answer, if it is surely one; `_lost` then starts another."""
        process, peer = self.process, self.client.peer
        if process is not None and peer in (0, process.processId()):
            process.kill()
        elif peer and (self.hello_answer.get("pid") == peer or launch.is_core(peer)):
            system.end_process(peer)
        else:
            self._give_up(HUNG)

    def _lost(self, why: str) -> None:
        was_ready, self._greeted = self._greeted, False
        self._watch.stop()
        self.silent.emit(False)
        if was_ready:
            self.lost.emit()
        if not self.running:
            return
        if was_ready:
            self.words.emit("The core stopped: restarting…")
            self._let_go()
            self._later(FIRST_DELAY_S)
        elif why == OTHER_USER:
            self._give_up(why)
        elif self.client.reached:
            if self._turned_away:  # the first time, it may have been about to leave
                self.words.emit(self.client.refusal or NO_ROOM)
            self._later(self._pause(self._turned_away))
            self._turned_away += 1
        elif self.process is None:
            self._launch()
        elif time.monotonic() > self._deadline:
            self._give_up("The core does not start: see its report, then start it again.")
        else:
            self._later(CONNECT_EVERY_MS / 1000)

    @staticmethod
    def _pause(times: int) -> float:
        return min(FIRST_DELAY_S * 2 ** min(times, 10), LONGEST_DELAY_S)

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
        self._later(self._pause(self._failures))

    def _let_go(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.closeWriteChannel()
        if process.state() == QtCore.QProcess.ProcessState.NotRunning:
            process.deleteLater()
        else:
            process.finished.connect(process.deleteLater)
