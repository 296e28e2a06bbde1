"""Hostile messages: frames that a broken or malicious program of the same user could send."""

from __future__ import annotations

import json
import random
import struct

from anycost.bridge.protocol import MAGIC, PROTOCOL

VALUES = [
    *(None, True, False, 0, -1, 1, 2**53, 2**63, -(2**63), 10**19, 1e308, -0.0, 1e-320),
    *("", "x", "\ud800", "\udcff", "\U0001f600" * 256, "a" * 257, "a" * 4096, "a\0b", "~root", "//", "."),
    *("../../etc/passwd", "/dev/zero", "/proc/self", "\u202e\x1b[2J", "<img src=/dev/zero>"),
    *([], [[]], {}, {"a": 1}, [1] * 1000, [0.1, 0.1, 0.9, 0.9], [0, 0, 0, 0], [1e-300, 0, 1, 1]),
    *({"format": "rgba8"}, {"format": "rgba8", "width": 1e9, "height": 4}, {"format": "f32", "shape": []}),
    *({"format": "f32", "shape": [16384] * 4}, {"format": "rgba8", "width": True, "height": 1}),
]
PLAUSIBLE = {
    "picture": "face",
    "stamp": 5,
    "edits": {"smile": 0.5},
    "quality": "draft",
    "dragging": True,
    "region": [0.1, 0.1, 0.5, 0.5],
    "frame_ms": 80,
    "seconds": 0.01,
    "steps": 1,
    "pack": "nowhere",
    "id": 1,
    "side": 16,
    "attachment": {"format": "rgba8", "width": 8, "height": 8},
}
METHODS = {
    "hello": ["protocol", "client", "version"],
    "pack/open": ["pack", "language"],
    "picture/faces": ["attachment"],
    "picture/open": ["picture", "face", "whole", "attachment"],
    "picture/project": ["picture", "seconds", "steps"],
    "picture/restore": ["picture", "attachment"],
    "picture/thumbnail": ["picture", "edits", "side", "quality", "mix"],
    "picture/apply": ["picture", "edits", "mix"],
    "picture/close": ["picture"],
    "edit": ["picture", "stamp", "edits", "quality", "dragging", "region", "frame_ms", "mix"],
    "core/status": ["x"],
    "$/cancel": ["id"],
    "frame": ["picture"],
    "": [],
    "a" * 257: [],
}
NO_JSON = [
    b'{"jsonrpc":"2.0","id":1,"method":"edit","params":{"stamp":NaN}}',
    b'{"a":1e400}',
    b'{"a":' + b"9" * 5000 + b"}",
    b"[" * 20_000 + b"]" * 20_000,
    b'{"a":' * 90_000 + b"0" + b"}" * 90_000,
    b'{"jsonrpc":"2.0","method":"x","params":{"j":[' + b"[]," * 300_000 + b"0]}}",
    b'{"a":"' + b"x" * 900_000 + b'"}',
    b"\xff\xfe{}",
    "{}".encode("utf-16"),
    b'{"a":"\xed\xa0\x80"}',
    b"null",
    b"{}x",
    b'{"jsonrpc":"2.0","id":1,"id":2,"method":"core/status"}',
]
ODD = [
    {"jsonrpc": "2.0", "id": 1, "result": {}},
    {"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "x"}},
    {"jsonrpc": "2.0"},
    {"jsonrpc": "2.0", "id": [], "method": "x"},
    *(
        {"jsonrpc": "2.0", "method": "$/cancel", "params": {"id": id}}
        for id in ([], {}, 1e300, 1.0, "\ud800")
    ),
]
STATUS = b'{"jsonrpc":"2.0","id":1,"method":"core/status"}'


def frame(text: bytes, data: bytes = b"", json_length: int = -1, length: int = -1) -> bytes:
    """A frame that may lie about its lengths."""
    lengths = len(text) if json_length < 0 else json_length, len(data) if length < 0 else length
    return struct.pack(">4sII", MAGIC, *lengths) + text + data


def hello(chance: random.Random) -> bytes:
    """A greeting, mostly a good one."""
    client = "attack" if chance.random() < 0.9 else chance.choice(VALUES)
    params = {"protocol": PROTOCOL, "client": client, "version": "0"}
    return frame(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "hello", "params": params}).encode())


def message(chance: random.Random) -> bytes:
    """One hostile frame."""
    draw = chance.random()
    if draw < 0.7:
        return _wrong_values(chance)
    if draw < 0.8:
        return frame(chance.choice(NO_JSON))
    if draw < 0.9:
        return _lie(chance)
    return frame(json.dumps(chance.choice(ODD)).encode())


def _wrong_values(chance: random.Random) -> bytes:
    method = chance.choice(list(METHODS))
    params = {}
    for name in METHODS[method]:
        draw = chance.random()
        if draw < 0.5:
            params[name] = chance.choice(VALUES)
        elif draw < 0.85 and name in PLAUSIBLE:
            params[name] = PLAUSIBLE[name]
    if "edits" in params and chance.random() < 0.3:
        params["edits"] = {chance.choice(["smile", "\ud800", "a" * 300, str(n)]): 0 for n in range(300)}
    made: dict = {"jsonrpc": chance.choice(["2.0"] * 20 + ["1.0", 2, None]), "method": method}
    made["params"] = params if chance.random() < 0.97 else chance.choice(VALUES)
    if chance.random() < 0.97:
        made["id"] = chance.randint(1, 50) if chance.random() < 0.8 else chance.choice(VALUES)
    data = b"" if chance.random() < 0.7 else chance.randbytes(chance.choice([1, 3, 255, 256, 257, 4096]))
    return frame(json.dumps(made).encode(), data)


def _lie(chance: random.Random) -> bytes:
    return chance.choice(
        [
            b"XXXX" + frame(STATUS)[4:],
            frame(STATUS, json_length=chance.randint(0, 1)),
            frame(STATUS, json_length=chance.choice([2**20 + 1, 2**32 - 1])),
            frame(STATUS, length=chance.choice([2**28 + 1, 2**32 - 1])),
            frame(STATUS, length=chance.randint(1, 2**28)),
            frame(STATUS, json_length=len(STATUS) - chance.randint(1, 20)),
            frame(STATUS, json_length=len(STATUS) + chance.randint(1, 20)) + chance.randbytes(20),
            chance.randbytes(chance.randint(1, 4096)),
        ]
    )
