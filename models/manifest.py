"""pack.json: what a pack says about itself, checked value by value before anything is allocated."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .drawing_cost import too_costly
from .layer_sizes import layer_count
from .widths import SubGenerator, WidthRule

SCHEMA = 1
MANIFEST = "pack.json"
MAX_MANIFEST_BYTES = 1 << 20
MAX_RESOLUTION = 2048
MAX_CHANNELS = 4096
MAX_STYLE_DIM = 4096
MAX_MLP = 32
MAX_ITEMS = 512  # of any list in pack.json
MAX_PORTRAITS = 512  # of a bank
PARTS = ("skin", "lips", "mouth", "eyes", "iris", "brows", "hair", "neck", "background", "glasses", "head")
WAYS = ("moved", "tinted", "drawn")
FLATTEST = 4  # the most that one side of pictures may be longer than the other
MAX_DIRECTION = 100.0  # of a slider's ends
MAX_VECTOR = 1000.0  # of a direction's values: far beyond what w reaches
MAX_WEIGHT = 1e6  # of a generator's values, likewise
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
PACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
DIRECTION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
SHA256 = re.compile(r"[0-9a-f]{64}")
# What no text may hold, besides control characters (they can drive a terminal): separators that break lines,
# overrides that make a text read in another order, and surrogates, which cannot be encoded.
_UNSEEN = r"\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
LINE = re.compile(rf"[^<&\x00-\x1f\x7f-\x9f{_UNSEEN}]+")  # Qt could take < and & for markup
PROSE = re.compile(rf"[^\x00-\x08\x0b-\x1f\x7f-\x9f{_UNSEEN}]+")  # with newlines and tabs


LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z]{2,4})?")  # de, pt_BR
TRANSLATED = {"label": 100, "group": 100, "tip": 300}  # what a direction says, and its characters at most
MAX_LANGUAGES = 64
Translations = Mapping[str, Mapping[str, str]]  # language -> "label", "group" or "tip" -> text


class PackError(ValueError):
    """A pack or a model file cannot be used; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Alignment:
    """Where training pictures have the midpoint of the eyes and the centre of the mouth: (x, y) in 0..1."""

    eyes: tuple[float, float]
    mouth: tuple[float, float]


@dataclass(frozen=True)
class DirectionEntry:
    """A direction as pack.json describes it; its vector is in directions.safetensors.

    `parts` and `how` are what it may touch on a picture and in which ways; empty if the maker does not say.
    A face that is opened starts at `default`. `translations` has label, group and tip by language.
    """

    name: str
    label: str
    group: str
    low: float
    high: float
    parts: tuple[str, ...] = ()
    how: tuple[str, ...] = ()
    tip: str = ""
    default: float = 0.0
    translations: Translations = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """Everything that pack.json says, typed; docs/packs.md explains each value."""

    name: str
    title: str
    licence: str
    provenance: str
    resolution: int
    style_dim: int
    n_mlp: int
    channels: tuple[int, ...]
    rule: WidthRule
    ratios: tuple[float, ...]
    resolutions: tuple[int, ...]
    ladder: tuple[SubGenerator, ...]
    alignment: Alignment | None  # None: the pack does not draw faces
    shape: tuple[int, int]  # width to height of what is drawn; black rows or columns make it a square
    sliders: tuple[DirectionEntry, ...]
    generator_file: str
    encoder_file: str | None
    encoder_size: int
    finder_file: str | None
    finder_size: int
    head_reader_file: str | None
    features_file: str | None
    bank_file: str | None
    bank_portraits: int
    files: dict[str, str]

    @property
    def n_style(self) -> int:
        """Number of w vectors in a w+ latent: one for each convolution, and one for the last to-RGB."""
        return layer_count(self.resolution)


