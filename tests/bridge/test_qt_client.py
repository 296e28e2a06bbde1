"""The Qt end of the bridge against real peers: a server of the test's own, and the real core process."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

pytest.importorskip("PyQt5.QtNetwork")

import qt_loop
from PyQt5 import QtCore
from qt_loop import until

from anycost.bridge import framing, launch, protocol
from anycost.bridge.framing import LARGE
from anycost.bridge.qt_client import LONGEST_SENTENCE, OTHER_USER, SILENT, WRITE_AHEAD, CoreKeeper, QtClient

qt_loop.application()
FRAME = {"picture": "p", "stamp": 1, "attachment": protocol.rgba8(512, 512)}


class Peer:
    """A listening socket that says just what the test wants, and no more."""

    def __init__(self, folder):
        self.path = str(folder / "core.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.decoder = framing.Decoder()
        self.received = []

    def take(self):
        """Accept the client; the socket does not block."""
        self.socket, _ = self.listener.accept()
        self.socket.setblocking(False)

    def read(self):
        """All that arrived by now, as (message, attachment)."""
        try:
            while data := self.socket.recv(1 << 20):
                self.received += self.decoder.feed(data)
        except BlockingIOError:
            pass
        return self.received

    def send(self, data):
        """Send all of it while the client's event loop runs."""
        view = memoryview(data)
        while view:
            try:
                view = view[self.socket.send(view) :]
            except BlockingIOError:
                qt_loop.settle(0)


@pytest.fixture
def peer(tmp_path):
    peer = Peer(tmp_path)
    yield peer
    peer.listener.close()


@pytest.fixture
def client(peer):
    client = QtClient()
    client.open(peer.path)
    assert until(lambda: client.is_connected)
    peer.take()
    yield client
    client.close()
    qt_loop.settle()


def test_requests_are_answered_in_any_order_and_each_once(client, peer):
    answers = []
    first = client.request("a", {}, lambda answer: answers.append(("a", answer.result)))
    second = client.request("b", {}, lambda answer: answers.append(("b", answer.result)))
    assert until(lambda: len(peer.read()) == 2)
    for number in (second, first, first):
        peer.send(framing.encode(protocol.result(number, {"n": number})))
    assert until(lambda: len(answers) == 2)
    qt_loop.settle()
    assert answers == [("b", {"n": second}), ("a", {"n": first})]


def test_errors_are_data(client, peer):
    answers = []
    number = client.request("edit", {}, answers.append)
    peer.send(framing.encode(protocol.error(number, -32000, "No face found.", "no-face")))
    assert until(lambda: answers)
    assert answers[0].fault == ("no-face", "No face found.")


def test_attachments_travel_both_ways_in_pieces(client, peer):
    pixels = os.urandom(512 * 512 * 4)
    notes = []
    client.notified.connect(lambda *note: notes.append(note))
    described = {"picture": "p", "attachment": protocol.rgba8(512, 512)}
    client.request("picture/open", described, lambda answer: None, pixels)
    assert until(lambda: peer.read())
    message, data = peer.received[0]
    assert data == pixels
    assert message["params"]["attachment"] == protocol.rgba8(512, 512)
    frame = framing.encode(protocol.notification("frame", FRAME), pixels)
    for start in range(0, len(frame), 99_991):
        peer.send(frame[start : start + 99_991])
        qt_loop.settle(0.001)
    assert until(lambda: notes)
    assert notes == [("frame", FRAME, pixels)]


def test_an_attachment_that_is_large_arrives_too(client, peer):
    """It is a memoryview, which a signal for bytes would not take."""
    notes = []
    client.notified.connect(lambda *note: notes.append(note))
    pixels = os.urandom(LARGE)
    peer.send(framing.encode(protocol.notification("frame", FRAME), pixels))
    assert until(lambda: notes)
    assert notes[0][2] == pixels


def test_of_notifications_that_wait_only_the_newest_of_a_topic_is_told(client, peer, monkeypatch):
    monkeypatch.setattr("anycost.bridge.qt_client.TURN_S", 300.0)
    notes = []
    client.notified.connect(lambda method, params, data: notes.append((method, params)))
    number = client.request("edit", {}, lambda answer: notes.append(("answer", answer.result)))
    frame = {"picture": "p", "whole": True}
    sent = [protocol.notification("core/state", {"text": f"Loading {n}"}) for n in range(50)]
    sent += [protocol.notification("frame", {**frame, "stamp": n}) for n in range(3)]
    sent += [protocol.notification("frame", {**frame, "whole": False, "stamp": 3})]
    sent += [protocol.notification("frame", {**frame, "picture": "q", "stamp": 4})]
    sent += [protocol.result(number, {}), protocol.notification("core/state", {"text": "Ready"})]
    peer.send(b"".join(map(framing.encode, sent)))
    assert until(lambda: notes and notes[-1][1] == {"text": "Ready"})
    assert notes == [
        ("frame", {**frame, "stamp": 2}),
        ("frame", {**frame, "whole": False, "stamp": 3}),
        ("frame", {**frame, "picture": "q", "stamp": 4}),
        ("answer", {}),
        ("core/state", {"text": "Ready"}),
    ]


