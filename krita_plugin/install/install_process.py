"""One command of the installation as a process, whose output may come in floods."""

from __future__ import annotations

import codecs
import os
from typing import Optional, Sequence

from ..qt import QtCore, Signal

READ_AT_ONCE = 1 << 13  # bytes in one turn of Krita's window
NOT_STARTED = 127  # as a shell has it


class InstallProcess(QtCore.QObject):
    """Tells what a command prints in pieces that Krita's window can wait for, and its end after the last."""

    said = Signal(str)
    ended = Signal(int)  # the exit code, below zero for a process that was killed

    def __init__(
        self, environment: QtCore.QProcessEnvironment, parent: Optional[QtCore.QObject] = None
    ) -> None:
        super().__init__(parent)
        self._command: Sequence[str] = ()
        self._code: Optional[int] = None  # once it has ended
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._turn = QtCore.QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._read)
        self._process = QtCore.QProcess(self)
        self._process.setProcessEnvironment(environment)
        self._process.setWorkingDirectory(os.path.abspath(os.sep))
        self._process.setProcessChannelMode(QtCore.QProcess.ProcessChannelMode.MergedChannels)
        self._process.readyReadStandardOutput.connect(self._turn.start)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)

    def start(self, command: Sequence[str]) -> None:
        """Start it in the next turn of Krita's window, since that takes 10 ms by itself."""
        self._command = command
        QtCore.QTimer.singleShot(0, self._start)

    def _start(self) -> None:
        if not self.signalsBlocked():
            self._process.start(self._command[0], list(self._command[1:]))
            self._process.closeWriteChannel()

    def kill(self) -> None:
        """End it; `ended` tells when."""
        self._process.kill()  # on Windows `terminate` asks for a window, which pip does not have

    def let_go(self) -> None:
        """Nothing more is heard of it, and it is ended."""
        self.blockSignals(True)
        self._process.finished.connect(lambda _code, _status: self.deleteLater())
        self.kill()
        if self._process.state() == QtCore.QProcess.ProcessState.NotRunning:
            self.deleteLater()

    def _read(self) -> None:
        output = self._process.read(
            READ_AT_ONCE
        )  # None where there is nothing, before its start and after its end
        if output:
            self.said.emit(self._decode(bytes(output)))
        if self._process.bytesAvailable():
            self._turn.start()
        elif self._code is not None and not self.signalsBlocked():
            code, self._code = self._code, None
            self.deleteLater()
            self.ended.emit(code)

    def _finished(self, code: int, status: QtCore.QProcess.ExitStatus) -> None:
        self._code = -1 if status == QtCore.QProcess.ExitStatus.CrashExit else code
        self._turn.start()

    def _failed(self, error: QtCore.QProcess.ProcessError) -> None:
        if error == QtCore.QProcess.ProcessError.FailedToStart:
            self.said.emit(self._process.errorString() + "\n")
            self._code = NOT_STARTED
            self._turn.start()