def read_manifest(folder: Path) -> Manifest:
    """Reads and checks folder/pack.json; PackError says what is wrong first."""
    path = folder / MANIFEST
    if not os.path.isfile(path):
        raise PackError(f'"{folder}" is not a pack: it has no {MANIFEST}; choose the folder that holds one.')
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise PackError(f'"{path}" cannot be read ({error.strerror}): check its permissions.') from None
    if len(data) > MAX_MANIFEST_BYTES:
        raise PackError(f'"{path}" is larger than 1 MiB, which no pack needs: get the pack again.')
    try:
        document = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise PackError(f'"{path}" is not valid JSON: get the pack again.') from None
    try:
        return parse_manifest(document)
    except PackError as error:
        raise PackError(f'The pack in "{folder}" cannot be used: {error}') from None


def parse_manifest(document: Any) -> Manifest:
    """The Manifest of a decoded pack.json; PackError names the first wrong value."""
    top = _Node(document, MANIFEST)
    schema = top.integer("schema", 1, 1 << 31)
    if schema > SCHEMA:
        raise PackError("it was made by a newer Anycost: update Anycost to open it.")
    generator = top.node("generator")
    resolution = generator.power_of_two("resolution", 4, MAX_RESOLUTION)
    channels = generator.channels("channels", layer_count(resolution), (MAX_CHANNELS,))
    if why := too_costly(channels):
        raise PackError(f"its generator {why}.")
    rule = _width_rule(generator.node("width_rule"))
    style_dim = generator.integer("style_dim", 1, MAX_STYLE_DIM)
    ratios = tuple(item.number(key, 1e-3, 1.0) for item, key in top.items("ratios"))
    resolutions = tuple(item.power_of_two(key, 4, resolution) for item, key in top.items("resolutions"))
    encoder_file, encoder_size = _network(top, "encoder")
    finder_file, finder_size = _network(top, "finder")
    reader, features, bank = (top.optional(key) for key in ("head_reader", "features", "bank"))
    knows_faces = top.value.get("alignment", "") is not None  # a pack that knows none says null
    alignment = top.node("alignment") if knows_faces else None
    manifest = Manifest(
        name=top.text("name", 64, PACK_NAME),
        title=top.text("title", 200, LINE),
        licence=top.text("licence", 20_000, PROSE),
        provenance=top.text("provenance", 20_000, PROSE),
        resolution=resolution,
        style_dim=style_dim,
        n_mlp=generator.integer("n_mlp", 1, MAX_MLP),
        channels=channels,
        rule=rule,
        ratios=ratios,
        resolutions=resolutions,
        ladder=_ladder(top, channels, rule, ratios, resolutions),
        alignment=Alignment(alignment.point("eyes"), alignment.point("mouth")) if alignment else None,
        shape=top.shape("shape"),
        sliders=tuple(_slider(item.node(key)) for item, key in top.items("directions")),
        generator_file=generator.text("file", 100, FILE_NAME),
        encoder_file=encoder_file,
        encoder_size=encoder_size,
        finder_file=finder_file,
        finder_size=finder_size,
        head_reader_file=reader.text("file", 100, FILE_NAME) if reader else None,
        features_file=features.text("file", 100, FILE_NAME) if features else None,
        bank_file=bank.text("file", 100, FILE_NAME) if bank else None,
        bank_portraits=bank.integer("portraits", 1, MAX_PORTRAITS) if bank else 0,
        files=_files(top.node("files")),
    )
    _check_whole(manifest)
    return manifest


def _check_whole(manifest: Manifest) -> None:
    """Refuses names used twice, files without a hash, an alignment without a scale, a bank without faces."""
    names = [slider.name for slider in manifest.sliders]
    if len(set(names)) != len(names):
        raise _Faulty('two entries of "directions" have the same name')
    used = [
        manifest.generator_file,
        manifest.encoder_file,
        manifest.finder_file,
        manifest.head_reader_file,
        manifest.features_file,
        manifest.bank_file,
    ]
    for file in used:
        if file is not None and file not in manifest.files:
            raise _Faulty(f'"files" has no hash of {file}')
    if manifest.alignment and math.dist(manifest.alignment.eyes, manifest.alignment.mouth) < 0.01:
        raise _Faulty('"alignment" puts eyes and mouth in one place')
    if manifest.bank_file is not None and manifest.alignment is None:
        raise _Faulty('"bank" is for faces, and "alignment" says that none are drawn')
    if manifest.alignment and manifest.shape[0] != manifest.shape[1]:
        raise _Faulty('"shape" is for what is no face: "alignment" puts faces in a square')