def test_a_flood_gives_the_window_its_turn_after_each_of_its_own(client, peer, monkeypatch):
    """However much has come: a turn handles one message where its time is over at once."""
    monkeypatch.setattr("anycost.bridge.qt_client.TURN_S", 0.0)
    monkeypatch.setattr(client, "_take", lambda socket, end: QtClient._take(client, socket, end + 300))
    order = []
    client.notified.connect(lambda method, params, data: order.append(method))
    ticks = QtCore.QTimer()
    ticks.timeout.connect(lambda: order.append("tick"))
    ticks.start(0)
    peer.send(b"".join(framing.encode(protocol.notification(f"n{number}")) for number in range(50)))
    assert until(lambda: "n49" in order)
    ticks.stop()
    told = [place for place, what in enumerate(order) if what != "tick"]
    assert len(told) == 50
    assert all(later - earlier > 1 for earlier, later in itertools.pairwise(told))


def test_what_a_refusal_says_is_bounded(client, peer):
    answers = []
    number = client.request("edit", {}, answers.append)
    peer.send(framing.encode(protocol.error(number, -32000, "e" * 250_000, "x" * 1000)))
    assert until(lambda: answers)
    assert answers[0].fault == ("protocol", "e" * LONGEST_SENTENCE)


def test_a_number_that_is_not_finite_is_a_fault_of_the_caller(client, peer):
    answers = []
    client.request("edit", {"edits": {"smile": float("nan")}}, answers.append)
    assert answers == []  # never before request() returned
    assert until(lambda: answers)
    assert answers[0].fault.kind == "bad-value"
    assert client.is_connected


def test_a_peer_that_dies_in_the_middle_of_a_frame(client, peer):
    answers, reasons, notes = [], [], []
    client.lost.connect(reasons.append)
    client.notified.connect(lambda *note: notes.append(note))
    client.request("edit", {}, answers.append)
    frame = framing.encode(protocol.notification("frame", FRAME), bytes(512 * 512 * 4))
    peer.send(frame[: len(frame) // 2])
    peer.socket.close()
    assert until(lambda: reasons)
    assert answers[0].fault.kind == "disconnected"
    assert notes == []
    assert len(reasons) == 1
    assert not client.is_connected


def test_a_peer_that_stops_reading_holds_nobody_up(client, peer):
    pixels = bytes(32 << 20)
    answers = []
    begin = time.monotonic()
    for _ in range(17):
        client.request("picture/open", {}, answers.append, pixels)
    assert until(lambda: answers)  # the one too many
    assert answers[0].fault.kind == "busy"
    assert client.is_connected
    assert client._socket.bytesToWrite() <= 2 * WRITE_AHEAD
    assert time.monotonic() - begin < 300  # a hang, not a benchmark


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"ACG1" + b"\xff" * 8,
        framing.encode({"jsonrpc": "1.0", "id": 1, "result": {}}),
        framing.encode({"jsonrpc": "2.0", "id": 1, "result": 7}),
    ],
)
def test_a_peer_that_speaks_something_else_is_left(client, peer, garbage):
    reasons = []
    client.lost.connect(reasons.append)
    peer.send(garbage)
    assert until(lambda: reasons)
    assert not client.is_connected
    assert reasons[0].endswith(".")


