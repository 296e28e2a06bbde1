"""Runs an onnxruntime session so that it can be left at any time: in a thread of its own."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from .stopping import ASK_EVERY, Stopped


class OnnxRun:
    """Calls a session. A run that was left ends before its next node; one that follows waits for that."""

    def __init__(self, session: Any, settings: Mapping[str, str] | None = None):
        """`settings` are onnxruntime's for each run."""
        self._session, self._settings = session, dict(settings or {})
        self._thread = ThreadPoolExecutor(1)

    def __call__(
        self,
        outputs: Sequence[str],
        inputs: Mapping[str, np.ndarray],
        stopped: Stopped,
        seconds: float = math.inf,
    ) -> list[np.ndarray] | None:
        """The outputs; None once `stopped()`. TimeoutError after `seconds`, and what onnxruntime raises."""
        import onnxruntime  # here: it is slow to import

        running = onnxruntime.RunOptions()
        running.log_severity_level = 4  # ending early is not a failure
        for name, value in self._settings.items():
            running.add_run_config_entry(name, value)
        deadline = time.monotonic() + seconds
        answer = self._thread.submit(self._session.run, list(outputs), dict(inputs), running)
        try:
            while not wait([answer], ASK_EVERY).done:
                if stopped():
                    return None
                if time.monotonic() > deadline:
                    raise TimeoutError(f"The network ran for {seconds:g} s.")
            return [np.asarray(value) for value in answer.result()]
        finally:
            running.terminate = True
