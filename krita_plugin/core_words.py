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
    "Model unloaded; it comes back with the next edit",
    "The core stopped: restarting…",
    "The core does not answer: in a minute it is started again…",
    "The core has no room for this window: trying again…",
    "The core closed the connection.",
    "The connection to the core was closed.",
    "The core is not connected: wait until it has started.",
    "The core does not take any more work: wait a moment, then try again.",
    "The core that runs does not answer: end its process, then start it again.",
    "The core stopped again and again: see its report, then start it again.",
    "The core does not start: see its report, then start it again.",
    "The core and the plugin are of different versions: run `anycost plugin install`, then restart Krita.",
    "Another user's program listens where the core should: end it, then start the core again.",
    "The folder {folder} must be one that only you can enter: remove it, then start.",
    "Anycost's core is not installed: run `anycost plugin install` in a terminal, then try again.",
    "The Python that had Anycost's core is gone: run `anycost plugin install` in a terminal again.",
    "{path} cannot be read: run `anycost plugin install` in a terminal to write it again.",
    "The panel speaks protocol {mine}, the core {other}: install both from the same release.",
    'The core knows no method "{method}": it may be older than the panel.',
    "The core has too much to do: wait until it has answered what it was asked.",
    "Another program has opened the model “{title}” in the core: try again to go on with yours.",
    "The core serves {n} programs already: close one of them, then try again.",
    "The model cannot draw this face so (its values overflow): move the sliders back, or choose another one.",
    "This picture is far from what this pack draws: edits of shape and colour work.",
    (
        "This picture is far from what this pack draws: edits of shape and colour work, {labels} only a "
        "little."
    ),
    "This picture is far from what this pack draws: mix in a face of a picture, not a made-up one.",
    "One of the two faces cannot be read well enough to mix them: choose another.",
    "No face was found: show where its eyes and mouth are.",
    "The face is outside the picture: show where its eyes and mouth are.",
    "Eyes and mouth lie in one place: drag the handles apart and try again.",
    (
        "Only drawn faces are found so far: for photographs and paintings, get the face networks (⋯ in "
        "Krita, `anycost weights get faces` in a terminal), then try again."
    ),
    (
        "Eyes and mouths are read roughly so far: for exact ones, get the face networks (⋯ in Krita, "
        "`anycost weights get faces` in a terminal), then open the face again."
    ),
    "The face networks are damaged: get them again (⋯ in Krita, `anycost weights get faces` in a terminal).",
    "The picture is empty: everything in it is transparent.",
    "There is no file {path}: check its name.",
    "{path} is not a file: give the name of one.",
    "{path} cannot be read: change its permissions.",
    "{path} cannot be read ({reason}): give another file.",
    "{path} has more than 1 GiB: make it smaller or cut out the face.",
    "{path} has more than 64 megapixels: make it smaller or cut out the face.",
    "{path} is damaged, cut off or of a rare kind: get it whole, or save it as PNG.",
    "{path} cannot be read as a picture: give a PNG, JPEG, WebP, TIFF or BMP file.",
    "{path} takes more memory than there is for a picture: make it smaller.",
    "{path} cannot be read: it takes more than {number} s.",
    "{path} cannot be read: it needs more than {number} MiB of memory.",
    "{path} cannot be read: it makes the program that reads it crash.",
    "{width} x {height} px is too large (at most {side} a side, 64 megapixels): select a part.",
    "The picture is no longer open in the core: open it again.",
    "The face has not been projected yet: project it first.",
    'The saved projection does not fit the pack "{pack}": project again.',
    "The edit changes nothing here: move a slider, or select a part of the face.",
    "The model was put away while it projected: project again.",
    "This picture is being projected already: cancel that first.",
    '"{label}" takes a number from {low} to {high}, not {value}.',
    'The pack "{pack}" has no edit called "{name}": it has {have}.',
    "There is not enough memory: close other programs or pictures, or choose a lower quality.",
    "The disk is full: free some space, then try again.",
    "A library of the core is missing ({what}): install Anycost again.",
    "The core met an error that it did not expect: its log, {path}, tells which.",
    'There is no pack "{pack}": give its folder, or an installed name ({have}).',
    'The pack in "{folder}" was replaced or removed while it was open: choose it again.',
    'In the pack "{folder}", {file} is damaged (its hash is wrong): get the pack again.',
    'The pack in "{folder}" has no {file}, which its pack.json lists: get the pack again.',
    'The pack in "{folder}" cannot be used: {what}',
    '"{path}" is not valid JSON: get the pack again.',
    "A network of the pack is refused, since {reason}: use another pack.",
    "A network of the pack takes too long: use another pack, or try again when less else runs.",
    '"{path}" is damaged or not a safetensors file: get it again.',
    'The direction "{file}" is left out, since it {reason}: ask its author for another, or remove it.',
    (
        'The direction "{file}" {whose} is left out, since it {reason}: '
        "ask its author for another, or remove it."
    ),
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
