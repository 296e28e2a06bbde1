"""docs/licences.md names all that is shipped or installed, and nothing that is not."""

from __future__ import annotations

import re
from pathlib import Path

from anycost.core.files.weights import CATALOGUE

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "licences.md").read_text()
NAMED = re.compile(r"`([^`]+)`")


def part(title: str) -> str:
    """What stands below a title."""
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> set[str]:
    """What the first column of a part's tables names."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {name for row in rows for name in NAMED.findall(row)}


def test_every_library_has_its_licence():
    lists = [(ROOT / "requirements/locked" / f"{name}.txt").read_text() for name in ("libraries", "pytorch")]
    locked = {name for text in lists for name in re.findall(r"^([\w.-]+)==", text, re.M)}
    setup = (ROOT / "setup.py").read_text().partition("install_requires")[2]
    required, _, extra = setup.partition("extras_require")
    extras = set(re.findall(r'"([\w.-]+)>=', extra))
    assert first_cells(part("Installed beside the core")) == locked | extras
    required = {
        name.lower() for name in re.findall(r'[\'"]([\w.-]+)>=', setup.partition("extras_require")[0])
    }
    assert required <= locked


def test_every_file_that_is_no_code_has_its_licence():
    text = (ROOT / "setup.py").read_text().partition("package_data")[2].partition("]")[0]
    patterns = re.findall(r'"([^"]+/[^"]+)"', text)
    files = {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern)}
    named = first_cells(part("In the core's wheel and in the zip for Krita"))
    assert len(files) > 10
    assert {file for file in files if not file.startswith(tuple(named))} == set()
    assert all((ROOT / name).exists() for name in named)


def test_every_weight_that_can_be_fetched_is_named():
    assert {weights.name for weights in CATALOGUE} <= set(NAMED.findall(part("Fetched when you ask for it")))