def _width_rule(node: _Node) -> WidthRule:
    kind = node.text("kind", 20, LINE)
    if kind not in ("proportional", "capped"):
        raise _Faulty(f'"{node.path}.kind" must be proportional or capped')
    if kind == "proportional":
        return WidthRule(kind="proportional")  # its cap and multiplier have no meaning
    return WidthRule(
        kind="capped",
        cap=node.integer("cap", 1, MAX_CHANNELS),
        multiplier=node.number("multiplier", 1e-5, 1024.0),
    )


def _ladder(
    top: _Node,
    channels: tuple[int, ...],
    rule: WidthRule,
    ratios: tuple[float, ...],
    resolutions: tuple[int, ...],
) -> tuple[SubGenerator, ...]:
    rungs = []
    for item, key in top.items("ladder"):
        node = item.node(key)
        resolution = node.power_of_two("resolution", 4, MAX_RESOLUTION)
        if resolution not in resolutions:
            raise _Faulty(f'"{node.path}.resolution" is not among "resolutions"')
        if "ratio" not in node.value:
            own = node.channels("channels", layer_count(resolution), channels)
            rungs.append(SubGenerator(resolution, own))
            continue
        ratio = node.number("ratio", 1e-3, 1.0)
        if ratio not in ratios:
            raise _Faulty(f'"{node.path}.ratio" is not among "ratios"')
        rungs.append(rule.sub_generator(channels, resolution, ratio))
    if not rungs or rungs[-1].channels != channels:
        raise _Faulty('the last entry of "ladder" must be the full generator')
    costs = [rung.macs for rung in rungs]
    if costs != sorted(costs):
        raise _Faulty('"ladder" must go from the cheapest entry to the full one')
    return tuple(rungs)


def _network(top: _Node, key: str) -> tuple[str | None, int]:
    node = top.optional(key)
    if node is None:
        return None, 0
    return node.text("file", 100, FILE_NAME), node.integer("size", 8, MAX_RESOLUTION)


def _slider(node: _Node) -> DirectionEntry:
    slider = DirectionEntry(
        name=node.text("name", 64, DIRECTION_NAME),
        label=node.text("label", 100, LINE),
        group=node.text("group", 100, LINE),
        low=node.number("low", -MAX_DIRECTION, 0.0),
        high=node.number("high", 0.0, MAX_DIRECTION),
        parts=node.words("parts", PARTS),
        how=node.words("how", WAYS),
        tip=node.text("tip", TRANSLATED["tip"], LINE) if "tip" in node.value else "",
        default=node.number("default", -MAX_DIRECTION, MAX_DIRECTION) if "default" in node.value else 0.0,
        translations=_translations(node),
    )
    if slider.low == slider.high:
        raise _Faulty(f'"{node.path}" has no range')
    if not slider.low <= slider.default <= slider.high:
        raise _Faulty(f'"{node.path_of("default")}" is not within its range')
    return slider


def parse_direction(document: Any) -> DirectionEntry:
    """A direction as its own file describes it; ValueError says which value is wrong."""
    try:
        return _slider(_Node(document, "direction"))
    except _Faulty as error:
        raise ValueError(error.what) from None


def _translations(node: _Node) -> Translations:
    languages = node.optional("translations")
    if languages is None:
        return {}
    if len(languages.value) > MAX_LANGUAGES or not all(map(LANGUAGE.fullmatch, languages.value)):
        what = f"must have at most {MAX_LANGUAGES} languages, each as de or pt_BR"
        raise _Faulty(f'"{languages.path}" {what}')
    found = {language: languages.node(language) for language in languages.value}
    return {
        language: {key: said.text(key, most, LINE) for key, most in TRANSLATED.items() if key in said.value}
        for language, said in found.items()
    }


def _files(node: _Node) -> dict[str, str]:
    if len(node.value) > MAX_ITEMS:
        raise _Faulty('"files" has too many entries')
    for name in node.value:
        if not FILE_NAME.fullmatch(name):
            raise _Faulty('"files" has a name that is not a plain file name')
    return {name: node.text(name, 64, SHA256) for name in node.value}


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON, though Python reads them


