"""A core that answers until a face is shown, then floods: `python -m attacks.flooding_core SOCKET KIND`."""

from __future__ import annotations

import itertools
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from panel_wire import ONE, PACK, PLACEMENT

from anycost.bridge.framing import Decoder, encode
from anycost.bridge.protocol import PROTOCOL, error, f32, notification, result, rgba8

from .hostile import frame

ANSWERS = {
    "hello": {"protocol": PROTOCOL, "version": "0", "pid": os.getpid(), "capabilities": []},
    "pack/open": PACK,
    "picture/faces": ONE,
    "picture/open": PLACEMENT,
    "picture/project": {"stopped": "done", "step": 1, "loss": 0.1, "seconds": 1.0, "attachment": f32([2, 3])},
}
LATENTS = {"picture/project": bytes(24)}
SIDE = 512


def flood(kind: str, picture: str, edit: int) -> Iterable[bytes]:
    """Frames without an end."""
    if kind == "nothing":
        return ()
    if kind == "states that change":
        return (encode(notification("core/state", {"text": f"Loading {n}"})) for n in itertools.count())
    if kind == "pictures":
        return (_picture(picture, stamp) for stamp in itertools.count(1))
    if kind == "progress":
        return (_progress(picture, step) for step in itertools.count(1))
    same = {
        "small notifications": encode(notification("x")),
        "long states": encode(notification("core/state", {"text": "w" * 19_000})),
        "long states of words": encode(notification("core/state", {"text": "word " * 3900})),
        "states that are too long": encode(notification("core/state", {"text": "w" * 250_000})),
        "many lists": frame(b'{"jsonrpc":"2.0","method":"x","params":{"j":[' + b"[]," * 4000 + b"0]}}"),
        "many numbers": frame(b'{"jsonrpc":"2.0","method":"x","params":{"j":[' + b"1.5," * 8000 + b"0]}}"),
        "64 MiB attachments": encode(notification("frame", {"picture": "nobody"}), bytes(64 << 20)),
        "long errors": encode(error(edit, -32000, "e" * 250_000, "pack")),
        "packs that change": encode(notification("packs/changed")),
    }
    return itertools.repeat(same[kind])


KINDS = (
    *("nothing", "small notifications", "states that change", "long states", "long states of words"),
    *("states that are too long", "many lists", "many numbers", "64 MiB attachments", "long errors"),
    *("packs that change", "progress", "pictures"),
)


def _picture(picture: str, stamp: int) -> bytes:
    told = {"picture": picture, "stamp": stamp, "pass": 1, "passes": 3, "resolution": SIDE, "side": SIDE}
    told.update(ratio=0.5, ms=10.0, attachment=rgba8(SIDE, SIDE))
    return encode(notification("frame", told), bytes([stamp % 256]) * (4 * SIDE * SIDE))


def _progress(picture: str, step: int) -> bytes:
    told = {"picture": picture, "step": step % 100, "steps": 100, "loss": 0.5, "stage": "refine"}
    return encode(notification("project/progress", told))


def _requests(connection: socket.socket) -> Iterator[dict[str, Any]]:
    decoder = Decoder()
    while data := connection.recv(1 << 18):
        for message, _ in decoder.messages(data):
            yield message


def serve(connection: socket.socket, kind: str) -> None:
    picture = ""
    for message in _requests(connection):
        method, params = message["method"], message.get("params", {})
        picture = params.get("picture", picture)
        if method == "edit":
            for data in flood(kind, picture, message["id"]):
                connection.sendall(data)
        elif method in ANSWERS:
            answer = result(message["id"], ANSWERS[method])
            connection.sendall(encode(answer, LATENTS.get(method, b"")))


def main(path: str, kind: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        print("listening", flush=True)
        connection, _ = listener.accept()
        try:
            serve(connection, kind)
            connection.recv(1)
        except OSError:
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