LISTEN_AS_NOBODY = (
    "import os, socket, sys; s = socket.socket(fileno=int(sys.argv[1])); os.setuid(65534); s.listen();"
    "print('listening', flush=True); sys.stdin.read()"
)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can listen as another user")
def test_another_user_s_program_gets_nothing_wherever_it_listens(tmp_path):
    """Even in the user's own folder, where it should never come to."""
    path, sock = str(tmp_path / "core.sock"), socket.socket(socket.AF_UNIX)
    sock.bind(path)
    stranger = subprocess.Popen(
        [sys.executable, "-c", LISTEN_AS_NOBODY, str(sock.fileno())],
        pass_fds=[sock.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert stranger.stdout is not None
        assert stranger.stdout.readline()
        client, reasons, connections = QtClient(), [], []
        client.lost.connect(reasons.append)
        client.connected.connect(lambda: connections.append(1))
        client.open(path)
        assert until(lambda: reasons)
        assert reasons == [OTHER_USER]
        assert not connections
        with pytest.raises(launch.CoreNotInstalled, match="Another user"):
            launch.find_core(path)
    finally:
        stranger.communicate(b"")
        sock.close()


def test_nobody_listens(tmp_path):
    client = QtClient()
    reasons, answers = [], []
    client.lost.connect(reasons.append)
    client.open(str(tmp_path / "nobody.sock"))
    client.request("hello", {}, answers.append)
    assert until(lambda: reasons and answers)
    assert answers[0].fault.kind == "disconnected"


# The keeper, with real processes


@pytest.fixture
def keeper(tmp_path, monkeypatch):
    with qt_loop.core_home(tmp_path, monkeypatch):
        keeper = CoreKeeper("tests", "0")
        yield keeper
        process = keeper.process
        keeper.stop()
        assert until(lambda: qt_loop.gone(process))
        qt_loop.settle()


def record(keeper):
    words = []
    keeper.words.connect(words.append)
    return words


def test_a_core_is_started_then_restarted_after_its_death(keeper):
    words, hellos, losses = record(keeper), [], []
    keeper.ready.connect(hellos.append)
    keeper.lost.connect(lambda: losses.append(1))
    keeper.start()
    assert until(lambda: hellos), keeper.report()
    assert words == ["Looking for the core…", "Starting the core…", "Connecting to the core…", "Connected"]
    os.kill(hellos[0]["pid"], signal.SIGKILL)
    assert until(lambda: len(hellos) == 2), keeper.report()
    assert losses == [1]
    assert "The core stopped: restarting…" in words
    assert hellos[1]["pid"] != hellos[0]["pid"]


def test_a_running_core_is_adopted_and_left_running(keeper):
    hellos = []
    keeper.ready.connect(hellos.append)
    keeper.start()
    assert until(lambda: hellos), keeper.report()
    other = CoreKeeper("second", "0")
    other.ready.connect(hellos.append)
    other.start()
    assert until(lambda: len(hellos) == 2)
    assert hellos[0]["pid"] == hellos[1]["pid"]
    assert other.process is None
    other.stop()
    qt_loop.settle(0.2)
    os.kill(hellos[0]["pid"], 0)  # raises if it is gone
    assert keeper.is_ready


def grow_impatient(keeper, monkeypatch, **turns):
    """From now on, a keeper waits for few and short turns of its watch."""
    for name, count in {"ASK": 1, "TELL": 3, "END": 9, **turns}.items():
        monkeypatch.setattr(f"anycost.bridge.qt_client.{name}_AFTER_S", count)
    keeper._watch.setInterval(100)


def greeted(keeper):
    """The pids of the cores that the keeper finds, as they come."""
    pids = []
    keeper.ready.connect(lambda hello: pids.append(hello["pid"]))
    return pids


def test_a_core_that_is_asked_for_a_sign_of_life_gives_one(keeper, monkeypatch):
    """Also while it has nothing to do."""
    pids = greeted(keeper)
    keeper.start()
    assert until(lambda: pids), keeper.report()
    grow_impatient(keeper, monkeypatch, TELL=1e9)
    before = keeper.client.signs
    assert until(lambda: keeper.client.signs > before + 5)


def test_a_core_that_stops_without_dying_is_told_of_and_goes_on(keeper, monkeypatch):
    words, pids, offers, answers = record(keeper), greeted(keeper), [], []
    keeper.silent.connect(offers.append)
    keeper.start()
    assert until(lambda: pids), keeper.report()
    os.kill(pids[0], signal.SIGSTOP)
    grow_impatient(keeper, monkeypatch, END=1e9)
    try:
        keeper.client.request("core/status", {}, answers.append)
        assert until(lambda: offers and offers[-1])
        assert words[-1] == SILENT
    finally:
        os.kill(pids[0], signal.SIGCONT)
    assert until(lambda: words[-1] == "Ready")
    assert offers[-1] is False
    assert until(lambda: answers)
    assert answers[0].fault is None
    assert len(pids) == 1


@pytest.mark.parametrize("adopted", [False, True])
def test_a_core_that_hangs_is_replaced_whoever_started_it(keeper, monkeypatch, adopted):
    words, pids, other = record(keeper), greeted(keeper), CoreKeeper("first", "0")
    if adopted:
        first = greeted(other)
        other.start()
        assert until(lambda: first), other.report()
    keeper.start()
    assert until(lambda: pids), keeper.report()
    assert (keeper.process is None) == adopted
    os.kill(pids[0], signal.SIGSTOP)
    grow_impatient(keeper, monkeypatch)
    assert until(lambda: len(pids) == 2), keeper.report()
    assert pids[1] != pids[0]
    assert SILENT in words
    process = other.process
    other.stop()
    assert until(lambda: qt_loop.gone(process))


def test_a_core_that_never_greeted_is_replaced_if_it_is_one(keeper, monkeypatch):
    """Such as one that an earlier window has left behind."""
    monkeypatch.setattr("anycost.bridge.qt_client.HELLO_LIMIT_S", 0.2)
    left = subprocess.Popen(launch.core_command(), stdin=subprocess.PIPE, env=launch.core_environment())
    assert left.stdin is not None
    assert until(lambda: os.path.exists(keeper.path))
    os.kill(left.pid, signal.SIGSTOP)
    pids = greeted(keeper)
    keeper.start()
    assert until(lambda: left.poll() is not None)
    monkeypatch.setattr("anycost.bridge.qt_client.HELLO_LIMIT_S", 300)
    assert until(lambda: pids), keeper.report()
    left.stdin.close()


def test_without_a_free_place_it_waits_and_starts_no_cores(keeper, tmp_path, monkeypatch):
    monkeypatch.setattr("anycost.bridge.qt_client.FIRST_DELAY_S", 0.01)
    folder = tmp_path / "run" / "anycost"
    folder.mkdir(mode=0o700)
    full, words = Peer(folder), record(keeper)
    full.listener.setblocking(False)
    sentence = "The core serves 16 programs already: close one of them, then try again."
    keeper.start()
    for _ in range(3):  # as the server does
        assert until(lambda: accepted(full))
        full.send(framing.encode(protocol.error(None, protocol.CORE_ERROR, sentence, "busy")))
        full.socket.close()
    assert until(lambda: words[-1] == sentence)
    assert keeper.process is None
    assert keeper.running
    full.listener.close()


def accepted(peer):
    try:
        peer.take()
    except BlockingIOError:
        return False
    return True


def test_the_started_core_leaves_with_its_keeper(keeper):
    hellos = []
    keeper.ready.connect(hellos.append)
    keeper.start()
    assert until(lambda: hellos), keeper.report()
    process = keeper.process
    ended = []
    process.finished.connect(lambda code, _status: ended.append(code))
    keeper.stop()
    assert until(lambda: ended)
    assert ended == [0]


def test_a_core_that_never_lives_is_given_up(keeper, monkeypatch, tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no module named torch >&2\nexit 1\n")
    broken.chmod(0o755)
    (tmp_path / "config" / "anycost" / "core.json").write_text(json.dumps({"python": str(broken)}))
    monkeypatch.setattr("anycost.bridge.qt_client.FIRST_DELAY_S", 0.01)
    sentences = []
    keeper.gave_up.connect(sentences.append)
    keeper.start()
    assert until(lambda: sentences)
    assert "again and again" in sentences[0]
    assert "no module named torch" in keeper.report()
    assert not keeper.running
    keeper.start()  # the artist may always try again
    assert keeper.running


def test_without_a_core_the_sentence_says_what_to_install(keeper, tmp_path):
    (tmp_path / "config" / "anycost" / "core.json").unlink()
    sentences = []
    keeper.gave_up.connect(sentences.append)
    keeper.start()
    assert until(lambda: sentences)
    assert "anycost plugin install" in sentences[0]


def test_a_peer_that_never_answers_hello_is_given_up(keeper, tmp_path, monkeypatch):
    monkeypatch.setattr("anycost.bridge.qt_client.HELLO_LIMIT_S", 0.2)
    folder = tmp_path / "run" / "anycost"
    folder.mkdir(mode=0o700)
    silent = Peer(folder)
    sentences = []
    keeper.gave_up.connect(sentences.append)
    keeper.start()
    assert until(lambda: sentences)
    assert "does not answer" in sentences[0]
    silent.listener.close()


def test_a_folder_that_others_can_enter_is_not_trusted(keeper, tmp_path):
    folder = tmp_path / "run" / "anycost"
    folder.mkdir()
    folder.chmod(0o777)
    peer = Peer(folder)
    sentences = []
    keeper.gave_up.connect(sentences.append)
    keeper.start()
    assert until(lambda: sentences)
    assert "only you can enter" in sentences[0]
    peer.listener.close()