class _Faulty(PackError):
    """The refusal of a pack that only its maker can put right, for `what` is wrong."""

    def __init__(self, what: str):
        super().__init__(f"{what}; ask its maker for a corrected pack.")
        self.what = what


class _Node:
    """A JSON object (or list) with its path, so that every refusal can name the value."""

    def __init__(self, value: Any, path: str):
        if not isinstance(value, dict):
            raise _Faulty(f'"{path}" must be an object')
        self.value: dict[str, Any] = value
        self.path = path

    def _get(self, key: str) -> Any:
        if key not in self.value:
            raise self._wrong(key, "is missing")
        return self.value[key]

    def _wrong(self, key: str, what: str) -> PackError:
        return _Faulty(f'"{self.path_of(key)}" {what}')

    def path_of(self, key: str) -> str:
        """The path of one of its values, as pack.json's makers know it."""
        return key if self.path == MANIFEST else f"{self.path}.{key}"

    def node(self, key: str) -> _Node:
        """The object at `key`."""
        return _Node(self._get(key), self.path_of(key))

    def optional(self, key: str) -> _Node | None:
        """The object at `key`; None where it is missing or null."""
        return None if self.value.get(key) is None else self.node(key)

    def items(self, key: str) -> list[tuple[_Node, str]]:
        """The entries of a list as (node, key), so that they are read like the values of an object."""
        entries = self._get(key)
        if not isinstance(entries, list) or len(entries) > MAX_ITEMS:
            raise self._wrong(key, f"must be a list of at most {MAX_ITEMS} entries")
        parent = _Node({str(i): entry for i, entry in enumerate(entries)}, self.path_of(key))
        return [(parent, str(i)) for i in range(len(entries))]

    def text(self, key: str, longest: int, pattern: re.Pattern[str]) -> str:
        value = self._get(key)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise self._wrong(key, f"must be a text of 1 to {longest} characters")
        if not pattern.fullmatch(value):
            raise self._wrong(key, "has characters that are not allowed in it")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._wrong(key, f"must be a whole number from {low} to {high}")
        return value

    def power_of_two(self, key: str, low: int, high: int) -> int:
        value = self.integer(key, low, high)
        if value & (value - 1):
            raise self._wrong(key, f"must be a power of two from {low} to {high}")
        return value

    def number(self, key: str, low: float, high: float) -> float:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self._wrong(key, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def channels(self, key: str, count: int, limits: tuple[int, ...]) -> tuple[int, ...]:
        """One width for each layer, each at most its limit; the last limit holds for all further layers."""
        items = self.items(key)
        if len(items) != count:
            raise self._wrong(key, f"must have {count} entries, one for each layer")
        return tuple(item.integer(k, 1, limits[min(i, len(limits) - 1)]) for i, (item, k) in enumerate(items))

    def words(self, key: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """A list of known words, each at most once; empty where it is missing."""
        if key not in self.value:
            return ()
        words = [item.value[k] for item, k in self.items(key)]
        if not all(word in known and words.count(word) == 1 for word in words):
            raise self._wrong(key, f"must list some of {', '.join(known)}, each once")
        return tuple(words)

    def shape(self, key: str) -> tuple[int, int]:
        """Width to height, in two small whole numbers; a square where it is missing."""
        if key not in self.value:
            return 1, 1
        items = self.items(key)
        if len(items) != 2:
            raise self._wrong(key, "must be two numbers, width and height")
        width, height = (item.integer(k, 1, MAX_RESOLUTION) for item, k in items)
        if max(width, height) > FLATTEST * min(width, height):
            raise self._wrong(key, f"must not have one side more than {FLATTEST} times the other")
        return width, height

    def point(self, key: str) -> tuple[float, float]:
        items = self.items(key)
        if len(items) != 2:
            raise self._wrong(key, "must be two numbers, x and y")
        x, y = (item.number(k, 0.0, 1.0) for item, k in items)
        return x, y
