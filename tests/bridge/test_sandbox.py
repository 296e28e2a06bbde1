"""A process with limits runs a function of ours, and takes nothing else along when it breaks."""

from __future__ import annotations

import ctypes
import io
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anycost.bridge.plain_values import WrongValue, receive, send
from anycost.bridge.sandbox import Breakage, Sandbox, SandboxLimits


def _has_landlock() -> bool:
    return sys.platform == "linux" and ctypes.CDLL(None).syscall(444, None, 0, 1) >= 6


landlock = pytest.mark.skipif(not _has_landlock(), reason="the system has no Landlock of version 6")
posix = pytest.mark.skipif(os.name == "nt", reason="limits of Unix")
MiB = 1 << 20
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text() | st.binary(max_size=99),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def sandbox():
    made = Sandbox(SandboxLimits(memory=200 * MiB, seconds=1, patience=30.0, answer=MiB))
    yield made
    made.close()


def there_and_back(value, most=MiB):
    pipe = io.BytesIO()
    send(pipe, value)
    pipe.seek(0)
    return receive(pipe, most)


@given(plain)
def test_plain_values_come_out_as_they_went_in(value):
    assert there_and_back(value) == value


@pytest.mark.parametrize(
    "text",
    [
        b'{"$bytes": 99999999}',
        b'{"$bytes": -1}',
        b"[" * 100_000,
        b"1" * 100_000,
        b"nonsense",
        b'"\xff"',
    ],
)
def test_what_is_no_value_is_refused_before_it_takes_memory(text):
    with pytest.raises(WrongValue):
        receive(io.BytesIO(struct.pack(">Q", len(text)) + text), MiB)
    with pytest.raises(WrongValue):
        receive(io.BytesIO(struct.pack(">Q", 1 << 62)), MiB)


def test_the_pieces_together_are_bounded():
    assert there_and_back([bytes(600), b"x"], 601) == [bytes(600), b"x"]
    with pytest.raises(WrongValue):
        there_and_back([bytes(600), b"xx"], 601)


def test_one_process_answers_many_calls_from_many_threads(sandbox):
    numbers = []
    threads = [threading.Thread(target=lambda: numbers.append(sandbox.call("os:getpid"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 4
    assert len(set(numbers)) == 1
    assert numbers[0] != os.getpid()


@posix
@pytest.mark.parametrize(
    ("wild", "why"),
    [
        ("while True: pass", "cannot be read: it takes more than 1 s"),
        ("bytes(300 << 20)", "cannot be read: it needs more than 200 MiB of memory"),
        ("__import__('ctypes').string_at(0)", "cannot be read: it makes the program that reads it crash"),
        ("__import__('os')._exit(0)", "cannot be read: it makes the program that reads it crash"),
        (
            "__import__('os').write(1, b'x' * 99); 1 / 0",
            "cannot be read (ZeroDivisionError: division by zero)",
        ),
        ("raise SystemExit", "cannot be read: it makes the program that reads it crash"),
    ],
)
def test_what_breaks_out_is_a_reason_and_the_next_call_works(sandbox, wild, why):
    with pytest.raises(Breakage) as told:
        sandbox.call("builtins:exec", wild)
    assert str(told.value) == why
    assert sandbox.call("builtins:len", "four") == 4


def test_a_call_that_only_waits_is_ended(monkeypatch):
    sandbox = Sandbox(SandboxLimits(patience=0.5))
    with pytest.raises(Breakage, match=r"takes more than 0\.5 s"):
        sandbox.call("time:sleep", 60)
    sandbox.close()


def test_closing_ends_a_call_that_has_not_started_its_process_yet(monkeypatch):
    """Or who closes would wait for a call that nobody wants any more."""
    closed, begun, wanted, real = (
        Sandbox(SandboxLimits()),
        threading.Event(),
        threading.Event(),
        subprocess.Popen,
    )

    def started_late(*line, **options):
        begun.set()
        wanted.wait(300)
        return real(*line, **options)

    def call():
        with pytest.raises(Breakage):
            closed.call("time:sleep", 1000)

    monkeypatch.setattr("anycost.bridge.sandbox.subprocess.Popen", started_late)
    calling, closing = threading.Thread(target=call), threading.Thread(target=closed.close)
    calling.start()
    assert begun.wait(300)
    closing.start()
    closing.join(0.1)  # time to find no process
    wanted.set()
    closing.join(30)  # half of the call's patience
    assert not closing.is_alive()
    calling.join()


def test_an_answer_is_bounded(sandbox):
    assert len(sandbox.call("builtins:bytes", MiB)) == MiB
    with pytest.raises(Breakage):
        sandbox.call("builtins:bytes", MiB + 1)


WRITE = "import pathlib; pathlib.Path({!r}).write_bytes(b'some')"


@posix
def test_it_writes_no_file_and_in_no_other(sandbox, tmp_path: Path):
    (tmp_path / "old").write_bytes(b"before")
    for name in ("new", "old"):
        with pytest.raises(Breakage, match=r"File too large|Permission denied"):
            sandbox.call("builtins:exec", WRITE.format(str(tmp_path / name)))
    writing = Sandbox(SandboxLimits(written=4))
    writing.call("builtins:exec", WRITE.format(str(tmp_path / "new")))
    writing.close()
    assert (tmp_path / "new").read_bytes() == b"some"


@landlock
def test_it_removes_nothing_calls_nobody_and_ends_nobody(sandbox, tmp_path: Path):
    (tmp_path / "old").write_bytes(b"before")
    with socket.create_server(("127.0.0.1", 0)) as server:
        for wild in (
            f"import os; os.unlink({str(tmp_path / 'old')!r})",
            f"import os; os.rename({str(tmp_path / 'old')!r}, {str(tmp_path / 'new')!r})",
            f"import os; os.truncate({str(tmp_path / 'old')!r}, 0)",
            f"import os; os.kill({os.getpid()}, 0)",
            f"import socket; socket.create_connection({server.getsockname()!r})",
        ):
            with pytest.raises(Breakage, match=r"Permission denied|not permitted|File too large"):
                sandbox.call("builtins:exec", wild)
    assert (tmp_path / "old").read_bytes() == b"before"
    assert sandbox.call("builtins:eval", f"open({str(tmp_path / 'old')!r}).read()") == "before"


def test_its_own_program_s_end_ends_it():
    script = (
        "from anycost.bridge.sandbox import *\n"
        "print(Sandbox(SandboxLimits()).call('os:getpid'), flush=True)\n"
        "import os; os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    child = int(done.stdout)
    for _ in range(1000):
        if not _lives(child):
            return
        threading.Event().wait(0.02)
    pytest.fail("the sandbox outlives its program")


def _lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
