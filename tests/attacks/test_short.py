"""The attacks that take seconds; `make attack` runs all of them in full."""

from __future__ import annotations

import os

import pytest

from . import users

pytestmark = pytest.mark.slow


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="becoming another user takes root")
def test_another_user_gets_nothing():
    missed = [figure for figure in users.figures() if not figure.reached]
    assert missed == []
