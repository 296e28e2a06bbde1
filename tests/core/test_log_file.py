"""The core's log: of bounded size, private, and quiet where it cannot be written."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from anycost.bridge.launch import log_path
from anycost.core.service.log_file import BURST, LOG_BYTES, LOG_FILES, MOST_TEXT, RecordRate

LIMIT = 300.0  # seconds after which a test fails


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return log_path()


def logged(statements: str, *, unlimited: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs statements in a process that has started its log."""
    rate = "log_file.RecordRate = logging.Filter;" if unlimited else ""
    script = f"import logging; from anycost.core.service import log_file; {rate} log_file.start_log()\n"
    command = [sys.executable, "-c", script + statements]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT)


def test_its_size_is_bounded(log: Path):
    logged("for _ in range(8000): logging.info('x' * 1000 + '\\ud800')", unlimited=True)
    sizes = [file.stat().st_size for file in log.parent.iterdir()]
    assert len(sizes) == LOG_FILES + 1
    assert sum(sizes) <= (LOG_FILES + 1) * LOG_BYTES


def test_one_record_is_bounded(log: Path):
    logged("logging.info('x' * 3_000_000)")
    assert log.stat().st_size < MOST_TEXT + 200


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_only_the_user_reads_it(log: Path):
    log.parent.mkdir(parents=True)
    log.write_text("of an older version\n")
    log.chmod(0o644)
    logged("for _ in range(2000): logging.info('x' * 1000)", unlimited=True)
    modes = {file.name: file.stat().st_mode & 0o777 for file in log.parent.iterdir()}
    assert len(modes) > 1
    assert set(modes.values()) == {0o600}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no disk that is always full")
def test_a_full_disk_costs_records_and_nothing_else(log: Path):
    log.parent.mkdir(parents=True)
    log.symlink_to("/dev/full")
    done = logged("for _ in range(100): logging.info('x')\nprint('goes on')", unlimited=True)
    assert (done.stdout, done.stderr) == ("goes on\n", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_in_its_place_does_not_hold_the_core(log: Path):
    log.parent.mkdir(parents=True)
    os.mkfifo(log)
    assert "told elsewhere" in logged("logging.info('told elsewhere')").stderr


def test_a_flood_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch):
    now = [100.0]
    monkeypatch.setattr("anycost.core.service.log_file.time.monotonic", lambda: now[0])
    rate, passed = RecordRate(), []
    for k in range(1000):
        record = logging.LogRecord("n", logging.INFO, "p", 1, "%d is logged", (k,), None)
        if rate.filter(record):
            passed.append(record.getMessage())
    assert passed == [f"{k} is logged" for k in range(BURST)]
    now[0] += 1.0
    record = logging.LogRecord("n", logging.INFO, "p", 1, "%s goes on", ("100 %",), None)
    assert rate.filter(record)
    assert record.getMessage() == f"({1000 - BURST} records left out) 100 % goes on"
