"""The error whose message the artist sees."""

from __future__ import annotations

import pickle

from anycost.core.errors import CoreError


def test_an_error_of_another_process_says_what_it_said_there():
    error = pickle.loads(pickle.dumps(CoreError("bad-value", "Write batch = 2 or more.")))
    assert (type(error), error.kind, error.message, str(error)) == (
        CoreError,
        "bad-value",
        "Write batch = 2 or more.",
        "Write batch = 2 or more.",
    )
