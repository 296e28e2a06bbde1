"""JSON-RPC 2.0 as panel and core use it: limits, error codes, the envelope of a message, attachments.

What travels inside the envelope is in messages.py; docs/protocol.md describes all of it.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

PROTOCOL = 2
MAGIC = b"ACG1"
HEADER_BYTES = 12  # magic, u32 JSON length, u32 attachment length, both big-endian
MAX_JSON = 256 << 10
MAX_VALUES = 8192  # in one message's JSON: more would take more than a few milliseconds to read
MAX_DEPTH = 16  # of values in each other
MAX_ATTACHMENT = 256 << 20
MAX_SIDE = 16384  # pixels of a picture's side
MAX_NAME = 256  # characters of a method, a picture's id, a direction's name

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
CORE_ERROR = -32000  # data.kind says which of KINDS

KINDS = (
    "no-face",
    "bad-picture",
    "unknown-direction",
    "bad-value",
    "pack",
    "other-pack",
    "cancelled",
    "unknown-picture",
    "not-projected",
    "no-change",
    "no-space",
    "busy",
    "internal",
)
CANCEL = "$/cancel"  # the method of `cancel`
PROTOCOL_KIND = "protocol"  # data.kind of the standard codes: the message itself was wrong


class MessageLimits(NamedTuple):
    """The most that one message may have."""

    json: int  # bytes
    values: int
    attachment: int  # bytes


ANY_MESSAGE = MessageLimits(MAX_JSON, MAX_VALUES, MAX_ATTACHMENT)
REQUESTS = MessageLimits(64 << 10, 2048, MAX_ATTACHMENT)  # a few hundred sliders, or a path
GREETING = MessageLimits(4096, 64, 0)  # before a peer has said hello


class ProtocolError(Exception):
    """The peer broke the protocol. `code` is a JSON-RPC code; the text is one sentence."""

    def __init__(self, text: str, code: int = INVALID_REQUEST):
        super().__init__(text)
        self.code = code


class CallError(Exception):
    """The core refused a request. `kind` is one of KINDS or PROTOCOL_KIND."""

    def __init__(self, code: int, kind: str, message: str):
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.message = message


class ServerError(Exception):
    """The core cannot listen; the text is a sentence."""


class AlreadyRunning(ServerError):
    """Another core listens there."""


def request(number: int, method: str, params: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}


def notification(method: str, params: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params or {}}


def cancel(number: int) -> Dict[str, Any]:
    """The notification that stops request `number`, which then answers an error of kind "cancelled"."""
    return notification(CANCEL, {"id": number})


def result(number: int, value: Dict[str, Any]) -> Dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "result": value}


def error(number: Optional[int], code: int, message: str, kind: str = PROTOCOL_KIND) -> Dict[str, Any]:
    """An error reply. `number` is None when the request's own id could not be read."""
    return {
        "jsonrpc": "2.0",
        "id": number,
        "error": {"code": code, "message": message, "data": {"kind": kind}},
    }


def check(message: Dict[str, Any]) -> str:
    """What a received object is: "request", "notification", "result" or "error"; else ProtocolError."""
    if message.get("jsonrpc") != "2.0":
        raise ProtocolError('A message must say "jsonrpc": "2.0".')
    if "method" in message:
        return _check_call(message)
    number = message.get("id")
    if "result" in message and _is_id(number) and isinstance(message["result"], dict):
        return "result"
    if "error" in message and (number is None or _is_id(number)) and _is_error(message["error"]):
        return "error"
    raise ProtocolError("A message must be a request, a notification, a result or an error of JSON-RPC 2.0.")


def cancelled_id(message: Mapping[str, Any]) -> int:
    """Which request a CANCEL is about; ProtocolError where it does not say."""
    number = message.get("params", {}).get("id")
    if not _is_id(number):
        raise ProtocolError("A cancel must give the id of a request, a whole number.", INVALID_PARAMS)
    return number


def _check_call(message: Dict[str, Any]) -> str:
    method = message["method"]
    if not isinstance(method, str) or len(method) > MAX_NAME:
        raise ProtocolError("A method must be a short text.")
    if not isinstance(message.get("params", {}), dict):
        raise ProtocolError("Parameters must be an object with named members.", INVALID_PARAMS)
    if "id" not in message:
        return "notification"
    if not _is_id(message["id"]):
        raise ProtocolError("A request's id must be a whole number.")
    return "request"


def _is_id(number: Any) -> bool:
    return type(number) is int and 0 <= number < 1 << 53


def _is_error(value: Any) -> bool:
    if not isinstance(value, dict) or type(value.get("code")) is not int:
        return False
    return isinstance(value.get("message"), str) and isinstance(value.get("data", {}), dict)


# Attachments


def rgba8(width: int, height: int) -> Dict[str, Any]:
    """Describes an attachment of straight-alpha sRGB pixels, rows from the top, 4 bytes a pixel."""
    return {"format": "rgba8", "width": width, "height": height}


def gray8(width: int, height: int) -> Dict[str, Any]:
    """Describes an attachment of one byte a pixel, rows from the top."""
    return {"format": "gray8", "width": width, "height": height}


def f32(shape: Sequence[int]) -> Dict[str, Any]:
    """Describes an attachment of little-endian 32-bit floats in C order."""
    return {"format": "f32", "shape": list(shape)}


def attachment_bytes(described: Any) -> int:
    """The exact length in bytes of what `described` (see rgba8, gray8, f32) describes; else ProtocolError."""
    sides = _sides(described)
    if not sides or not all(type(side) is int and 1 <= side <= MAX_SIDE for side in sides):
        text = "An attachment is rgba8 or gray8 with width and height or f32 with a shape; sides are 1 to {}."
        raise ProtocolError(text.format(MAX_SIDE), INVALID_PARAMS)
    total = 1 if described["format"] == "gray8" else 4
    for side in sides:
        total *= side
    if total > MAX_ATTACHMENT:
        text = "The attachment would be {} MiB, the most is {}: send a smaller part of the picture."
        raise ProtocolError(text.format(total >> 20, MAX_ATTACHMENT >> 20), INVALID_PARAMS)
    return total


def _sides(described: Any) -> List[Any]:
    if isinstance(described, dict) and described.get("format") in ("rgba8", "gray8"):
        return [described.get("width"), described.get("height")]
    if isinstance(described, dict) and described.get("format") == "f32":
        shape = described.get("shape")
        return shape if isinstance(shape, list) and len(shape) <= 4 else []
    return []


def described(body: Mapping[str, Any], attachment: bytes, form: str) -> Dict[str, Any]:
    """`body["attachment"]` if it has format `form` and matches the bytes that came; else ProtocolError.

    Call it before building an image or an array from received bytes: Qt crashes on a buffer that is shorter
    than its description.
    """
    found = body.get("attachment")
    if not isinstance(found, dict) or found.get("format") != form:
        raise ProtocolError(f"This message needs an attachment of format {form}.", INVALID_PARAMS)
    expected = attachment_bytes(found)
    if len(attachment) != expected:
        text = "The attachment has {} bytes, its description says {}."
        raise ProtocolError(text.format(len(attachment), expected), INVALID_PARAMS)
    return found
