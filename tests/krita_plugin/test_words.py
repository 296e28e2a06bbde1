"""The panel's words in other languages: every one is translated, and none is forgotten in the panel."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from anycost import krita_plugin
from anycost.krita_plugin import words
from anycost.krita_plugin.core_words import KNOWN, filled_in
from anycost.krita_plugin.words import catalogue, told, tr, tr_count, use_language

FOLDER = Path(krita_plugin.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))
VALUE = re.compile(r"{(\w+)}")


def imported(path: Path, node: ast.ImportFrom) -> Path:
    """The file that a relative import in `path` names."""
    return path.parents[max(0, node.level - 1)].joinpath(*(node.module or "").split(".")).with_suffix(".py")


@cache
def constants(path: Path) -> dict[str, str]:
    """Texts to which a module gives a name, and those that it imports from others of the room."""
    found: dict[str, str] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (source := imported(path, node)).is_relative_to(FOLDER):
            theirs = constants(source) if source.exists() else {}
            found |= {
                name.asname or name.name: theirs[name.name] for name in node.names if name.name in theirs
            }
        if isinstance(node, ast.Assign):
            named = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found |= dict.fromkeys(named, text) if (text := _text(node.value)) else {}
    return found


def wrapped() -> dict[str, str]:
    """Every text that goes through tr, tr_count or mark_tr, and where."""
    found = {}
    for path in SOURCES:
        named = constants(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            count = {"tr": 1, "mark_tr": 1, "tr_count": 2}.get(node.func.id, 0)
            for argument in node.args[:count]:
                for text in _texts(argument, named):
                    found[text] = f"{path.name}:{node.lineno}"
    return found


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _texts(node: ast.expr, named: dict[str, str]) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, named), *_texts(node.orelse, named)]
    if isinstance(node, ast.Name) and node.id in named:
        return [named[node.id]]
    return [_text(node)] if _text(node) else []  # the entry of a table was made with mark_tr


@pytest.fixture
def german():
    use_language(["de_AT.UTF-8"])
    yield catalogue(FOLDER / "translations" / "de.ts")
    use_language(["en"])


def test_every_text_has_its_german_and_no_other_is_left_over(german):
    sources = {**wrapped(), **dict.fromkeys(KNOWN, "core_words.py")}
    missing = {text: where for text, where in sources.items() if text not in german}
    assert not missing
    assert not german.keys() - sources.keys()


def test_translations_have_the_values_of_their_sources(german):
    for source, translation in german.items():
        assert set(VALUE.findall(source)) == set(VALUE.findall(translation)), source
        assert source.count("&") == translation.count("&"), source


def test_the_first_known_language_is_taken(german):
    assert tr("Cancel") == "Abbrechen"
    use_language(["xx", "en_GB", "de"])
    assert tr("Cancel") == "Cancel"
    use_language(["../de", "de"])
    assert tr("Cancel") == "Abbrechen"
    assert tr("never translated {n}", n=3) == "never translated 3"
    assert tr_count("1 face: click it to edit", "{n} faces: click the one to edit", 3).startswith("3 ")


def test_what_the_core_says_is_known_by_its_fixed_words(german):
    assert told("Loading model 2/3") == german["Loading model {n}/3"].format(n=2)
    assert told("Nobody knows this. Ready") == f"Nobody knows this. {german['Ready']}"
    assert told("x" * 10_000) == "x" * 10_000
    assert filled_in("{a} and {b}!", "one and two and three!") == {"a": "one", "b": "two and three"}
    assert filled_in("{a} and {b}!", "one or two!") is None
    assert filled_in("Loading {n}/3", "Loading 2/3 or so") is None


def test_the_core_says_what_is_known_of_it():
    """Each fixed part of a known sentence stands in a file of the core, of the bridge or of the packs."""
    root = FOLDER.parent
    files = [*root.glob("core/**/*.py"), *root.glob("bridge/*.py"), *root.glob("models/*.py")]
    said = " ".join(_joined(ast.parse(path.read_text())) for path in files)
    parts = {part.strip(" ,.:") for sentence in KNOWN for part in VALUE.split(sentence)[::2]}
    assert {part for part in parts if part not in said} == set()


def _joined(tree: ast.AST) -> str:
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return " ".join(text for text in constants if isinstance(text, str))


def test_an_unfinished_translation_counts_as_none(tmp_path: Path):
    text = '<message><source>{0}</source><translation type="{1}">{2}</translation></message>'
    entries = "".join(text.format(*entry) for entry in (("a", "unfinished", "b"), ("c", "", "d")))
    (tmp_path / "xx.ts").write_text(f"<TS><context>{entries}</context></TS>")
    assert catalogue(tmp_path / "xx.ts") == {"c": "d"}
    assert words.language() == "en"
