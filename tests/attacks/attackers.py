"""Programs that attack a core's socket: `python -m attacks.attackers attack|flood|half PATH ...`."""

from __future__ import annotations

import json
import random
import socket
import struct
import sys
import time

from anycost.bridge.framing import encode
from anycost.bridge.protocol import MAGIC, PROTOCOL, notification, request

from . import hostile

STATUS = encode(request(7, "core/status"))
FLOODS = {
    "requests": STATUS * 200,
    "notifications": encode(notification("x")) * 2000,
    "large JSON": encode(notification("x", {"text": "x" * 60_000})),
    "many values": hostile.frame(b'{"jsonrpc":"2.0","method":"x","params":{"j":[' + b"[]," * 2000 + b"0]}}"),
    "connections": b"",
}


def attack(path: str, seed: str, count: str) -> None:
    """Sends hostile messages over connections that end after some."""
    chance, connection, left = random.Random(int(seed)), None, 0
    for _ in range(int(count)):
        try:
            if connection is None:
                connection, left = _connected(path), chance.randint(1, 60)
                if chance.random() < 0.95:
                    connection.sendall(hostile.hello(chance))
            connection.sendall(hostile.message(chance))
            left -= 1
            if chance.random() < 0.3:
                _take(connection)
            if not left:
                raise ConnectionError
        except OSError:
            if connection is not None:
                connection.close()
            connection = None


def flood(path: str, kind: str, seconds: str) -> None:
    """Sends the same again and again, and reads what comes."""
    data, end = FLOODS[kind], time.monotonic() + float(seconds)
    while time.monotonic() < end:
        try:
            connection = _greeted(path)
            connection.sendall(data)
            while data and time.monotonic() < end:
                connection.sendall(data)
                _take(connection)
            connection.close()
        except OSError:
            pass


def half(path: str, length: str) -> None:
    """Sends all of a large message but its last byte, says so, and waits to be killed."""
    connection = _greeted(path)
    text = json.dumps(request(2, "picture/faces")).encode()
    connection.settimeout(60)
    connection.sendall(struct.pack(">4sII", MAGIC, len(text), int(length) + 1) + text)
    connection.sendall(bytes(int(length)))
    print("sent", flush=True)
    time.sleep(600)


def _connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(5)
    while True:
        try:
            connection.connect(path)
            return connection
        except BlockingIOError:  # all places in the queue are taken
            time.sleep(0.001)


def _greeted(path: str) -> socket.socket:
    connection = _connected(path)
    hello = {"protocol": PROTOCOL, "client": "attack", "version": "0"}
    connection.sendall(encode(request(1, "hello", hello)))
    return connection


def _take(connection: socket.socket) -> None:
    connection.setblocking(False)
    try:
        while connection.recv(1 << 16):
            pass
        raise ConnectionError
    except BlockingIOError:
        pass
    finally:
        connection.settimeout(5)


if __name__ == "__main__":
    {"attack": attack, "flood": flood, "half": half}[sys.argv[1]](*sys.argv[2:])
