"""The socket of a real core process: who gets in, what is refused, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import stat
import struct
import subprocess
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import asynccontextmanager

import pytest
from wire import PATIENCE, Wire, ended, private_home, running, socket_files, start, write

from anycost.bridge import launch, posix, protocol
from anycost.bridge.client import Client, ConnectionLost
from anycost.bridge.framing import LARGE, Decoder, encode
from anycost.bridge.messages import Welcome
from anycost.bridge.outbox import MAX_FRAMES, Outbox
from anycost.bridge.protocol import MAGIC, MAX_ATTACHMENT, MAX_JSON, CallError
from anycost.bridge.server import MAX_ALL_CALLS, MAX_CALLS, MAX_PEERS, Server
from anycost.core.service.service import Service


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        private_home(folder, patch)
        yield folder


@pytest.fixture(scope="module")
def core(home):
    """One core for the tests that leave it running."""
    with running() as process:
        yield process


@pytest.fixture
def wire(core):
    with Wire(posix.socket_path()) as wire:
        yield wire


@pytest.fixture
def stranger(core):
    """A connection that has not said hello."""
    with Wire(posix.socket_path(), hello=False) as wire:
        yield wire


def test_hello_tells_what_the_core_is(wire, core):
    assert wire.core["protocol"] == protocol.PROTOCOL
    assert wire.core["pid"] == core.pid
    assert "picture/project" in wire.core["capabilities"]


def hung_up(wire: Wire) -> dict:
    """The last error before the core closes the connection."""
    message, _ = wire.receive()
    with pytest.raises(EOFError):
        wire.receive()
    return message["error"]


def test_hello_comes_first(stranger):
    stranger.ask("core/status")
    error = hung_up(stranger)
    assert error["code"] == protocol.INVALID_REQUEST
    assert "hello" in error["message"]


def test_another_protocol_is_told_what_to_do(stranger):
    stranger.ask("hello", {"protocol": 99, "client": "test", "version": "0"})
    assert "same release" in hung_up(stranger)["message"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"protocol": True},
        {"protocol": float(protocol.PROTOCOL)},
        {"protocol": [[]]},
        {"client": []},
        {"client": "\ud800"},
        {"version": "a\0b"},
    ],
    ids=str,
)
def test_a_greeting_with_a_wrong_value_is_told_which(stranger, wrong):
    stranger.ask("hello", {"protocol": protocol.PROTOCOL, "client": "test", "version": "0", **wrong})
    error = hung_up(stranger)
    assert error["code"] == protocol.INVALID_PARAMS
    assert f'"{next(iter(wrong))}"' in error["message"]


def test_hello_is_said_once(wire):
    code, _, text = wire.refusal("hello", {"protocol": protocol.PROTOCOL, "client": "test", "version": "0"})
    assert (code, text) == (protocol.INVALID_REQUEST, "This connection has said hello already.")
    assert wire.call("core/status")["pictures"] == 0


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        os.urandom(4096).replace(MAGIC, b"...."),
        struct.pack(">4sII", MAGIC, MAX_JSON + 1, 0),
        struct.pack(">4sII", MAGIC, 10, 1) + b"0123456789",
        struct.pack(">4sII", MAGIC, 10, 0) + b"0123456789",
        struct.pack(">4sII", MAGIC, 2**32 - 1, 2**32 - 1),
        struct.pack(">4sII", MAGIC, 5000, 0),
        encode({"a": [0] * 100}),
    ],
    ids=[
        "http",
        "noise",
        "long JSON",
        "attachment before hello",
        "not JSON",
        "largest",
        "a long greeting",
        "a greeting of many values",
    ],
)
def test_garbage_ends_the_connection(stranger, garbage):
    stranger.socket.sendall(garbage)
    assert hung_up(stranger)["code"] == protocol.PARSE_ERROR


def test_an_oversized_attachment_ends_the_connection(wire):
    wire.socket.sendall(struct.pack(">4sII", MAGIC, 2, MAX_ATTACHMENT + 1))
    assert hung_up(wire)["code"] == protocol.PARSE_ERROR


def test_a_wrong_message_is_refused_and_the_next_one_answered(wire):
    wire.tell({"jsonrpc": "2.0", "id": 70, "method": "edit", "params": [1]})
    assert wire.answer(70)[0]["error"]["code"] == protocol.INVALID_PARAMS
    wire.tell({"jsonrpc": "2.0", "hello": 1})
    assert wire.answer(None)[0]["error"]["code"] == protocol.INVALID_REQUEST
    wire.tell(protocol.result(1, {}))  # the core asks nothing, so this answers nothing
    wire.tell(protocol.notification("$/unknown"))
    wire.tell(protocol.cancel(12345))
    assert wire.refusal("picture/paint")[0] == protocol.METHOD_NOT_FOUND
    assert wire.call("core/status")["pictures"] == 0


@pytest.mark.parametrize("number", [None, [], {}, 1.0, 1e300, True, "\ud800"], ids=str)
def test_a_cancel_of_nothing_is_told_so(wire, number):
    wire.tell(protocol.notification("$/cancel", {"id": number}))
    error = wire.answer(None)[0]["error"]
    assert (error["code"], error["message"].split(":")[0]) == (
        protocol.INVALID_PARAMS,
        "A cancel must give the id of a request, a whole number.",
    )
    assert wire.call("core/status")["pictures"] == 0


@pytest.mark.parametrize("name", ["\ud800", "\udcff\ud800", "a\0b"], ids=ascii)
def test_texts_that_are_none_are_told_so(wire, name):
    for method, params in (("pack/open", {"pack": name}), ("picture/close", {"picture": name})):
        code, kind, text = wire.refusal(method, params)
        assert (code, kind) == (protocol.INVALID_PARAMS, "bad-value")
        assert "whole characters" in text
    wire.tell({"jsonrpc": "2.0", "id": name, "method": "core/status"})
    assert "whole number" in wire.answer(None)[0]["error"]["message"]


def test_a_flood_is_answered_in_full(wire):
    """More requests in one piece than may be open at once: they are taken as they are answered."""
    numbers = range(100, 100 + 3 * MAX_CALLS)
    wire.socket.sendall(b"".join(encode(protocol.request(number, "core/status")) for number in numbers))
    answers = {}
    while len(answers) < len(numbers):
        message, _ = wire.receive()
        answers[message["id"]] = message
    assert set(answers) == set(numbers)
    assert all("result" in message for message in answers.values())


def test_too_many_connections_are_turned_away(core):
    """With a sentence, so that nobody takes the core for dead and starts another."""
    wires = [Wire(posix.socket_path()) for _ in range(MAX_PEERS)]
    try:
        with Wire(posix.socket_path(), hello=False) as wire:
            assert hung_up(wire)["data"] == {"kind": "busy"}
        with pytest.raises(CallError, match="16 programs already"):
            launch.find_core()
    finally:
        for wire in wires:
            wire.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_user_is_turned_away(core):
    path = posix.socket_path()
    folder = os.path.dirname(path)
    assert os.stat(folder).st_mode & 0o777 == 0o700
    os.chmod(folder, 0o711)  # as if the folder did not keep others out
    os.chmod(path, 0o777)
    script = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('core.sock'); print(s.recv(1))"
    command = ["/usr/bin/python3", "-c", script]
    other = subprocess.run(command, cwd=folder, user=65534, capture_output=True, text=True, timeout=PATIENCE)
    os.chmod(folder, 0o700)
    assert other.stdout == "b''\n", other.stderr
    with Wire(path) as wire:
        assert wire.core["pid"] == core.pid


# How a core comes and goes: each of these has its own


@pytest.fixture
def own_path(tmp_path):
    os.chmod(tmp_path, 0o700)
    return str(tmp_path / "own.sock")


def test_end_of_standard_input_ends_the_core(own_path):
    with running(own_path) as process, Wire(own_path) as wire:
        write(process, b"")
        assert ended(process) == 0
        assert not os.path.exists(own_path)
        with pytest.raises((EOFError, ConnectionError)):
            wire.receive()


def test_input_on_standard_input_means_nothing(own_path):
    with running(own_path) as process, Wire(own_path) as wire:
        write(process, b"quit\n" * 5000)
        assert wire.call("core/status")["pictures"] == 0


def test_sigterm_ends_the_core(own_path):
    with running(own_path) as process:
        process.send_signal(signal.SIGTERM)
        assert ended(process) == 0
        assert not os.path.exists(own_path)


def test_shutdown_is_answered_first(own_path):
    with running(own_path) as process, Wire(own_path) as wire:
        assert wire.call("core/shutdown") == {}
        assert ended(process) == 0


def test_a_second_core_refuses_and_the_first_stays(own_path):
    with running(own_path) as first:
        second = start(own_path)
        _, complaint = second.communicate(timeout=PATIENCE)
        assert second.returncode == 3
        assert "already listening" in complaint.decode()
        assert "Traceback" not in complaint.decode()
        with Wire(own_path) as wire:
            assert wire.core["pid"] == first.pid


def test_a_stopped_core_counts_as_running(own_path):
    with running(own_path) as first:
        first.send_signal(signal.SIGSTOP)
        second = start(own_path)
        second.communicate(timeout=PATIENCE)
        first.send_signal(signal.SIGCONT)
        assert second.returncode == 3
        with Wire(own_path) as wire:
            assert wire.core["pid"] == first.pid


def test_what_a_killed_core_left_is_no_hindrance(own_path):
    with running(own_path) as first:
        first.kill()
        first.wait()
        assert os.path.exists(own_path)
        with running(own_path) as second, Wire(own_path) as wire:
            assert wire.core["pid"] == second.pid


def test_two_cores_at_once_leave_one(own_path):
    with running(own_path) as old:
        old.kill()
        old.wait()  # a stale socket: both see it
    command, environment = launch.core_command(own_path), launch.core_environment()
    both = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    try:
        deadline = time.monotonic() + PATIENCE
        while all(process.poll() is None for process in both) and time.monotonic() < deadline:
            time.sleep(0.01)
        (leaver,) = (process for process in both if process.poll() is not None)
        assert leaver.returncode == 3
        with Wire(own_path) as wire:
            assert wire.core["pid"] in {process.pid for process in both} - {leaver.pid}
    finally:
        for process in both:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    "obstacle", ["file", "open folder", "no folder", "linked folder", "linked lock", "no lock"]
)
def test_obstacles_are_named(own_path, tmp_path, obstacle):
    path = own_path
    if obstacle == "file":
        (tmp_path / "own.sock").write_text("a diary")
    elif obstacle == "open folder":
        os.chmod(tmp_path, 0o755)
    elif obstacle == "linked folder":
        (tmp_path / "link").symlink_to(tmp_path)
        path = str(tmp_path / "link" / "own.sock")
    elif obstacle == "linked lock":
        (tmp_path / "own.sock.lock").symlink_to(tmp_path / "elsewhere")
    elif obstacle == "no lock":
        (tmp_path / "own.sock.lock").mkdir()
    else:
        (tmp_path / "file").write_text("")
        path = str(tmp_path / "file" / "own.sock")
    process = start(path)
    _, complaint = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert str(tmp_path) in complaint.decode()
    assert "Traceback" not in complaint.decode()
    assert not (tmp_path / "elsewhere").exists()
    assert ("own.sock.lock is in the way" in complaint.decode()) == obstacle.endswith("lock")
    assert ("chmod" in complaint.decode()) == (obstacle == "open folder")  # which helps there alone
    if obstacle == "file":
        assert (tmp_path / "own.sock").read_text() == "a diary"


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder away takes root")
def test_another_user_s_folder_is_named(own_path, tmp_path):
    os.chown(tmp_path, 65534, 65534)
    process = start(own_path)
    _, complaint = process.communicate(timeout=PATIENCE)
    assert f"{tmp_path} belongs to another user" in complaint.decode()


def test_only_this_user_may_use_the_socket(own_path):
    with running(own_path):
        assert stat.S_IMODE(os.stat(own_path).st_mode) == 0o600


def test_a_leaving_core_removes_no_socket_but_its_own(own_path):
    with running(own_path) as first:
        os.unlink(own_path)
        with running(own_path):
            write(first, b"")
            ended(first)
            with Wire(own_path) as wire:
                assert wire.call("core/status")["pictures"] == 0


# Clients


def test_find_core_adopts_the_running_one(core):
    found = launch.find_core()
    assert found is not None
    with found:
        assert found.core["pid"] == core.pid
    with launch.start_core() as client:
        assert client.core["pid"] == core.pid
    assert core.poll() is None
    assert socket_files() == ["core.sock"]


def test_start_core_lasts_as_long_as_its_block(own_path):
    assert launch.find_core(own_path) is None
    with launch.start_core(own_path) as client:
        pid = client.core["pid"]
        assert client.call("core/status").result["pack"] is None
    assert not os.path.exists(own_path)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_client_tells_refusal_and_loss_apart(own_path):
    with running(own_path) as process, Client(own_path) as client:
        with pytest.raises(CallError) as refused:
            client.call("picture/paint")
        assert (refused.value.code, refused.value.kind) == (protocol.METHOD_NOT_FOUND, "protocol")
        process.kill()
        with pytest.raises(ConnectionLost):
            client.call("core/status")
    with pytest.raises(ConnectionRefusedError):
        Client(own_path)


def test_client_survives_a_core_that_breaks_off_or_talks_nonsense(own_path):
    answer = encode(protocol.result(1, {"protocol": 1}), bytes(100_000))
    for reply in (answer[:50_000], answer[:3], b"HTTP/1.1 400 Bad Request\r\n\r\n", b""):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(own_path)
            listener.listen()
            thread = threading.Thread(target=_reply_and_hang_up, args=(listener, reply))
            thread.start()
            with pytest.raises(ConnectionLost):
                Client(own_path)
            thread.join()
        os.unlink(own_path)


def _reply_and_hang_up(listener: socket.socket, reply: bytes) -> None:
    peer, _ = listener.accept()
    with peer:
        peer.recv(1 << 16)
        peer.sendall(reply)


def test_client_gives_up_on_a_silent_core(own_path):
    with running(own_path) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(ConnectionLost, match="timed out"):
            Client(own_path, silence=0.2)


# The queue towards a peer


def test_outbox_keeps_order_and_only_the_newest_of_a_topic():
    async def scenario():
        outbox = Outbox()
        outbox.put((b"frame 1", b"x" * 10), "frame a")
        outbox.put((b"answer", b""), None)
        outbox.put((b"other", b"y"), "frame b")
        outbox.put((b"frame 2", b"z" * 20), "frame a")
        assert outbox.bytes == 6 + 6 + 27
        received = [(await outbox.get())[0] for _ in range(3)]
        assert received == [b"answer", b"other", b"frame 2"]
        assert outbox.bytes == 27  # the last one may still be under way
        assert not outbox.sent.is_set()
        waiting = asyncio.create_task(outbox.get())
        await outbox.sent.wait()
        waiting.cancel()

    asyncio.run(scenario())


def test_outbox_counts_what_is_being_sent():
    async def scenario():
        outbox = Outbox()
        outbox.put((b"head", bytes(96)))
        outbox.put((b"head", bytes(996)))
        await outbox.get()
        assert outbox.bytes == 1100
        outbox.clear()
        assert outbox.bytes == 100

    asyncio.run(scenario())


def test_outbox_of_a_peer_that_does_not_read_stays_small():
    async def scenario():
        outbox = Outbox()
        for number in range(10_000):
            outbox.put((b"head", bytes(4096)), f"frame {number % 8}")
        assert outbox.bytes == 8 * 4100
        await asyncio.wait_for(outbox.room(), PATIENCE)
        for _ in range(2 * MAX_FRAMES):
            outbox.put((b"answer", b""))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(outbox.room(), 0.01)

    asyncio.run(scenario())


# What takes long, with the patience of the server cut short


def exchange(path: str, data: bytes) -> list[dict]:
    """What a server of the real service says to one peer until it hangs up."""

    async def scenario():
        core = Service("portraits", lambda: None)
        server = Server(path, core, Welcome("0", 0, ()))
        await server.start()
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(data)
        received = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
        await server.close()
        assert core.worker.close(PATIENCE)
        return [message for message, _ in Decoder().feed(received)]

    return asyncio.run(scenario())


def test_a_peer_that_says_nothing_is_not_kept(own_path, monkeypatch):
    monkeypatch.setattr("anycost.bridge.server.HELLO_SECONDS", 0.05)
    (message,) = exchange(own_path, b"")
    assert "hello" in message["error"]["message"]


# What peers make the core hold


class Nothing:
    """A handler that remembers who asked, and answers with nothing once it is free."""

    def __init__(self):
        self.asked = []
        self.free = asyncio.Event()
        self.free.set()
        self.attachment = b""

    async def answer(self, call):
        self.asked.append(call.peer.number)
        await self.free.wait()
        return {}, self.attachment

    def cancel(self, call):
        pass

    def left(self, peer):
        pass


HELLO = encode(protocol.request(1, "hello", {"protocol": protocol.PROTOCOL, "client": "t", "version": "0"}))


@asynccontextmanager
async def serving(path):
    service = Nothing()
    server = Server(path, service, Welcome("0", 0, ()))
    await server.start()
    try:
        yield server, service
    finally:
        await server.close()


async def greeted(path):
    """A connection that has said hello and was answered."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(HELLO)
    return reader, writer, await received(reader)


