"""Runs functions of ours that read untrusted files, in a process with limits: see bridge/sandbox.py."""

from __future__ import annotations

import os
from typing import Any

from ...bridge.protocol import KINDS
from ...bridge.sandbox import Breakage, Refusal, Sandbox, SandboxLimits
from ..errors import CoreError

LONGEST_SENTENCE = 2000  # characters
LEAST = 1 << 30  # bytes of memory for reading a model, with the libraries
TIMES = 3  # that of its files' size beside them
SECONDS, PATIENCE = 60, 600.0  # of a processor, and in all; most of it is for loading torch on a slow machine
SMALL = 64 << 20  # bytes: models up to this size share a sandbox
_sandboxes: dict[
    tuple[int, SandboxLimits], Sandbox
] = {}  # by the process that started them: a fork has its own


def limits_for_model(size: int) -> SandboxLimits:
    """For reading model files of so many bytes."""
    memory = LEAST + TIMES * (1 << (max(size, SMALL) - 1).bit_length())
    return SandboxLimits(memory=memory, seconds=SECONDS, patience=PATIENCE)


def run(function: str, *arguments: Any, about: str, kind: str, limits: SandboxLimits) -> Any:
    """What "anycost.room.module:function" returns there: what JSON has, with bytes (as bytearrays) in it.

    Arguments are such values too; paths arrive as texts, arrays as their bytes. The sandbox lives on for the
    next call with the same limits. CoreError as the function raises it, and of `kind` where it breaks a limit
    or fails otherwise: "`about` cannot be read: it takes more than 10 s."
    """
    try:
        return _sandboxes.setdefault((os.getpid(), limits), Sandbox(limits)).call(function, *arguments)
    except Refusal as error:
        known = error.kind if error.kind in KINDS else kind
        raise CoreError(known, error.message[:LONGEST_SENTENCE]) from None
    except Breakage as error:
        raise CoreError(kind, f"{about} {error}."[:LONGEST_SENTENCE]) from None
