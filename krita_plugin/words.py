"""The panel's words in the artist's language.

Every sentence stands in the code in English, inside `tr`; translations/XX.ts has it in language XX, in the
format of Qt Linguist. A catalogue of its own is read here, since one that Qt installs is asked for every word
of Krita's.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Dict, Iterable, Optional
from xml.etree import ElementTree

from .core_words import KNOWN, filled_in

SENTENCE_END = re.compile(r"(?<=[.!?]) ")
LONGEST_TOLD = 2000  # characters of a sentence that is looked up
FOLDER = Path(__file__).parent / "translations"

_translated: Dict[str, str] = {}
_language = "en"


def language() -> str:
    """The language that the panel speaks now, as "de"."""
    return _language


def tr(text: str, **values: object) -> str:
    """A text in the artist's language, else as it stands; `{name}` in it gives way to the value of `name`."""
    found = _translated.get(text, text)
    return found.format(**values) if values else found


def tr_count(one: str, many: str, n: int) -> str:
    """The text for one thing, or that for several, with `{n}` in it."""
    return tr(one if n == 1 else many, n=n)


def mark_tr(text: str) -> str:
    """The text itself: says where a table is made that its entries go through `tr` when they are shown."""
    return text


def told(sentence: str) -> str:
    """What the core or the bridge said, in the artist's language where it is one of KNOWN; of several
    sentences, those that are."""
    if not _translated or len(sentence) > LONGEST_TOLD:
        return sentence
    whole = _told(sentence)
    if whole is not None:
        return whole
    return " ".join(_told(part) or part for part in SENTENCE_END.split(sentence))


def _told(sentence: str) -> Optional[str]:
    if sentence in _translated:
        return _translated[sentence]
    for template in KNOWN:
        values = filled_in(template, sentence)
        if values is not None and template in _translated:
            return _translated[template].format(**{name: _listed(value) for name, value in values.items()})
    return None


def _listed(value: str) -> str:
    """A value, which may be the labels of sliders: "Turn head and Nod"."""
    parts = value.split(" and ")
    if not all(part in _translated for part in parts):
        return value
    return " {} ".format(tr("and")).join(map(tr, parts))


def use_language(names: Iterable[str]) -> None:
    """From now on the first of these languages ("de", "de-AT", "de_AT.UTF-8") that there is, or English."""
    global _language
    _language = "en"
    _translated.clear()
    for name in names:
        wanted = name.replace("-", "_").split("_")[0].split(".")[0]
        if wanted == "en":
            return
        path = FOLDER / f"{wanted}.ts"
        if wanted.isalpha() and path.exists():
            _translated.update(catalogue(path))
            _language = wanted
            return


def wanted_languages(system: Iterable[str]) -> Iterable[str]:
    """The languages that Krita was told to use (it sets LANGUAGE), else those of the system."""
    told = os.environ.get("LANGUAGE", "")
    return [*filter(None, told.split(":")), *system]


def catalogue(path: Path) -> Dict[str, str]:
    """The finished translations in a .ts file, by their source texts."""
    found: Dict[str, str] = {}
    for message in ElementTree.parse(path).getroot().iter("message"):
        source, translation = message.findtext("source"), message.find("translation")
        if source and translation is not None and _finished(translation.get("type")):
            found[source] = translation.text or source
    return found


def _finished(kind: Optional[str]) -> bool:
    return kind not in ("unfinished", "vanished", "obsolete")
