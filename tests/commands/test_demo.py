"""`make demo`, the README's first command."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from anycost.commands import demo


def test_the_demo_edits_the_sample_at_every_quality(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(demo, "STEPS", 1)
    assert demo.main(tmp_path / "demo") == 0
    told = capsys.readouterr().out
    assert "face found at" in told
    assert "anycost plugin install" in told
    shown = {path.stem: Image.open(path) for path in (tmp_path / "demo").iterdir()}
    assert shown.keys() == {"original", *demo.SHOWN, "applied", "strip"}
    assert shown["applied"].size == shown["original"].size
    assert shown["applied"].tobytes() != shown["original"].tobytes()
    assert shown["strip"].width == demo.TILE * (len(shown) - 1)