async def received(reader) -> dict:
    """The next message."""
    length = struct.unpack(">4sII", await asyncio.wait_for(reader.readexactly(12), PATIENCE))[1]
    return json.loads(await reader.readexactly(length))


def half(length: int) -> bytes:
    """A request whose attachment misses its last byte."""
    return encode(protocol.request(2, "picture/faces"), bytes(length))[:-1]


async def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


def test_who_sends_much_does_not_keep_others_waiting(own_path):
    """Of two floods, each gets its turn: neither is answered to its end first."""

    async def scenario():
        async with serving(own_path) as (_server, service):
            peers = [await greeted(own_path) for _ in range(2)]
            for _, writer, _ in peers:
                writer.write(b"".join(encode(protocol.request(n, "x")) for n in range(2, 52)))
            await until(lambda: len(service.asked) == 100)
            assert len(set(service.asked[:20])) == 2
            for _, writer, _ in peers:
                writer.close()

    asyncio.run(scenario())


def test_open_requests_are_bounded_for_each_peer_and_for_all(own_path):
    async def scenario():
        async with serving(own_path) as (server, service):
            service.free.clear()
            peers = [await greeted(own_path) for _ in range(MAX_ALL_CALLS // MAX_CALLS + 1)]
            for reader, writer, _ in peers[:-1]:
                writer.write(b"".join(encode(protocol.request(n, "x")) for n in range(2, MAX_CALLS + 3)))
                assert (await received(reader))["error"]["data"]["kind"] == "busy"  # the one too many
            reader, writer, _ = peers[-1]
            writer.write(encode(protocol.request(2, "x")))
            assert (await received(reader))["error"]["data"]["kind"] == "busy"
            assert len(service.asked) == server.calls == MAX_ALL_CALLS
            service.free.set()
            for reader, _, _ in peers[:-1]:
                assert [(await received(reader))["result"] for _ in range(MAX_CALLS)] == [{}] * MAX_CALLS
            assert server.calls == server.held == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("length", [100_000, 2 * LARGE])
def test_a_peer_that_dies_in_the_middle_of_a_message_leaves_nothing(own_path, length):
    async def scenario():
        async with serving(own_path) as (server, _service):
            _, writer, _ = await greeted(own_path)
            writer.write(half(length))
            (peer,) = server._peers
            await until(lambda: peer.unfinished > length - 1)
            held = peer._decoder._large or max(peer._decoder._part, key=len)
            gone = weakref.ref(held)
            del held
            writer.close()
            await until(lambda: not server._peers)
            assert gone() is None
            assert peer.unfinished == 0

    gc.disable()  # nothing may wait until Python looks for cycles
    try:
        asyncio.run(scenario())
    finally:
        gc.enable()


def test_who_stops_in_the_middle_of_a_message_is_let_go(own_path, monkeypatch):
    monkeypatch.setattr("anycost.bridge.server.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("anycost.bridge.server.STALLED_SECONDS", 0.1)

    async def scenario():
        async with serving(own_path):
            idle, idle_writer, _ = await greeted(own_path)
            reader, writer, _ = await greeted(own_path)
            writer.write(half(1000))
            assert "did not come within 0.1 seconds" in (await received(reader))["error"]["message"]
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
            with pytest.raises(asyncio.TimeoutError):  # who says nothing is not in the way
                await asyncio.wait_for(idle.read(), 0.2)
            idle_writer.close()

    asyncio.run(scenario())


def test_of_all_half_messages_the_largest_gives_way(own_path, monkeypatch):
    monkeypatch.setattr("anycost.bridge.server.MAX_UNFINISHED", 1_000_000)

    async def scenario():
        async with serving(own_path) as (server, _service):
            peers = [await greeted(own_path) for _ in range(3)]
            for (_, writer, _), length in zip(peers, (100_000, 600_000, 500_000), strict=True):
                writer.write(half(length))
                await writer.drain()
            reader = peers[1][0]
            assert (await received(reader))["error"]["data"]["kind"] == "busy"
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
            await until(lambda: sum(peer.unfinished for peer in server._peers) > 599_000)
            for number in (0, 2):  # the others come to their end
                peers[number][1].write(b"x")
                assert (await received(peers[number][0]))["id"] == 2

    asyncio.run(scenario())


def test_a_peer_with_too_much_unread_is_not_kept(own_path, monkeypatch):
    monkeypatch.setattr("anycost.bridge.server.MAX_UNFINISHED", 5_000_000)

    async def scenario():
        async with serving(own_path) as (server, service):
            service.attachment = bytes(2_000_000)
            _, other, _ = await greeted(own_path)
            reader, writer, _ = await greeted(own_path)
            for number in range(2, 6):  # and nothing is read
                writer.write(encode(protocol.request(number, "x")))
            await until(lambda: len(server._peers) == 1)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await asyncio.wait_for(reader.readexactly(4 * 2_000_000), PATIENCE)
            other.close()

    asyncio.run(scenario())
