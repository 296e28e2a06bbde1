"""The sentences of the core and of the bridge that an artist may read: `{name}` stands for a value.

They come in English. words.py finds the sentence by its fixed words and puts its values into the translation.
"""

from __future__ import annotations

import re
from typing import Dict, Optional

VALUE = re.compile(r"{(\w+)}")
KNOWN = (
    "Ready",
    "Connected",
    "Looking for the core…",
    "Connecting to the core…",
    "Starting the core…",
    "Loading model {n}/3",
)


def filled_in(template: str, sentence: str) -> Optional[Dict[str, str]]:
    """The values in a sentence that was made from a template; None if it was not.

    Each value ends where the next fixed words first come, so that this takes one pass.
    """
    fixed, names = VALUE.split(template)[::2], VALUE.findall(template)
    if not sentence.startswith(fixed[0]):
        return None
    values: Dict[str, str] = {}
    rest = sentence[len(fixed[0]) :]
    for name, words in zip(names, fixed[1:]):
        last = name == names[-1]
        end = len(rest) - len(words) if last else rest.find(words)
        if end < 0 or rest[end : end + len(words)] != words:
            return None
        values[name], rest = rest[:end], rest[end + len(words) :]
    return values if not rest else None
